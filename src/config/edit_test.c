/* One line of ipsec.conf changed, and nothing else. */
#include "config/edit.h"
#include "config_build.h"

#include "base/test.h"

#include <errno.h>
#include <stdlib.h>

static const char *main_text, *more_text;
static struct conf_edit e;
static char *why;

static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	const char *t = strcmp(path, "/c") == 0	    ? main_text
			: strcmp(path, "/d/m") == 0 ? more_text
						    : NULL;

	(void)ctx;
	errno = ENOENT;
	*ret_n = t ? strlen(t) : 0;
	return t ? xstrdup(t) : NULL;
}

static char **glob_files(void *ctx, const char *pattern)
{
	char **ret = xalloc(2 * sizeof(*ret));

	(void)ctx;
	if (strcmp(pattern, "/d/*") == 0)
		ret[0] = xstrdup("/d/m");
	return ret;
}
static const struct conf_source src = { read_file, glob_files, NULL };

static bool edits(const char *conn, const char *setting)
{
	conf_edit_done(&e);
	free(why);
	why = NULL;
	return conf_edit(&src, "/c", conn, setting, &e, &why) == OK;
}

static void gives(const char *text)
{
	if (why)
		fail_msg("%s", why);
	assert_string_equal(e.text, text);
	assert_int_equal(e.n, strlen(text));
}

static void end(void)
{
	conf_edit_done(&e);
	free(why);
	why = NULL;
	more_text = NULL;
}

#define ENDS  "\tleft=192.0.2.1\n\tright=198.51.100.1\n\tauthby=secret\n"
#define OTHER "conn other\n" ENDS "\tesp=aes128-sha1\n"

TEST(the_line_that_the_conn_has_becomes_another)
{
	main_text = "# mine\nconfig setup\n\nconn vpn\n" ENDS
		    "\t esp = aes128-sha1   # the old box # needs it\n\tauto=add\n# end\n\n" OTHER;
	assert_true(edits("vpn", "esp=aes_gcm256"));
	gives("# mine\nconfig setup\n\nconn vpn\n" ENDS
	      "\t esp=aes_gcm256   # the old box # needs it\n\tauto=add\n# end\n\n" OTHER);
	assert_string_equal(e.file, "/c");
	assert_int_equal(e.line, 8);
	assert_string_equal(e.before, main_text);
	end();
}

TEST(what_it_does_not_have_comes_under_its_head)
{
	main_text = "conn vpn # ours\n" ENDS OTHER;
	assert_true(edits("vpn", "esp=aes_gcm256"));
	gives("conn vpn # ours\n\tesp=aes_gcm256\n" ENDS OTHER);
	end();
}

TEST(what_others_share_stays_theirs)
{
	main_text = "conn %default\n\tesp=aes128-sha1\nconn base\n" ENDS
		    "\tike=aes128-sha1-modp2048\nconn vpn\n\talso=base\nconn two\n\talso=base\n";
	assert_true(edits("vpn", "ike=aes256-sha2-modp2048"));
	gives("conn %default\n\tesp=aes128-sha1\nconn base\n" ENDS
	      "\tike=aes128-sha1-modp2048\nconn vpn\n\tike=aes256-sha2-modp2048\n\talso=base\nconn "
	      "two\n\talso=base\n");
	assert_true(edits("vpn", "esp=aes_gcm256"));
	assert_non_null(strstr(e.text, "conn vpn\n\tesp=aes_gcm256\n\talso=base\n"));
	/* others have it from here: refused, since they would change */
	assert_false(edits("base", "ike=aes256-sha2-modp2048"));
	assert_non_null(strstr(why, "would change, too"));
	end();
}

