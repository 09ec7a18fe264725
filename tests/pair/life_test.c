/* The life of a connection: auto=, traps, revival, what the data plane says unasked. */
#include "tests/pair/pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"
#include "ipsec/limits.h"

static void add_and_start(struct side *s, const struct conf_conn *c)
{
	struct command cmd = { .kind = CMD_CONN_ADD, .what = ADD_AND_START, .conn = c };

	ike_command(s->ike, s->pair->now, &cmd);
	pair_run(s->pair, 0);
}

/* Both have the connection, a with auto=start. */
static void start(struct pair *p)
{
	struct conf_conn c = pair_conf("paris");

	c.automatic = AUTO_START;
	pair_init(p, 1);
	pair_add(&p->b, &c);
	add_and_start(&p->a, &c);
}

static void assert_up(struct pair *p)
{
	assert_int_equal(p->a.n_sa, 2);
	assert_int_equal(p->b.n_sa, 2);
	assert_true(pair_agrees(p));
}

TEST(auto_start_begins_by_itself_and_only_when_told_to_do_as_auto_says)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.automatic = AUTO_START;
	pair_init(&p, 1);
	pair_add(&p.b, &c);
	pair_add(&p.a, &c);
	pair_run(&p, NS_S);
	assert_int_equal(p.sent, 0);
	c.mtu = 1400;
	add_and_start(&p.a, &c);
	assert_up(&p);
	pair_done(&p);
}

TEST(auto_start_is_revived_when_the_peer_deletes_it)
{
	struct pair p;

	start(&p);
	pair_do(&p.b, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_sa, 0);
	assert_int_equal(p.a.count[EV_conn_revive], 1);
	pair_run(&p, 4 * NS_S);
	assert_int_equal(p.a.n_sa, 0);
	pair_run(&p, 2 * NS_S);
	assert_up(&p);
	pair_done(&p);
}

/* As after a change of a peer's dynamic address. */
TEST(a_name_is_looked_up_before_each_attempt_that_nobody_asks_for)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.automatic = AUTO_START;
	c.right.host_kind = HOST_NAME;
	c.right.host_name = "paris.example.com";
	pair_init(&p, 1);
	pair_add(&p.b, &c);
	add_and_start(&p.a, &c);
	assert_up(&p);
	assert_int_equal(p.a.resolve.n, 0); /* it has just been loaded */
	pair_do(&p.b, CMD_DOWN, "paris");
	assert_int_equal(p.a.resolve.n, 1);
	assert_string_equal(p.a.resolve.conn, "paris");
	pair_run(&p, 6 * NS_S);
	assert_int_equal(p.a.resolve.n, 2);
	assert_up(&p);
	pair_done(&p);
}

TEST(names_of_those_that_are_down_are_looked_up_for_a_stranger_but_not_for_each)
{
	struct conf_conn c = pair_conf("paris"), moved = pair_conf("london");
	struct pair p;

	c.left.host_kind = HOST_NAME; /* b's peer */
	c.left.host_name = "london.example.com";
	assert_int_equal(addr_parse("192.0.2.99", &c.left.host), OK);
	pair_init(&p, 1);
	pair_add(&p.b, &c);
	moved.automatic = AUTO_START;
	add_and_start(&p.a, &moved);
	assert_true(p.b.count[EV_v2_no_connection] >= 1);
	assert_int_equal(p.b.resolve.n, 1);
	assert_string_equal(p.b.resolve.conn, "paris");
	pair_run(&p, 7 * NS_S);
	assert_true(p.b.count[EV_v2_no_connection] > 2);
	assert_int_equal(p.b.resolve.n, 1);
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.b.resolve.n, 2);
	pair_done(&p);
}

