/* Whole exchanges of IKE_SA_INIT, IKE_AUTH and INFORMATIONAL between two engines. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

static void up_with(struct pair *p, const struct conf_conn *a, const struct conf_conn *b)
{
	pair_init(p, 1);
	pair_up(p, a, b);
}

static void up(struct pair *p)
{
	struct conf_conn c = pair_conf("paris");

	up_with(p, &c, &c);
}

TEST(two_engines_make_a_tunnel_in_four_messages)
{
	struct pair p;

	up(&p);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.sent, 4);
	assert_int_equal(p.a.n_sa, 2);
	assert_int_equal(p.b.n_sa, 2);
	assert_int_equal(p.a.n_policy, 1);
	assert_int_equal(p.a.count[EV_v2_child_established], 1);
	assert_int_equal(p.b.count[EV_v2_child_established], 1);
	pair_done(&p);
}

TEST(down_takes_everything_away_on_both_sides)
{
	struct pair p;

	up(&p);
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	assert_int_equal(p.a.count[EV_child_traffic], 1);
	assert_int_equal(p.b.count[EV_child_traffic], 1);
	pair_done(&p);
}

TEST(another_secret_is_refused_at_once)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.b.psk = "another secret";
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 36);
	assert_int_equal(p.b.count[EV_v2_auth_mismatch], 1);
	assert_int_equal(p.a.count[EV_v2_auth_rejected], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

/* rightid=%any beside a fixed right=: whoever speaks there, as long as the secret fits. Neither
 * end's address is its identity. */
TEST(any_identity_is_taken_where_it_is_written)
{
	struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
	struct pair p;

	assert_int_equal(id_parse("@a", &a.left.id), OK);
	assert_int_equal(id_parse("@b", &b.right.id), OK);
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 36);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
	assert_int_equal(id_parse("%any", &a.right.id), OK);
	assert_int_equal(id_parse("%any", &b.left.id), OK);
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_sa, 2);
	assert_int_equal(p.b.n_sa, 2);
	pair_done(&p);
	id_done(&a.left.id);
	id_done(&b.right.id);
}

TEST(silence_ends_after_seven_retransmissions)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_add(&p.a, &c);
	p.drops_all = true;
	pair_do(&p.a, CMD_UP, "paris");
	pair_run(&p, 63 * NS_S);
	assert_int_equal(p.a.n_done, 0);
	pair_run(&p, 2 * NS_S);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 31);
	assert_int_equal(p.a.count[EV_v2_retransmit], 7);
	pair_done(&p);
}

TEST(an_unknown_name_is_exit_21)
{
	struct pair p;

	pair_init(&p, 1);
	pair_do(&p.a, CMD_UP, "nosuch");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 21);
	pair_done(&p);
}

/* ---- refusals: the line, the exit status, both sides' values ---- */

static struct proposals *one_proposal(struct proposals *p, uint16_t key_bits)
{
	*p = *proposals_default_ike();
	p->n = 1;
	for (size_t i = 0; i < p->p[0].n; i++)
		if (p->p[0].t[i].type == TT_ENCR)
			p->p[0].t[i].key_bits = key_bits;
	return p;
}

TEST(other_ike_algorithms_end_the_wait_within_a_second_or_two_answers)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct proposals pa, pb;
	struct pair p;

	a.ike = one_proposal(&pa, 128);
	b.ike = one_proposal(&pb, 256);
	up_with(&p, &a, &b);
	assert_int_equal(p.a.count[EV_v2_init_refused], 1);
	assert_int_equal(p.b.count[EV_v2_no_proposal], 1);
	pair_run(&p, NS_S);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 31);
	assert_int_equal(p.a.count[EV_v2_init_refused_end], 1);
	pair_done(&p);
}

TEST(other_selectors_refuse_the_child_sa_with_exit_38_and_keep_the_ike_sa)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	b.right.subnet.ts[0] = pair_net("10.0.2.0/25");
	up_with(&p, &a, &b);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 38);
	assert_int_equal(p.a.count[EV_v2_child_refused], 1);
	assert_int_equal(p.b.count[EV_v2_ts_refused], 1);
	assert_int_equal(p.a.count[EV_v2_ike_established], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(narrowing_gives_what_both_allow)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	a.narrowing = b.narrowing = true;
	b.right.subnet.ts[0] = pair_net("10.0.2.0/25");
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_child_established], 1);
	pair_done(&p);
}

