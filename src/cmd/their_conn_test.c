/* Connections of strongSwan's two configurations, as the diagnosis reads them. */
#include "cmd/their_conn.h"

#include "base/test.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_of_swanctl_by_its_name_or_its_childs),
		cmocka_unit_test(a_connection_of_strongswans_ipsec_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
