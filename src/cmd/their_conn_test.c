/* Connections of strongSwan's two configurations, as the diagnosis reads them. */
#include "cmd/their_conn.h"

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>

static const char *file_text;

static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	(void)ctx;
	(void)path;
	*ret_n = strlen(file_text);
	return xstrdup(file_text);
}

static char **no_files(void *ctx, const char *pattern)
{
	(void)ctx;
	(void)pattern;
	return NULL;
}

static bool swanctl(const char *text, const char *name, struct their_conn *c)
{
	const struct swanctl_source src = { read_file, no_files, NULL };
	char *wrong;
	struct swanctl *s;
	bool found;

	file_text = text;
	s = swanctl_parse(&src, "/etc/swanctl/swanctl.conf", &wrong);
	found = their_conn_swanctl(s, name, c);
	swanctl_free(s);
	free(wrong);
	return found;
}

static bool ipsec_conf(const char *text, const char *name, struct their_conn *c)
{
	const struct conf_source src = { read_file, no_files, NULL };
	struct conf *scratch = xalloc(sizeof(*scratch));
	struct lexed l;
	bool found;

	lex(&src, "/etc/ipsec.conf", text, strlen(text), scratch, &l);
	found = their_conn_ipsec_conf(&l, name, c);
	lexed_done(&l);
	conf_free(scratch);
	return found;
}

/* What text is taken for, and what name may have been meant. */
static bool is_strongswan(const char *text, const char *name, char hint[static NEAREST_HINT])
{
	const struct conf_source src = { read_file, no_files, NULL };
	struct conf *scratch = xalloc(sizeof(*scratch));
	struct lexed l;
	bool is;

	lex(&src, "/etc/ipsec.conf", text, strlen(text), scratch, &l);
	is = their_conn_is_strongswan(&l);
	their_conn_nearest(NULL, &l, name, hint);
	lexed_done(&l);
	conf_free(scratch);
	return is;
}

TEST(strongswans_words_tell_its_file_when_its_daemon_is_down)
{
	char hint[NEAREST_HINT];

	assert_true(
		is_strongswan("config setup\n\tcharondebug=\"ike 2\"\nconn office\n\tleft=%any\n",
			"ofice", hint));
	assert_string_equal(hint, "; did you mean \"office\"?");
	assert_true(
		is_strongswan("conn vpn\n\tike=aes256-sha256-modp2048!\n", "none at all", hint));
	assert_string_equal(hint, "");
	assert_true(is_strongswan("conn vpn\n\tleftfirewall=yes\n", "vpn", hint));
	assert_false(
		is_strongswan("conn vpn\n\tike=aes256-sha2;dh14\n\tleft=192.0.2.1\n", "vpn", hint));
}

TEST(a_connection_of_swanctl_by_its_name_or_its_childs)
{
	static const char text[] =
		"connections { other { }\n office { version = 1\n aggressive = yes\n"
		"local_addrs = 192.0.2.1, 192.0.2.2\n remote_addrs = vpn.example.com\n"
		"proposals = aes256-sha256-modp2048\n remote_port = 4500\n"
		"local-main { auth = psk\n id = me.example.com }\n remote { id = \"CN=peer\" }\n"
		"children { a { local_ts = 10.0.1.0/24[tcp/80], fd00:1::/64\n remote_ts = dynamic\n"
		"esp_proposals = aes256gcm16\n mode = transport }\n b { remote_ts = 10.0.9.0/24 } "
		"} } "
		"}\n";
	struct their_conn c;

	assert_true(swanctl(text, "office", &c));
	assert_string_equal(c.file, "/etc/swanctl/swanctl.conf");
	assert_int_equal(c.line, 2);
	assert_string_equal(c.ours, "192.0.2.1");
	assert_string_equal(c.theirs, "vpn.example.com");
	assert_string_equal(c.our_id, "me.example.com");
	assert_string_equal(c.their_id, "CN=peer");
	assert_string_equal(c.authby, "psk");
	assert_string_equal(c.version, "IKEv1");
	assert_string_equal(c.mode, "aggressive");
	assert_string_equal(c.ike, "aes256-sha256-modp2048");
	assert_string_equal(c.esp, "aes256gcm16");
	assert_string_equal(c.type, "transport");
	assert_string_equal(c.our_nets, "10.0.1.0/24,fd00:1::/64");
	assert_string_equal(c.their_nets, "");
	assert_string_equal(c.their_port, "4500");
	assert_true(swanctl(text, "b", &c));
	assert_string_equal(c.name, "office");
	assert_string_equal(c.their_nets, "10.0.9.0/24");
	assert_true(swanctl(text, "other", &c));
	assert_string_equal(c.version, "IKEv2");
	assert_string_equal(c.theirs, "");
	assert_false(swanctl(text, "none", &c));
}

