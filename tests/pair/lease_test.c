/* What a gateway lends to a road warrior (RFC 7296 2.19, 3.15): addresses of both families, DNS
 * servers, the networks behind it; and what happens when it has none left. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

static struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), OK);
	return a;
}

/* a asks, b lends from the pools. */
static void warrior(struct conf_conn *a, struct conf_conn *b, const char *pool4, const char *pool6)
{
	*a = *b = pair_conf("vpn.example.com");
	assert_int_equal(id_parse("@road", &a->left.id), OK);
	assert_int_equal(id_parse("@vpn.example.com", &a->right.id), OK);
	b->left.id = id_copy(&a->left.id);
	b->right.id = id_copy(&a->right.id);
	a->left.modecfgclient = true;
	a->left.subnet.n = 0;
	a->right.subnet.n = 0;
	a->narrowing = b->narrowing = true;
	b->left.subnet.n = b->right.subnet.n = 0;
	b->left.host_kind = HOST_ANY;
	b->left.host = (struct addr){ 0 };
	b->right.modecfgserver = true;
	if (pool4) {
		assert_int_equal(range_parse(pool4, &b->left.pool[b->left.n_pool++]), OK);
		a->left.subnet.ts[a->left.subnet.n++] = pair_net("0.0.0.0/0");
		a->right.subnet.ts[a->right.subnet.n++] = pair_net("10.0.2.0/24");
		b->right.subnet.ts[b->right.subnet.n++] = pair_net("10.0.2.0/24");
	}
	if (pool6) {
		assert_int_equal(range_parse(pool6, &b->left.pool[b->left.n_pool++]), OK);
		a->left.subnet.ts[a->left.subnet.n++] = pair_net("::/0");
		a->right.subnet.ts[a->right.subnet.n++] = pair_net("2001:db8:2::/48");
		b->right.subnet.ts[b->right.subnet.n++] = pair_net("2001:db8:2::/48");
	}
}

static void warrior_done(struct conf_conn *a, struct conf_conn *b)
{
	id_done(&a->left.id);
	id_done(&a->right.id);
	id_done(&b->left.id);
	id_done(&b->right.id);
}

static void up(struct pair *p, const struct conf_conn *a, const struct conf_conn *b)
{
	pair_init(p, 1);
	pair_up(p, a, b);
}

TEST(an_ipv6_address_is_lent)
{
	struct conf_conn a, b;
	struct addr expected = address("2001:db8:64::5");
	struct pair p;

	warrior(&a, &b, NULL, "2001:db8:64::5-2001:db8:64::9");
	up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cp_address], 1);
	assert_true(addr_eq(&p.a.source, &expected));
	pair_traffic(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
	warrior_done(&a, &b);
}

TEST(addresses_of_both_families_are_lent_for_one_child_sa)
{
	struct conf_conn a, b;
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.9", "2001:db8:64::5-2001:db8:64::9");
	up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cp_address], 2);
	assert_int_equal(p.b.count[EV_v2_cp_leased], 2);
	assert_int_equal(p.a.n_sa, 2);
	pair_done(&p);
	warrior_done(&a, &b);
}

TEST(dns_servers_and_networks_are_told)
{
	struct conf_conn a, b;
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.9", "2001:db8:64::5-2001:db8:64::9");
	b.modecfgdns[b.n_modecfgdns++] = address("10.0.2.53");
	b.modecfgdns[b.n_modecfgdns++] = address("2001:db8:2::53");
	up(&p, &a, &b);
	assert_int_equal(p.a.count[EV_v2_cp_dns], 2);
	assert_int_equal(p.a.count[EV_v2_cp_subnet], 2);
	pair_done(&p);
	warrior_done(&a, &b);
}

/* ipsec connectionstatus */
static void show(struct side *s)
{
	const struct command c = { .kind = CMD_STATUS,
		.what = STATUS_CONNECTIONS,
		.request = ++s->last_request,
		.name = "vpn.example.com" };

	ike_command(s->ike, s->pair->now, &c);
	pair_run(s->pair, 0);
}