TEST(of_many_with_names_only_some_are_looked_up_for_a_stranger_and_others_the_next_time)
{
	enum { MANY = LIMIT_STRANGER_LOOKUPS + 3 };
	struct conf_conn c[MANY], moved = pair_conf("london");
	char name[MANY][8];
	struct pair p;

	pair_init(&p, 1);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(name[i], sizeof(name[i]), "n%u", i);
		c[i] = pair_conf(name[i]);
		c[i].left.host_kind = HOST_NAME;
		c[i].left.host_name = "london.example.com";
		assert_int_equal(addr_parse("192.0.2.99", &c[i].left.host), OK);
		pair_add(&p.b, &c[i]);
	}
	moved.automatic = AUTO_START;
	add_and_start(&p.a, &moved);
	pair_run(&p, 7 * NS_S);
	assert_int_equal(p.b.resolve.n, LIMIT_STRANGER_LOOKUPS);
	assert_string_equal(p.b.resolve.conn, name[LIMIT_STRANGER_LOOKUPS - 1]);
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.b.resolve.n, MANY);
	assert_string_equal(p.b.resolve.conn, name[MANY - 1]);
	pair_run(&p, 30 * NS_S);
	assert_true(p.b.resolve.n >= MANY + LIMIT_STRANGER_LOOKUPS); /* from the first one on */
	pair_done(&p);
}

/* As at boot: who loads it does so again when the address is there. */
TEST(auto_start_without_an_address_of_this_host_waits_and_says_so)
{
	struct conf_conn c = pair_conf("paris"), early = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_add(&p.b, &c);
	c.automatic = early.automatic = AUTO_START;
	assert_int_equal(addr_parse("192.0.2.77", &early.left.host), OK);
	add_and_start(&p.a, &early);
	assert_int_equal(p.a.count[EV_conn_waits], 1);
	pair_run(&p, 7 * NS_S);
	assert_int_equal(p.sent, 0);
	add_and_start(&p.a, &c);
	assert_int_equal(p.a.count[EV_conn_waited], 1);
	assert_int_equal(p.a.last[EV_conn_waited]->row[2].u64, 7);
	assert_up(&p);
	add_and_start(&p.a, &c);
	assert_int_equal(p.a.count[EV_conn_waited], 1);
	pair_done(&p);
}

TEST(auto_start_taken_down_by_a_person_stays_down)
{
	struct pair p;

	start(&p);
	pair_do(&p.a, CMD_DOWN, "paris");
	pair_run(&p, 60 * NS_S);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(auto_start_tries_for_ever_and_waits_longer_each_time)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.automatic = AUTO_START;
	c.retransmit_timeout = 3 * NS_S;
	pair_init(&p, 1);
	p.drops_all = true;
	add_and_start(&p.a, &c);
	pair_run(&p, 3600 * NS_S);
	assert_true(p.a.count[EV_conn_revive] > 15);
	assert_true(p.a.count[EV_conn_revive] < 60);
	p.drops_all = false;
	pair_add(&p.b, &c);
	pair_run(&p, 310 * NS_S);
	assert_up(&p);
	pair_done(&p);
}

TEST(auto_add_is_not_revived)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_do(&p.b, CMD_DOWN, "paris");
	pair_run(&p, 60 * NS_S);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(a_packet_that_meets_a_trap_brings_the_tunnel_up_and_the_trap_returns_after_it)
{
	struct conf_conn c = pair_conf("paris");
	struct dp_notice n = { .kind = DP_ACQUIRE,
		.ts_local = pair_net("10.0.1.5-10.0.1.5"),
		.ts_remote = pair_net("10.0.2.5-10.0.2.5") };
	struct pair p;

	c.automatic = AUTO_ONDEMAND;
	pair_init(&p, 1);
	pair_add(&p.b, &c);
	add_and_start(&p.a, &c);
	assert_int_equal(p.sent, 0);
	assert_int_equal(p.a.n_policy, 1);
	assert_int_equal(p.a.policy[0].action, DP_TRAP);
	n.reqid = p.a.policy[0].reqid;
	pair_notice(&p.a, &n);
	/* many packets ask */
	pair_notice(&p.a, &n);
	pair_run(&p, NS_S);
	assert_up(&p);
	assert_int_equal(p.a.policy[0].action, DP_PROTECT);
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_policy, 1);
	assert_int_equal(p.a.policy[0].action, DP_TRAP);
	pair_do(&p.a, CMD_UNROUTE, "paris");
	assert_int_equal(p.a.n_policy, 0);
	pair_done(&p);
}

