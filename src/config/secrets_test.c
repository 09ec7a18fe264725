#include "base/test.h"
#include "config/secrets.h"

#include <errno.h>
#include <stdlib.h>

static char *read_text(void *ctx, const char *path, size_t *n)
{
	if (strcmp(path, "/etc/ipsec.secrets") != 0) {
		errno = ENOENT;
		return NULL;
	}
	*n = strlen(ctx);
	return strdup(ctx);
}

static char **glob_none(void *ctx, const char *pattern)
{
	(void)ctx;
	(void)pattern;
	return NULL;
}

static struct secrets *parse(const char *text)
{
	struct conf_source src = { read_text, glob_none, (void *)(uintptr_t)text };

	return secrets_parse(&src, "/etc/ipsec.secrets");
}

static const char *psk(const struct secrets *s, const char *ours, const char *theirs,
	const char *our_addr, const char *their_addr)
{
	static char ret[256];
	struct id a, b;
	struct addr x, y;
	struct bytes v;
	struct secrets_where where;
	enum err e;

	assert_int_equal(id_parse(ours, &a), OK);
	assert_int_equal(id_parse(theirs, &b), OK);
	assert_int_equal(addr_parse(our_addr, &x), OK);
	assert_int_equal(addr_parse(their_addr, &y), OK);
	e = secrets_psk(s, &a, &b, &x, &y, &v, &where);
	id_done(&a);
	id_done(&b);
	if (e)
		return NULL;
	memcpy(ret, v.p, v.n);
	ret[v.n] = '\0';
	return ret;
}

TEST(both_names_beat_one_which_beats_none)
{
	struct secrets *s = parse(": PSK \"for everybody at all\"\n"
				  "@east : PSK \"for east with anybody\"\n"
				  "@west @east : PSK \"for west and east\"  # comment\n"
				  "@west @east : PSK \"a later one loses\"\n"
				  "192.0.2.1 198.51.100.1 : PSK \"by addresses only\"\n");

	assert_int_equal(secrets_count(s), 5);
	assert_string_equal(
		psk(s, "@west", "@east", "192.0.2.7", "192.0.2.8"), "for west and east");
	assert_string_equal(
		psk(s, "@east", "@west", "192.0.2.7", "192.0.2.8"), "for west and east");
	assert_string_equal(
		psk(s, "@north", "@east", "192.0.2.7", "192.0.2.8"), "for east with anybody");
	assert_string_equal(
		psk(s, "@north", "@south", "192.0.2.7", "192.0.2.8"), "for everybody at all");
	assert_string_equal(psk(s, "@x", "@y", "192.0.2.1", "198.51.100.1"), "by addresses only");
	secrets_free(s);
}

TEST(values_have_four_forms)
{
	struct secrets *s = parse(
		"@a : PSK 0x414243\n@b : PSK 0sQUJDRA==\n@c : PSK 0tABC\n@d : PSK 'single quotes'\n"
		"@e\n  @f :\n  PSK \"on several lines\"\n2001:db8::1 %any : PSK \"v6 address "
		"here\"\r\n");

	assert_string_equal(psk(s, "@a", "@z", "192.0.2.1", "192.0.2.2"), "ABC");
	assert_string_equal(psk(s, "@b", "@z", "192.0.2.1", "192.0.2.2"), "ABCD");
	assert_string_equal(psk(s, "@c", "@z", "192.0.2.1", "192.0.2.2"), "ABC");
	assert_string_equal(psk(s, "@d", "@z", "192.0.2.1", "192.0.2.2"), "single quotes");
	assert_string_equal(psk(s, "@e", "@f", "192.0.2.1", "192.0.2.2"), "on several lines");
	assert_string_equal(
		psk(s, "2001:db8::1", "@z", "2001:db8::1", "192.0.2.2"), "v6 address here");
	assert_null(psk(s, "@y", "@z", "192.0.2.1", "192.0.2.2"));
	secrets_free(s);
}

TEST(mistakes_are_told_without_the_secret)
{
	struct secrets *s = parse("@a PSK \"no colon at all\"\n@b : PSK \"not closed\n@c : PSK "
				  "0xzz\n@d : TOKEN \"x\"\n"
				  "@e : PSK \"short\"\n@f : RSA {\n}\n@g : PSK two words\n@h : PSK "
				  "0t\n@i : PSK \"\"\n");
	const struct conf_issue *issue;
	size_t n = secrets_issues(s, &issue), errors = 0;

	for (size_t i = 0; i < n; i++) {
		errors += issue[i].is_error;
		assert_null(strstr(issue[i].text, "no colon at all"));
		assert_null(strstr(issue[i].text, "not closed"));
		assert_null(strstr(issue[i].text, "\"short\""));
	}
	assert_true(errors >= 7);
	assert_int_equal(secrets_count(s), 1);
	secrets_free(s);
}

