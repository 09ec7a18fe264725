/* An engine dies before or after anything it does, and another one takes over what it kept: the
 * tunnel carries on, both ends agree, and what comes later (rekeys, liveness, deletion) works. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

TEST(a_process_that_takes_over_goes_on_without_a_word_to_the_peer)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;
	size_t sent;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	sent = p.sent;
	for (int i = 0; i < 20; i++) {
		pair_take_over(&p, i % 2 ? &p.b : &p.a, &c, 1);
		pair_calm(&p, 2);
	}
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.sent, sent);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	assert_int_equal(p.a.carried, 40);
	assert_int_equal(p.a.count[EV_ike_taken_over], 10);
	assert_int_equal(p.a.count[EV_v2_not_taken], 0);
	pair_done(&p);
}

TEST(two_connections_that_share_an_ike_sa_are_taken_over_with_it)
{
	struct conf_conn both[2] = { pair_conf("one"), pair_conf("two") };
	unsigned ike, child;
	struct pair p;

	both[1].right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_init(&p, 1);
	pair_add(&p.a, &both[1]);
	pair_add(&p.b, &both[1]);
	pair_up(&p, &both[0], &both[0]);
	pair_do(&p.a, CMD_UP, "two");
	pair_take_over(&p, &p.a, both, 2);
	pair_take_over(&p, &p.b, both, 2);
	pair_calm(&p, 2);
	assert_int_equal(p.a.carried, 4);
	pair_do(&p.a, CMD_DOWN, "one");
	pair_calm(&p, 2);
	pair_count(&p.b, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 1);
	assert_int_equal(p.b.n_policy, 1);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

TEST(what_is_not_loaded_any_more_is_deleted_and_the_rest_goes_on)
{
	struct conf_conn both[2] = { pair_conf("one"), pair_conf("two") };
	struct pair p;

	both[1].right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_init(&p, 1);
	pair_add(&p.a, &both[1]);
	pair_add(&p.b, &both[1]);
	pair_up(&p, &both[0], &both[0]);
	pair_do(&p.a, CMD_UP, "two");
	pair_take_over(&p, &p.a, &both[1], 1);
	pair_calm(&p, 2);
	assert_int_equal(p.a.count[EV_v2_not_taken], 1);
	assert_int_equal(p.a.n_sa, 2);
	assert_true(pair_agrees(&p));
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_take_over(&p, &p.a, NULL, 0);
	pair_calm(&p, 2);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(a_connection_that_reads_otherwise_now_is_made_anew)
{
	struct conf_conn c = pair_conf("paris"), other = c;
	struct pair p;

	other.right.subnet.ts[0] = pair_net("10.0.0.0/16");
	other.mtu = 1300;
	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_take_over(&p, &p.a, &other, 1);
	pair_calm(&p, 2);
	assert_string_equal(pair_said(&p.a, EV_v2_not_taken, "why"),
		"the connection was changed or is not loaded any more");
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

/* Text in a file may move without saying another thing. */
TEST(a_connection_in_another_line_is_the_same)
{
	struct conf_conn c = pair_conf("paris"), moved = c;
	struct pair p;

	moved.file = (char *)"/etc/ipsec.d/other.conf";
	moved.line = 77;
	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	pair_take_over(&p, &p.a, &moved, 1);
	pair_calm(&p, 2);
	pair_assert_one_tunnel(&p);
	pair_done(&p);
}

TEST(a_script_is_not_told_again_what_it_knows)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	c.left.updown = (char *)"/usr/local/bin/updown";
	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	assert_string_equal(p.a.updown.verbs, "prepare-client route-client up-client ");
	p.a.updown.verbs[0] = '\0';
	pair_take_over(&p, &p.a, &c, 1);
	pair_calm(&p, 2);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	pair_calm(&p, 2);
	assert_string_equal(p.a.updown.verbs, "");
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_string_equal(p.a.updown.verbs, "down-client unroute-client ");
	pair_done(&p);
}

TEST(what_the_data_plane_has_lost_is_made_anew_under_the_same_ike_sa)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	p.a.n_sa = 0;
	pair_take_over(&p, &p.a, &c, 1);
	pair_calm(&p, 3);
	assert_int_equal(p.a.count[EV_v2_not_taken], 1);
	assert_int_equal(p.a.count[EV_v2_ike_established], 1);
	pair_assert_one_tunnel(&p);
	pair_done(&p);
}