/* Packets of the next command must not leave in the clear. */
TEST(ipsec_route_is_done_when_the_data_plane_has_it)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_add(&p.a, &c);
	p.answer_min = p.answer_max = 50 * NS_MS;
	pair_command(&p.a, CMD_ROUTE, "paris");
	pair_command(&p.a, CMD_ROUTE, "paris");
	pair_run(&p, 40 * NS_MS);
	assert_int_equal(p.a.n_done, 0);
	pair_run(&p, 20 * NS_MS);
	assert_int_equal(p.a.n_done, 2);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_policy, 1);
	pair_do(&p.a, CMD_UNROUTE, "paris");
	pair_run(&p, NS_S);
	p.refuses = 100;
	pair_command(&p.a, CMD_ROUTE, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.exit, 39);
	pair_done(&p);
}

TEST(a_data_plane_that_was_restarted_gets_everything_anew)
{
	struct conf_conn c = pair_conf("paris");
	struct dp_notice n = { .kind = DP_RESTARTED };
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_notice(&p.a, &n);
	pair_run(&p, 5 * NS_S);
	assert_up(&p);
	assert_int_equal(p.a.n_policy, 1);
	pair_traffic(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(a_volume_limit_rekeys_before_and_ends_the_sa_at_it)
{
	struct conf_conn c = pair_conf("paris");
	struct dp_notice n = { .kind = DP_EXPIRE_SOFT };
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	n.serial = p.a.sa[0].serial;
	pair_notice(&p.a, &n);
	pair_run(&p, 5 * NS_S);
	assert_up(&p);
	assert_int_equal(p.a.count[EV_v2_child_established], 2);
	n.kind = DP_EXPIRE_HARD;
	n.serial = p.a.sa[0].serial;
	pair_notice(&p.a, &n);
	pair_run(&p, 5 * NS_S);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(the_peer_may_crash_and_come_back_with_another_ike_sa)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_restart(&p, &p.a);
	pair_run(&p, NS_S);
	pair_add(&p.a, &c);
	pair_do(&p.a, CMD_UP, "paris");
	/* b still asks whether the forgotten one is there */
	pair_run(&p, 120 * NS_S);
	assert_up(&p);
	assert_int_equal(p.b.n_policy, 1);
	pair_done(&p);
}

TEST(a_flood_of_beginnings_ends_at_the_limits)
{
	struct conf_conn c = pair_conf("paris");
	struct conf_setup setup = { .max_halfopen = 20, .ddos_threshold = 10, .uniqueids = true };
	struct command cmd = { .kind = CMD_SETUP, .setup = &setup };
	struct pair p;

	pair_init(&p, 1);
	ike_command(p.b.ike, p.now, &cmd);
	pair_add(&p.b, &c);
	for (int i = 0; i < 100; i++) {
		pair_restart(&p, &p.a);
		pair_add(&p.a, &c);
		p.drop_from = &p.b;
		pair_do(&p.a, CMD_UP, "paris");
	}
	assert_int_equal(p.b.count[EV_v2_init_answered], 10);
	/* and they are forgotten after a while */
	pair_run(&p, 100 * NS_S);
	p.drop_from = NULL;
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 0);
	pair_done(&p);
}

TEST(one_address_does_not_get_all_the_room)
{
	struct conf_conn c = pair_conf("paris");
	struct conf_setup setup = { .max_halfopen = 500, .ddos_threshold = 400 };
	struct command cmd = { .kind = CMD_SETUP, .setup = &setup };
	struct pair p;

	pair_init(&p, 1);
	ike_command(p.b.ike, p.now, &cmd);
	pair_add(&p.b, &c);
	p.drop_from = &p.b;
	for (int i = 0; i < 100; i++) {
		pair_restart(&p, &p.a);
		pair_add(&p.a, &c);
		pair_do(&p.a, CMD_UP, "paris");
	}
	assert_int_equal(p.b.count[EV_v2_init_answered], 64);
	/* nor does it fill the log */
	assert_in_range(p.b.count[EV_v2_too_many_half_open], 1, 20);
	pair_done(&p);
}

TEST(people_who_ask_twice_are_both_told)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.delay_min = p.delay_max = 50 * NS_MS;
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_command(&p.a, CMD_UP, "paris");
	pair_command(&p.a, CMD_UP, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.n_done, 2);
	assert_up(&p);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.count[EV_v2_already_up], 1);
	assert_up(&p);
	pair_done(&p);
}