TEST(keys_of_old_are_passed_over_with_a_warning)
{
	struct secrets *s = parse(
		"@f : RSA {\n  Modulus: 0x1234\n}\n@g : EAP \"pw\"\n@h : PPKS \"id\" \"key\"\n"
		"@i : PSK \"after the key of old\"\n");
	const struct conf_issue *issue;
	size_t n = secrets_issues(s, &issue);

	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		assert_false(issue[i].is_error);
	assert_int_equal(issue[1].line, 4);
	assert_int_equal(secrets_count(s), 1);
	secrets_free(s);
}

TEST(comments_quotes_and_marks_are_understood)
{
	struct secrets *s =
		parse("\xef\xbb\xbf# first\n@o'brien : PSK \"with # inside and more\" # why\n"
		      "@a:PSK \"no blanks at the colon\"\n@#0102 : PSK 'key id as an index' #x\n"
		      "\"C=CH, CN=west\" @b : PSK \"a name in quotes\"");
	const struct conf_issue *issue;

	for (size_t i = 0; i < secrets_issues(s, &issue); i++)
		print_message("%u: %s\n", issue[i].line, issue[i].text);
	assert_int_equal(secrets_issues(s, &issue), 0);
	assert_string_equal(
		psk(s, "@o'brien", "@z", "192.0.2.1", "192.0.2.2"), "with # inside and more");
	assert_string_equal(psk(s, "@a", "@z", "192.0.2.1", "192.0.2.2"), "no blanks at the colon");
	assert_string_equal(psk(s, "@#0102", "@z", "192.0.2.1", "192.0.2.2"), "key id as an index");
	assert_string_equal(
		psk(s, "@b", "C=CH, CN=west", "192.0.2.1", "192.0.2.2"), "a name in quotes");
	secrets_free(s);
}

static const char *xauth(const struct secrets *s, const char *user, unsigned *line)
{
	static char ret[256];
	struct secrets_where where;
	struct bytes v;

	if (secrets_xauth(s, user, &v, &where))
		return NULL;
	memcpy(ret, v.p, v.n);
	ret[v.n] = '\0';
	*line = where.line;
	return ret;
}

TEST(passwords_of_xauth_users_are_found_by_name)
{
	struct secrets *s = parse(": XAUTH anybody\n"
				  "@alice : XAUTH \"with blanks in it\"\n"
				  "bob \"carol smith\" : xauth 0x12\n"
				  "bob : XAUTH \"a later one loses\"\n"
				  "dave@example.com : XAUTH \"d\"\n"
				  "@west @east : PSK \"long enough for a secret\"\n");
	const struct conf_issue *issue;
	unsigned line;
	char text[256];

	assert_int_equal(secrets_issues(s, &issue), 0);
	assert_string_equal(xauth(s, "alice", &line), "with blanks in it");
	assert_int_equal(line, 2);
	assert_string_equal(xauth(s, "bob", &line), "0x12");
	assert_string_equal(xauth(s, "carol smith", &line), "0x12");
	assert_string_equal(xauth(s, "dave@example.com", &line), "d");
	assert_string_equal(xauth(s, "erin", &line), "anybody");
	assert_int_equal(line, 1);
	assert_true(secrets_list(s, 1, text, sizeof(text)));
	assert_string_equal(text, "2: XAUTH alice");
	secrets_free(s);
}

TEST(a_password_of_xauth_is_no_psk_and_a_psk_no_password)
{
	struct secrets *s = parse(": XAUTH \"for users\"\n");

	assert_null(psk(s, "@west", "@east", "192.0.2.1", "198.51.100.1"));
	secrets_free(s);
	s = parse(": PSK \"for gateways and long enough\"\n");
	assert_null(xauth(s, "alice", &(unsigned){ 0 }));
	secrets_free(s);
}

TEST(a_wrong_entry_of_xauth_is_told_without_the_password)
{
	struct secrets *s = parse("@ : XAUTH \"hidden1\"\n"
				  "alice : XAUTH\n"
				  "alice : XAUTH hidden2 hidden3\n"
				  "alice : XAUTH \"hidden4\n"
				  "alice : XAUTH \"\"\n");
	const struct conf_issue *issue;

	assert_int_equal(secrets_issues(s, &issue), 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(issue[i].is_error);
		assert_int_equal(issue[i].line, i + 1);
		assert_null(strstr(issue[i].text, "hidden"));
	}
	assert_int_equal(secrets_count(s), 0);
	secrets_free(s);
}

