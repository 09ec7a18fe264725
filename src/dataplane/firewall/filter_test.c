/* Packets against rules as nft and iptables printed them, and against short ones. */
#include "base/test.h"
#include "dataplane/firewall/filter.h"
#include "dataplane/firewall/filter_recorded.h"

#include <netinet/in.h>
#include <stdlib.h>

static struct fw_fate fate;

static struct range range(const char *s)
{
	struct range r;

	assert_int_equal(range_parse(s, &r), OK);
	return r;
}

/* From the peer on eth0, or to it. */
static struct fw_packet packet(enum fw_hook hook, const char *src, const char *dst,
	uint8_t protocol, uint16_t sport, uint16_t dport)
{
	return (struct fw_packet){ .hook = hook,
		.in = hook == FW_OUTPUT ? "" : "eth0",
		.out = hook == FW_INPUT ? "" : "eth0",
		.src = range(src),
		.dst = range(dst),
		.protocol = protocol,
		.sport = sport,
		.dport = dport };
}
#define IKE_FROM(peer)	packet(FW_INPUT, peer, "192.0.2.1", IPPROTO_UDP, 500, 500)
#define NATT_FROM(peer) packet(FW_INPUT, peer, "192.0.2.1", IPPROTO_UDP, 4500, 4500)
#define ESP_FROM(peer)	packet(FW_INPUT, peer, "192.0.2.1", IPPROTO_ESP, 0, 0)
#define IKE_TO(peer)	packet(FW_OUTPUT, "192.0.2.1", peer, IPPROTO_UDP, 500, 500)

static enum fw_act judge(struct fw_filter *f_take, struct fw_packet p)
{
	fw_filter_judge(f_take, &p, &fate);
	fw_filter_free(f_take);
	return fate.act;
}

static enum fw_act nft(struct fw_packet p)
{
	struct fw_filter *f = fw_filter_new();

	assert_true(fw_filter_nft(f, bytes_str(nft_json)));
	return judge(f, p);
}

TEST(a_set_of_peers_a_map_of_devices_and_a_policy)
{
	assert_int_equal(nft(IKE_FROM("198.51.100.7")), FW_ACCEPT);
	assert_string_equal(fate.rule, "ip saddr @peers udp dport { 500, 4500 } accept");
	assert_int_equal(nft(ESP_FROM("203.0.113.5")), FW_ACCEPT);
	assert_int_equal(nft(ESP_FROM("203.0.113.6")), FW_DROP);
	assert_true(fate.is_policy);
	assert_true(fate.is_sure);
	assert_string_equal(fate.rule, "the policy of chain input");
	assert_int_equal(nft(IKE_FROM("203.0.113.6")), FW_DROP);
	assert_true(fate.is_sure);
	assert_false(fate.is_policy);
	assert_int_equal(fate.handle, 10);
	assert_string_equal(fate.program, "nft");
	assert_string_equal(fate.family, "inet");
	assert_string_equal(fate.table, "filter");
	assert_string_equal(fate.chain, "wan");
	assert_string_equal(fate.rule, "udp sport 500 udp dport 500-600 drop");
}

TEST(what_conntrack_knows_passes)
{
	struct fw_packet p = IKE_FROM("203.0.113.6");

	p.is_established = true;
	assert_int_equal(nft(p), FW_ACCEPT);
}

TEST(a_limit_may_have_let_it_through)
{
	assert_int_equal(nft(NATT_FROM("203.0.113.6")), FW_DROP);
	assert_true(fate.is_policy);
	assert_false(fate.is_sure);
}

TEST(what_came_from_ipsec_passes_where_clear_text_does_not)
{
	struct fw_packet p = packet(FW_FORWARD, "10.0.2.0/24", "10.0.1.0/24", 0, 0, 0);

	assert_int_equal(nft(p), FW_DROP);
	assert_true(fate.is_sure);
	assert_string_equal(fate.rule, "ip saddr 10.0.2.0/24 ipsec missing drop");
	p.from_ipsec = true;
	assert_int_equal(nft(p), FW_DROP); /* by the fib rule, perhaps */
	assert_false(fate.is_sure);
	p = packet(FW_INPUT, "10.0.2.9", "10.0.1.1", IPPROTO_TCP, 0, 22);
	assert_int_equal(nft(p), FW_DROP);
	p.from_ipsec = true;
	assert_int_equal(nft(p), FW_ACCEPT);
}

