#include "base/test.h"
#include "dataplane/firewall/firewall.h"

#include <stdio.h>
#include <stdlib.h>

static struct ts_list one(const char *net)
{
	struct range r;

	assert_int_equal(range_parse(net, &r), OK);
	return (struct ts_list){ 1, { ts_from_range(&r) } };
}

/* ---- nftables: rules as nft -j tells them; 10.0.1.0/24 -> 10.0.2.0/24 through interface ---- */

#define BASE(family, table, prio)                                                                  \
	"{\"chain\":{\"family\":\"" family "\",\"table\":\"" table                                 \
	"\",\"name\":\"post\",\"type\":\"nat\",\"hook\":\"postrouting\",\"prio\":" prio "}}"
#define RULE(table, chain, expr)                                                                   \
	"{\"rule\":{\"family\":\"ip\",\"table\":\"" table "\",\"chain\":\"" chain                  \
	"\",\"handle\":4,\"expr\":[" expr "]}}"
#define IS(op, field, right)                                                                       \
	"{\"match\":{\"op\":\"" op                                                                 \
	"\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"" field "\"}},\"right\":" right \
	"}}"
#define OUT(op, name)                                                                              \
	"{\"match\":{\"op\":\"" op "\",\"left\":{\"meta\":{\"key\":\"oifname\"}},\"right\":" name  \
	"}}"
#define NET(a, n) "{\"prefix\":{\"addr\":\"" a "\",\"len\":" n "}}"
#define COUNTER	  "{\"counter\":{\"packets\":0,\"bytes\":0}}"
#define MASQ	  "{\"masquerade\":null}"
#define XT(t, n)  "{\"xt\":{\"type\":\"" t "\",\"name\":\"" n "\"}}"

static bool nft(const char *interface, bool has_policy, const char *objects, char *rule)
{
	struct ts_list local = one("10.0.1.0/24"), remote = one("10.0.2.0/24");
	struct fw_question q = { &local, &remote, interface, has_policy };
	char *json = xasprintf("{\"nftables\":[{\"metainfo\":{}},%s]}", objects);
	char own[FW_RULE_STR];
	struct fw_nft *n;

	rule = rule ? rule : own;
	n = fw_nft_new(bytes_str(json));
	assert_non_null(n);
	fw_nft_catches(&q, n, rule);
	fw_nft_free(n);
	free(json);
	return *rule != '\0';
}

/* Through any interface. */
#define CATCHES(rules) assert_true(nft(NULL, false, BASE("ip", "nat", "100") "," rules, NULL))
#define LEAVES(rules)  assert_false(nft(NULL, false, BASE("ip", "nat", "100") "," rules, NULL))
#define POST(expr)     RULE("nat", "post", expr)

TEST(a_plain_masquerade_catches_and_is_named)
{
	char rule[FW_RULE_STR];

	assert_true(nft(NULL, false,
		BASE("ip", "nat", "100") "," POST(OUT("==", "\"eth0\"") "," COUNTER "," MASQ),
		rule));
	assert_string_equal(
		rule, "nft, table ip nat, chain post: oifname eth0 masquerade (handle 4)");
	CATCHES(POST(OUT("==", "\"eth0\"") "," XT("target", "MASQUERADE")));
	CATCHES(POST("{\"snat\":{\"addr\":\"192.0.2.1\"}}"));
}

TEST(another_interface_does_not_catch)
{
	assert_false(nft("ipsec0", false,
		BASE("ip", "nat", "100") "," POST(OUT("==", "\"eth0\"") "," MASQ), NULL));
	assert_true(nft("ipsec0", false,
		BASE("ip", "nat", "100") "," POST(OUT("!=", "\"docker0\"") "," MASQ), NULL));
	assert_true(nft("ipsec0", false,
		BASE("ip", "nat", "100") "," POST(OUT("==", "\"ips*\"") "," MASQ), NULL));
	assert_true(nft("ipsec0", false,
		BASE("ip", "nat", "100") "," POST(
			OUT("==", "{\"set\":[\"eth0\",\"ipsec0\"]}") "," MASQ),
		NULL));
}

TEST(addresses_decide)
{
	CATCHES(POST(IS("==", "saddr", NET("10.0.0.0", "8")) "," MASQ));
	CATCHES(POST(IS("==", "saddr", "\"10.0.1.7\"") "," MASQ));
	LEAVES(POST(IS("==", "saddr", NET("172.17.0.0", "16")) "," MASQ));
	LEAVES(POST(IS("!=", "daddr", NET("10.0.0.0", "8")) "," MASQ));
	CATCHES(POST(IS("!=", "daddr", "\"10.0.2.9\"") "," MASQ));
	LEAVES(POST(IS("==", "daddr", "{\"range\":[\"10.0.3.0\",\"10.0.4.0\"]}") "," MASQ));
	CATCHES(POST(
		IS("==", "daddr", "{\"set\":[\"10.9.0.1\"," NET("10.0.2.0", "25") "]}") "," MASQ));
	CATCHES(POST(IS("==", "daddr", "\"@somebodys\"") "," MASQ));
}

