#include "base/test.h"
#include "event/debug.h"
#include "event/event.h"

static uint32_t mask(const char *words, uint32_t from)
{
	uint32_t m = from;

	assert_null(debug_apply(words, &m));
	return m;
}

TEST(words_add_and_no_takes_away)
{
	assert_int_equal(mask("", 0), 0);
	assert_int_equal(mask("base", 0), DEBUG_base);
	assert_int_equal(mask("base,routing", 0), DEBUG_base | DEBUG_routing);
	assert_int_equal(mask("base+crypt no-base", 0), DEBUG_crypt);
	assert_int_equal(mask("no-base", DEBUG_base | DEBUG_updown), DEBUG_updown);
	assert_int_equal(mask("crypt", DEBUG_base), DEBUG_base | DEBUG_crypt);
	assert_int_equal(mask("none", DEBUG_base), 0);
	assert_int_equal(mask("none base", DEBUG_crypt), DEBUG_base);
	assert_int_equal(mask("no-all", mask("all crypt", 0)), DEBUG_crypt);
	assert_int_equal(mask("ALL No-Base", 0), mask("all", 0) & ~(uint32_t)DEBUG_base);
	assert_int_equal(mask("controlmore", 0), DEBUG_base);
}

TEST(all_leaves_out_what_may_be_secret)
{
	assert_int_equal(mask("all", 0) & (DEBUG_crypt | DEBUG_private | DEBUG_tmi), 0);
	assert_int_equal(mask("all", 0) & DEBUG_base, DEBUG_base);
	assert_int_equal(mask("tmi", 0) & (DEBUG_crypt | DEBUG_private), 0);
	assert_int_equal(mask("tmi", 0) & mask("all", 0), mask("all", 0));
}

TEST(an_unknown_word_is_said_and_the_others_apply)
{
	const char *words = "base bass routing", *end = "base no-";
	uint32_t m = 0;

	assert_ptr_equal(debug_apply(words, &m), words + 5);
	assert_int_equal(m, DEBUG_base | DEBUG_routing);
	assert_ptr_equal(debug_apply(end, &m), end + 5);
}

TEST(what_is_formatted_means_the_same)
{
	char s[128];

	assert_string_equal(debug_format(0, s, sizeof(s)), "none");
	assert_string_equal(debug_format(DEBUG_base | DEBUG_routing, s, sizeof(s)), "base+routing");
	for (uint32_t m = 0; m < 2 * DEBUG_add_state; m++) {
		uint32_t all = m & DEBUG_tmi ? m | mask("all", 0) : m;

		assert_int_equal(mask(debug_format(all, s, sizeof(s)), 0), all);
	}
	debug_format(~0U, s, 9);
	assert_int_equal(strlen(s), 8);
}

TEST(each_debug_event_belongs_to_one_class)
{
	unsigned n = 0;

	for (int id = 1; id < EV_END; id++) {
		const struct event_kind *k = event_kind((enum event_id)id);

		if (k->level != EVENT_DEBUG) {
			assert_int_equal(k->debug, 0);
			continue;
		}
		n++;
		assert_int_not_equal(k->debug, 0);
		assert_int_equal(k->debug & (k->debug - 1), 0);
	}
	assert_true(n >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_add_and_no_takes_away),
		cmocka_unit_test(all_leaves_out_what_may_be_secret),
		cmocka_unit_test(an_unknown_word_is_said_and_the_others_apply),
		cmocka_unit_test(what_is_formatted_means_the_same),
		cmocka_unit_test(each_debug_event_belongs_to_one_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