TEST(the_users_script_is_told_what_the_gateway_said)
{
	char script[] = "/bin/hook", domains[] = "example.com, corp.example";
	struct conf_conn a, b;
	struct addr lease = address("100.64.13.2"), dns = address("10.0.2.53"),
		    dns6 = address("2001:db8:2::53");
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.9", NULL);
	a.left.updown = script;
	b.modecfgdns[b.n_modecfgdns++] = dns;
	b.modecfgdns[b.n_modecfgdns++] = dns6;
	b.modecfgdomains = domains;
	up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_string_equal(p.a.updown.verbs, "prepare-client route-client up-client ");
	assert_string_equal(p.b.updown.verbs, "");
	assert_string_equal(p.a.updown.conn, "vpn.example.com");
	assert_string_equal(p.a.updown.domains, "example.com corp.example");
	assert_int_equal(p.a.updown.n_dns, 2);
	assert_true(addr_eq(&p.a.updown.dns[0], &dns));
	assert_true(addr_eq(&p.a.updown.dns[1], &dns6));
	assert_true(addr_eq(&p.a.updown.source, &lease));
	assert_true(p.a.updown.is_instance && p.a.updown.is_cfg_client);
	assert_false(p.a.updown.is_cfg_server);
	assert_int_equal(p.a.updown.add_time, p.now.wall / NS_S);
	assert_non_null(strstr(p.a.updown.policy, "IKEv2+PSK+ENCRYPT+TUNNEL"));
	show(&p.a);
	assert_string_equal(
		pair_said(&p.a, EV_connection_modecfg, "domains"), "example.com corp.example");
	assert_string_equal(
		pair_said(&p.a, EV_connection_modecfg, "dns"), "10.0.2.53, 2001:db8:2::53");

	/* it is told once more, to undo what it did */
	p.a.updown.verbs[0] = p.a.updown.domains[0] = '\0';
	pair_do(&p.a, CMD_DOWN, "vpn.example.com");
	assert_string_equal(p.a.updown.verbs, "down-client unroute-client ");
	assert_string_equal(p.a.updown.domains, "example.com corp.example");
	assert_int_equal(p.a.updown.n_dns, 2);
	pair_done(&p);
	warrior_done(&a, &b);
}

/* What a gateway says is not believed: only DNS names, and not more than we keep. */
TEST(domains_that_are_none_are_ignored)
{
	char script[] = "/bin/hook", domains[] = "$(reboot) example.com a;b";
	struct conf_conn a, b;
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.9", NULL);
	a.left.updown = script;
	b.modecfgdns[b.n_modecfgdns++] = address("10.0.2.53");
	b.modecfgdomains = domains;
	up(&p, &a, &b);
	assert_int_equal(p.a.count[EV_v2_cp_domain], 1);
	assert_int_equal(p.a.count[EV_v2_cp_domain_ignored], 2);
	assert_string_equal(p.a.updown.domains, "example.com");
	pair_done(&p);

	b.modecfgdomains =
		xstrdup("d1 d2 d3 d4 d5 d6 d7 d8 d9 d10 d11 d12 d13 d14 d15 d16 d17 d18");
	up(&p, &a, &b);
	assert_int_equal(p.a.count[EV_v2_cp_domain], 18);
	assert_string_equal(
		p.a.updown.domains, "d1 d2 d3 d4 d5 d6 d7 d8 d9 d10 d11 d12 d13 d14 d15 d16");
	pair_done(&p);
	free(b.modecfgdomains);
	warrior_done(&a, &b);
}

/* A revival asks anew; between the tunnels nothing is known. */
TEST(what_was_told_goes_with_the_tunnel)
{
	struct conf_conn a, b;
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.9", NULL);
	a.automatic = AUTO_START;
	b.modecfgdns[b.n_modecfgdns++] = address("10.0.2.53");
	up(&p, &a, &b);
	show(&p.a);
	assert_string_equal(pair_said(&p.a, EV_connection_modecfg, "dns"), "10.0.2.53");
	pair_do(&p.b, CMD_DOWN, "vpn.example.com");
	assert_int_equal(p.a.count[EV_conn_revive], 1);
	show(&p.a);
	assert_string_equal(pair_said(&p.a, EV_connection_modecfg, "dns"), "unset");
	pair_run(&p, 10 * NS_S);
	show(&p.a);
	assert_string_equal(pair_said(&p.a, EV_connection_modecfg, "dns"), "10.0.2.53");
	pair_done(&p);
	warrior_done(&a, &b);
}

/* 3.15.4: INTERNAL_ADDRESS_FAILURE refuses the Child SA. */
TEST(an_empty_pool_refuses_the_child_sa)
{
	struct conf_conn a, b;
	struct pair p;

	warrior(&a, &b, "100.64.13.2-100.64.13.2", NULL);
	up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);

	/* another road warrior, while the first one has the only address */
	pair_restart(&p, &p.a);
	id_done(&a.left.id);
	assert_int_equal(id_parse("@another", &a.left.id), OK);
	pair_add(&p.a, &a);
	pair_do(&p.a, CMD_UP, "vpn.example.com");
	assert_int_not_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_sa, 0);
	pair_done(&p);
	warrior_done(&a, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv6_address_is_lent),
		cmocka_unit_test(addresses_of_both_families_are_lent_for_one_child_sa),
		cmocka_unit_test(dns_servers_and_networks_are_told),
		cmocka_unit_test(the_users_script_is_told_what_the_gateway_said),
		cmocka_unit_test(domains_that_are_none_are_ignored),
		cmocka_unit_test(what_was_told_goes_with_the_tunnel),
		cmocka_unit_test(an_empty_pool_refuses_the_child_sa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
