#include "base/test.h"
#include "base/word.h"

static const char *nearest_of(const char *wanted, const char *const *words)
{
	struct nearest n = nearest_to(wanted);

	for (; *words; words++)
		nearest_try(&n, *words);
	return n.word;
}

TEST(the_nearest_word_is_found)
{
	static const char *const words[] = { "leftsubnet", "leftsubnets", "auto", "ike", NULL };

	assert_string_equal(nearest_of("leftsubent", words), "leftsubnet");
	assert_string_equal(nearest_of("leftsubnetz", words), "leftsubnet");
	assert_string_equal(nearest_of("LEFTSUBNETS", words), "leftsubnets");
	assert_string_equal(nearest_of("auot", words), "auto");
	assert_string_equal(nearest_of("ikee", words), "ike");
	assert_string_equal(nearest_of("pu", (const char *const[]){ "us", "up", NULL }), "up");
}

TEST(what_is_far_was_not_meant)
{
	static const char *const words[] = { "ike", "leftsubnet", "", NULL };
	char longest[100];

	assert_null(nearest_of("pfs", words));
	assert_null(nearest_of("rightid", words));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(nearest_of(longest, words));
	assert_null(nearest_of("x", (const char *const[]){ longest, NULL }));
}

TEST(a_hint_is_a_clause_or_nothing)
{
	struct nearest n = nearest_to("tunel");
	char s[NEAREST_HINT];

	assert_string_equal(nearest_hint(&n, s), "");
	assert_true(nearest_try(&n, "tunnel"));
	assert_false(nearest_try(&n, "funnel"));
	assert_string_equal(nearest_hint(&n, s), "; did you mean \"tunnel\"?");
}

TEST(lists_are_walked_word_by_word)
{
	const char *list = " a, bc\td,,";
	size_t n;

	assert_int_equal(*word_next(&list, &n), 'a');
	assert_int_equal(n, 1);
	assert_int_equal(*word_next(&list, &n), 'b');
	assert_int_equal(n, 2);
	assert_int_equal(*word_next(&list, &n), 'd');
	assert_null(word_next(&list, &n));
	assert_int_equal(n, 0);
	assert_true(word_in("a bc", "bc"));
	assert_false(word_in("a bc", "b"));
	assert_false(word_in("a bc", ""));
	assert_false(word_in(NULL, "a"));
}

TEST(a_dns_name_is_no_more_than_that)
{
	static const char *const good[] = { "example.com", "a", "_sip.corp.example.",
		"1st-2.example" };
	static const char *const bad[] = { "", ".", ".example", "a..b", "-a", "192.0.2.1", "12",
		"a b", "a,b", "$(reboot)", "a`b`", "a;b", "a\nb", "caf\xc3\xa9.example", "a/b",
		"a\"b" };
	char text[DNS_NAME_MAX + 1];

	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(is_dns_name(bytes_str(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(is_dns_name(bytes_str(bad[i])));
	assert_false(is_dns_name(bytes_of("a\0b", 3)));
	memset(text, 'a', sizeof(text));
	assert_true(is_dns_name(bytes_of(text, DNS_NAME_MAX)));
	assert_false(is_dns_name(bytes_of(text, DNS_NAME_MAX + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_found),
		cmocka_unit_test(what_is_far_was_not_meant),
		cmocka_unit_test(a_hint_is_a_clause_or_nothing),
		cmocka_unit_test(lists_are_walked_word_by_word),
		cmocka_unit_test(a_dns_name_is_no_more_than_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
