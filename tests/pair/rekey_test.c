/* CREATE_CHILD_SA between two engines: new, rekeyed, and everything at once (RFC 7296 2.8, 2.25).
 */
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

static void up(struct pair *p)
{
	struct conf_conn c = pair_conf("paris");

	pair_init(p, 1);
	pair_up(p, &c, &c);
	assert_int_equal(p->a.exit, 0);
}

TEST(a_rekeyed_child_sa_replaces_the_old_one_and_loses_no_packet)
{
	struct pair p;

	up(&p);
	pair_traffic(&p);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	pair_traffic(&p);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_child_established], 2);
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(the_responder_may_rekey_as_well)
{
	struct pair p;

	up(&p);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(the_responder_of_a_rekey_sends_on_the_new_sa_only_when_it_has_heard_it)
{
	struct pair p;

	up(&p);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_CHILD, "paris");
	pair_run(&p, 150 * NS_MS);
	/* b has answered: two inbound, one outbound */
	assert_int_equal(p.b.n_sa, 3);
	pair_traffic(&p);
	assert_int_equal(p.b.lost, 0);
	pair_run(&p, 100 * NS_MS);
	pair_traffic(&p);
	assert_int_equal(p.b.n_sa, 4);
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(both_ends_rekey_the_child_sa_at_once)
{
	struct pair p;

	up(&p);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_CHILD, "paris");
	pair_command(&p.b, CMD_REKEY_CHILD, "paris");
	for (int i = 0; i < 30; i++) {
		pair_run(&p, 20 * NS_MS);
		pair_traffic(&p);
	}
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_true(p.a.count[EV_v2_rekey_collision] + p.b.count[EV_v2_rekey_collision] >= 1);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	assert_int_equal(p.a.n_done, 2);
	assert_int_equal(p.b.n_done, 1);
	pair_done(&p);
}

TEST(a_rekeyed_ike_sa_takes_the_child_sas_along)
{
	struct pair p;

	up(&p);
	pair_do(&p.a, CMD_REKEY_IKE, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_ike_rekeyed], 1);
	assert_int_equal(p.b.count[EV_v2_ike_rekeyed], 1);
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	pair_do(&p.b, CMD_REKEY_IKE, "paris");
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	pair_do(&p.b, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(both_ends_rekey_the_ike_sa_at_once)
{
	struct pair p;

	up(&p);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_IKE, "paris");
	pair_command(&p.b, CMD_REKEY_IKE, "paris");
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.count[EV_v2_rekey_collision] + p.b.count[EV_v2_rekey_collision], 1);
	pair_done(&p);
}

TEST(one_end_rekeys_the_child_sa_the_other_one_the_ike_sa)
{
	struct pair p;

	up(&p);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_CHILD, "paris");
	pair_command(&p.b, CMD_REKEY_IKE, "paris");
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.b.count[EV_v2_ike_rekeyed], 1);
	assert_int_equal(p.b.count[EV_v2_child_established], 2);
	pair_done(&p);
}

TEST(one_end_rekeys_what_the_other_one_deletes)
{
	struct pair p;

	up(&p);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_CHILD, "paris");
	pair_command(&p.b, CMD_DOWN, "paris");
	pair_calm(&p, 20);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(two_connections_between_the_same_ends_share_an_ike_sa)
{
	struct conf_conn one = pair_conf("one"), two = pair_conf("two");
	unsigned ike, child;
	struct pair p;

	two.right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_init(&p, 1);
	pair_add(&p.a, &two);
	pair_add(&p.b, &two);
	pair_up(&p, &one, &one);
	pair_do(&p.a, CMD_UP, "two");
	assert_int_equal(p.a.exit, 0);
	pair_count(&p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 2);
	assert_int_equal(p.b.n_policy, 2);
	assert_true(pair_agrees(&p));
	pair_do(&p.a, CMD_DOWN, "one");
	pair_count(&p.b, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 1);
	assert_int_equal(p.b.n_policy, 1);
	pair_do(&p.a, CMD_DOWN, "two");
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(two_connections_brought_up_at_once_share_an_ike_sa)
{
	struct conf_conn one = pair_conf("one"), two = pair_conf("two");
	unsigned ike, child;
	struct pair p;

	two.right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_init(&p, 1);
	for (int i = 0; i < 2; i++) {
		pair_add(i ? &p.b : &p.a, &one);
		pair_add(i ? &p.b : &p.a, &two);
	}
	pair_command(&p.a, CMD_UP, "one");
	pair_command(&p.a, CMD_UP, "two");
	pair_run(&p, NS_S);
	assert_int_equal(p.a.n_done, 2);
	assert_int_equal(p.a.exit, 0);
	pair_count(&p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 2);
	pair_done(&p);
}

TEST(lifetimes_of_seconds_rekey_for_ever_without_a_lost_packet)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.ikelifetime = 25 * NS_S;
	c.salifetime = 20 * NS_S;
	c.rekeymargin = 6 * NS_S;
	pair_init(&p, 7);
	p.delay_min = p.delay_max = 10 * NS_MS;
	pair_up(&p, &c, &c);
	pair_run(&p, NS_S);
	for (int i = 0; i < 6000; i++) {
		pair_run(&p, 100 * NS_MS);
		pair_traffic(&p);
	}
	assert_true(p.a.count[EV_v2_ike_rekeyed] > 20);
	assert_true(p.a.count[EV_v2_child_established] > 20);
	assert_int_equal(p.a.count[EV_v2_ike_established], 1);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	assert_int_equal(p.a.carried, 6000);
	pair_done(&p);
}