TEST(other_esp_algorithms_refuse_the_child_sa_with_exit_37)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct proposals pa = *proposals_default_esp(), pb = pa;
	struct pair p;

	pa.n = 1;
	pb.p[0] = pb.p[1];
	pb.n = 1;
	a.esp = &pa;
	b.esp = &pb;
	up_with(&p, &a, &b);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 37);
	assert_int_equal(p.b.count[EV_v2_no_esp_proposal], 1);
	pair_done(&p);
}

TEST(no_secret_here_is_exit_32_before_anything_is_signed)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.a.psk = NULL;
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 32);
	assert_int_equal(p.a.count[EV_v2_no_secret], 1);
	pair_done(&p);
}

TEST(a_data_plane_that_refuses_here_is_exit_39_and_the_peer_hears_of_it)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.a.refuses_sa = true;
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 39);
	assert_int_equal(p.b.n_sa, 0);
	pair_done(&p);
}

TEST(a_data_plane_that_refuses_there_is_a_refused_child_sa)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.b.refuses_sa = true;
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 37);
	assert_int_equal(p.b.count[EV_v2_child_not_installed], 1);
	assert_int_equal(p.a.n_sa, 0);
	pair_done(&p);
}

TEST(icmp_ends_the_wait_and_says_who_sent_it)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;
	struct net_error e = {
		.local = { addr_v4(0xc0000201), 500 },
		.remote = { addr_v4(0xc0000202), 500 },
		.offender = addr_v4(0xc6336401),
		.error = 111,
		.icmp_type = 3,
		.icmp_code = 3,
		.interface = "eth0",
	};

	pair_init(&p, 1);
	p.drops_all = true;
	pair_add(&p.a, &c);
	pair_do(&p.a, CMD_UP, "paris");
	ike_net_error(p.a.ike, p.now, &e);
	assert_int_equal(p.a.count[EV_v2_net_error], 1);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 31);
	pair_done(&p);
}

/* ---- IKE_SA_INIT's detours ---- */

TEST(cookie_costs_one_round_trip)
{
	struct conf_conn c = pair_conf("paris");
	struct conf_setup setup = { .ddos_mode = 1, .uniqueids = true };
	struct command busy = { .kind = CMD_SETUP, .setup = &setup };
	struct pair p;

	pair_init(&p, 1);
	ike_command(p.b.ike, p.now, &busy);
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.sent, 6);
	assert_int_equal(p.a.count[EV_v2_cookie], 1);
	pair_done(&p);
}

TEST(another_group_costs_one_round_trip)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct proposals pb = *proposals_default_ike();
	struct pair p;

	for (size_t i = 0; i < pb.n; i++)
		for (size_t j = 0; j < pb.p[i].n; j++)
			if (pb.p[i].t[j].type == TT_KE)
				pb.p[i].t[j].id = KE_ECP_256;
	b.ike = &pb;
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.sent, 6);
	assert_int_equal(p.a.count[EV_v2_invalid_ke], 1);
	assert_int_equal(p.b.count[EV_v2_wrong_guess], 1);
	pair_done(&p);
}

TEST(forced_encapsulation_floats_to_port_4500)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.encapsulation = YNA_YES;
	up_with(&p, &c, &c);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.last_port, 4500);
	assert_int_equal(p.b.last_port, 4500);
	pair_done(&p);
}

TEST(a_lost_response_is_repeated_without_a_second_sa)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	p.drop_from = &p.b;
	pair_do(&p.a, CMD_UP, "paris");
	pair_run(&p, 600 * NS_MS);
	p.drop_from = NULL;
	pair_run(&p, 2 * NS_S);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.count[EV_v2_init_answered], 1);
	assert_int_equal(p.b.n_sa, 2);
	pair_done(&p);
}

TEST(large_requests_that_are_lost_come_again_in_small_fragments)
{
	struct conf_conn c = pair_conf("paris");
	struct proposals many = *proposals_default_esp();
	struct pair p;

	/* more proposals than one small datagram holds */
	while (many.n < 24) {
		many.p[many.n] = many.p[many.n % 4];
		many.p[many.n].number = (uint8_t)(many.n + 1);
		many.n++;
	}
	c.esp = &many;
	pair_init(&p, 1);
	pair_add(&p.a, &c);
	pair_add(&p.b, &c);
	p.drop_larger = 900;
	pair_do(&p.a, CMD_UP, "paris");
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	pair_done(&p);
}

