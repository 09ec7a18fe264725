/* Quick Mode: IPsec SAs come up, are rekeyed, refused, and go, under one ISAKMP SA or several. */
#include "tests/pair/pair.h"

#include "ikev1/sa.h"

#include "base/test.h"

struct ends {
	struct pair p;
	struct conf_conn a, b;
};

static void ends_init(struct ends *e)
{
	e->a = pair_conf("one");
	e->a.version = VERSION_IKEV1;
	e->b = e->a;
	pair_init(&e->p, 1);
}

static void ends_up(struct ends *e)
{
	pair_up(&e->p, &e->a, &e->b);
	pair_run(&e->p, 2 * NS_S);
}

static void ends_done(struct ends *e)
{
	pair_done(&e->p);
	id_done(&e->a.left.id);
	id_done(&e->b.left.id);
}

static void assert_carries(struct ends *e)
{
	pair_assert_one_tunnel(&e->p);
	pair_traffic(&e->p);
	assert_int_equal(e->p.a.lost + e->p.b.lost, 0);
}

TEST(the_lines_say_what_monitoring_looks_for)
{
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	assert_string_equal(pair_said(&e.p.a, EV_v1_quick_i1_sent, "state"), "STATE_QUICK_I1");
	assert_string_equal(pair_said(&e.p.b, EV_v1_quick_r1_sent, "state"), "STATE_QUICK_R1");
	assert_string_equal(pair_said(&e.p.a, EV_v1_child_established, "mode"), "tunnel");
	assert_string_equal(pair_said(&e.p.a, EV_v1_child_established, "esp"), "ESP");
	assert_string_equal(pair_said(&e.p.b, EV_v1_peer_proposed, "ours"), "10.0.2.0/24");
	assert_string_equal(pair_said(&e.p.b, EV_v1_peer_proposed, "theirs"), "10.0.1.0/24");
	assert_carries(&e);
	ends_done(&e);
}

/* ---- PFS ---- */

TEST(pfs_goes_with_the_group_of_the_isakmp_sa)
{
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	assert_string_not_equal(pair_said(&e.p.a, EV_v1_quick_initiate, "pfs"), "no-pfs");
	assert_carries(&e);
	ends_done(&e);
}

TEST(without_pfs_it_comes_up_when_both_do_without)
{
	struct ends e;

	ends_init(&e);
	e.a.pfs = e.b.pfs = YNA_NO;
	ends_up(&e);
	assert_string_equal(pair_said(&e.p.a, EV_v1_quick_initiate, "pfs"), "no-pfs");
	assert_carries(&e);
	ends_done(&e);
}

TEST(who_does_not_want_pfs_takes_it_from_the_peer)
{
	struct ends e;

	ends_init(&e);
	e.b.pfs = YNA_NO;
	ends_up(&e);
	assert_carries(&e);
	ends_done(&e);
}

static void assert_refused(struct ends *e, const char *notify)
{
	unsigned ike, child;

	assert_int_equal(e->p.a.exit, 31);
	assert_int_equal(e->p.a.count[EV_v1_quick_refused], 1);
	assert_string_equal(pair_said(&e->p.a, EV_v1_quick_refused, "notify"), notify);
	pair_count(&e->p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 0);
	assert_int_equal(e->p.a.n_sa + e->p.b.n_sa, 0);
}

TEST(who_requires_pfs_refuses_a_peer_without)
{
	struct ends e;

	ends_init(&e);
	e.a.pfs = YNA_NO;
	e.b.pfs = YNA_YES;
	ends_up(&e);
	assert_refused(&e, "NO_PROPOSAL_CHOSEN");
	assert_int_equal(e.p.b.count[EV_v1_quick_no_pfs], 1);
	ends_done(&e);
}

/* ---- selectors and modes ---- */

TEST(other_selectors_are_refused_with_those_of_both_sides)
{
	struct ends e;

	ends_init(&e);
	e.b.right.subnet.ts[0] = pair_net("10.0.2.0/25");
	ends_up(&e);
	assert_refused(&e, "INVALID_ID_INFORMATION");
	assert_string_equal(pair_said(&e.p.b, EV_v1_quick_no_connection, "wanted"),
		"10.0.2.0/24===192.0.2.2...192.0.2.1===10.0.1.0/24");
	assert_string_equal(pair_said(&e.p.b, EV_v1_quick_no_connection, "allowed"),
		"10.0.2.0/25===...===10.0.1.0/24");
	ends_done(&e);
}

static void make_transport(struct conf_conn *c)
{
	c->type = TYPE_TRANSPORT;
	c->left.subnet.n = c->right.subnet.n = 0;
}