TEST(a_child_sa_with_pfs_of_another_group_costs_one_round_trip)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct proposals pa = *proposals_default_esp(), pb = pa;
	struct pair p;

	pa.n = pb.n = 1;
	pa.p[0].t[pa.p[0].n++] = (struct transform){ .type = TT_KE, .id = KE_CURVE25519 };
	pa.p[0].t[pa.p[0].n++] = (struct transform){ .type = TT_KE, .id = KE_ECP_256 };
	pb.p[0].t[pb.p[0].n++] = (struct transform){ .type = TT_KE, .id = KE_ECP_256 };
	a.esp = &pa;
	b.esp = &pb;
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_child_established], 2);
	pair_done(&p);
}

TEST(reauthentication_makes_before_it_breaks)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.reauth = true;
	c.ikelifetime = 60 * NS_S;
	c.rekeymargin = 10 * NS_S;
	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	for (int i = 0; i < 600; i++) {
		pair_run(&p, 100 * NS_MS);
		pair_traffic(&p);
	}
	assert_true(p.a.count[EV_v2_ike_established] >= 2);
	pair_calm(&p, 20);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(pfs_that_the_peer_does_not_do_ends_the_command_and_keeps_the_tunnel)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	a.pfs = YNA_YES;
	b.pfs = YNA_NO;
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 37);
	assert_int_equal(p.b.count[EV_v2_no_esp_proposal], 1);
	pair_run(&p, 30 * NS_S);
	assert_int_equal(p.a.count[EV_v2_rekey_failed], 1);
	pair_assert_one_tunnel(&p);
	pair_done(&p);
}

/* The Child SA is rekeyed by each end, which comes to these algorithms. */
static void rekeyed_by_each(uint8_t pfs_a, uint8_t pfs_b, const char *xfrm)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	a.pfs = pfs_a;
	b.pfs = pfs_b;
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	for (int i = 0; i < 2; i++) {
		struct side *s = i == 0 ? &p.a : &p.b;

		pair_do(s, CMD_REKEY_CHILD, "paris");
		assert_int_equal(s->exit, 0);
		pair_calm(&p, 20);
		pair_assert_one_tunnel(&p);
		assert_string_equal(pair_said(s, EV_v2_child_established, "xfrm"), xfrm);
	}
	pair_done(&p);
}

TEST(a_peer_without_pfs_is_rekeyed_with_unless_pfs_was_demanded)
{
	rekeyed_by_each(YNA_AUTO, YNA_NO, "AES_GCM_16_256-NONE");
	rekeyed_by_each(YNA_AUTO, YNA_AUTO, "AES_GCM_16_256-NONE-CURVE25519");
	rekeyed_by_each(YNA_AUTO, YNA_YES, "AES_GCM_16_256-NONE-CURVE25519");
}

/* Libreswan 4 and 5, whatever group esp= names; and it never says INVALID_KE_PAYLOAD */
TEST(a_peer_that_rekeys_with_the_group_of_the_ike_sa_only_is_rekeyed_with)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct proposals pa = *proposals_default_esp();
	struct pair p;

	pa.n = 1;
	pa.p[0].t[pa.p[0].n++] = (struct transform){ .type = TT_KE, .id = KE_ECP_384 };
	a.esp = &pa;
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	for (int i = 0; i < 4; i++) {
		struct side *s = i % 2 ? &p.b : &p.a;

		pair_do(s, CMD_REKEY_CHILD, "paris");
		assert_int_equal(s->exit, 0);
		pair_calm(&p, 20);
		pair_assert_one_tunnel(&p);
	}
	assert_int_equal(p.b.count[EV_v2_wrong_guess], 0);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_without_pfs_is_rekeyed_with_unless_pfs_was_demanded),
		cmocka_unit_test(
			a_peer_that_rekeys_with_the_group_of_the_ike_sa_only_is_rekeyed_with),
		cmocka_unit_test(a_rekeyed_child_sa_replaces_the_old_one_and_loses_no_packet),
		cmocka_unit_test(the_responder_may_rekey_as_well),
		cmocka_unit_test(
			the_responder_of_a_rekey_sends_on_the_new_sa_only_when_it_has_heard_it),
		cmocka_unit_test(both_ends_rekey_the_child_sa_at_once),
		cmocka_unit_test(a_rekeyed_ike_sa_takes_the_child_sas_along),
		cmocka_unit_test(both_ends_rekey_the_ike_sa_at_once),
		cmocka_unit_test(one_end_rekeys_the_child_sa_the_other_one_the_ike_sa),
		cmocka_unit_test(one_end_rekeys_what_the_other_one_deletes),
		cmocka_unit_test(two_connections_between_the_same_ends_share_an_ike_sa),
		cmocka_unit_test(two_connections_brought_up_at_once_share_an_ike_sa),
		cmocka_unit_test(lifetimes_of_seconds_rekey_for_ever_without_a_lost_packet),
		cmocka_unit_test(a_child_sa_with_pfs_of_another_group_costs_one_round_trip),
		cmocka_unit_test(
			pfs_that_the_peer_does_not_do_ends_the_command_and_keeps_the_tunnel),
		cmocka_unit_test(reauthentication_makes_before_it_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
