/* Fragments as Cisco and strongSwan send them: cut, put together, and what a stranger can do. */
#include "ikev1/fragment.h"

#include "crypto/test_hex.h"

enum { WHOLE_N = 1000 };
static uint8_t whole[LIMIT_MESSAGE];

static struct bytes message(size_t n)
{
	static const struct v1_header h = { .icookie = { 1 },
		.rcookie = { 2 },
		.version = V1_VERSION,
		.exchange = V1_QUICK_MODE,
		.flags = V1_F_ENCRYPTION,
		.message_id = 77 };
	struct v1_build b;
	uint8_t *body;

	v1_build_begin(&b, whole, sizeof(whole), &h);
	body = wr_room(&b.w, n - V1_HEADER_N);
	assert_non_null(body);
	for (size_t i = 0; i < n - V1_HEADER_N; i++)
		body[i] = (uint8_t)(i * 7 >> 3);
	return v1_build_end(&b);
}

/* Fragment number of the message, in one of some rooms. */
static struct v1_fragment cut(struct bytes all, uint16_t id, uint8_t number, size_t size)
{
	static uint8_t room[LIMIT_FRAGMENTS + 1][2048];
	struct v1_fragment f = { 0 };
	struct bytes d = v1_fragment_of(all, id, number, size, room[number], sizeof(room[0]));

	assert_non_null(d.p);
	assert_int_equal(v1_fragment_parse(d, &f), OK);
	return f;
}

TEST(a_fragment_is_octets_as_others_have_them)
{
	uint8_t room[64];
	struct bytes d = v1_fragment_of(message(40), 1, 2, 36, room, sizeof(room));

	assert_non_null(d.p);
	assert_hex(d, "0100000000000000 0200000000000000 84100200 00000000 00000028"
		      "0000000c 0001 02 01 07070809");
}

TEST(fragments_in_any_order_make_the_message_again)
{
	struct bytes all = message(WHOLE_N);
	size_t n = v1_fragment_count(all.n, 300);

	assert_int_equal(n, 4);
	for (unsigned order = 0; order < 24; order++) {
		struct v1_fragments f = { 0 };
		struct buf out = { 0 };
		uint8_t number[4] = { 1, 2, 3, 4 };
		unsigned o = order;

		for (size_t i = 3; i > 0; o /= (unsigned)i + 1, i--) {
			uint8_t t = number[i];

			number[i] = number[o % (i + 1)];
			number[o % (i + 1)] = t;
		}
		for (size_t i = 0; i < 4; i++) {
			struct v1_fragment one = cut(all, 9, number[i], 300);

			assert_int_equal(one.is_last, number[i] == 4);
			assert_int_equal(
				v1_fragments_add(&f, &one, &out), i == 3 ? OK : ERR_MISSING);
		}
		assert_true(bytes_eq(buf_view(&out), all));
		assert_false(f.is_started);
		buf_done(&out);
	}
}

TEST(the_first_of_a_number_stays_and_another_id_starts_anew)
{
	struct bytes all = message(WHOLE_N);
	struct v1_fragments f = { 0 };
	struct buf out = { 0 };
	struct v1_fragment one = cut(all, 1, 1, 600), again = one, two = cut(all, 1, 2, 600),
			   other = cut(all, 2, 2, 600);

	again.data.n--;
	assert_int_equal(v1_fragments_add(&f, &one, &out), ERR_MISSING);
	assert_int_equal(v1_fragments_add(&f, &again, &out), ERR_DUPLICATE);
	assert_int_equal(v1_fragments_add(&f, &other, &out), ERR_MISSING);
	assert_int_equal(f.have, 1);
	assert_int_equal(v1_fragments_add(&f, &one, &out), ERR_MISSING); /* the first is back */
	assert_int_equal(v1_fragments_add(&f, &two, &out), OK);
	assert_true(bytes_eq(buf_view(&out), all));
	buf_done(&out);
	v1_fragments_done(&f);
}

