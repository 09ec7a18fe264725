#include "ike/retransmit.h"

#include "base/test.h"

TEST(the_waits_are_those_of_the_requirement_page)
{
	const ns_t want[] = { 500, 1000, 2000, 4000, 8000, 16000, 32000 };
	struct retransmit r;
	ns_t wait, sum = retransmit_begin(&r, 0, 0);

	assert_true(sum == 500 * NS_MS);
	for (size_t i = 0; i < COUNT(want); i++) {
		assert_true(retransmit_again(&r, &wait));
		assert_true(wait == want[i] * NS_MS);
		assert_int_equal(r.count, i + 1);
		sum += wait;
	}
	assert_false(retransmit_again(&r, &wait));
	assert_true(sum == 64 * NS_S);
	assert_int_equal(r.count, 7);
}

TEST(a_short_timeout_gives_up_without_a_retransmission)
{
	struct retransmit r;
	ns_t wait;

	retransmit_begin(&r, NS_S, NS_S);
	assert_false(retransmit_again(&r, &wait));
	assert_int_equal(r.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_waits_are_those_of_the_requirement_page),
		cmocka_unit_test(a_short_timeout_gives_up_without_a_retransmission),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