TEST(a_connection_of_strongswans_ipsec_conf)
{
	static const char text[] =
		"config setup\n\tcharondebug=\"ike 2\"\nca mine\n\tcacert=ca.pem\n"
		"conn %default\n\tkeyexchange=ikev1\n\tike=aes128-sha1-modp1024!\n"
		"conn base\n\tleft=192.0.2.1\n\tleftauth=psk\n\tesp=aes256-sha256!\n"
		"conn vpn\n\talso=base\n\tright=198.51.100.1\n\tleftsubnet=10.0.1.0/24\n"
		"\trightsubnet=10.0.2.0/24,10.0.3.0/24\n\trightid=@peer\n\tikelifetime=60m\n"
		"\tkeyexchange=ikev2\n\tauto=route\n\tleftcert=a.pem\n";
	struct their_conn c;

	assert_true(ipsec_conf(text, "vpn", &c));
	assert_int_equal(c.line, 12);
	assert_string_equal(c.ours, "192.0.2.1");
	assert_string_equal(c.theirs, "198.51.100.1");
	assert_string_equal(c.authby, "psk");
	assert_string_equal(c.version, "IKEv2");
	assert_string_equal(c.ike, "aes128-sha1-modp1024!");
	assert_string_equal(c.esp, "aes256-sha256!");
	assert_string_equal(c.their_nets, "10.0.2.0/24,10.0.3.0/24");
	assert_string_equal(c.automatic, "route");
	their_conn_swap(&c);
	assert_string_equal(c.ours, "198.51.100.1");
	assert_string_equal(c.our_id, "@peer");
	assert_string_equal(c.our_nets, "10.0.2.0/24,10.0.3.0/24");
	assert_false(ipsec_conf(text, "none", &c));
	assert_true(ipsec_conf("conn a\n\talso=b\nconn b\n\talso=a\n", "a", &c));
}

/* As ipsec.conf writes it. */
static const char *offered(const char *suite, const char *ike, bool is_v1)
{
	static char t[4096];
	struct their_conn c = { .suite = suite };
	struct proposals *p;

	snprintf(c.ike, sizeof(c.ike), "%s", ike);
	p = their_proposals(&c, is_v1);
	proposals_conf(p, t, sizeof(t));
	free(p);
	return t;
}

TEST(what_it_offers_for_ike)
{
	assert_string_equal(
		offered("swanctl", "aes256-sha256-modp2048", false), "aes256-sha2_256-modp2048");
	assert_string_equal(offered("strongswan", "aes256-sha256-modp2048!", false),
		"aes256-sha2_256-modp2048");
	/* a bare name has 128 bits; what is not known here does not count */
	assert_string_equal(offered("swanctl", "aes-sha1-modp2048, ntru9-aes256-modp2048", false),
		"aes128-sha1-modp2048");
	/* types in any order, several of each */
	assert_string_equal(
		offered("swanctl", "modp2048-aes128-sha384-ecp256-aes256-sha256", false),
		"aes128+aes256-sha2_384+sha2_256-modp2048+dh19");
	/* an AEAD has no integrity: then the name stands for the PRF */
	assert_string_equal(offered("swanctl", "aes256gcm16-sha384-ecp384", false),
		offered("swanctl", "aes256gcm16-prfsha384-ecp384", false));
	assert_non_null(
		strstr(offered("swanctl", "aes256gcm16-prfsha384-ecp384", false), "sha2_384"));
	assert_string_equal(offered("swanctl", "aes256-sha256-x25519-ke1_mlkem768", false),
		offered("swanctl", "aes256-sha256-curve25519", false));
	assert_string_equal(
		offered("swanctl", "aes256-sha256-modp2048", true), "aes256-sha2_256-modp2048");
}