TEST(an_inverted_port_is_still_about_its_protocol)
{
	assert_int_equal(nft(IKE_TO("192.0.2.9")), FW_DROP);
	assert_int_equal(nft(IKE_TO("192.0.2.8")), FW_ACCEPT);
	assert_int_equal(
		nft(packet(FW_OUTPUT, "192.0.2.1", "192.0.2.9", IPPROTO_UDP, 9, 53)), FW_ACCEPT);
	assert_int_equal(
		nft(packet(FW_OUTPUT, "192.0.2.1", "192.0.2.9", IPPROTO_ESP, 0, 0)), FW_ACCEPT);
}

TEST(a_device_decides)
{
	struct fw_packet p = packet(FW_FORWARD, "10.9.0.1", "10.8.0.1", IPPROTO_TCP, 0, 80);

	p.out = "docker0";
	assert_int_equal(nft(p), FW_REJECT);
	assert_true(fate.is_sure);
	p.out = NULL; /* any */
	assert_int_equal(nft(p), FW_REJECT);
	assert_false(fate.is_sure);
}

TEST(neighbour_discovery_is_told_apart_by_its_type_and_is_not_tracked)
{
	static const char rules[] =
		"{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"f\",\"name\":\"in\","
		"\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"}},"
		"{\"rule\":{\"family\":\"inet\",\"table\":\"f\",\"chain\":\"in\",\"handle\":3,"
		"\"expr\":["
		"{\"match\":{\"op\":\"in\",\"left\":{\"ct\":{\"key\":\"state\"}},"
		"\"right\":[\"established\",\"related\"]}},{\"accept\":null}]}},"
		"{\"rule\":{\"family\":\"inet\",\"table\":\"f\",\"chain\":\"in\",\"handle\":4,"
		"\"expr\":["
		"{\"match\":{\"op\":\"==\",\"left\":{\"payload\":{\"protocol\":\"icmpv6\","
		"\"field\":\"type\"}},\"right\":{\"set\":[\"echo-request\",\"nd-neighbor-solicit\"]"
		"}}},"
		"{\"accept\":null}]}}]}";
	struct fw_packet p = packet(FW_INPUT, "fd00:1::33", "fd00:1::1", IPPROTO_ICMPV6, 0, 0);
	struct fw_filter *f = fw_filter_new();

	assert_true(fw_filter_nft(f, bytes_str(rules)));
	p.icmp_type = 135;
	fw_filter_judge(f, &p, &fate);
	assert_int_equal(fate.act, FW_ACCEPT);
	p.icmp_type = 136;
	p.is_established = true;
	assert_int_equal(judge(f, p), FW_DROP);
	assert_true(fate.is_sure && fate.is_policy);
}

/* ---- the older tables, and the same in iptables-nft's words ---- */

static enum fw_act saved(const char *program, const char *text, struct fw_packet p)
{
	struct fw_filter *f = fw_filter_new();

	fw_filter_saved(f, program, text);
	return judge(f, p);
}

TEST(rules_of_iptables_save)
{
	assert_int_equal(saved("iptables-legacy", saved_nft, IKE_FROM("198.51.100.7")), FW_DROP);
	assert_true(fate.is_sure);
	assert_int_equal(fate.handle, 4);
	assert_string_equal(fate.program, "iptables-legacy");
	assert_string_equal(fate.chain, "INPUT");
	assert_string_equal(fate.rule, "-A INPUT -p udp -m multiport --dports 500,4500 -m comment "
				       "--comment \"no -j ACCEPT\" -j DROP");
	assert_int_equal(saved("iptables-legacy", saved_nft, ESP_FROM("198.51.100.7")), FW_REJECT);
	assert_int_equal(saved("iptables-legacy", saved_nft, IKE_FROM("192.0.2.66")), FW_DROP);
	assert_string_equal(fate.table, "mangle");
	assert_int_equal(saved("iptables-legacy", saved_nft, IKE_TO("198.51.100.7")), FW_DROP);
	assert_int_equal(saved("iptables-legacy", saved_nft, IKE_TO("198.51.100.8")), FW_ACCEPT);
}