TEST(a_peer_without_a_known_name_is_found_by_addresses)
{
	struct secrets *s = parse("@west @east : PSK \"by names, no use\"\n"
				  "192.0.2.1 %any : PSK \"road warriors\"\n"
				  "192.0.2.1 198.51.100.1 : PSK \"by addresses\"\n");
	struct addr us, them, none = { 0 };
	struct id ours, theirs = { .type = ID_NONE };
	struct secrets_where where;
	struct bytes v;

	assert_int_equal(addr_parse("192.0.2.1", &us), OK);
	assert_int_equal(addr_parse("198.51.100.1", &them), OK);
	assert_int_equal(id_parse("@west", &ours), OK);
	assert_int_equal(secrets_psk(s, &ours, &theirs, &us, &them, &v, &where), OK);
	assert_int_equal(where.line, 3);
	assert_int_equal(addr_parse("198.51.100.2", &them), OK);
	assert_int_equal(secrets_psk(s, &ours, &theirs, &us, &them, &v, &where), OK);
	assert_int_equal(where.line, 2);
	assert_int_equal(secrets_psk(s, &ours, &theirs, &us, &none, &v, &where), OK);
	assert_int_equal(where.line, 2);
	id_done(&ours);
	secrets_free(s);
}

TEST(a_stale_entry_that_fits_as_well_is_counted)
{
	struct secrets *s = parse("@a @b : PSK \"the old secret, forgotten\"\n@b @a : PSK \"the "
				  "new secret, unused\"\n"
				  "@a : PSK \"fits less well than both\"\n");
	struct secrets_where where;
	struct id a, b;
	struct addr none = { 0 };
	struct bytes v;

	assert_int_equal(id_parse("@a", &a), OK);
	assert_int_equal(id_parse("@b", &b), OK);
	assert_int_equal(secrets_psk(s, &a, &b, &none, &none, &v, &where), OK);
	assert_int_equal(where.line, 1);
	assert_int_equal(where.also, 1);
	assert_false(where.is_weak);
	id_done(&a);
	id_done(&b);
	secrets_free(s);
}

TEST(garbage_ends_soon_with_few_issues)
{
	size_t n = 4 << 20;
	char *text = malloc(n + 1);
	const struct conf_issue *issue;
	struct secrets *s;

	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '\n' : 'x';
	text[n] = '\0';
	s = parse(text);
	assert_true(secrets_issues(s, &issue) <= 21);
	secrets_free(s);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 4 == 0 ? '\n' : i % 4 == 1 ? ' ' : 'x';
	text[0] = 'x';
	s = parse(text);
	assert_int_equal(secrets_issues(s, &issue), 1);
	assert_non_null(strstr(issue[0].text, "more than"));
	secrets_free(s);
	free(text);
}

TEST(modes_that_others_can_use_are_told)
{
	assert_null(secrets_mode_issue(0600, 0));
	assert_null(secrets_mode_issue(0400, 0));
	assert_non_null(strstr(secrets_mode_issue(0644, 0), "read"));
	assert_non_null(strstr(secrets_mode_issue(0620, 0), "write"));
	assert_non_null(strstr(secrets_mode_issue(0600, 1000), "root"));
}

/* The first secret of the text as that variant; NULL: there is none. */
static const char *variant(const char *text, enum secret_variant v)
{
	static char ret[256];
	struct secrets *s = parse(text);
	struct secret made = { 0 };
	bool is_one = secrets_variant(s, 0, v, &made);

	assert_int_equal(secrets_count(s), 1);
	assert_int_equal(is_one, made.n != 0);
	memcpy(ret, made.p ? made.p : (const uint8_t *)"", made.n);
	ret[made.n] = '\0';
	secret_done(&made);
	secrets_free(s);
	return is_one ? ret : NULL;
}

TEST(blanks_and_ends_of_lines_that_a_peer_may_have_kept)
{
	assert_string_equal(variant(": PSK \"one two\"", VARIANT_NEWLINE), "one two\n");
	assert_string_equal(variant(": PSK one", VARIANT_CR), "one\r");
	assert_string_equal(variant(": PSK one", VARIANT_CRLF), "one\r\n");
	assert_string_equal(variant(": PSK one", VARIANT_BLANK), "one ");
	assert_string_equal(variant(": PSK one", VARIANT_BLANK_BEFORE), " one");
	assert_string_equal(variant(": PSK \" one two \"", VARIANT_NO_BLANKS), "one two");
	assert_null(variant(": PSK \"one two\"", VARIANT_NO_BLANKS));
	assert_null(variant(": PSK \"   \"", VARIANT_NO_BLANKS));
	assert_string_equal(variant(": PSK 0x4142", VARIANT_NEWLINE), "AB\n");
}

TEST(quotes_that_a_peer_may_have_kept_or_taken_off)
{
	assert_string_equal(variant(": PSK \"one\"", VARIANT_DOUBLE_QUOTES), "\"one\"");
	assert_string_equal(variant(": PSK 0x4142", VARIANT_SINGLE_QUOTES), "'0x4142'");
	assert_string_equal(variant(": PSK '\"one\"'", VARIANT_UNQUOTED), "one");
	assert_null(variant(": PSK \"one\"", VARIANT_UNQUOTED));
	assert_null(variant(": PSK '\"'", VARIANT_UNQUOTED));
}