/* ---- road warriors ---- */

static void roadwarrior(struct conf_conn *a, struct conf_conn *b)
{
	*a = *b = pair_conf("vpn.example.com");
	a->left.id = (struct id){ 0 };
	assert_int_equal(id_parse("@road", &a->left.id), OK);
	assert_int_equal(id_parse("@vpn.example.com", &a->right.id), OK);
	b->left.id = id_copy(&a->left.id);
	b->right.id = id_copy(&a->right.id);
	a->left.modecfgclient = true;
	a->left.subnet.ts[0] = pair_net("0.0.0.0-255.255.255.255");
	a->narrowing = b->narrowing = true;
	b->left.subnet.n = 0;
	b->left.host_kind = HOST_ANY;
	b->left.host = (struct addr){ 0 };
	b->left.modecfgclient = true;
	b->left.n_pool = 1;
	assert_int_equal(range_parse("100.64.13.2-100.64.13.254", &b->left.pool[0]), OK);
	b->right.modecfgserver = true;
}

static void roadwarrior_done(struct conf_conn *a, struct conf_conn *b)
{
	id_done(&a->left.id);
	id_done(&a->right.id);
	id_done(&b->left.id);
	id_done(&b->right.id);
}

/* right=%any4, or 0.0.0.0 */
TEST(a_road_warrior_of_one_family_may_have_any_address)
{
	struct conf_conn a, b;
	struct pair p;

	roadwarrior(&a, &b);
	b.left.host.family = 4;
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.n_sa, 2);
	pair_done(&p);
	roadwarrior_done(&a, &b);
}

TEST(a_road_warrior_gets_its_address_and_gets_it_again)
{
	struct conf_conn a, b;
	struct pair p;

	roadwarrior(&a, &b);
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cp_address], 1);
	assert_int_equal(p.b.count[EV_v2_cp_leased], 1);
	assert_true(addr_eq(&p.a.source, &(struct addr){ 4, { 100, 64, 13, 2 } }));
	pair_do(&p.a, CMD_DOWN, "vpn.example.com");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_conn_instance_gone], 1);
	assert_int_equal(p.b.count[EV_conn_instance_gone], 1);
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	memset(&p.a.source, 0, sizeof(p.a.source));
	pair_do(&p.a, CMD_UP, "vpn.example.com");
	assert_true(addr_eq(&p.a.source, &(struct addr){ 4, { 100, 64, 13, 2 } }));
	pair_done(&p);
	roadwarrior_done(&a, &b);
}

/* RFC 8598 3.2: only beside a DNS server. */
TEST(a_road_warrior_is_told_the_domains)
{
	char domains[] = "example.com, corp.example";
	struct conf_conn a, b;
	struct pair p;

	roadwarrior(&a, &b);
	b.modecfgdomains = domains;
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cp_domain], 0);
	pair_done(&p);
	b.modecfgdns[0] = addr_v4(0x0a000135);
	b.n_modecfgdns = 1;
	up_with(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cp_dns], 1);
	assert_int_equal(p.a.count[EV_v2_cp_domain], 2);
	pair_done(&p);
	roadwarrior_done(&a, &b);
}

/* RFC 7296 1.3.1: who says that it takes no padding is sent none, whoever asked for the SA. */
TEST(a_peer_that_takes_no_padding_is_sent_none)
{
	for (int who = 0; who < 3; who++) {
		struct conf_conn a = pair_conf("paris"), b = pair_conf("paris");
		struct pair p;

		a.tfc = b.tfc = 1000;
		a.refuses_tfc = who == 1;
		b.refuses_tfc = who == 2;
		up_with(&p, &a, &b);
		assert_int_equal(p.a.exit, 0);
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(p.a.sa[i].tfc, who == 2 ? 0 : 1000);
			assert_int_equal(p.b.sa[i].tfc, who == 1 ? 0 : 1000);
		}
		pair_done(&p);
	}
}