TEST(what_stands_before_protects)
{
	LEAVES(POST(IS("==", "daddr", NET("10.0.2.0", "24")) ",{\"accept\":null}") "," POST(MASQ));
	LEAVES(POST(IS("==", "daddr", NET("10.0.0.0", "8")) ",{\"return\":null}") "," POST(MASQ));
	CATCHES(POST(IS("==", "daddr", NET("10.0.2.0", "25")) ",{\"accept\":null}") "," POST(MASQ));
	CATCHES(POST(IS("==", "daddr", "\"@set\"") ",{\"accept\":null}") "," POST(MASQ));
}

TEST(an_accept_does_not_protect_from_chains_of_others)
{
	CATCHES(POST("{\"accept\":null}") "," BASE("ip", "other", "110") "," RULE(
		"other", "post", MASQ));
}

TEST(jumps_are_followed)
{
	CATCHES(POST("{\"jump\":{\"target\":\"in\"}}") "," RULE("nat", "in", MASQ));
	LEAVES(POST(IS("==", "saddr", "\"10.9.9.9\"") ",{\"jump\":{\"target\":\"in\"}}") "," RULE(
		"nat", "in", MASQ));
	LEAVES(POST("{\"goto\":{\"target\":\"in\"}}") "," POST(MASQ) "," RULE(
		"nat", "in", COUNTER));
	CATCHES(POST("{\"jump\":{\"target\":\"in\"}}") "," POST(MASQ) "," RULE(
		"nat", "in", "{\"return\":null}"));
	LEAVES(POST("{\"jump\":{\"target\":\"post\"}}")); /* without end */
}

TEST(ipsec_matches_are_understood)
{
#define RT "{\"match\":{\"op\":\"==\",\"left\":{\"rt\":{\"key\":\"ipsec\"}},\"right\":true}}"
	static const char protects[] =
		BASE("ip", "nat", "100") "," POST(RT ",{\"accept\":null}") "," POST(MASQ);
	static const char old[] = BASE("ip", "nat", "100") "," POST(
		XT("match", "policy") ",{\"accept\":null}") "," POST(MASQ);
	static const char none[] = BASE("ip", "nat", "100") "," POST(
		XT("match", "policy") "," XT("target", "MASQUERADE"));

	assert_false(nft("eth0", true, protects, NULL));
	assert_true(nft("ipsec0", false, protects, NULL));
	assert_false(nft("eth0", true, old, NULL));
	assert_true(nft("ipsec0", false, old, NULL));
	assert_false(nft("eth0", true, none, NULL));
	assert_true(nft("ipsec0", false, none, NULL));
}

TEST(snat_to_an_address_of_the_tunnel_is_meant)
{
	LEAVES(POST("{\"snat\":{\"addr\":\"10.0.1.1\"}}") "," POST(MASQ));
}

TEST(our_own_table_and_other_hooks_do_not_count)
{
	LEAVES(BASE("ip", "clearswan", "90") "," RULE("clearswan", "post", MASQ));
	assert_false(nft(NULL, false,
		"{\"chain\":{\"family\":\"ip\",\"table\":\"nat\",\"name\":\"pre\",\"type\":\"nat\","
		"\"hook\":\"prerouting\",\"prio\":-100}}," RULE("nat", "pre", MASQ),
		NULL));
	assert_false(nft(NULL, false, BASE("ip6", "nat", "100"), NULL));
}

TEST(what_is_not_a_ruleset_is_refused)
{
	assert_null(fw_nft_new(bytes_str("")));
	assert_null(fw_nft_new(bytes_str("{}")));
	assert_null(fw_nft_new(bytes_str("{\"nftables\":7}")));
	LEAVES("7,{\"rule\":8},{\"chain\":[]}");
}

TEST(without_rules_nothing_catches)
{
	struct ts_list l = one("10.0.1.0/24");
	struct fw_question q = { &l, &l, NULL, false };
	char rule[FW_RULE_STR];

	fw_nft_catches(&q, NULL, rule);
	assert_string_equal(rule, "");
}

/* ---- the older table ---- */

static bool legacy(const char *interface, bool has_policy, const char *rules, char *rule)
{
	struct ts_list local = one("10.0.1.0/24"), remote = one("10.0.2.0/24");
	struct fw_question q = { &local, &remote, interface, has_policy };
	char *saved = xasprintf("*nat\n:POSTROUTING ACCEPT [0:0]\n%s\nCOMMIT\n", rules);
	char own[FW_RULE_STR];

	rule = rule ? rule : own;
	fw_legacy_catches(&q, 4, saved, rule);
	free(saved);
	return *rule != '\0';
}

#define OLD_CATCHES(rules) assert_true(legacy(NULL, false, rules, NULL))
#define OLD_LEAVES(rules)  assert_false(legacy(NULL, false, rules, NULL))