/* The way is open again: who asks then need not wait for the next retransmission. */
TEST(who_asks_while_it_is_tried_makes_it_try_at_once)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;
	unsigned retransmits;

	pair_init(&p, 1);
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	p.drops_all = true;
	pair_command(&p.a, CMD_UP, "paris");
	pair_run(&p, 10 * NS_S);
	retransmits = p.a.count[EV_v2_retransmit];
	p.drops_all = false;
	pair_do(&p.a, CMD_UP, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.count[EV_conn_joined], 1);
	assert_int_equal(p.a.count[EV_v2_retransmit], retransmits);
	assert_int_equal(p.a.exit, 0);
	assert_up(&p);
	pair_done(&p);
}

/* The peer has answered IKE_SA_INIT, has begun anew since, and knows nothing of IKE_AUTH. */
TEST(who_asks_while_ike_auth_is_not_answered_begins_anew)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.delay_min = p.delay_max = 50 * NS_MS;
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_command(&p.a, CMD_UP, "paris");
	pair_run(&p, 110 * NS_MS);
	assert_int_equal(p.a.count[EV_v2_auth_sent], 1);
	p.drops_all = true;
	pair_run(&p, 10 * NS_S);
	pair_restart(&p, &p.b);
	pair_add(&p.b, &c);
	p.drops_all = false;
	pair_do(&p.a, CMD_UP, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.n_done, 2);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_conn_revive], 0);
	pair_assert_one_tunnel(&p);
	pair_run(&p, 90 * NS_S); /* nothing of the other one is left */
	pair_assert_one_tunnel(&p);
	pair_done(&p);
}

/* Who asks is told within seconds; about the tunnel it decides nothing. */
TEST(a_peer_that_is_asked_whether_it_is_there_says_so_or_not)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_do(&p.a, CMD_ALIVE, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_ike_alive], 1);
	p.drops_all = true;
	pair_command(&p.a, CMD_ALIVE, "paris");
	pair_run(&p, 3 * NS_S);
	assert_int_equal(p.a.exit, 31);
	assert_int_equal(p.a.count[EV_ike_not_alive], 1);
	assert_int_equal(p.a.n_sa, 2);
	/* who asked before is not told that all is well, either */
	p.a.n_done = 0;
	pair_command(&p.a, CMD_ALIVE, "paris");
	pair_command(&p.a, CMD_ALIVE, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 31);
	p.drops_all = false;
	/* the question is repeated, and so answered */
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.a.count[EV_ike_alive], 2);
	assert_up(&p);
	p.a.n_done = 0;
	pair_command(&p.a, CMD_ALIVE, "paris");
	pair_command(&p.a, CMD_DOWN, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.n_done, 2);
	pair_do(&p.a, CMD_ALIVE, "paris");
	assert_int_equal(p.a.exit, 21);
	assert_int_equal(p.a.count[EV_conn_not_up], 1);
	pair_done(&p);
}

