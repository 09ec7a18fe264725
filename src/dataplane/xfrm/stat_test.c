#include "base/test.h"
#include "dataplane/xfrm/xfrm.h"

#include <stdio.h>

static enum err parse(const char *text, struct xfrm_stat *ret)
{
	return xfrm_stat_parse(bytes_str(text), ret);
}

TEST(counters_are_read_by_name)
{
	struct xfrm_stat s;

	assert_int_equal(parse("XfrmInError             \t0\nXfrmInNoStates          \t7\n"
			       "XfrmInFromTheFuture \t3\nXfrmOutNoStates\t18446744073709551615\n",
				 &s),
		OK);
	assert_int_equal(s.count[XFRM_InNoStates], 7);
	assert_true(s.count[XFRM_OutNoStates] == UINT64_MAX);
	assert_int_equal(s.unknown, 3);
	assert_int_equal(s.count[XFRM_InTmplMismatch], 0);
	assert_int_equal(parse("", &s), OK);
	assert_int_equal(s.count[XFRM_InNoStates], 0);
}

/* All that Linux 6.18 has, each with a number of its own. */
TEST(every_counter_has_its_place_a_reason_and_a_sentence)
{
	char text[4096];
	size_t n = 0;
	struct xfrm_stat s;

	for (int i = 0; i < XFRM_COUNTER_END; i++) {
		enum xfrm_counter c = (enum xfrm_counter)i;

		n += (size_t)snprintf(
			text + n, sizeof(text) - n, "%-24s\t%d\n", xfrm_counter_name(c), i + 1);
		assert_int_equal(strncmp(xfrm_counter_name(c), "Xfrm", 4), 0);
		assert_int_not_equal(xfrm_counter_reason(c), DROP_none);
		assert_true(strlen(xfrm_counter_text(c)) > 20);
	}
	assert_int_equal(parse(text, &s), OK);
	for (int i = 0; i < XFRM_COUNTER_END; i++)
		assert_int_equal(s.count[i], i + 1);
	assert_int_equal(XFRM_COUNTER_END, 32);
	assert_int_equal(xfrm_counter_reason(XFRM_InNoStates), DROP_no_sa);
	assert_int_equal(xfrm_counter_reason(XFRM_InStateSeqError), DROP_replay);
	assert_int_equal(xfrm_counter_reason(XFRM_InStateProtoError), DROP_integrity);
}

TEST(what_came_in_is_told_from_what_was_to_be_sent)
{
	assert_true(xfrm_counter_is_inbound(XFRM_InNoPols));
	assert_true(xfrm_counter_is_inbound(XFRM_InIptfsError));
	assert_false(xfrm_counter_is_inbound(XFRM_OutPolError));
	assert_false(xfrm_counter_is_inbound(XFRM_FwdHdrError));
	assert_false(xfrm_counter_is_inbound(XFRM_COUNTER_END));
}

TEST(other_text_is_refused)
{
	static const char *const bad[] = { "\n", "XfrmInError\n", "XfrmInError \n",
		"XfrmInError 1x\n", "XfrmInError -1\n", "XfrmInError 1 2\n", " 1\n",
		"XfrmInError 18446744073709551616\n", "XfrmInError 1\n\n" };
	struct xfrm_stat s;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse(bad[i], &s), ERR_VALUE);
	assert_int_equal(parse("XfrmInError 1\nXfrmInError 1\n", &s), ERR_DUPLICATE);
}

TEST(deltas_count_from_zero_after_a_reset)
{
	struct xfrm_stat before, after, d;

	assert_int_equal(parse("XfrmInNoStates 7\nXfrmInError 5\nX 1\n", &before), OK);
	assert_int_equal(parse("XfrmInNoStates 9\nXfrmInError 2\nX 4\n", &after), OK);
	xfrm_stat_delta(&before, &after, &d);
	assert_int_equal(d.count[XFRM_InNoStates], 2);
	assert_int_equal(d.count[XFRM_InError], 2);
	assert_int_equal(d.count[XFRM_OutError], 0);
	assert_int_equal(d.unknown, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_are_read_by_name),
		cmocka_unit_test(every_counter_has_its_place_a_reason_and_a_sentence),
		cmocka_unit_test(what_came_in_is_told_from_what_was_to_be_sent),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(deltas_count_from_zero_after_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