TEST(the_pages_masquerade_catches_and_is_named)
{
	char rule[FW_RULE_STR];

	assert_true(legacy("eth0", true, "-A POSTROUTING -o eth0 -j MASQUERADE", rule));
	assert_string_equal(rule, "iptables-legacy -t nat -A POSTROUTING -o eth0 -j MASQUERADE");
	assert_false(legacy("ipsec0", false, "-A POSTROUTING -o eth0 -j MASQUERADE", NULL));
	assert_true(legacy("ipsec0", false, "-A POSTROUTING -o ips+ -j MASQUERADE", NULL));
	assert_true(legacy("ipsec0", false, "-A POSTROUTING ! -o docker0 -j MASQUERADE", NULL));
}

TEST(the_pages_exemption_is_understood)
{
	OLD_LEAVES("-A POSTROUTING -s 10.0.1.0/24 -d 10.0.2.0/24 -j RETURN\n"
		   "-A POSTROUTING -o eth0 -j MASQUERADE");
	OLD_CATCHES("-A POSTROUTING -o eth0 -j MASQUERADE\n"
		    "-A POSTROUTING -s 10.0.1.0/24 -d 10.0.2.0/24 -j RETURN");
	OLD_CATCHES("-A POSTROUTING -s 10.0.1.0/25 -j ACCEPT\n-A POSTROUTING -j MASQUERADE");
	assert_false(legacy("eth0", true,
		"-A POSTROUTING -m policy --dir out --pol ipsec -j ACCEPT\n-A POSTROUTING -j "
		"MASQUERADE",
		NULL));
	assert_false(legacy(
		"eth0", true, "-A POSTROUTING -m policy --dir out --pol none -j MASQUERADE", NULL));
}

TEST(older_rules_addresses_and_jumps_decide)
{
	OLD_LEAVES("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE");
	OLD_LEAVES("-A POSTROUTING ! -d 10.0.0.0/8 -j MASQUERADE");
	OLD_LEAVES("-A POSTROUTING -m iprange --src-range 10.0.3.1-10.0.3.9 -j MASQUERADE");
	OLD_CATCHES("-A POSTROUTING -m comment --comment \"-j RETURN of mine\" -j MASQUERADE");
	OLD_CATCHES("-A POSTROUTING -m addrtype --src-type LOCAL -p tcp -m tcp --tcp-flags SYN,RST "
		    "SYN -j SNAT --to-source 192.0.2.1");
	OLD_LEAVES("-A POSTROUTING -j SNAT --to-source 10.0.1.1\n-A POSTROUTING -j MASQUERADE");
	OLD_CATCHES("-A POSTROUTING -j POST2\n-A POST2 -j MASQUERADE");
	OLD_LEAVES(
		"-A POSTROUTING -g POST2\n-A POSTROUTING -j MASQUERADE\n-A POST2 -p 6 -j RETURN");
	OLD_LEAVES("-A POSTROUTING -j POSTROUTING");
	OLD_LEAVES("-A POSTROUTING -j clearswan\n-A clearswan -j MASQUERADE");
	OLD_LEAVES("-A POSTROUTING2 -j MASQUERADE");
	OLD_LEAVES("-A POSTROUTING -j");
	OLD_LEAVES("-A POSTROUTING");
}

TEST(rules_of_the_other_family_do_not_count)
{
	struct ts_list l = one("fd00:1::/64");
	struct fw_question q = { &l, &l, NULL, false };
	char rule[FW_RULE_STR];

	fw_legacy_catches(&q, 4, "-A POSTROUTING -j MASQUERADE\n", rule);
	assert_string_equal(rule, "");
	fw_legacy_catches(&q, 6, "-A POSTROUTING -j MASQUERADE\n", rule);
	assert_string_equal(rule, "ip6tables-legacy -t nat -A POSTROUTING -j MASQUERADE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_masquerade_catches_and_is_named),
		cmocka_unit_test(another_interface_does_not_catch),
		cmocka_unit_test(addresses_decide),
		cmocka_unit_test(what_stands_before_protects),
		cmocka_unit_test(an_accept_does_not_protect_from_chains_of_others),
		cmocka_unit_test(jumps_are_followed),
		cmocka_unit_test(ipsec_matches_are_understood),
		cmocka_unit_test(snat_to_an_address_of_the_tunnel_is_meant),
		cmocka_unit_test(our_own_table_and_other_hooks_do_not_count),
		cmocka_unit_test(what_is_not_a_ruleset_is_refused),
		cmocka_unit_test(without_rules_nothing_catches),
		cmocka_unit_test(the_pages_masquerade_catches_and_is_named),
		cmocka_unit_test(the_pages_exemption_is_understood),
		cmocka_unit_test(older_rules_addresses_and_jumps_decide),
		cmocka_unit_test(rules_of_the_other_family_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