/* A reload that changes one connection and adds another is several commands of one request: the
 * first still waits for the data plane when the second is done. */
TEST(one_request_of_several_commands_is_done_once_and_at_the_end)
{
	struct conf_conn one = pair_conf("paris"), two = pair_conf("london");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &one, &one);
	p.a.n_done = 0;
	one.mtu = 1400;
	for (size_t i = 0; i < 2; i++)
		ike_command(p.a.ike, p.now,
			&(struct command){
				.kind = CMD_CONN_ADD, .request = 77, .conn = i ? &two : &one });
	assert_int_equal(p.a.n_done, 0);
	pair_run(&p, NS_S);
	assert_int_equal(p.a.count[EV_child_traffic], 1);
	assert_int_equal(p.a.n_done, 1);
	pair_done(&p);
}

/* subnets= makes many that have its name as an alias; one of that very name may be there, too */
TEST(deleting_is_by_name_and_taking_down_by_alias)
{
	struct pair p;
	char name[16];

	pair_init(&p, 1);
	for (unsigned i = 0; i <= 100; i++) {
		struct conf_conn c = pair_conf(i ? name : "paris");

		snprintf(name, sizeof(name), "paris/%u", i);
		if (i)
			c.aliases = "paris";
		pair_add(&p.a, &c);
	}
	pair_do(&p.a, CMD_CONN_DELETE, "paris");
	assert_int_equal(p.a.count[EV_conn_deleted], 1);
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.count[EV_conn_terminating], 100);
	pair_do(&p.a, CMD_CONN_DELETE, "paris/100");
	assert_int_equal(p.a.count[EV_conn_deleted], 2);
	assert_int_equal(p.a.count[EV_conn_unknown], 0);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(auto_start_begins_by_itself_and_only_when_told_to_do_as_auto_says),
		cmocka_unit_test(auto_start_is_revived_when_the_peer_deletes_it),
		cmocka_unit_test(auto_start_without_an_address_of_this_host_waits_and_says_so),
		cmocka_unit_test(
			names_of_those_that_are_down_are_looked_up_for_a_stranger_but_not_for_each),
		cmocka_unit_test(
			of_many_with_names_only_some_are_looked_up_for_a_stranger_and_others_the_next_time),
		cmocka_unit_test(a_name_is_looked_up_before_each_attempt_that_nobody_asks_for),
		cmocka_unit_test(auto_start_taken_down_by_a_person_stays_down),
		cmocka_unit_test(auto_start_tries_for_ever_and_waits_longer_each_time),
		cmocka_unit_test(auto_add_is_not_revived),
		cmocka_unit_test(
			a_packet_that_meets_a_trap_brings_the_tunnel_up_and_the_trap_returns_after_it),
		cmocka_unit_test(ipsec_route_is_done_when_the_data_plane_has_it),
		cmocka_unit_test(a_data_plane_that_was_restarted_gets_everything_anew),
		cmocka_unit_test(a_volume_limit_rekeys_before_and_ends_the_sa_at_it),
		cmocka_unit_test(the_peer_may_crash_and_come_back_with_another_ike_sa),
		cmocka_unit_test(a_flood_of_beginnings_ends_at_the_limits),
		cmocka_unit_test(one_address_does_not_get_all_the_room),
		cmocka_unit_test(people_who_ask_twice_are_both_told),
		cmocka_unit_test(who_asks_while_it_is_tried_makes_it_try_at_once),
		cmocka_unit_test(who_asks_while_ike_auth_is_not_answered_begins_anew),
		cmocka_unit_test(a_peer_that_is_asked_whether_it_is_there_says_so_or_not),
		cmocka_unit_test(one_request_of_several_commands_is_done_once_and_at_the_end),
		cmocka_unit_test(deleting_is_by_name_and_taking_down_by_alias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
