#include "proc/parent/handover.h"

#include "base/test.h"

static const struct handover_head head = {
	.lock = 4, .guard_pipe = 9, .guard_pid = 77, .said = -1
};

static bool same(const struct handover_head *a)
{
	return a->lock == 4 && a->guard_pipe == 9 && a->guard_pid == 77 && a->said == -1;
}

TEST(a_head_reads_back)
{
	uint8_t room[128];
	struct wr w = wr_to(room, sizeof(room));
	struct handover_head got = { 0 };
	struct rd r;

	handover_head_put(&w, &head);
	wr_u8(&w, 7);
	assert_true(wr_ok(&w));
	r = rd_from(wr_view(&w));
	assert_int_equal(handover_head_get(&r, &got), OK);
	assert_true(same(&got));
	assert_int_equal(rd_u8(&r), 7);
}

TEST(of_another_format_the_head_is_known_all_the_same)
{
	uint8_t room[128];
	struct wr w = wr_to(room, sizeof(room));
	struct handover_head got = { 0 };
	struct rd r;

	handover_head_put(&w, &head);
	room[20] ^= 8; /* of "1.1.1" */
	r = rd_from(wr_view(&w));
	assert_int_equal(handover_head_get(&r, &got), ERR_UNSUPPORTED);
	assert_true(same(&got));
}

TEST(what_is_something_else_is_refused)
{
	uint8_t room[128];
	struct wr w = wr_to(room, sizeof(room));
	struct handover_head got = { 0 };
	struct rd r;

	handover_head_put(&w, &head);
	for (size_t n = 0; n < w.n; n++) {
		r = rd_from(bytes_of(room, n));
		assert_int_equal(handover_head_get(&r, &got), ERR_TRUNCATED);
	}
	room[0] ^= 1;
	r = rd_from(wr_view(&w));
	assert_int_equal(handover_head_get(&r, &got), ERR_VALUE);
	room[0] ^= 1;
	memset(room + 36, 0xff, 4); /* a descriptor that there cannot be */
	r = rd_from(wr_view(&w));
	assert_int_equal(handover_head_get(&r, &got), ERR_TRUNCATED);
	assert_int_equal(got.lock, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_reads_back),
		cmocka_unit_test(of_another_format_the_head_is_known_all_the_same),
		cmocka_unit_test(what_is_something_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