TEST(transport_mode_comes_up_between_the_hosts)
{
	struct ends e;

	ends_init(&e);
	make_transport(&e.a);
	make_transport(&e.b);
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	assert_string_equal(pair_said(&e.p.b, EV_v1_child_established, "mode"), "transport");
	assert_int_equal(e.p.a.sa[0].mode, DP_TRANSPORT);
	assert_true(pair_agrees(&e.p));
	ends_done(&e);
}

TEST(tunnel_mode_is_refused_where_transport_mode_is_wanted)
{
	struct ends e;

	ends_init(&e);
	make_transport(&e.b);
	e.a.left.subnet.n = e.a.right.subnet.n = 0;
	ends_up(&e);
	assert_refused(&e, "INVALID_ID_INFORMATION");
	assert_string_equal(pair_said(&e.p.b, EV_v1_quick_no_connection, "mode"), "tunnel");
	ends_done(&e);
}

TEST(transport_mode_goes_through_a_nat)
{
	struct ends e;

	ends_init(&e);
	make_transport(&e.a);
	make_transport(&e.b);
	e.p.nat = (struct pair_nat){ &e.p.a, addr_v4(0xcb007101), 4711, 4712 };
	e.b.left.host = e.p.nat.addr;
	assert_int_equal(id_parse("192.0.2.1", &e.b.left.id), OK);
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	assert_string_equal(pair_said(&e.p.a, EV_v1_child_established, "esp"), "ESPinUDP");
	assert_true(pair_agrees(&e.p));
	ends_done(&e);
}

/* ---- rekeys ---- */

/* The old one goes when packets on their way have come. */
static void assert_rekeyed(struct ends *e, uint32_t old)
{
	assert_int_not_equal(e->p.a.sa[0].serial, old);
	assert_carries(e);
	assert_int_equal(e->p.a.count[EV_v1_child_established], 2);
	assert_int_equal(e->p.b.count[EV_v1_child_established], 2);
	assert_int_equal(e->p.a.count[EV_v1_ike_established], 1);
}

TEST(a_command_rekeys_a_child_sa_and_the_old_one_goes)
{
	uint32_t old;
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	old = e.p.a.sa[0].serial;
	pair_do(&e.p.a, CMD_REKEY_CHILD, "one");
	pair_traffic(&e.p);
	pair_run(&e.p, NS_S);
	assert_int_equal(e.p.a.n_done, 1);
	assert_int_equal(e.p.a.exit, 0);
	pair_traffic(&e.p);
	pair_run(&e.p, 6 * NS_S);
	assert_rekeyed(&e, old);
	ends_done(&e);
}

TEST(the_responder_rekeys_as_well)
{
	uint32_t old;
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	old = e.p.a.sa[0].serial;
	pair_do(&e.p.b, CMD_REKEY_CHILD, "one");
	pair_run(&e.p, 6 * NS_S);
	assert_int_equal(e.p.b.n_done, 1);
	assert_int_equal(e.p.b.exit, 0);
	assert_rekeyed(&e, old);
	ends_done(&e);
}

/* QI2 is what tells the responder that it may receive on the new one, and nobody acknowledges it.
 */
TEST(packets_take_the_old_one_until_the_peer_has_taken_qi2)
{
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	e.p.delay_min = e.p.delay_max = 10 * NS_MS;
	pair_command(&e.p.a, CMD_REKEY_CHILD, "one");
	pair_run(&e.p, 15 * NS_MS); /* QR1 is under way */
	e.p.drop_from = &e.p.a;
	pair_run(&e.p, 15 * NS_MS);
	e.p.drop_from = NULL;
	assert_int_equal(e.p.b.count[EV_v1_quick_r1_sent], 2);
	assert_int_equal(e.p.a.n_sa, 3); /* the new one only inbound */
	for (int i = 0; i < 70; i++) {
		pair_run(&e.p, 100 * NS_MS);
		pair_traffic(&e.p);
	}
	assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
	assert_int_equal(e.p.b.count[EV_v1_child_established], 2);
	pair_assert_one_tunnel(&e.p);
	ends_done(&e);
}

TEST(child_sas_are_rekeyed_before_they_end)
{
	struct ends e;

	ends_init(&e);
	e.a.salifetime = 600 * NS_S;
	e.a.rekeymargin = e.b.rekeymargin = 60 * NS_S;
	ends_up(&e);
	pair_run(&e.p, 3600 * NS_S);
	assert_carries(&e);
	assert_in_range(e.p.a.count[EV_v1_child_established], 6, 9);
	assert_int_equal(e.p.a.count[EV_v1_expired], 0);
	ends_done(&e);
}

