#include "base/test.h"
#include "ipsec/limits.h"
#include "ipsec/ts.h"
#include "proc/parent/updown_env.h"

#include <stdio.h>
#include <stdlib.h>

/* A message as ike sends it, with room for what it points to. */
struct told {
	struct msg_updown m;
	uint8_t ts[256], dns[17 * (LIMIT_DNS_SERVERS + 2)];
	struct wr dns_w;
};

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), OK);
	return a;
}

static void tell(struct told *t, const char *ours, const char *theirs)
{
	struct wr w = wr_to(t->ts, sizeof(t->ts));
	struct ts_list l = { .n = 2 };
	struct range r;

	*t = (struct told){ .m = { .verb = "up-client",
				    .conn = "office",
				    .policy = "IKEv2+PSK",
				    .domains = "",
				    .user = "",
				    .banner = "" } };
	assert_int_equal(range_parse(ours, &r), OK);
	l.ts[0] = ts_from_range(&r);
	assert_int_equal(range_parse(theirs, &r), OK);
	l.ts[1] = ts_from_range(&r);
	l.ts[1].protocol = 6;
	l.ts[1].port_first = l.ts[1].port_last = 22;
	ts_list_put(&w, &l);
	t->m.ts = wr_view(&w);
	t->m.local.addr = address("192.0.2.1");
	t->m.remote.addr = address("198.51.100.1");
	t->dns_w = wr_to(t->dns, sizeof(t->dns));
}

static void tell_dns(struct told *t, const char *server)
{
	struct addr a = address(server);

	addr_put(&t->dns_w, &a);
	t->m.dns = wr_view(&t->dns_w);
}