TEST(numbers_go_on_and_are_not_given_twice)
{
	struct conf_conn c = pair_conf("paris"), other = pair_conf("berlin");
	struct conf_conn both[2] = { other, c };
	struct pair p;
	uint32_t reqid, serial;

	other.right.subnet.ts[0] = both[0].right.subnet.ts[0] = pair_net("10.0.3.0/24");
	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	reqid = p.a.policy[0].reqid;
	serial = p.a.sa[0].serial;
	/* loaded in another order: who comes first does not get what is in use */
	pair_take_over(&p, &p.a, both, 2);
	pair_add(&p.b, &other);
	pair_do(&p.a, CMD_UP, "berlin");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_policy, 2);
	assert_int_equal(p.a.policy[0].reqid, reqid);
	assert_true(p.a.policy[1].reqid > reqid);
	for (size_t i = 0; i < p.a.n_sa; i++)
		assert_true(p.a.sa[i].serial == serial || p.a.sa[i].serial > serial);
	assert_true(pair_agrees(&p));
	pair_done(&p);
}

/* b lends a an address; a is behind a NAT, too. */
TEST(an_instance_keeps_its_lease_and_its_place_behind_a_nat)
{
	struct conf_conn a = pair_conf("vpn"), b = a;
	struct addr lent;
	struct pair p;

	assert_int_equal(id_parse("@road", &a.left.id), OK);
	a.left.modecfgclient = true;
	a.narrowing = b.narrowing = true;
	a.left.subnet.ts[0] = pair_net("0.0.0.0/0");
	b.left.id = id_copy(&a.left.id);
	b.left.subnet.n = 0;
	b.left.host_kind = HOST_ANY;
	b.left.host = (struct addr){ 0 };
	b.right.modecfgserver = true;
	assert_int_equal(range_parse("100.64.13.5-100.64.13.9", &b.left.pool[b.left.n_pool++]), OK);
	assert_int_equal(addr_parse("198.51.100.53", &b.modecfgdns[b.n_modecfgdns++]), OK);
	pair_init(&p, 1);
	p.nat = (struct pair_nat){ &p.a, addr_v4(0xcb007101), 1500, 14500 };
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	lent = p.a.source;
	assert_true(addr_is_set(&lent));
	for (int i = 0; i < 3; i++) {
		pair_take_over(&p, &p.b, &b, 1);
		pair_take_over(&p, &p.a, &a, 1);
		pair_calm(&p, 2);
		assert_true(addr_eq(&p.a.source, &lent));
		pair_do(&p.b, CMD_REKEY_CHILD, "vpn");
		pair_calm(&p, 2);
		pair_do(&p.a, CMD_REKEY_IKE, "vpn");
		pair_calm(&p, 2);
	}
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.b.count[EV_v2_ike_established], 1);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_do(&p.a, CMD_DOWN, "vpn");
	pair_calm(&p, 2);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	assert_int_equal(p.b.count[EV_conn_instance_gone], 1);
	pair_done(&p);
	id_done(&a.left.id);
	id_done(&b.left.id);
}

/* An octet of the memory is not what it was: whatever it says, nothing breaks. */
TEST(a_record_with_any_wrong_octet_does_no_harm)
{
	struct conf_conn c = pair_conf("paris");
	unsigned bad = 0;
	size_t n = 1;

	for (size_t at = 0; at < n; at++) {
		struct pair p;
		struct buf *record = NULL;

		pair_init(&p, 1);
		pair_up(&p, &c, &c);
		for (size_t i = 0; i < p.a.n_record; i++)
			if (p.a.record[i].serial != 0)
				record = &p.a.record[i].octets;
		assert_non_null(record);
		n = record->n;
		record->p[at] ^= (uint8_t)(1 + at % 255);
		pair_take_over(&p, &p.a, &c, 1);
		pair_do(&p.a, CMD_REKEY_CHILD, "paris");
		bad += p.a.count[EV_ike_record_bad];
		pair_done(&p);
	}
	assert_true(bad > 30);
}

/* ---- at every border ---- */

/* Up, rekeys of both SAs from both ends, down, up; a packet each second. */
static void live(struct pair *p, const struct conf_conn *c)
{
	static const uint8_t verbs[] = { CMD_UP, CMD_REKEY_CHILD, CMD_REKEY_IKE, CMD_REKEY_CHILD,
		CMD_REKEY_IKE, CMD_DOWN, CMD_UP };

	pair_add(&p->a, c);
	pair_add(&p->b, c);
	for (size_t i = 0; i < COUNT(verbs); i++) {
		pair_do(verbs[i] != CMD_UP && i % 2 ? &p->b : &p->a, verbs[i], "paris");
		pair_calm(p, 15);
	}
}