TEST(types_of_icmpv6_in_the_older_tables)
{
	static const char text[] = "*filter\n:INPUT DROP [0:0]\n"
				   "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT\n"
				   "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j ACCEPT\n"
				   "COMMIT\n";
	struct fw_packet p = packet(FW_INPUT, "fd00:1::33", "fd00:1::1", IPPROTO_ICMPV6, 0, 0);

	p.icmp_type = 135;
	assert_int_equal(saved("ip6tables-legacy", text, p), FW_ACCEPT);
	p.icmp_type = 136;
	assert_int_equal(saved("ip6tables-legacy", text, p), FW_DROP);
	assert_true(fate.is_sure);
	p.icmp_type = 0; /* any */
	assert_int_equal(saved("ip6tables-legacy", text, p), FW_DROP);
	assert_false(fate.is_sure);
}

TEST(a_goto_comes_back_to_the_policy)
{
	assert_int_equal(saved("iptables-legacy", saved_nft, IKE_FROM("203.0.113.5")), FW_ACCEPT);
	assert_int_equal(saved("iptables-legacy", saved_nft, NATT_FROM("203.0.113.5")), FW_ACCEPT);
	assert_int_equal(saved("iptables-legacy", saved_nft, ESP_FROM("203.0.113.5")), FW_DROP);
	assert_string_equal(fate.chain, "IPS");
	assert_int_equal(fate.handle, 3);
}

TEST(a_policy_match_in_the_forward_chain)
{
	struct fw_packet p = packet(FW_FORWARD, "10.0.1.0/24", "10.0.2.0/24", 0, 0, 0);

	p.in = "eth1";
	p.to_ipsec = true;
	assert_int_equal(saved("iptables-legacy", saved_nft, p), FW_ACCEPT);
	p.to_ipsec = false;
	assert_int_equal(saved("iptables-legacy", saved_nft, p), FW_DROP);
	assert_true(fate.is_policy);
	assert_string_equal(fate.chain, "FORWARD");
}

TEST(iptables_nft_knows_better_than_nft)
{
	struct fw_filter *f = fw_filter_new();

	assert_true(fw_filter_nft(f, bytes_str(both_json)));
	assert_int_equal(judge(f, NATT_FROM("198.51.100.7")), FW_DROP);
	assert_false(fate.is_sure); /* nft does not tell the ports of multiport */
	f = fw_filter_new();
	assert_true(fw_filter_nft(f, bytes_str(both_json)));
	fw_filter_saved(f, "iptables-nft", saved_nft);
	assert_int_equal(judge(f, NATT_FROM("198.51.100.7")), FW_DROP);
	assert_true(fate.is_sure);
	assert_string_equal(fate.program, "iptables-nft");
}

#define TABLE(rules) "*filter\n:INPUT ACCEPT [0:0]\n" rules "COMMIT\n"

TEST(an_accept_of_one_backend_does_not_undo_the_drop_of_the_other)
{
	static const char drop[] = TABLE("-A INPUT -p udp -m udp --dport 500 -j DROP\n"),
			  accept[] = TABLE("-A INPUT -j ACCEPT\n");
	struct fw_packet p = IKE_FROM("198.51.100.7");
	struct fw_filter *f = fw_filter_new();

	fw_filter_saved(f, "iptables-nft", accept);
	assert_false(fw_filter_is_dual(f, &p));
	fw_filter_saved(f, "iptables-legacy", drop);
	assert_true(fw_filter_is_dual(f, &p));
	assert_int_equal(judge(f, p), FW_DROP);
	assert_string_equal(fate.program, "iptables-legacy");
	f = fw_filter_new();
	fw_filter_saved(f, "iptables-nft", accept);
	fw_filter_saved(f, "iptables-legacy", TABLE(""));
	assert_false(fw_filter_is_dual(f, &p));
	assert_int_equal(judge(f, p), FW_ACCEPT);
}