TEST(what_it_adds_by_itself)
{
	const char *all = xstrdup(offered("swanctl", "", false));
	const char *more;

	assert_non_null(strstr(all, "aes128"));
	assert_non_null(strstr(all, "aes_gcm"));
	assert_non_null(strstr(all, "modp2048"));
	assert_null(strstr(all, "3des"));
	assert_null(strstr(all, "modp1024"));
	assert_string_equal(offered("swanctl", "default", false), all);
	assert_string_equal(offered("strongswan", "", false), all);
	/* in ipsec.conf only "!" ends the list */
	more = offered("strongswan", "3des-sha1-modp1024", false);
	assert_int_equal(strncmp(more, "3des-sha1-modp1024,", 19), 0);
	assert_non_null(strstr(more, all));
	more = offered("swanctl", "3des-sha1-modp1024,default", false);
	assert_non_null(strstr(more, all));
	/* nothing that is known here is asked for: better than no question */
	assert_string_equal(offered("swanctl", "serpent256-sha256-modp2048", false), all);
	assert_null(strstr(offered("swanctl", "", true), "gcm"));
	free((void *)(uintptr_t)all);
}

TEST(whose_certificates_or_xauth_decide_the_question)
{
	struct their_conn c;

	assert_true(swanctl("connections { a { version = 1\n local-1 { auth = psk }\n"
			    "local-2 { auth = xauth }\n remote { auth = psk } }\n"
			    "b { local { auth = psk }\n remote { auth = psk }\n"
			    "remote-x { auth = xauth-generic } }\n c { local { certs = a.pem } } }",
		"a", &c));
	assert_string_equal(c.xauth, "client");
	assert_true(their_conn_has_psk(&c));
	assert_true(swanctl("connections { b { local { auth = psk }\n remote { auth = psk }\n"
			    "remote-x { auth = xauth-generic } } }",
		"b", &c));
	assert_string_equal(c.xauth, "server");
	assert_true(swanctl("connections { c { local { certs = a.pem } } }", "c", &c));
	assert_false(their_conn_has_psk(&c));
	assert_true(ipsec_conf("conn a\n\tauthby=xauthpsk\n\txauth=server\n", "a", &c));
	assert_string_equal(c.xauth, "server");
	assert_true(their_conn_has_psk(&c));
	their_conn_swap(&c);
	assert_string_equal(c.xauth, "client");
	assert_true(ipsec_conf(
		"conn a\n\tleftauth=psk\n\tleftauth2=xauth\n\trightauth=psk\n", "a", &c));
	assert_string_equal(c.xauth, "client");
	assert_true(ipsec_conf("conn a\n\tauthby=rsasig\n", "a", &c));
	assert_string_equal(c.xauth, "");
	assert_false(their_conn_has_psk(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strongswans_words_tell_its_file_when_its_daemon_is_down),
		cmocka_unit_test(a_connection_of_swanctl_by_its_name_or_its_childs),
		cmocka_unit_test(a_connection_of_strongswans_ipsec_conf),
		cmocka_unit_test(what_it_offers_for_ike),
		cmocka_unit_test(what_it_adds_by_itself),
		cmocka_unit_test(whose_certificates_or_xauth_decide_the_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