TEST(forms_that_a_peer_may_have_decoded_or_not)
{
	assert_string_equal(variant(": PSK 0x41_42", VARIANT_TEXT), "0x41_42");
	assert_string_equal(variant(": PSK 0x4142", VARIANT_TEXT_BARE), "4142");
	assert_string_equal(variant(": PSK 0sQUJD", VARIANT_TEXT), "0sQUJD");
	assert_string_equal(variant(": PSK 0tABC", VARIANT_TEXT), "0tABC");
	assert_null(variant(": PSK 0tABC", VARIANT_TEXT_BARE));
	assert_string_equal(variant(": PSK \"0x4142\"", VARIANT_HEX), "AB");
	assert_string_equal(variant(": PSK 4142", VARIANT_HEX), "AB");
	assert_string_equal(variant(": PSK \"0sQUJDRA==\"", VARIANT_BASE64), "ABCD");
	assert_null(variant(": PSK 0x4142", VARIANT_HEX));
	assert_null(variant(": PSK \"0x\"", VARIANT_HEX));
	assert_null(variant(": PSK \"no digits\"", VARIANT_HEX));
	assert_null(variant(": PSK \"no digits\"", VARIANT_BASE64));
	assert_null(variant(": PSK \"plain text\"", VARIANT_TEXT));
	assert_null(variant(": PSK \"plain text\"", VARIANT_TEXT_BARE));
	assert_null(variant(": PSK one", VARIANT_NONE));
}

/* Every one has a name of its own, by which it is found again. */
TEST(variants_have_names)
{
	assert_string_equal(variant_name(VARIANT_NONE), "");
	assert_int_equal(variant_of(""), VARIANT_NONE);
	for (unsigned v = VARIANT_NONE + 1; v < VARIANT_END; v++)
		assert_int_equal(variant_of(variant_name((enum secret_variant)v)), v);
	assert_string_equal(variant_name(VARIANT_END), "");
}

TEST(other_secrets_are_those_that_another_peer_would_get)
{
	struct secrets *s = parse("@west @east : PSK \"the one that is used\"\n"
				  "@west @north : PSK \"of another peer\"\n"
				  "@north @south : PSK \"of other gateways\"\n"
				  "alice : XAUTH \"a password\"\n"
				  "@east @west : PSK \"passed over\"\n"
				  "198.51.100.1 : PSK \"one index\"\n"
				  "192.0.2.1 192.0.2.2 : PSK \"by our address\"\n"
				  "@north %any : PSK \"with anybody\"\n"
				  ": PSK \"of everybody\"\n");
	static const unsigned lines[] = { 2, 5, 6, 7, 8, 9 };
	const struct addr addr = addr_v4(0xc0000201);
	struct secrets_where where;
	struct bytes v;
	struct id us;
	size_t at = 0, n = 0;

	assert_int_equal(id_parse("@west", &us), OK);
	while (secrets_other(s, &at, 0, &us, &addr, &v, &where)) {
		assert_true(n < COUNT(lines));
		assert_int_equal(where.line, lines[n++]);
		assert_true(v.n != 0);
	}
	assert_int_equal(n, COUNT(lines));
	id_done(&us);
	secrets_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_names_beat_one_which_beats_none),
		cmocka_unit_test(values_have_four_forms),
		cmocka_unit_test(mistakes_are_told_without_the_secret),
		cmocka_unit_test(keys_of_old_are_passed_over_with_a_warning),
		cmocka_unit_test(comments_quotes_and_marks_are_understood),
		cmocka_unit_test(passwords_of_xauth_users_are_found_by_name),
		cmocka_unit_test(a_password_of_xauth_is_no_psk_and_a_psk_no_password),
		cmocka_unit_test(a_wrong_entry_of_xauth_is_told_without_the_password),
		cmocka_unit_test(a_peer_without_a_known_name_is_found_by_addresses),
		cmocka_unit_test(a_stale_entry_that_fits_as_well_is_counted),
		cmocka_unit_test(garbage_ends_soon_with_few_issues),
		cmocka_unit_test(modes_that_others_can_use_are_told),
		cmocka_unit_test(blanks_and_ends_of_lines_that_a_peer_may_have_kept),
		cmocka_unit_test(quotes_that_a_peer_may_have_kept_or_taken_off),
		cmocka_unit_test(forms_that_a_peer_may_have_decoded_or_not),
		cmocka_unit_test(variants_have_names),
		cmocka_unit_test(other_secrets_are_those_that_another_peer_would_get),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
