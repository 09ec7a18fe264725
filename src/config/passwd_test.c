#include "base/test.h"
#include "config/passwd.h"

#include <errno.h>
#include <stdlib.h>

/* "right horse", made by openssl passwd */
#define HASH  "$5$pepper$Ap2oAmlWbUuavXPrwgJvK2qyY3iNVZM06Z8n5ABkFA9"
#define OLD   "$1$pepper$DDKEFqhhjOVr51SvjuiLK."
#define OTHER "$5$pepper$/oNCoBlwSYMESrQZeD/N906a9mRI5G6gaMjBK5CaT99"

static char *read_text(void *ctx, const char *path, size_t *n)
{
	(void)path;
	if (!ctx) {
		errno = ENOENT;
		return NULL;
	}
	*n = strlen(ctx);
	return strdup(ctx);
}

static struct passwd *parse(const char *text)
{
	struct conf_source src = { read_text, NULL, (void *)(uintptr_t)text };

	return passwd_parse(&src, "/etc/ipsec.d/passwd");
}

static struct passwd_found found;

static enum err verify(
	const struct passwd *p, const char *conn, const char *user, const char *password)
{
	struct conf_conn c = { .name = (char *)(uintptr_t)conn,
		.aliases = (char *)(uintptr_t) "all" };

	return passwd_verify(p, &c, user, bytes_str(password), &found);
}

static const char *issue_of(const struct passwd *p, size_t i, unsigned *line)
{
	const struct conf_issue *issue;

	assert_true(i < passwd_issues(p, &issue));
	*line = issue[i].line;
	return issue[i].text;
}

TEST(the_right_password_lets_in_and_a_wrong_one_does_not)
{
	struct passwd *p = parse("# users\n\nalice:" HASH "\r\n");

	assert_int_equal(passwd_count(p), 1);
	assert_int_equal(verify(p, "office", "alice", "right horse"), OK);
	assert_int_equal(found.line, 3);
	assert_false(addr_is_set(&found.lease));
	assert_int_equal(verify(p, "office", "alice", "right hors"), ERR_DENIED);
	assert_int_equal(verify(p, "office", "alice", ""), ERR_DENIED);
	assert_int_equal(verify(p, "office", "Alice", "right horse"), ERR_DENIED);
	assert_int_equal(verify(p, "office", "bob", "right horse"), ERR_DENIED);
	passwd_free(p);
}

TEST(a_password_with_a_nul_inside_is_wrong)
{
	static const char octets[] = "right horse\0and more";
	struct passwd *p = parse("alice:" HASH "\n");
	struct conf_conn c = { .name = (char *)(uintptr_t) "office" };

	assert_int_equal(
		passwd_verify(p, &c, "alice", bytes_of(octets, sizeof(octets) - 1), &found),
		ERR_DENIED);
	assert_int_equal(passwd_verify(p, &c, "alice", bytes_of(octets, 11), &found), OK);
	passwd_free(p);
}

TEST(a_line_for_the_connection_beats_one_for_all)
{
	struct passwd *p = parse("alice:" HASH ":\n"
				 "alice:" OTHER ":office\n"
				 "bob:" HASH ":office:\n"
				 "carol:" HASH ":all\n");

	assert_int_equal(verify(p, "home", "alice", "right horse"), OK);
	assert_int_equal(verify(p, "office", "alice", "right horse"), ERR_DENIED);
	assert_int_equal(verify(p, "office", "alice", "other horse"), OK);
	assert_int_equal(found.line, 2);
	assert_int_equal(verify(p, "office", "bob", "right horse"), OK);
	assert_int_equal(verify(p, "home", "bob", "right horse"), ERR_DENIED);
	assert_int_equal(verify(p, "home", "carol", "right horse"), OK); /* by its alias */
	passwd_free(p);
}

TEST(the_fourth_column_is_the_users_own_address)
{
	struct passwd *p = parse("a:" HASH "::100.64.13.7\n"
				 "b:" HASH ":office:2001:db8::7\n"
				 "c:" HASH "::100.64.13.9-100.64.13.9\n"
				 "d:" HASH "::100.64.13.0/24\n");
	char text[ADDR_STR];
	unsigned line;

	assert_int_equal(verify(p, "office", "a", "right horse"), OK);
	assert_string_equal(addr_format(&found.lease, text), "100.64.13.7");
	assert_int_equal(verify(p, "office", "b", "right horse"), OK);
	assert_string_equal(addr_format(&found.lease, text), "2001:db8::7");
	assert_int_equal(verify(p, "office", "c", "right horse"), OK);
	assert_string_equal(addr_format(&found.lease, text), "100.64.13.9");
	assert_string_equal(issue_of(p, 0, &line), "the fourth column is not one address");
	assert_int_equal(line, 4);
	passwd_free(p);
}

TEST(a_wrong_line_is_told_with_its_number_and_the_others_stay)
{
	struct passwd *p = parse("alice\n"
				 ":" HASH "\n"
				 "bob:secret\n"
				 "carol:!\n"
				 "dave:$5$pepper$\n"
				 "erin:" HASH ":no spaces here\n"
				 "frank:" HASH "\n");
	const struct conf_issue *issue;

	assert_int_equal(passwd_issues(p, &issue), 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_true(issue[i].is_error);
		assert_int_equal(issue[i].line, i + 1);
		assert_string_equal(issue[i].file, "/etc/ipsec.d/passwd");
		assert_null(strstr(issue[i].text, "secret"));
	}
	assert_int_equal(verify(p, "office", "frank", "right horse"), OK);
	passwd_free(p);
}

TEST(an_old_hash_works_and_is_warned_of)
{
	struct passwd *p = parse("alice:" OLD "\n");
	unsigned line;

	assert_non_null(strstr(issue_of(p, 0, &line), "weak"));
	assert_int_equal(verify(p, "office", "alice", "right horse"), OK);
	passwd_free(p);
}

TEST(without_a_file_nobody_is_let_in_and_nothing_is_said)
{
	struct passwd *p = parse(NULL);
	const struct conf_issue *issue;

	assert_int_equal(passwd_issues(p, &issue), 0);
	assert_false(passwd_is_there(p));
	assert_int_equal(verify(p, "office", "alice", ""), ERR_DENIED);
	passwd_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_password_lets_in_and_a_wrong_one_does_not),
		cmocka_unit_test(a_password_with_a_nul_inside_is_wrong),
		cmocka_unit_test(a_line_for_the_connection_beats_one_for_all),
		cmocka_unit_test(the_fourth_column_is_the_users_own_address),
		cmocka_unit_test(a_wrong_line_is_told_with_its_number_and_the_others_stay),
		cmocka_unit_test(an_old_hash_works_and_is_warned_of),
		cmocka_unit_test(without_a_file_nobody_is_let_in_and_nothing_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
