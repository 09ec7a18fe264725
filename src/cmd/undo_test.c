/* Fixes as commands: no shell reads them, and what takes them back. */
#include "cmd/undo.h"

#include "base/test.h"

static struct command c[COMMANDS_MAX], back;
static unsigned n;
static char t[COMMAND_TEXT];

static const char *undone(const char *fix, const char *said)
{
	assert_true(commands_of(fix, c, &n));
	if (!undo_of(&c[0], said, &back))
		return "";
	command_text(&back, t, sizeof(t));
	return t;
}

TEST(a_fix_is_split_without_a_shell)
{
	assert_true(commands_of("ipsec rereadsecrets && ipsec up vpn.example.com", c, &n));
	assert_int_equal(n, 2);
	assert_string_equal(c[1].word[2], "vpn.example.com");
	assert_null(c[1].word[3]);
	assert_true(commands_of(
		"nft 'insert rule inet a b position 3 udp dport { 500, 4500 } accept'", c, &n));
	assert_int_equal(c[0].n, 2);
	assert_true(commands_of(
		"nft 'insert rule inet a b iifname \"ipsec0\" ip saddr 10.0.0.0/8 accept'", c, &n));
	assert_non_null(strstr(c[0].word[1], "\"ipsec0\""));
}

TEST(what_a_shell_would_read_is_refused)
{
	static const char *const bad[] = { "", " ", "ipsec up $(reboot)", "ipsec up `reboot`",
		"ipsec up a; reboot", "ipsec up a | sh", "ipsec up a > /etc/passwd",
		"ipsec up a & reboot", "ipsec up 'a", "ipsec up \"$HOME\"", "ipsec up a\nreboot",
		"sh -c reboot", "/bin/sh", "kill 1", "ipsec up a &&", "&& ipsec up a",
		"sysctl -w a=b && rm -rf /", "ipsec up a*", "ipsec up ~root", "ipsec up a\\ b",
		"ipsec up 'a\x01'", "ip a && ip a && ip a && ip a && ip a" };

	for (size_t i = 0; i < COUNT(bad); i++)
		if (commands_of(bad[i], c, &n))
			fail_msg("\"%s\" is taken", bad[i]);
	memset(t, 'a', sizeof(t) - 1);
	memcpy(t, "ip ", 3);
	assert_false(commands_of(t, c, &n));
}

TEST(each_has_what_takes_it_back)
{
	assert_string_equal(undone("sysctl -w net.ipv4.ip_forward=1", "0\n"),
		"sysctl -w net.ipv4.ip_forward=0");
	assert_string_equal(
		undone("nft 'insert rule inet lab input position 7 udp dport 500 accept'",
			"insert rule inet lab input udp dport 500 accept # handle 12\n"),
		"nft 'delete rule inet lab input handle 12'");
	assert_string_equal(undone("iptables-legacy -t filter -I INPUT 3 -p udp -m multiport "
				   "--dports 500,4500 -j "
				   "ACCEPT",
				    ""),
		"iptables-legacy -t filter -D INPUT -p udp -m multiport --dports 500,4500 -j "
		"ACCEPT");
	assert_string_equal(
		undone("iptables-nft -t nat -I POSTROUTING -s 10.0.0.0/8 -j ACCEPT", ""),
		"iptables-nft -t nat -D POSTROUTING -s 10.0.0.0/8 -j ACCEPT");
	assert_string_equal(undone("ip route add 10.0.2.0/24 via 192.0.2.254 dev eth0", ""),
		"ip route del 10.0.2.0/24 via 192.0.2.254 dev eth0");
	assert_string_equal(undone("ipsec add vpn", ""), "ipsec delete vpn");
}

