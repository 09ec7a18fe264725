/* keyexchange=ikev1: what it means, what is refused, and what does nothing with the other version.
 */
#include "base/test.h"
#include "config/keywords.h"
#include "config/show.h"
#include "config_build.h"

#include <stdio.h>
#include <stdlib.h>

static struct conf *parse(const char *text)
{
	const struct conf_source none = { 0 };

	return conf_parse_text(&none, "f", text, strlen(text));
}

#define ENDS "\tleft=192.0.2.1\n\tright=198.51.100.1\n\tauthby=secret\n"
#define V1   "conn x\n" ENDS "\tikev2=no\n"

static void print_issues(const struct conf *c)
{
	for (size_t i = 0; i < c->n_issue; i++)
		print_message("%s:%u: %s%s\n", c->issue[i].file, c->issue[i].line,
			c->issue[i].is_error ? "" : "warning: ", c->issue[i].text);
}

/* The conn of IKEv1 with these lines, in the sixth line and on, without a word. */
static struct conf *one(const char *lines)
{
	char *text = xasprintf(V1 "%s\n", lines);
	struct conf *c = parse(text);

	if (c->n_issue != 0 || c->n != 1) {
		print_issues(c);
		fail_msg("not understood: %s", lines);
	}
	free(text);
	return c;
}

/* An error (or a warning) in that line that says part. */
static struct conf *issue(const char *text, bool is_error, unsigned line, const char *part)
{
	struct conf *c = parse(text);
	bool said = false;

	for (size_t i = 0; i < c->n_issue; i++)
		said |= c->issue[i].is_error == is_error && c->issue[i].line == line &&
			strstr(c->issue[i].text, part);
	if (!said || c->n != (is_error ? 0 : 1)) {
		print_issues(c);
		fail_msg("%s: expected \"%s\"", text, part);
	}
	return c;
}

static void wrong(const char *lines, const char *part)
{
	char *text = xasprintf(V1 "%s\n", lines);

	conf_free(issue(text, true, 6, part));
	free(text);
}

static struct conf *warned(const char *lines, const char *part)
{
	char *text = xasprintf(V1 "%s\n", lines);
	struct conf *c = issue(text, false, 6, part);

	free(text);
	return c;
}

/* The same line without IKEv1: a warning. */
static void idle(const char *line, const char *part)
{
	char *text = xasprintf("conn x\n" ENDS "%s\n", line);

	conf_free(issue(text, false, 5, part));
	free(text);
}

TEST(a_build_without_ikev1_refuses_its_connections)
{
	conf_free(
		issue("conn x\n" ENDS "\tkeyexchange=ikev1\n", true, 5, "this build has no IKEv1"));
	conf_free(issue("conn x\n" ENDS "\tikev2=never\n", true, 5, "this build has no IKEv1"));
}

TEST(the_version_is_said_in_two_ways)
{
	static const char *const lines[] = { "\tkeyexchange=ikev1", "\tikev2=no", "\tikev2=never",
		"\tikev2=permit", "\tikev2=never\n\tkeyexchange=ike" };

	for (size_t i = 0; i < COUNT(lines); i++) {
		char *text = xasprintf("conn x\n" ENDS "%s\n", lines[i]);
		struct conf *c = parse(text);

		print_issues(c);
		assert_int_equal(c->n_issue, 0);
		assert_int_equal(c->conn[0]->version, VERSION_IKEV1);
		conf_free(c);
		free(text);
	}
}