TEST(the_file_that_has_it_is_the_one_that_changes)
{
	main_text = "config setup\ninclude /d/*\n" OTHER;
	more_text = "conn vpn\r\n\tleft=192.0.2.1\r\n\tright=198.51.100.1\r\n\tauthby=secret\r\n"
		    "\tesp=aes128-sha1\r\n";
	assert_true(edits("vpn", "esp=aes_gcm256"));
	assert_string_equal(e.file, "/d/m");
	gives("conn vpn\r\n\tleft=192.0.2.1\r\n\tright=198.51.100.1\r\n\tauthby=secret\r\n"
	      "\tesp=aes_gcm256\r\n");
	assert_true(edits("vpn", "ike=aes256-sha2-modp2048"));
	assert_non_null(strstr(e.text, "conn vpn\r\n\tike=aes256-sha2-modp2048\r\n\tleft="));
	end();
}

TEST(two_spellings_of_one_setting_are_one_line)
{
	if (WITH_IKEV1) { /* else a file with ikev2=no is refused */
		main_text = "conn vpn\n" ENDS "\tikev2=no\n";
		assert_true(edits("vpn", "keyexchange=ikev2"));
		gives("conn vpn\n" ENDS "\tkeyexchange=ikev2\n");
	}
	main_text = "conn vpn\n" ENDS "\tphase2alg=aes128-sha1\n";
	assert_true(edits("vpn", "esp=aes_gcm256"));
	gives("conn vpn\n" ENDS "\tesp=aes_gcm256\n");
	end();
}

TEST(identities_and_quotes_are_lines_too)
{
	main_text = "conn vpn\n" ENDS "\trightid=\"@#6162\" # a key id\n\tleftid='CN=a # b'#x\n";
	assert_true(edits("vpn", "rightid=@peer"));
	gives("conn vpn\n" ENDS "\trightid=@peer # a key id\n\tleftid='CN=a # b'#x\n");
	assert_true(edits("vpn", "leftid=@me"));
	gives("conn vpn\n" ENDS "\trightid=\"@#6162\" # a key id\n\tleftid=@me#x\n");
	assert_true(edits("vpn", "rightid=@#616263"));
	assert_non_null(strstr(e.text, "\trightid=\"@#616263\" # a key id\n"));
	end();
}

TEST(config_setup_is_found_or_made)
{
	main_text = "conn vpn\n" ENDS;
	assert_true(edits(NULL, "uniqueids=no"));
	gives("config setup\n\tuniqueids=no\n\nconn vpn\n" ENDS);
	main_text = "# a\nconfig setup\n  uniqueids=yes # b\nconn vpn\n" ENDS;
	assert_true(edits(NULL, "uniqueids=no"));
	gives("# a\nconfig setup\n  uniqueids=no # b\nconn vpn\n" ENDS);
	end();
}

TEST(a_file_without_a_last_newline_is_one)
{
	main_text = "conn base\n" ENDS "\nconn vpn\n\talso=base\n\tesp=aes128-sha1";
	assert_true(edits("vpn", "esp=aes_gcm256"));
	gives("conn base\n" ENDS "\nconn vpn\n\talso=base\n\tesp=aes_gcm256");
	end();
}

TEST(what_would_break_something_is_refused)
{
	static const char *const bad[] = { "esp=nonsense", "nonsense=yes", "esp", "=x",
		"esp=", "esp=aes128-sha1\n\tauto=start", "auto=\x01", "conn other",
		"left=999.1.1.1" };

	main_text = "conn vpn\n" ENDS OTHER;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (edits("vpn", bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
	assert_false(edits("other", "esp=aes128-sha1"));
	assert_non_null(strstr(why, "so already"));
	assert_false(edits("none", "esp=aes_gcm256"));
	assert_null(e.text);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_that_the_conn_has_becomes_another),
		cmocka_unit_test(what_it_does_not_have_comes_under_its_head),
		cmocka_unit_test(what_others_share_stays_theirs),
		cmocka_unit_test(the_file_that_has_it_is_the_one_that_changes),
		cmocka_unit_test(two_spellings_of_one_setting_are_one_line),
		cmocka_unit_test(identities_and_quotes_are_lines_too),
		cmocka_unit_test(config_setup_is_found_or_made),
		cmocka_unit_test(a_file_without_a_last_newline_is_one),
		cmocka_unit_test(what_would_break_something_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