/* What was in the hands of the dead process may have to be asked for again; what was up stays. */
static void assert_good(struct pair *p, const char *what, unsigned n)
{
	unsigned ike[2], child[2];

	assert_int_equal(p->a.count[EV_ike_record_bad] + p->b.count[EV_ike_record_bad], 0);
	pair_count(&p->a, &ike[0], &child[0]);
	pair_count(&p->b, &ike[1], &child[1]);
	if (!pair_agrees(p) || ike[0] != ike[1] || child[0] != child[1])
		fail_msg("death %s action %u: %u/%u IKE SAs, %u/%u Child SAs, agree: %d", what, n,
			ike[0], ike[1], child[0], child[1], pair_agrees(p));
	pair_do(&p->b, CMD_UP, "paris");
	assert_int_equal(p->b.exit, 0);
	pair_do(&p->a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p->a.exit, 0);
	pair_calm(p, 2);
	pair_do(&p->b, CMD_REKEY_IKE, "paris");
	assert_int_equal(p->b.exit, 0);
	p->a.lost = p->b.lost = p->a.carried = 0;
	pair_calm(p, 20);
	assert_true(pair_agrees(p));
	assert_int_equal(p->a.lost + p->b.lost, 0);
	assert_true(p->a.carried >= 20);
	pair_do(&p->a, CMD_DOWN, "paris");
	pair_do(&p->b, CMD_DOWN, "paris");
	pair_calm(p, 10);
	assert_int_equal(p->a.n_sa + p->b.n_sa, 0);
	assert_int_equal(p->a.n_policy + p->b.n_policy, 0);
	assert_int_equal(p->a.n_record, 1); /* of the numbers */
	assert_int_equal(p->b.n_record, 1);
}

static void take_over_at_each(bool at_b, bool after)
{
	struct conf_conn c = pair_conf("paris");
	unsigned n_actions;
	struct pair p;

	c.dpddelay = 10 * NS_S;
	c.retransmit_timeout = 20 * NS_S;
	pair_init(&p, 1);
	live(&p, &c);
	n_actions = at_b ? p.b.n_actions : p.a.n_actions;
	assert_in_range(n_actions, 30, 120);
	pair_done(&p);
	for (unsigned n = 1; n <= n_actions; n++) {
		struct side *s = at_b ? &p.b : &p.a;

		pair_init(&p, 1);
		s->dies_at = n;
		s->dies_after = after;
		s->is_taken_over = true;
		s->conf = &c;
		live(&p, &c);
		assert_true(s->n_actions >= n);
		pair_calm(&p, 60);
		/* a handshake is not taken over: what the peer has made of it, its liveness ends */
		if (s->died_with_sas)
			assert_int_equal(p.a.lost + p.b.lost, 0);
		assert_good(&p, after ? "after" : "before", n);
		pair_done(&p);
	}
}

TEST(an_initiator_that_dies_before_anything_it_does_is_taken_over)
{
	take_over_at_each(false, false);
}

TEST(an_initiator_that_dies_after_anything_it_does_is_taken_over)
{
	take_over_at_each(false, true);
}

TEST(a_responder_that_dies_before_anything_it_does_is_taken_over)
{
	take_over_at_each(true, false);
}

TEST(a_responder_that_dies_after_anything_it_does_is_taken_over)
{
	take_over_at_each(true, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_that_takes_over_goes_on_without_a_word_to_the_peer),
		cmocka_unit_test(two_connections_that_share_an_ike_sa_are_taken_over_with_it),
		cmocka_unit_test(what_is_not_loaded_any_more_is_deleted_and_the_rest_goes_on),
		cmocka_unit_test(a_connection_that_reads_otherwise_now_is_made_anew),
		cmocka_unit_test(a_connection_in_another_line_is_the_same),
		cmocka_unit_test(a_script_is_not_told_again_what_it_knows),
		cmocka_unit_test(what_the_data_plane_has_lost_is_made_anew_under_the_same_ike_sa),
		cmocka_unit_test(numbers_go_on_and_are_not_given_twice),
		cmocka_unit_test(an_instance_keeps_its_lease_and_its_place_behind_a_nat),
		cmocka_unit_test(a_record_with_any_wrong_octet_does_no_harm),
		cmocka_unit_test(an_initiator_that_dies_before_anything_it_does_is_taken_over),
		cmocka_unit_test(an_initiator_that_dies_after_anything_it_does_is_taken_over),
		cmocka_unit_test(a_responder_that_dies_before_anything_it_does_is_taken_over),
		cmocka_unit_test(a_responder_that_dies_after_anything_it_does_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