TEST(a_policy_that_forbids_ikev1_refuses_its_connections)
{
	static const char *const allows[] = { "accept", "auto" };

	conf_free(issue("config setup\n\tikev1-policy=drop\n" V1, true, 7, "ikev1-policy=drop"));
	conf_free(
		issue("config setup\n\tikev1-policy=reject\n" V1, true, 7, "ikev1-policy=reject"));
	for (size_t i = 0; i < COUNT(allows); i++) {
		char *text = xasprintf("config setup\n\tikev1-policy=%s\n" V1, allows[i]);
		struct conf *c = parse(text);

		assert_int_equal(c->n_issue, 0);
		assert_int_equal(c->n, 1);
		assert_int_equal(c->setup.ikev1_policy, i == 0 ? IKEV1_ACCEPT : IKEV1_AUTO);
		conf_free(c);
		free(text);
	}
}

TEST(every_word_of_ikev1_has_its_value)
{
	struct conf *c =
		one("\tmodecfgpull=yes\n\tmodecfgbanner=\"Hello\"\n\tcisco-unity=yes\n"
		    "\tcisco-split=yes\n\tremote-peer-type=cisco\n"
		    "\tnat-ikev1-method=drafts\n\txauthfail=soft\n\tdpdaction=restart\n"
		    "\tdpddelay=30\n\tsha2-truncbug=yes\n\tdpdtimeout=100\n\tfragmentation=force\n"
		    "\tinitial-contact=yes\n\tleftxauthclient=yes\n\tleftusername=alice\n"
		    "\tleftmodecfgclient=yes");
	const struct conf_conn *k = c->conn[0];

	assert_true(k->sha2_truncbug && k->modecfgpull && k->cisco_unity && k->cisco_split &&
		    k->initial_contact);
	assert_string_equal(k->modecfgbanner, "Hello");
	assert_int_equal(k->peer_type, PEER_CISCO);
	assert_int_equal(k->nat_ikev1_method, NAT_METHOD_DRAFTS);
	assert_int_equal(k->xauthfail, XAUTHFAIL_SOFT);
	assert_int_equal(k->dpdaction, DPDACTION_RESTART);
	assert_int_equal(k->dpdtimeout, 100 * NS_S);
	assert_int_equal(k->fragmentation, FRAG_FORCE);
	assert_string_equal(k->left.username, "alice");
	conf_free(c);
}

TEST(what_is_read_is_shown_and_travels)
{
	struct conf *c = one("\tmodecfgpull=yes\n\tmodecfgbanner=\"Hello\"\n\tcisco-unity=yes\n"
			     "\tcisco-split=yes\n\tremote-peer-type=cisco\n\tnat-ikev1-method=rfc\n"
			     "\txauthfail=soft\n\tdpdaction=clear\n\tdpddelay=30\n"
			     "\tleftxauthclient=yes\n\tleftusername=alice\n\tike=aes128-sha1\n"
			     "\tesp=aes256-sha2_512"),
		    *back;
	char *text = conf_show(c);
	struct conf_conn *copy = conf_conn_copy(c->conn[0]);

	back = parse(text);
	print_issues(back);
	assert_int_equal(back->n_issue, 0);
	assert_true(conf_conn_eq(c->conn[0], back->conn[0]));
	assert_true(conf_conn_eq(c->conn[0], copy));
	assert_true(copy->left.xauthclient && copy->right.xauthserver && copy->cisco_unity);
	conf_conn_free(copy);
	conf_free(back);
	conf_free(c);
	free(text);
}

TEST(aggressive_mode_is_never_the_default_and_says_why_not)
{
	struct conf *c = one("\taggressive=no");

	assert_false(c->conn[0]->aggressive);
	conf_free(c);
	c = warned("\taggressive=yes", "guessed offline");
	assert_true(c->conn[0]->aggressive);
	conf_free(c);
	c = one("");
	assert_false(c->conn[0]->aggressive);
	conf_free(c);
	conf_free(warned("\tike=aes256-sha2-dh14+dh19\n\taggrmode=yes", "only the first group"));
}