TEST(the_smaller_lifetime_counts_at_both_ends)
{
	struct ends e;

	ends_init(&e);
	e.b.salifetime = 600 * NS_S;
	e.a.rekey = e.b.rekey = false;
	ends_up(&e);
	pair_run(&e.p, 610 * NS_S);
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	assert_true(e.p.a.count[EV_v1_expired] + e.p.b.count[EV_v1_expired] >= 1);
	ends_done(&e);
}

TEST(a_rekey_that_is_refused_leaves_the_old_one)
{
	struct ends e;
	unsigned ike, child;

	ends_init(&e);
	ends_up(&e);
	e.p.b.refuses_sa = true;
	pair_do(&e.p.a, CMD_REKEY_CHILD, "one");
	assert_int_equal(e.p.a.exit, 31);
	pair_run(&e.p, 10 * NS_S);
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(child, 1);
	assert_carries(&e);
	e.p.b.refuses_sa = false;
	pair_do(&e.p.a, CMD_REKEY_CHILD, "one");
	pair_run(&e.p, NS_S);
	assert_int_equal(e.p.a.exit, 0);
	ends_done(&e);
}

/* ---- down ---- */

TEST(down_takes_everything_away_at_both_ends)
{
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	pair_do(&e.p.a, CMD_DOWN, "one");
	assert_int_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	assert_int_equal(e.p.a.count[EV_v1_deleting], 2);
	ends_done(&e);
}

/* ---- what the data plane refuses ---- */

TEST(what_the_data_plane_refuses_is_no_tunnel_at_either_end)
{
	for (int side = 0; side < 2; side++) {
		struct ends e;

		ends_init(&e);
		(side ? &e.p.b : &e.p.a)->refuses_sa = true;
		ends_up(&e);
		assert_int_not_equal(e.p.a.exit, 0);
		assert_int_equal((side ? &e.p.b : &e.p.a)->count[EV_v1_child_not_installed], 1);
		assert_int_equal(e.p.a.count[EV_v1_child_established], 0);
		assert_int_equal(e.p.a.n_sa, 0);
		ends_done(&e);
	}
}

/* ---- bad wires ---- */

TEST(it_comes_up_over_a_wire_that_loses_repeats_and_reorders)
{
	for (uint64_t seed = 1; seed <= 100; seed++) {
		unsigned ike, child;
		struct ends e;

		ends_init(&e);
		pair_done(&e.p);
		pair_init(&e.p, seed);
		e.p.loss = e.p.duplicate = 20;
		e.p.delay_min = NS_MS;
		e.p.delay_max = 300 * NS_MS;
		e.p.answer_max = 50 * NS_MS;
		e.a.automatic = AUTO_START;
		pair_up(&e.p, &e.a, &e.b);
		pair_run(&e.p, 60 * NS_S);
		e.p.loss = e.p.duplicate = 0;
		pair_run(&e.p, 400 * NS_S);
		pair_count(&e.p.a, &ike, &child);
		assert_int_equal(ike, 1);
		assert_int_equal(child, 1);
		assert_true(pair_agrees(&e.p));
		ends_done(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_say_what_monitoring_looks_for),
		cmocka_unit_test(pfs_goes_with_the_group_of_the_isakmp_sa),
		cmocka_unit_test(without_pfs_it_comes_up_when_both_do_without),
		cmocka_unit_test(who_does_not_want_pfs_takes_it_from_the_peer),
		cmocka_unit_test(who_requires_pfs_refuses_a_peer_without),
		cmocka_unit_test(other_selectors_are_refused_with_those_of_both_sides),
		cmocka_unit_test(transport_mode_comes_up_between_the_hosts),
		cmocka_unit_test(tunnel_mode_is_refused_where_transport_mode_is_wanted),
		cmocka_unit_test(transport_mode_goes_through_a_nat),
		cmocka_unit_test(a_command_rekeys_a_child_sa_and_the_old_one_goes),
		cmocka_unit_test(the_responder_rekeys_as_well),
		cmocka_unit_test(packets_take_the_old_one_until_the_peer_has_taken_qi2),
		cmocka_unit_test(child_sas_are_rekeyed_before_they_end),
		cmocka_unit_test(the_smaller_lifetime_counts_at_both_ends),
		cmocka_unit_test(a_rekey_that_is_refused_leaves_the_old_one),
		cmocka_unit_test(down_takes_everything_away_at_both_ends),
		cmocka_unit_test(what_the_data_plane_refuses_is_no_tunnel_at_either_end),
		cmocka_unit_test(it_comes_up_over_a_wire_that_loses_repeats_and_reorders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
