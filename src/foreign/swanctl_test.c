/* swanctl.conf as people write it, and as nobody does. */
#include "foreign/swanctl.h"

#include "base/test.h"

#include <stdlib.h>

static const char *main_text, *more_text;
static char *wrong;

static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	const char *t = strcmp(path, "/s/swanctl.conf") == 0	? main_text
			: strcmp(path, "/s/conf.d/a.conf") == 0 ? more_text
								: NULL;

	(void)ctx;
	*ret_n = t ? strlen(t) : 0;
	return t ? xstrdup(t) : NULL;
}

static char **glob_files(void *ctx, const char *pattern)
{
	char **ret = xalloc(2 * sizeof(*ret));

	(void)ctx;
	if (strcmp(pattern, "/s/conf.d/*.conf") == 0)
		ret[0] = xstrdup("/s/conf.d/a.conf");
	if (strcmp(pattern, "/s/swanctl.conf") == 0)
		ret[0] = xstrdup(pattern);
	return ret;
}

static struct swanctl *parse(const char *text)
{
	const struct swanctl_source src = { read_file, glob_files, NULL };

	main_text = text;
	free(wrong);
	return swanctl_parse(&src, "/s/swanctl.conf", &wrong);
}

static void has(const struct swanctl *s, const char *path, const char *value)
{
	const char *v = swanctl_value(s, path);

	if (!v)
		fail_msg("%s is not there", path);
	assert_string_equal(v, value);
}

TEST(sections_values_comments_and_quotes)
{
	struct swanctl *s =
		parse("# a\nconnections {\n vpn { # b\n  local_addrs = 192.0.2.1 # c\n"
		      "  remote_addrs=198.51.100.1\n  local-1 { id = \"CN=a # \\\"b\\\"\" }\n"
		      "  children\n  {\n   net { local_ts = 10.0.1.0/24, 10.0.3.0/24\n }\n"
		      "  }\n }\n}\nsecrets { ike-1 { secret = 0sABC } }\n");
	const char *file;
	unsigned line;

	assert_null(wrong);
	has(s, "connections.vpn.local_addrs", "192.0.2.1");
	has(s, "connections.vpn.remote_addrs", "198.51.100.1");
	has(s, "connections.vpn.local-1.id", "CN=a # \"b\"");
	has(s, "connections.vpn.children.net.local_ts", "10.0.1.0/24, 10.0.3.0/24");
	assert_null(swanctl_value(s, "connections.vpn.version"));
	assert_null(swanctl_value(s, "connections.other.version"));
	assert_string_equal(swanctl_section(s, "connections", 0), "vpn");
	assert_null(swanctl_section(s, "connections", 1));
	assert_true(swanctl_place(s, "connections.vpn", &file, &line));
	assert_string_equal(file, "/s/swanctl.conf");
	assert_int_equal(line, 3);
	swanctl_free(s);
}

TEST(what_is_included_is_there_with_its_place)
{
	struct swanctl *s;
	const char *file;
	unsigned line;

	more_text = "\nconnections { office { version = 1 } }\n";
	s = parse("connections { vpn { version = 2 } }\ninclude conf.d/*.conf\nsecrets { }\n");
	assert_null(wrong);
	has(s, "connections.vpn.version", "2");
	has(s, "connections.office.version", "1");
	assert_true(swanctl_place(s, "connections.office", &file, &line));
	assert_string_equal(file, "/s/conf.d/a.conf");
	assert_int_equal(line, 2);
	swanctl_free(s);
	more_text = "vpn { version = 2 }";
	s = parse("connections {\n include conf.d/*.conf\n}\n");
	has(s, "connections.vpn.version", "2");
	swanctl_free(s);
}

TEST(what_a_section_lacks_those_have_that_it_refers_to)
{
	struct swanctl *s = parse(
		"base { version = 2\n local { auth = psk } }\nmore { mobike = no\n version = 1 }\n"
		"connections { vpn : base, more { version = 0 }\n two : connections.vpn { } }\n");

	assert_null(wrong);
	has(s, "connections.vpn.version", "0");
	has(s, "connections.vpn.local.auth", "psk");
	has(s, "connections.vpn.mobike", "no");
	has(s, "connections.two.version", "0");
	has(s, "connections.two.local.auth", "psk");
	swanctl_free(s);
	s = parse("a : b { }\nb : a { }\nc : c { }\n");
	assert_null(swanctl_value(s, "a.x"));
	assert_null(swanctl_value(s, "c.x"));
	swanctl_free(s);
}

TEST(the_last_of_two_counts_and_a_section_may_come_again)
{
	struct swanctl *s = parse("a { x = 1\n x = 2 }\nb { y = 1 }\na { z = 3 }\n");

	has(s, "a.x", "2");
	has(s, "a.z", "3");
	assert_string_equal(swanctl_section(s, "", 1), "b");
	assert_null(swanctl_section(s, "", 2));
	swanctl_free(s);
}

TEST(what_is_odd_is_said_and_does_no_harm)
{
	static const char *const odd[] = { "a {", "}", "a = \"b", "a { { } }", "= x", ": {", "a",
		"a : {", "a b c", "a : b", "include /s/swanctl.conf", "a { } }\nb = c" };
	struct swanctl *s;
	char deep[4096];

	for (size_t i = 0; i < COUNT(odd); i++) {
		s = parse(odd[i]);
		if (!wrong && i != 7)
			fail_msg("nothing is said of \"%s\"", odd[i]);
		swanctl_free(s);
	}
	for (size_t i = 0; i + 3 < sizeof(deep); i += 2)
		memcpy(deep + i, "a{", 3);
	s = parse(deep);
	assert_non_null(wrong);
	swanctl_free(s);
	s = parse("");
	assert_null(wrong);
	assert_null(swanctl_value(s, "a"));
	swanctl_free(s);
	free(wrong);
	wrong = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_values_comments_and_quotes),
		cmocka_unit_test(what_is_included_is_there_with_its_place),
		cmocka_unit_test(what_a_section_lacks_those_have_that_it_refers_to),
		cmocka_unit_test(the_last_of_two_counts_and_a_section_may_come_again),
		cmocka_unit_test(what_is_odd_is_said_and_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
