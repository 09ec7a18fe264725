/* The anti-replay window: RFC 4303 3.4.3, appendix A2; RFC 6479. */
#include "base/test.h"
#include "esp/replay.h"

static bool accept(struct replay *r, uint64_t seq)
{
	bool ok = replay_check(r, seq);

	if (ok)
		replay_take(r, seq);
	return ok;
}

TEST(numbers_are_judged_as_the_window_says)
{
	/* a window of 64: number, accepted? in this order */
	static const struct {
		uint64_t seq;
		bool ok;
	} list[] = {
		{ 0, false }, /* never sent */
		{ 1, true },
		{ 1, false }, /* duplicate */
		{ 3, true },
		{ 2, true }, /* out of order */
		{ 2, false },
		{ 64, true }, /* 1 to 64 are inside */
		{ 4, true },
		{ 1, false },
		{ 65, true }, /* 1 falls out */
		{ 1, false },
		{ 5, true },
		{ 5, false },
		{ 1000, true },
		{ 936, false }, /* 1000 - 64: just outside */
		{ 937, true },	/* just inside */
		{ 937, false },
		{ 999, true },
		{ 1001, true },
		{ 937, false },
		{ 938, true },
		{ UINT64_C(1) << 33, true }, /* a jump clears everything */
		{ 1001, false },
		{ (UINT64_C(1) << 33) - 63, true },
		{ (UINT64_C(1) << 33) - 64, false },
	};
	struct replay r;

	replay_init(&r, 64, false);
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (accept(&r, list[i].seq) != list[i].ok)
			fail_msg("number %llu, step %zu", (unsigned long long)list[i].seq, i);
	replay_done(&r);
}

/* Against the plainest possible model, for several windows and a walk with jumps. */
TEST(ring_agrees_with_a_list_of_all_numbers)
{
	static const uint32_t windows[] = { 64, 128, 2048, 4096 };
	enum { N = 40000 };
	static bool seen[N];

	for (size_t k = 0; k < 4; k++) {
		uint64_t state = k + 1, top = 0;
		struct replay r;

		memset(seen, 0, sizeof(seen));
		replay_init(&r, windows[k], false);
		for (unsigned i = 0; i < 200000; i++) {
			uint64_t seq;
			bool want;

			state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
			seq = top + 1 + (state >> 40) % (windows[k] / 4 + 3);
			seq = seq > windows[k] / 2 && state >> 63 ? seq - windows[k] / 2 : seq;
			if ((state >> 33) % 8 == 0)
				seq = seq > windows[k] ? seq - windows[k] : 1;
			if (seq >= N)
				break;
			want = seq != 0 && !seen[seq] && (seq > top || top - seq < windows[k]);
			assert_int_equal(accept(&r, seq), want);
			seen[seq] = seen[seq] || want;
			top = want && seq > top ? seq : top;
		}
		replay_done(&r);
	}
}

TEST(odd_windows_are_rounded_up_and_huge_ones_cut)
{
	struct replay r;

	replay_init(&r, 1, false);
	assert_int_equal(r.window, 64);
	replay_done(&r);
	replay_init(&r, 2049, false);
	assert_int_equal(r.window, 2112);
	replay_done(&r);
	replay_init(&r, UINT32_MAX, false);
	assert_int_equal(r.window, REPLAY_WINDOW_MAX);
	replay_done(&r);
}

TEST(without_a_window_everything_passes)
{
	struct replay r;

	replay_init(&r, 0, false);
	assert_true(accept(&r, 7));
	assert_true(accept(&r, 7));
	assert_int_equal(r.top, 7);
	replay_done(&r);
}

/* RFC 4303 appendix A2: the upper half follows from the lower. */
TEST(upper_half_is_inferred_on_both_sides_of_a_wrap)
{
	struct replay r;

	replay_init(&r, 64, true);
	assert_true(replay_number(&r, 1) == 1);
	assert_true(replay_number(&r, 0xffffffff) == 0xffffffff); /* nothing below zero */
	replay_take(&r, 0xfffffff0);
	assert_true(replay_number(&r, 0xffffffff) == 0xffffffff);
	assert_true(replay_number(&r, 5) == UINT64_C(0x100000005)); /* wrapped */
	replay_take(&r, UINT64_C(0x100000005));
	assert_true(replay_number(&r, 0xfffffff8) == 0xfffffff8); /* late, from before */
	assert_true(replay_number(&r, 6) == UINT64_C(0x100000006));
	assert_false(replay_check(&r, 0xfffffff0));
	assert_true(replay_check(&r, 0xfffffff8));
	replay_done(&r);
}

TEST(upper_half_is_inferred_without_a_window_too)
{
	struct replay r;

	replay_init(&r, 0, true);
	replay_take(&r, UINT64_C(0x1fffffff0));
	assert_true(replay_number(&r, 3) == UINT64_C(0x200000003));
	assert_true(replay_number(&r, 0xffffff00) == UINT64_C(0x1ffffff00));
	replay_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_judged_as_the_window_says),
		cmocka_unit_test(ring_agrees_with_a_list_of_all_numbers),
		cmocka_unit_test(odd_windows_are_rounded_up_and_huge_ones_cut),
		cmocka_unit_test(without_a_window_everything_passes),
		cmocka_unit_test(upper_half_is_inferred_on_both_sides_of_a_wrap),
		cmocka_unit_test(upper_half_is_inferred_without_a_window_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
