#include "base/test.h"
#include "ikev2/window.h"

static const uint8_t first[] = { 1, 2, 3 }, second[] = { 4, 5 };

TEST(datagrams_come_back_in_order)
{
	struct v2_sent s = { 0 };
	struct bytes d;
	size_t at = 0;

	assert_false(v2_sent_any(&s));
	assert_false(v2_sent_next(&s, &at, &d));
	v2_sent_add(&s, BYTES(first));
	v2_sent_add(&s, BYTES(second));
	assert_true(v2_sent_any(&s));
	assert_true(v2_sent_next(&s, &at, &d) && bytes_eq(d, BYTES(first)));
	assert_true(v2_sent_next(&s, &at, &d) && bytes_eq(d, BYTES(second)));
	assert_false(v2_sent_next(&s, &at, &d));
	v2_sent_done(&s);
}

TEST(a_request_is_new_once_then_busy_then_a_repeat)
{
	struct v2_window w = { 0 };
	struct bytes d;
	size_t at = 0;

	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_NEW);
	assert_int_equal(v2_window_request(&w, 1), V2_WINDOW_OUTSIDE);
	assert_int_equal(v2_window_request(&w, UINT32_MAX), V2_WINDOW_OUTSIDE);
	v2_window_begin(&w);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_BUSY);
	v2_window_store_response(&w, BYTES(first));
	v2_window_answered(&w);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_REPEAT);
	assert_true(v2_sent_next(&w.response, &at, &d) && bytes_eq(d, BYTES(first)));

	assert_int_equal(v2_window_request(&w, 1), V2_WINDOW_NEW);
	v2_window_begin(&w);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_OUTSIDE);
	v2_window_store_response(&w, BYTES(second));
	v2_window_answered(&w);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_OUTSIDE);
	assert_int_equal(v2_window_request(&w, 1), V2_WINDOW_REPEAT);
	v2_window_done(&w);
}

TEST(a_forgotten_request_may_come_anew)
{
	struct v2_window w = { 0 };

	v2_window_begin(&w);
	v2_window_store_response(&w, BYTES(first));
	v2_window_forget(&w);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_NEW);
	assert_false(v2_sent_any(&w.response));
	v2_window_done(&w);
}

TEST(one_request_of_ours_is_open_at_a_time)
{
	struct v2_window w = { 0 };
	uint32_t id = 99;

	assert_false(v2_window_response(&w, 0));
	assert_int_equal(v2_window_open(&w, &id), OK);
	assert_int_equal(id, 0);
	assert_int_equal(v2_window_open(&w, &id), ERR_NOT_NOW);
	v2_window_store_request(&w, BYTES(first));
	assert_true(v2_window_response(&w, 0));
	assert_false(v2_window_response(&w, 1));
	v2_window_close(&w);
	assert_false(v2_sent_any(&w.request));
	assert_false(v2_window_response(&w, 0));
	assert_int_equal(v2_window_open(&w, &id), OK);
	assert_int_equal(id, 1);
	v2_window_done(&w);
}

TEST(a_retry_keeps_its_message_id)
{
	struct v2_window w = { 0 };
	struct bytes d;
	uint32_t id;
	size_t at = 0;

	assert_int_equal(v2_window_open(&w, &id), OK);
	v2_window_store_request(&w, BYTES(first));
	v2_window_retry(&w);
	v2_window_store_request(&w, BYTES(second));
	assert_true(v2_window_response(&w, 0));
	assert_true(v2_sent_next(&w.request, &at, &d) && bytes_eq(d, BYTES(second)));
	assert_false(v2_sent_next(&w.request, &at, &d));
	v2_window_done(&w);
}

TEST(message_ids_never_wrap)
{
	struct v2_window w = { .next = UINT32_MAX - 1, .expected = UINT32_MAX - 1 };
	uint32_t id;

	assert_true(v2_window_is_worn(&w));
	assert_int_equal(v2_window_open(&w, &id), OK);
	v2_window_close(&w);
	assert_int_equal(v2_window_open(&w, &id), ERR_EXHAUSTED);

	v2_window_begin(&w);
	v2_window_store_response(&w, BYTES(first));
	v2_window_answered(&w);
	assert_int_equal(v2_window_request(&w, UINT32_MAX - 1), V2_WINDOW_REPEAT);
	assert_int_equal(v2_window_request(&w, UINT32_MAX), V2_WINDOW_OUTSIDE);
	assert_int_equal(v2_window_request(&w, 0), V2_WINDOW_OUTSIDE);
	v2_window_done(&w);
}

TEST(an_old_window_is_worn_before_it_is_full)
{
	struct v2_window w = { 0 };

	assert_false(v2_window_is_worn(&w));
	w.expected = UINT32_MAX - 5000;
	assert_false(v2_window_is_worn(&w));
	w.expected = UINT32_MAX - 500;
	assert_true(v2_window_is_worn(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_come_back_in_order),
		cmocka_unit_test(a_request_is_new_once_then_busy_then_a_repeat),
		cmocka_unit_test(a_forgotten_request_may_come_anew),
		cmocka_unit_test(one_request_of_ours_is_open_at_a_time),
		cmocka_unit_test(a_retry_keeps_its_message_id),
		cmocka_unit_test(message_ids_never_wrap),
		cmocka_unit_test(an_old_window_is_worn_before_it_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
