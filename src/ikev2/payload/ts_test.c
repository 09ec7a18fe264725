#include "ikev2/payload/payload_test.h"

/* RFC 7296 3.13: TCP port 443 to 10.0.1.0-10.0.1.255, then any to 2001:db8::/32. */
/* clang-format off */
static const uint8_t octets[] = {
	2, 0, 0, 0,
	7, 6, 0, 16, 0x01, 0xbb, 0x01, 0xbb, 10, 0, 1, 0, 10, 0, 1, 255,
	8, 0, 0, 40, 0, 0, 0xff, 0xff,
	0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x20, 0x01, 0x0d, 0xb8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};
/* clang-format on */

static enum err with(size_t at, uint8_t value)
{
	uint8_t b[sizeof(octets)];

	memcpy(b, octets, sizeof(b));
	b[at] = value;
	return parse_error(payload_ts, V2_TSI, BYTES(b));
}

TEST(reads_selectors_of_both_families)
{
	struct parsed *q = parse_body(payload_ts, V2_TSR, BYTES(octets));
	const struct ts_list *l = &q->m.tsr;

	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.tsi.n, 0);
	assert_int_equal(l->n, 2);
	assert_int_equal(l->ts[0].protocol, 6);
	assert_int_equal(l->ts[0].port_first, 443);
	assert_int_equal(l->ts[0].port_last, 443);
	assert_int_equal(l->ts[0].range.first.family, 4);
	assert_int_equal(l->ts[0].range.last.b[3], 255);
	assert_int_equal(l->ts[1].range.first.family, 6);
	assert_int_equal(l->ts[1].port_last, 65535);
	assert_int_equal(l->ts[1].range.last.b[15], 255);
	parsed_free(q);
}

TEST(writes_what_it_read)
{
	struct parsed *q = parse_body(payload_ts, V2_TSI, BYTES(octets));
	uint8_t room[128];
	struct v2_build b;

	v2_build_chain(&b, room, sizeof(room));
	v2_put_ts(&b, V2_TSI, &q->m.tsi);
	assert_bytes(built_body(&b, V2_TSI), BYTES(octets));
	parsed_free(q);
}

TEST(every_truncation_fails)
{
	assert_int_equal(beginnings_that_parse(payload_ts, V2_TSI, BYTES(octets)), 0);
}

TEST(the_count_must_be_true)
{
	assert_int_equal(with(0, 0), ERR_VALUE);
	assert_int_equal(with(0, 1), ERR_LENGTH);
	assert_int_equal(with(0, 3), ERR_TRUNCATED);
	assert_int_equal(with(0, 255), ERR_TRUNCATED);
}

TEST(impossible_lengths_are_refused)
{
	assert_int_equal(with(7, 3), ERR_LENGTH);
	assert_int_equal(with(7, 0), ERR_LENGTH);
	assert_int_equal(with(7, 15), ERR_LENGTH);
	assert_int_equal(with(7, 17), ERR_LENGTH);
	assert_int_equal(with(6, 0xff), ERR_TRUNCATED);
	assert_int_equal(with(4, 8), ERR_LENGTH);
}

TEST(a_range_must_not_run_backwards_but_opaque_may)
{
	static const uint8_t opaque[] = { 1, 0, 0, 0, 7, 17, 0, 16, 0xff, 0xff, 0, 0, 10, 0, 0, 1,
		10, 0, 0, 1 };

	assert_int_equal(with(16, 9), ERR_VALUE);
	assert_int_equal(with(8, 2), ERR_VALUE);
	assert_int_equal(parse_error(payload_ts, V2_TSI, BYTES(opaque)), OK);
}

TEST(selectors_of_an_unknown_type_are_stepped_over)
{
	uint8_t b[sizeof(octets)];
	struct parsed *q;

	memcpy(b, octets, sizeof(b));
	b[4] = 9; /* TS_FC_ADDR_RANGE, RFC 4595 */
	q = parse_body(payload_ts, V2_TSI, BYTES(b));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.tsi.n, 1);
	assert_int_equal(q->m.tsi.ts[0].range.first.family, 6);
	parsed_free(q);
}

TEST(selectors_beyond_our_room_are_left_aside)
{
	uint8_t room[4 + 16 * 200];
	struct wr w = wr_to(room, sizeof(room));
	struct parsed *q;

	wr_u32(&w, 200u << 24);
	for (size_t i = 0; i < 200; i++)
		wr_bytes(&w, bytes_of(octets + 4, 16));
	q = parse_body(payload_ts, V2_TSI, wr_view(&w));
	assert_int_equal(q->e, OK);
	assert_int_equal(q->m.tsi.n, TS_LIST_MAX);
	parsed_free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_selectors_of_both_families),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(every_truncation_fails),
		cmocka_unit_test(the_count_must_be_true),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(a_range_must_not_run_backwards_but_opaque_may),
		cmocka_unit_test(selectors_of_an_unknown_type_are_stepped_over),
		cmocka_unit_test(selectors_beyond_our_room_are_left_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