TEST(a_peer_that_comes_back_replaces_its_old_ike_sa)
{
	struct conf_conn a, b;
	struct pair p;

	roadwarrior(&a, &b);
	up_with(&p, &a, &b);
	/* the initiator loses its memory */
	pair_restart(&p, &p.a);
	pair_run(&p, 5 * NS_S);
	pair_add(&p.a, &a);
	pair_do(&p.a, CMD_UP, "vpn.example.com");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.count[EV_v2_replaced], 1);
	pair_run(&p, 90 * NS_S);
	assert_int_equal(p.b.n_sa, 2);
	assert_int_equal(p.b.n_policy, 1);
	pair_done(&p);
	roadwarrior_done(&a, &b);
}

/* ---- life ---- */

TEST(a_peer_that_is_gone_is_noticed_and_the_connection_revived)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.dpddelay = 30 * NS_S;
	c.automatic = AUTO_START;
	up_with(&p, &c, &c);
	pair_run(&p, 100 * NS_S);
	assert_int_equal(p.a.n_sa, 2);
	p.drops_all = true;
	pair_run(&p, 120 * NS_S);
	assert_int_equal(p.a.n_sa, 0);
	assert_true(p.a.count[EV_v2_timeout] >= 1);
	assert_true(p.a.count[EV_conn_revive] >= 1);
	p.drops_all = false;
	pair_run(&p, 300 * NS_S);
	assert_int_equal(p.a.n_sa, 2);
	pair_done(&p);
}

TEST(shutdown_says_goodbye)
{
	struct pair p;

	up(&p);
	pair_do(&p.a, CMD_SHUTDOWN, NULL);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(replacing_a_connection_with_the_same_text_leaves_its_sas_alone)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	up(&p);
	pair_add(&p.a, &c);
	pair_run(&p, 0);
	assert_int_equal(p.a.n_sa, 2);
	c.mtu = 1400;
	pair_add(&p.a, &c);
	pair_run(&p, 0);
	assert_int_equal(p.a.n_sa, 0);
	assert_int_equal(p.b.n_sa, 0);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_engines_make_a_tunnel_in_four_messages),
		cmocka_unit_test(down_takes_everything_away_on_both_sides),
		cmocka_unit_test(another_secret_is_refused_at_once),
		cmocka_unit_test(any_identity_is_taken_where_it_is_written),
		cmocka_unit_test(silence_ends_after_seven_retransmissions),
		cmocka_unit_test(an_unknown_name_is_exit_21),
		cmocka_unit_test(other_ike_algorithms_end_the_wait_within_a_second_or_two_answers),
		cmocka_unit_test(
			other_selectors_refuse_the_child_sa_with_exit_38_and_keep_the_ike_sa),
		cmocka_unit_test(narrowing_gives_what_both_allow),
		cmocka_unit_test(other_esp_algorithms_refuse_the_child_sa_with_exit_37),
		cmocka_unit_test(no_secret_here_is_exit_32_before_anything_is_signed),
		cmocka_unit_test(
			a_data_plane_that_refuses_here_is_exit_39_and_the_peer_hears_of_it),
		cmocka_unit_test(a_data_plane_that_refuses_there_is_a_refused_child_sa),
		cmocka_unit_test(icmp_ends_the_wait_and_says_who_sent_it),
		cmocka_unit_test(cookie_costs_one_round_trip),
		cmocka_unit_test(another_group_costs_one_round_trip),
		cmocka_unit_test(forced_encapsulation_floats_to_port_4500),
		cmocka_unit_test(a_lost_response_is_repeated_without_a_second_sa),
		cmocka_unit_test(large_requests_that_are_lost_come_again_in_small_fragments),
		cmocka_unit_test(a_road_warrior_of_one_family_may_have_any_address),
		cmocka_unit_test(a_road_warrior_gets_its_address_and_gets_it_again),
		cmocka_unit_test(a_road_warrior_is_told_the_domains),
		cmocka_unit_test(a_peer_that_takes_no_padding_is_sent_none),
		cmocka_unit_test(a_peer_that_comes_back_replaces_its_old_ike_sa),
		cmocka_unit_test(a_peer_that_is_gone_is_noticed_and_the_connection_revived),
		cmocka_unit_test(shutdown_says_goodbye),
		cmocka_unit_test(replacing_a_connection_with_the_same_text_leaves_its_sas_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