/* The value, or NULL. */
static const char *value(char **env, const char *name)
{
	size_t n = strlen(name);

	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

#define ASSERT_VALUE(env, name, expected)                                                          \
	do {                                                                                       \
		assert_non_null(value(env, name));                                                 \
		assert_string_equal(value(env, name), expected);                                   \
	} while (0)

TEST(networks_come_with_their_masks)
{
	struct told t;
	char **env;

	tell(&t, "100.64.13.5", "10.0.0.0/15");
	env = updown_env(&t.m, &(struct updown_about){ NULL, "eth0", false });
	ASSERT_VALUE(env, "PLUTO_VERB", "up-client");
	ASSERT_VALUE(env, "PLUTO_CONNECTION", "office");
	ASSERT_VALUE(env, "PLUTO_INTERFACE", "eth0");
	ASSERT_VALUE(env, "PLUTO_VIRT_INTERFACE", "ipsec0");
	ASSERT_VALUE(env, "PLUTO_ME", "192.0.2.1");
	ASSERT_VALUE(env, "PLUTO_PEER", "198.51.100.1");
	ASSERT_VALUE(env, "PLUTO_CLIENT_FAMILY", "ipv4");
	ASSERT_VALUE(env, "PLUTO_CONN_ADDRFAMILY", "ipv4");
	ASSERT_VALUE(env, "PLUTO_MY_CLIENT", "100.64.13.5/32");
	ASSERT_VALUE(env, "PLUTO_MY_CLIENT_NET", "100.64.13.5");
	ASSERT_VALUE(env, "PLUTO_MY_CLIENT_MASK", "255.255.255.255");
	ASSERT_VALUE(env, "PLUTO_MY_PROTOCOL", "0");
	ASSERT_VALUE(env, "PLUTO_MY_PORT", "0");
	ASSERT_VALUE(env, "PLUTO_PEER_CLIENT", "10.0.0.0/15");
	ASSERT_VALUE(env, "PLUTO_PEER_CLIENT_NET", "10.0.0.0");
	ASSERT_VALUE(env, "PLUTO_PEER_CLIENT_MASK", "255.254.0.0");
	ASSERT_VALUE(env, "PLUTO_PEER_PROTOCOL", "6");
	ASSERT_VALUE(env, "PLUTO_PEER_PORT", "22");
	updown_env_free(env);

	tell(&t, "fd00:1::/60", "10.0.0.1-10.0.0.6");
	t.m.local.addr = address("2001:db8::1");
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	assert_null(value(env, "PLUTO_INTERFACE"));
	ASSERT_VALUE(env, "PLUTO_CLIENT_FAMILY", "ipv6");
	ASSERT_VALUE(env, "PLUTO_CONN_ADDRFAMILY", "ipv6");
	ASSERT_VALUE(env, "PLUTO_MY_CLIENT_MASK", "ffff:ffff:ffff:fff0::");
	ASSERT_VALUE(env, "PLUTO_PEER_CLIENT", "10.0.0.1-10.0.0.6");
	assert_null(value(env, "PLUTO_PEER_CLIENT_MASK"));
	updown_env_free(env);
}

TEST(a_device_is_told_as_libreswan_tells_it)
{
	struct conf_conn c = { .local_is_left = true, .if_id = 3 };
	struct told t;
	char **env;

	c.left.interface_ip = (struct prefix){ address("10.99.0.1"), 24 };
	tell(&t, "10.0.1.0/24", "10.0.2.0/24");
	env = updown_env(&t.m, &(struct updown_about){ &c, "eth0", false });
	ASSERT_VALUE(env, "PLUTO_VIRT_INTERFACE", "ipsec3");
	ASSERT_VALUE(env, "PLUTO_XFRMI_ROUTE", "yes");
	ASSERT_VALUE(env, "INTERFACE_IP", "10.99.0.1/24");
	assert_null(value(env, "PLUTO_XFRMI_FWMARK"));
	assert_null(value(env, "VTI_IFACE"));
	assert_null(value(env, "CONNMARK_IN"));
	updown_env_free(env);

	tell(&t, "10.0.1.0/24", "0.0.0.0/0");
	env = updown_env(&t.m, &(struct updown_about){ &c, "eth0", false });
	ASSERT_VALUE(env, "PLUTO_XFRMI_FWMARK", "901664/0xffffffff");
	updown_env_free(env);

	c = (struct conf_conn){ .type = TYPE_TRANSPORT };
	env = updown_env(&t.m, &(struct updown_about){ &c, "eth0", true });
	ASSERT_VALUE(env, "PLUTO_STACK", "xfrm");
	ASSERT_VALUE(env, "PLUTO_CONNECTION_TYPE", "transport");
	updown_env_free(env);

	c = (struct conf_conn){ .vti_interface = (char *)"vti7", .vti_routing = true };
	c.right.vti = (struct prefix){ address("10.99.0.2"), 30 };
	t.m.mark_in = t.m.mark_out = 5;
	t.m.mark_in_mask = UINT32_MAX;
	t.m.mark_out_mask = 255;
	env = updown_env(&t.m, &(struct updown_about){ &c, "eth0", false });
	ASSERT_VALUE(env, "PLUTO_VIRT_INTERFACE", "vti7");
	ASSERT_VALUE(env, "VTI_IFACE", "vti7");
	ASSERT_VALUE(env, "VTI_ROUTING", "yes");
	ASSERT_VALUE(env, "VTI_SHARED", "no");
	ASSERT_VALUE(env, "VTI_IP", "10.99.0.2/30");
	ASSERT_VALUE(env, "CONNMARK_IN", "5/0xffffffff");
	ASSERT_VALUE(env, "CONNMARK_OUT", "5/0x000000ff");
	assert_null(value(env, "PLUTO_XFRMI_ROUTE"));
	updown_env_free(env);
}

TEST(what_is_not_set_is_left_out_or_empty)
{
	struct told t;
	char **env;

	tell(&t, "10.0.1.0/24", "0.0.0.0/0");
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	ASSERT_VALUE(env, "PLUTO_PEER_CLIENT_MASK", "0.0.0.0");
	ASSERT_VALUE(env, "PLUTO_PEER_DNS_INFO", "");
	ASSERT_VALUE(env, "PLUTO_PEER_DOMAIN_INFO", "");
	ASSERT_VALUE(env, "PLUTO_CONN_KIND", "CK_PERMANENT");
	ASSERT_VALUE(env, "PLUTO_CFG_CLIENT", "0");
	assert_null(value(env, "PLUTO_MY_SOURCEIP"));
	assert_null(value(env, "PLUTO_METRIC"));
	assert_null(value(env, "PLUTO_MTU"));
	assert_null(value(env, "PLUTO_NEXT_HOP"));
	updown_env_free(env);

	t.m.source = address("10.0.1.1");
	t.m.metric = 50;
	t.m.mtu = 1400;
	t.m.is_instance = t.m.is_cfg_client = 1;
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	ASSERT_VALUE(env, "PLUTO_CONN_KIND", "CK_INSTANCE");
	ASSERT_VALUE(env, "PLUTO_CFG_CLIENT", "1");
	ASSERT_VALUE(env, "PLUTO_CFG_SERVER", "0");
	ASSERT_VALUE(env, "PLUTO_MY_SOURCEIP", "10.0.1.1");
	ASSERT_VALUE(env, "PLUTO_METRIC", "50");
	ASSERT_VALUE(env, "PLUTO_MTU", "1400");
	updown_env_free(env);
}

TEST(numbers_of_the_sa_are_there)
{
	struct told t;
	char **env;

	tell(&t, "10.0.1.0/24", "10.0.2.0/24");
	t.m.reqid = 16389;
	t.m.spi_in = 0x1a;
	t.m.spi_out = 0xfedcba98;
	t.m.in_bytes = UINT64_MAX;
	t.m.out_bytes = 84;
	t.m.add_time = 1700000000;
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	ASSERT_VALUE(env, "PLUTO_SA_REQID", "16389");
	ASSERT_VALUE(env, "SPI_IN", "0x0000001a");
	ASSERT_VALUE(env, "SPI_OUT", "0xfedcba98");
	ASSERT_VALUE(env, "PLUTO_INBYTES", "18446744073709551615");
	ASSERT_VALUE(env, "PLUTO_OUTBYTES", "84");
	ASSERT_VALUE(env, "PLUTO_ADDTIME", "1700000000");
	updown_env_free(env);
}

/* A peer chooses its identity, its servers and its domains. */
TEST(what_a_peer_sent_is_harmless_in_a_command)
{
	struct told t;
	char **env;

	tell(&t, "10.0.1.0/24", "10.0.2.0/24");
	t.m.ours = (struct ipc_id){ ID_FQDN, bytes_str("laptop.example.com") };
	t.m.theirs = (struct ipc_id){ ID_FQDN, bytes_str("a`id`$(id);'\"&|<>\n") };
	t.m.domains = "example.com $(reboot) a;b corp.example";
	t.m.policy = "IKEv2$(reboot)";
	tell_dns(&t, "10.0.2.53");
	tell_dns(&t, "2001:db8::53");
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	ASSERT_VALUE(env, "PLUTO_MY_ID", "@laptop.example.com");
	assert_null(strpbrk(value(env, "PLUTO_PEER_ID"), "`$();'\"&|<>\n"));
	assert_non_null(strstr(value(env, "PLUTO_PEER_ID"), "a\\x60id\\x60\\x24\\x28id\\x29\\x3b"));
	assert_null(strpbrk(value(env, "PLUTO_CONN_POLICY"), "$()"));
	ASSERT_VALUE(env, "PLUTO_PEER_DOMAIN_INFO", "example.com corp.example");
	ASSERT_VALUE(env, "PLUTO_PEER_DNS_INFO", "10.0.2.53 2001:db8::53");
	updown_env_free(env);
}

/* As long as they can be, and more of them than are kept. */
TEST(lists_have_an_end)
{
	char domains[20 * (253 + 1) + 1] = "", one[254];
	struct told t;
	char **env;

	tell(&t, "10.0.1.0/24", "10.0.2.0/24");
	memset(one, 'a', sizeof(one) - 1);
	one[sizeof(one) - 1] = '\0';
	for (size_t i = 0, at = 0; i < 20; i++)
		at += (size_t)snprintf(domains + at, sizeof(domains) - at, "%s ", one);
	t.m.domains = domains;
	for (size_t i = 0; i < LIMIT_DNS_SERVERS + 2; i++)
		tell_dns(&t, "2001:db8:1111:2222:3333:4444:5555:6666");
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	assert_int_equal(strlen(value(env, "PLUTO_PEER_DOMAIN_INFO")), LIMIT_DNS_DOMAINS * 254 - 1);
	assert_int_equal(strlen(value(env, "PLUTO_PEER_DNS_INFO")),
		LIMIT_DNS_SERVERS * (sizeof("2001:db8:1111:2222:3333:4444:5555:6666")) - 1);
	updown_env_free(env);

	t.m.dns = bytes_of(t.dns, 16); /* cut off */
	t.m.ts = BYTES_NONE;
	env = updown_env(&t.m, &(struct updown_about){ NULL, NULL, false });
	ASSERT_VALUE(env, "PLUTO_PEER_DNS_INFO", "");
	assert_null(value(env, "PLUTO_MY_CLIENT"));
	updown_env_free(env);
}

TEST(users_and_banners_cannot_speak_to_a_shell)
{
	struct told t;
	char **env;

	tell(&t, "100.64.13.5", "10.0.0.0/15");
	env = updown_env(&t.m, &(struct updown_about){ NULL, "eth0", false });
	assert_null(value(env, "PLUTO_USERNAME"));
	ASSERT_VALUE(env, "PLUTO_PEER_BANNER", "");
	ASSERT_VALUE(env, "PLUTO_IS_PEER_CISCO", "0");
	ASSERT_VALUE(env, "XAUTH_FAILED", "0");
	updown_env_free(env);
	t.m.user = "alice`id`";
	t.m.banner = "Welcome; $(reboot)\nnow";
	t.m.is_cisco = t.m.has_failed_xauth = 1;
	env = updown_env(&t.m, &(struct updown_about){ NULL, "eth0", false });
	ASSERT_VALUE(env, "PLUTO_USERNAME", "alice\\x60id\\x60");
	ASSERT_VALUE(env, "PLUTO_PEER_BANNER", "Welcome\\x3b \\x24\\x28reboot\\x29\\x0anow");
	ASSERT_VALUE(env, "PLUTO_IS_PEER_CISCO", "1");
	ASSERT_VALUE(env, "XAUTH_FAILED", "1");
	updown_env_free(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(users_and_banners_cannot_speak_to_a_shell),
		cmocka_unit_test(networks_come_with_their_masks),
		cmocka_unit_test(a_device_is_told_as_libreswan_tells_it),
		cmocka_unit_test(what_is_not_set_is_left_out_or_empty),
		cmocka_unit_test(numbers_of_the_sa_are_there),
		cmocka_unit_test(what_a_peer_sent_is_harmless_in_a_command),
		cmocka_unit_test(lists_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