TEST(impossible_fragments_change_nothing)
{
	struct bytes all = message(WHOLE_N);
	struct v1_fragments f = { 0 };
	struct buf out = { 0 };
	struct v1_fragment two = cut(all, 1, 2, 400), x = two, last = cut(all, 1, 3, 400);

	assert_int_equal(v1_fragments_add(&f, &two, &out), ERR_MISSING);
	x.number = 0;
	assert_int_equal(v1_fragments_add(&f, &x, &out), ERR_VALUE);
	x.number = LIMIT_FRAGMENTS + 1;
	assert_int_equal(v1_fragments_add(&f, &x, &out), ERR_LIMIT);
	x.number = 1;
	x.is_last = true; /* the second is there */
	assert_int_equal(v1_fragments_add(&f, &x, &out), ERR_VALUE);
	x.data = BYTES_NONE;
	assert_int_equal(v1_fragments_add(&f, &x, &out), ERR_VALUE);
	assert_int_equal(v1_fragments_add(&f, &last, &out), ERR_MISSING);
	x = last;
	x.number = 4;
	x.is_last = false; /* behind the last */
	assert_int_equal(v1_fragments_add(&f, &x, &out), ERR_VALUE);
	assert_int_equal(f.have, 2);
	assert_null(out.p);
	v1_fragments_done(&f);
}

TEST(what_is_kept_is_bounded)
{
	static uint8_t data[1400];
	struct v1_fragments f = { 0 };
	struct buf out = { 0 };
	struct v1_fragment x = { .id = 1, .data = BYTES(data) };
	enum err e = ERR_MISSING;

	for (x.number = 1; x.number <= LIMIT_FRAGMENTS && e == ERR_MISSING; x.number++)
		e = v1_fragments_add(&f, &x, &out);
	assert_int_equal(e, ERR_LIMIT);
	assert_true(f.size <= LIMIT_V1_FRAGMENTED);
	v1_fragments_done(&f);
	assert_int_equal(f.size, 0);
}

TEST(datagrams_that_are_no_fragments_are_told)
{
	uint8_t room[64];
	struct bytes d = v1_fragment_of(message(40), 1, 1, 20, room, sizeof(room));
	struct v1_fragment f = { 0 };

	assert_int_equal(v1_fragment_parse(message(40), &f), ERR_UNSUPPORTED);
	assert_int_equal(v1_fragment_parse(bytes_of(d.p, d.n - 1), &f), ERR_LENGTH);
	room[V1_HEADER_N + 3]++; /* its own length */
	assert_int_equal(v1_fragment_parse(d, &f), ERR_LENGTH);
	room[V1_HEADER_N + 3]--;
	room[V1_HEADER_N + 6] = 0; /* its number */
	assert_int_equal(v1_fragment_parse(d, &f), ERR_VALUE);
	room[17] = 0x20;
	assert_int_equal(v1_fragment_parse(d, &f), ERR_UNSUPPORTED);
	assert_int_equal(f.number, 0);
}

TEST(sizes_fit_the_mtu)
{
	assert_int_equal(v1_fragment_room(576, false, false), 576 - 20 - 8 - 36);
	assert_int_equal(v1_fragment_room(1280, true, true), 1280 - 40 - 8 - 4 - 36);
	assert_int_equal(v1_fragment_room(60, false, false), 0);
	assert_int_equal(v1_fragment_count(1000, 0), 0);
	assert_int_equal(v1_fragment_count(1000, 1), 0); /* too many */
	assert_int_equal(v1_fragment_count(1000, 1000), 1);
	assert_int_equal(v1_fragment_count(1001, 1000), 2);
	assert_null(v1_fragment_of(message(WHOLE_N), 1, 5, 300, whole, sizeof(whole)).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fragment_is_octets_as_others_have_them),
		cmocka_unit_test(fragments_in_any_order_make_the_message_again),
		cmocka_unit_test(the_first_of_a_number_stays_and_another_id_starts_anew),
		cmocka_unit_test(impossible_fragments_change_nothing),
		cmocka_unit_test(what_is_kept_is_bounded),
		cmocka_unit_test(datagrams_that_are_no_fragments_are_told),
		cmocka_unit_test(sizes_fit_the_mtu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