TEST(a_route_that_is_replaced_is_what_it_was)
{
	static const char fix[] = "ip route replace 10.0.2.0/24 dev ipsec0",
			  fix6[] = "ip route replace fd00:2::/64 dev ipsec0",
			  none[] = "ip route del 10.0.2.0/24 dev ipsec0";

	assert_string_equal(undone(fix, ""), none);
	assert_string_equal(
		undone(fix, "10.0.2.0/24 via 192.0.2.254 dev eth0 proto static linkdown \n"),
		"ip route replace 10.0.2.0/24 via 192.0.2.254 dev eth0 proto static");
	/* one of another metric stays beside it */
	assert_string_equal(undone(fix, "10.0.2.0/24 dev eth0 metric 100 \n"), none);
	assert_string_equal(
		undone(fix, "10.0.2.0/24 dev eth0 metric 100 \n10.0.2.0/24 dev eth1 scope link \n"),
		"ip route replace 10.0.2.0/24 dev eth1 scope link");
	assert_string_equal(undone(fix6, ""), "ip route del fd00:2::/64 dev ipsec0");
	assert_string_equal(undone("ip route replace 10.0.2.0/24 dev ipsec0 table 220",
				    "10.0.2.0/24 dev eth1 scope link\n"),
		"ip route replace 10.0.2.0/24 dev eth1 scope link table 220");
	assert_string_equal(undone("ip -6 rule add to fd00:2::/64 lookup 220 priority 1", ""),
		"ip -6 rule del to fd00:2::/64 lookup 220 priority 1");
	assert_string_equal(undone(fix6, "fd00:2::/64 dev eth0 metric 1024 pref medium\n"),
		"ip route replace fd00:2::/64 dev eth0 metric 1024 pref medium");
	assert_string_equal(undone(fix6, "fd00:2::/64 dev eth0 metric 256 pref medium\n"),
		"ip route del fd00:2::/64 dev ipsec0");
	/* several ways in one are lines of their own */
	assert_string_equal(
		undone(fix, "10.0.2.0/24 \n\tnexthop via 192.0.2.254 dev eth0 weight 1 \n"), "");
}

/* Before it is run. */
static const char *asked(const char *fix)
{
	assert_true(commands_of(fix, c, &n));
	if (!undo_asks(&c[0], &back))
		return "";
	command_text(&back, t, sizeof(t));
	return t;
}

TEST(what_was_before_is_asked_where_it_matters)
{
	assert_string_equal(
		asked("sysctl -w net.ipv4.ip_forward=1"), "sysctl -n net.ipv4.ip_forward");
	assert_string_equal(asked("ip route replace 10.0.2.0/24 dev ipsec0"),
		"ip route show exact 10.0.2.0/24");
	assert_string_equal(asked("ip route replace fd00:2::/64 dev ipsec0"),
		"ip -6 route show exact fd00:2::/64");
	assert_string_equal(asked("ip route add 10.0.2.0/24 dev ipsec0"), "");
	assert_string_equal(asked("nft 'insert rule inet a b accept'"), "");
}

TEST(what_cannot_be_taken_back_is_known)
{
	static const char *const not [] = { "systemctl disable --now strongswan", "modprobe esp4",
		"ip route flush to match 10.0.0.0/8 dev eth0", "ipsec restart", "ipsec start",
		"firewall-cmd --reload", "nft 'flush ruleset'", "iptables -F", "sysctl -p a=b",
		"sysctl -w a=b c=d", "conntrack -D", "iptables -I" };

	for (size_t i = 0; i < COUNT(not ); i++) {
		assert_true(commands_of(not [i], c, &n));
		if (undo_kind(&c[0]) != UNDO_NOT)
			fail_msg("\"%s\" is thought to be taken back", not [i]);
	}
	assert_string_equal(undone("nft 'insert rule inet a b accept'", "no handle"), "");
	assert_string_equal(undone("sysctl -w a=1", ""), "");
	assert_true(commands_of("ipsec rereadsecrets", c, &n));
	assert_int_equal(undo_kind(&c[0]), UNDO_NOTHING);
	assert_true(commands_of("ipsec status", c, &n));
	assert_int_equal(undo_kind(&c[0]), UNDO_SHOWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fix_is_split_without_a_shell),
		cmocka_unit_test(what_a_shell_would_read_is_refused),
		cmocka_unit_test(each_has_what_takes_it_back),
		cmocka_unit_test(a_route_that_is_replaced_is_what_it_was),
		cmocka_unit_test(what_was_before_is_asked_where_it_matters),
		cmocka_unit_test(what_cannot_be_taken_back_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