TEST(where_one_end_is_the_client_the_other_is_the_server)
{
	struct conf *c = one("\tleftxauthclient=yes\n\trightmodecfgclient=yes");

	assert_true(c->conn[0]->left.xauthclient && c->conn[0]->right.xauthserver);
	assert_false(c->conn[0]->left.xauthserver || c->conn[0]->right.xauthclient);
	assert_true(c->conn[0]->left.modecfgserver && c->conn[0]->right.modecfgclient);
	conf_free(c);
	c = one("\trightxauthserver=yes");
	assert_true(c->conn[0]->left.xauthclient && c->conn[0]->right.xauthserver);
	conf_free(c);
	conf_free(one("\trightxauthserver=yes\n\tleftxauthclient=yes"));
	wrong("\tleftxauthclient=yes\n\trightxauthclient=yes", "one end is the client");
	wrong("\tleftxauthclient=yes\n\tleftxauthserver=yes", "one end is the client");
	wrong("\tleftxauthserver=yes\n\trightxauthserver=yes", "exclude each other");
}

TEST(users_are_checked_by_a_file_or_not_at_all)
{
	conf_free(one("\txauthby=file\n\trightxauthclient=yes"));
	wrong("\txauthby=pam", "not done");
	conf_free(warned("\txauthby=alwaysok", "checks nothing"));
	conf_free(warned("\tleftusername=alice", "without leftxauthclient=yes"));
}

TEST(algorithms_that_ikev1_has_not_are_refused_in_their_line)
{
	wrong("\tike=aes_gcm256-sha2_256", "'AES_GCM_16' is not supported by IKEv1");
	wrong("\tike=aes256-sha2,aes_ccm128", "is not supported by IKEv1");
	wrong("\tike=chacha20_poly1305", "is not supported by IKEv1");
	wrong("\tike=aes_ctr256-sha2_256", "is not supported by IKEv1");
	wrong("\tike=aes128-aes_xcbc", "is not supported by IKEv1");
	conf_free(one("\tesp=aes_gcm256"));
	conf_free(one("\tike=camellia256-sha2_512-dh14"));
}

static bool has(const struct proposals *p, uint8_t type, uint16_t id)
{
	return proposals_has(p, type, id);
}

TEST(proposals_have_the_hash_once_and_the_defaults_of_ikev1)
{
	struct conf *c = one("\tike=aes128-sha2_384\n\tesp=aes256");
	const struct proposals *ike = c->conn[0]->ike, *esp = c->conn[0]->esp;

	assert_true(has(ike, TT_PRF, PRF_HMAC_SHA2_384));
	assert_false(has(ike, TT_INTEG, INTEG_HMAC_SHA2_384_192));
	assert_true(has(ike, TT_KE, KE_MODP2048) && has(ike, TT_KE, KE_ECP_256));
	assert_false(has(ike, TT_KE, KE_MODP1536));
	assert_int_equal(
		ike->p[0].t[ike->p[0].n - 4].id, KE_MODP2048); /* what old peers know first */
	assert_true(has(esp, TT_INTEG, INTEG_HMAC_SHA1_96));
	assert_true(has(esp, TT_INTEG, INTEG_HMAC_SHA2_256_128));
	assert_false(has(esp, TT_ESN, ESN_YES) || has(esp, TT_ESN, ESN_NO));
	conf_free(c);
	c = warned("\tike=3des-md5;modp1024", "weak algorithms: 3DES_CBC, HMAC_MD5, MODP1024");
	assert_true(has(c->conn[0]->ike, TT_KE, KE_MODP1024));
	conf_free(c);
}

TEST(what_ikev1_has_not_does_nothing_and_says_so)
{
	struct conf *c = warned("\tesn=yes", "32 bits");

	assert_int_equal(c->conn[0]->esn, CONF_ESN_NO);
	conf_free(c);
	c = warned("\tnarrowing=yes", "no effect with keyexchange=ikev1");
	assert_false(c->conn[0]->narrowing);
	conf_free(c);
	conf_free(warned("\treauth=yes", "always does it"));
	conf_free(warned("\tsend-no-esp-tfc=yes", "no effect with keyexchange=ikev1"));
	c = one("\trightaddresspool=10.9.0.1-10.9.0.9");
	assert_false(c->conn[0]->narrowing);
	conf_free(c);
	conf_free(one("\tesn=either"));
}

