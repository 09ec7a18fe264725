#include "ike/timer.h"

#include "base/test.h"

TEST(timers_come_in_order_of_time_whatever_the_order_of_setting)
{
	struct timers h = { 0 };
	struct timer t[200] = { 0 };
	ns_t last = -1;

	for (size_t i = 0; i < COUNT(t); i++)
		timer_set(&h, &t[i], (ns_t)((i * 7919) % 1009));
	for (size_t i = 0; i < COUNT(t); i += 3)
		timer_stop(&h, &t[i]);
	for (size_t i = 1; i < COUNT(t); i += 3)
		timer_set(&h, &t[i], (ns_t)((i * 31) % 997));

	size_t n = 0;
	for (struct timer *d; (d = timers_due(&h, 2000)); n++) {
		assert_true(d->at >= last);
		assert_false(timer_is_set(d));
		last = d->at;
	}
	assert_int_equal(n, COUNT(t) - (COUNT(t) + 2) / 3);
	assert_true(timers_next(&h) == NS_NEVER);
	timers_done(&h);
}

TEST(a_timer_is_not_due_before_its_time)
{
	struct timers h = { 0 };
	struct timer t = { 0 };

	timer_set(&h, &t, 10);
	assert_null(timers_due(&h, 9));
	assert_true(timers_next(&h) == 10);
	assert_ptr_equal(timers_due(&h, 10), &t);
	timer_stop(&h, &t);
	timers_done(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_come_in_order_of_time_whatever_the_order_of_setting),
		cmocka_unit_test(a_timer_is_not_due_before_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