TEST(what_is_not_understood_lowers_certainty)
{
	assert_int_equal(saved("iptables-legacy", TABLE("-A INPUT -m rpfilter --invert -j DROP\n"),
				 ESP_FROM("198.51.100.7")),
		FW_DROP);
	assert_false(fate.is_sure);
	assert_int_equal(
		saved("iptables-legacy",
			TABLE("-A INPUT -m set --match-set x src -j ACCEPT\n-A INPUT -j DROP\n"),
			ESP_FROM("198.51.100.7")),
		FW_DROP);
	assert_false(fate.is_sure);
	assert_int_equal(
		saved("iptables-legacy",
			TABLE("-A INPUT -m set --match-set x src -j DROP\n-A INPUT -j ACCEPT\n"),
			ESP_FROM("198.51.100.7")),
		FW_DROP);
	assert_false(fate.is_sure);
	assert_int_equal(saved("iptables-legacy",
				 TABLE("-A INPUT -p tcp -m set --match-set x src -j DROP\n"
				       "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
				       "-A INPUT -p udp -m udp --sport 1: --dport :4499 -j DROP\n"
				       "-A INPUT -j INPUT\n"),
				 NATT_FROM("198.51.100.7")),
		FW_ACCEPT);
	assert_true(fate.is_sure);
}

TEST(rules_of_the_other_family_do_not_count)
{
	assert_int_equal(
		saved("ip6tables-legacy", TABLE("-A INPUT -j DROP\n"), IKE_FROM("198.51.100.7")),
		FW_ACCEPT);
	assert_int_equal(
		saved("ip6tables-legacy", TABLE("-A INPUT -j DROP\n"),
			packet(FW_INPUT, "2001:db8::1", "2001:db8::2", IPPROTO_UDP, 500, 500)),
		FW_DROP);
	assert_string_equal(fate.family, "ip6");
}

TEST(what_is_no_ruleset_has_no_rules)
{
	struct fw_filter *f = fw_filter_new();

	assert_false(fw_filter_nft(f, bytes_str("{")));
	assert_false(fw_filter_nft(f, bytes_str("[7]")));
	assert_true(fw_filter_nft(f, bytes_str("{\"nftables\":[7,{\"rule\":8},{\"chain\":[]}]}")));
	fw_filter_saved(f, "iptables-legacy", "*filter");
	fw_filter_saved(f, "iptables-legacy", "*filter\n:INPUT");
	fw_filter_saved(f, "iptables-legacy", "*filter\n:INPUT DROP\n-A INPUT -j");
	assert_int_equal(judge(f, IKE_FROM("198.51.100.7")), FW_DROP);
	assert_true(fate.is_policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_of_peers_a_map_of_devices_and_a_policy),
		cmocka_unit_test(what_conntrack_knows_passes),
		cmocka_unit_test(a_limit_may_have_let_it_through),
		cmocka_unit_test(what_came_from_ipsec_passes_where_clear_text_does_not),
		cmocka_unit_test(an_inverted_port_is_still_about_its_protocol),
		cmocka_unit_test(a_device_decides),
		cmocka_unit_test(neighbour_discovery_is_told_apart_by_its_type_and_is_not_tracked),
		cmocka_unit_test(types_of_icmpv6_in_the_older_tables),
		cmocka_unit_test(rules_of_iptables_save),
		cmocka_unit_test(a_goto_comes_back_to_the_policy),
		cmocka_unit_test(a_policy_match_in_the_forward_chain),
		cmocka_unit_test(iptables_nft_knows_better_than_nft),
		cmocka_unit_test(an_accept_of_one_backend_does_not_undo_the_drop_of_the_other),
		cmocka_unit_test(what_is_not_understood_lowers_certainty),
		cmocka_unit_test(rules_of_the_other_family_do_not_count),
		cmocka_unit_test(what_is_no_ruleset_has_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