TEST(several_networks_are_several_connections)
{
	struct conf *c = one("\tleftsubnet=10.0.0.0/24,10.0.1.0/24\n\tcisco-split=yes");

	assert_int_equal(c->conn[0]->left.subnet.n, 2);
	conf_free(c);
	wrong("\tleftsubnet=10.0.0.0/24,10.0.1.0/24", "leftsubnets=");
	wrong("\trightsubnet=10.0.0.0/24,10.0.1.0/24", "rightsubnets=");
	c = parse(V1 "\tleftsubnets=10.0.0.0/24,10.0.1.0/24\n");
	assert_int_equal(c->n_issue, 0);
	assert_int_equal(c->n, 2);
	assert_int_equal(c->conn[1]->version, VERSION_IKEV1);
	conf_free(c);
}

TEST(a_dead_peer_has_time_for_several_probes)
{
	struct conf *c = one("\tdpddelay=30");

	assert_int_equal(c->conn[0]->dpdtimeout, 120 * NS_S);
	conf_free(c);
	c = warned("\tdpdtimeout=10\n\tdpddelay=30", "shorter than dpddelay=");
	assert_int_equal(c->conn[0]->dpdtimeout, 30 * NS_S);
	conf_free(c);
	conf_free(warned("\tdpdtimeout=10", "without dpddelay="));
}

TEST(words_of_ikev1_do_nothing_for_ikev2_and_say_so)
{
	static const char *const lines[] = { "\taggressive=yes", "\tmodecfgpull=yes",
		"\tmodecfgbanner=hello", "\tcisco-unity=yes", "\tcisco-split=yes",
		"\tremote-peer-type=cisco", "\tnat-ikev1-method=none", "\txauthby=alwaysok",
		"\txauthfail=soft", "\tdpdtimeout=10", "\tdpdaction=restart",
		"\tleftxauthclient=yes", "\trightxauthserver=yes", "\tleftusername=alice" };

	for (size_t i = 0; i < COUNT(lines); i++)
		idle(lines[i], "no effect without keyexchange=ikev1");
}

int main(void)
{
	const struct CMUnitTest with[] = {
		cmocka_unit_test(the_version_is_said_in_two_ways),
		cmocka_unit_test(a_policy_that_forbids_ikev1_refuses_its_connections),
		cmocka_unit_test(every_word_of_ikev1_has_its_value),
		cmocka_unit_test(what_is_read_is_shown_and_travels),
		cmocka_unit_test(aggressive_mode_is_never_the_default_and_says_why_not),
		cmocka_unit_test(where_one_end_is_the_client_the_other_is_the_server),
		cmocka_unit_test(users_are_checked_by_a_file_or_not_at_all),
		cmocka_unit_test(algorithms_that_ikev1_has_not_are_refused_in_their_line),
		cmocka_unit_test(proposals_have_the_hash_once_and_the_defaults_of_ikev1),
		cmocka_unit_test(what_ikev1_has_not_does_nothing_and_says_so),
		cmocka_unit_test(several_networks_are_several_connections),
		cmocka_unit_test(a_dead_peer_has_time_for_several_probes),
		cmocka_unit_test(words_of_ikev1_do_nothing_for_ikev2_and_say_so),
	};
	const struct CMUnitTest without[] = {
		cmocka_unit_test(a_build_without_ikev1_refuses_its_connections),
		cmocka_unit_test(words_of_ikev1_do_nothing_for_ikev2_and_say_so),
	};

	return WITH_IKEV1 ? cmocka_run_group_tests(with, NULL, NULL)
			  : cmocka_run_group_tests(without, NULL, NULL);
}
