/* Transport mode (RFC 7296 1.3.1), also through a NAT, where each end knows the other by another
 * address than it knows itself (2.23.1). */
#include "tests/pair/pair.h"

#include "base/test.h"

static const struct addr outside = { 4, { 203, 0, 113, 1 } };

static struct conf_conn hosts(void)
{
	struct conf_conn c = pair_conf("paris");

	c.type = TYPE_TRANSPORT;
	c.left.subnet.n = c.right.subnet.n = 0;
	return c;
}

static void begin(struct pair *p)
{
	pair_init(p, 1);
	pair_plane(&p->a, PLANE_KERNEL);
	pair_plane(&p->b, PLANE_KERNEL);
}

/* Every SA and policy of s is of transport mode between these two. */
static void assert_between(const struct side *s, const struct addr *ours, const struct addr *theirs)
{
	assert_int_equal(s->n_sa, 2);
	for (size_t i = 0; i < s->n_sa; i++) {
		const struct range *l = &s->sa[i].ours.range, *r = &s->sa[i].theirs.range;

		assert_int_equal(s->sa[i].mode, DP_TRANSPORT);
		assert_true(addr_eq(&l->first, ours) && addr_eq(&l->last, ours));
		assert_true(addr_eq(&r->first, theirs) && addr_eq(&r->last, theirs));
	}
	assert_int_equal(s->n_policy, 1);
	assert_int_equal(s->policy[0].mode, DP_TRANSPORT);
	assert_false(s->policy[0].add_routes);
}

static void assert_transport(struct pair *p, const struct addr *a_at_b, const struct addr *b_at_a)
{
	assert_between(&p->a, &p->a.addr, b_at_a);
	assert_between(&p->b, &p->b.addr, a_at_b);
	assert_true(pair_agrees(p));
	pair_traffic(p);
	assert_int_equal(p->a.lost + p->b.lost, 0);
	assert_string_equal(pair_said(&p->a, EV_v2_child_established, "mode"), "transport");
	assert_string_equal(pair_said(&p->b, EV_v2_child_established, "mode"), "transport");
}

TEST(two_hosts_agree_on_transport_mode_and_keep_it)
{
	struct conf_conn c = hosts();
	struct pair p;

	begin(&p);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.exit, 0);
	assert_transport(&p, &p.a.addr, &p.b.addr);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &p.a.addr, &p.b.addr);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &p.a.addr, &p.b.addr);
	pair_do(&p.b, CMD_REKEY_IKE, "paris");
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &p.a.addr, &p.b.addr);
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_sa + p.b.n_sa + p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(one_protocol_and_port_in_transport_mode)
{
	struct conf_conn c = hosts();
	struct pair p;

	c.left.protocol = c.right.protocol = 17;
	c.left.port = c.right.port = 1701;
	begin(&p);
	pair_up(&p, &c, &c);
	assert_transport(&p, &p.a.addr, &p.b.addr);
	assert_int_equal(p.b.sa[0].theirs.protocol, 17);
	assert_int_equal(p.b.sa[0].theirs.port_first, 1701);
	assert_int_equal(p.b.sa[0].theirs.port_last, 1701);
	pair_done(&p);
}

/* A second connection between the same hosts, for another protocol, shares the IKE SA. */
TEST(another_child_sa_in_transport_mode)
{
	struct conf_conn c = hosts(), d = hosts();
	struct pair p;

	c.left.protocol = c.right.protocol = 17;
	d.name = (char *)"rome";
	d.left.protocol = d.right.protocol = 6;
	begin(&p);
	pair_up(&p, &c, &c);
	pair_up(&p, &d, &d);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.n_sa, 4);
	assert_int_equal(p.b.sa[3].mode, DP_TRANSPORT);
	assert_int_equal(p.b.sa[3].theirs.protocol, 6);
	assert_int_equal(p.a.count[EV_v2_init_sent], 1);
	pair_done(&p);
}

/* ---- through a NAT ---- */

static void behind_nat(struct pair *p, struct side *inside)
{
	struct conf_conn a = hosts(), b = hosts();
	struct conf_conn *outer = inside == &p->a ? &b : &a;

	begin(p);
	p->nat = (struct pair_nat){ inside, outside, 500, 4500 };
	if (inside == &p->a) {
		outer->left.host_kind = HOST_ANY;
		outer->left.host = (struct addr){ 0 };
		assert_int_equal(id_parse("192.0.2.1", &outer->left.id), OK);
	} else {
		outer->right.host = outside;
		assert_int_equal(id_parse("192.0.2.2", &outer->right.id), OK);
	}
	pair_up(p, &a, &b);
	id_done(&outer->left.id);
	id_done(&outer->right.id);
}

TEST(selectors_are_those_that_each_end_sees_when_the_initiator_is_behind_a_nat)
{
	struct pair p;

	behind_nat(&p, &p.a);
	assert_int_equal(p.a.exit, 0);
	assert_transport(&p, &outside, &p.b.addr);
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &outside, &p.b.addr);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &outside, &p.b.addr);
	assert_int_equal(p.b.count[EV_v2_child_established], 3);
	pair_done(&p);
}

TEST(selectors_are_those_that_each_end_sees_when_the_responder_is_behind_a_nat)
{
	struct pair p;

	behind_nat(&p, &p.b);
	assert_int_equal(p.a.exit, 0);
	assert_transport(&p, &p.a.addr, &outside);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	pair_run(&p, NS_S);
	assert_transport(&p, &p.a.addr, &outside);
	assert_int_equal(p.b.count[EV_v2_child_established], 2);
	pair_done(&p);
}

/* Its peer's other address is another host to the programs that talk. */
TEST(transport_mode_ends_with_the_address_that_a_nat_gave)
{
	struct pair p;

	behind_nat(&p, &p.a);
	p.nat.addr = (struct addr){ 4, { 203, 0, 113, 77 } };
	pair_do(&p.a, CMD_REKEY_IKE, "paris");
	pair_run(&p, NS_S);
	assert_int_equal(p.b.count[EV_v2_peer_moved], 1);
	assert_int_equal(p.b.count[EV_v2_child_expired], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_between(&p.b, &p.b.addr, &p.nat.addr);
	pair_done(&p);
}

/* ---- disagreement ---- */

TEST(a_peer_that_answers_with_tunnel_mode_is_refused)
{
	struct conf_conn a = hosts(), b = hosts();
	struct pair p;

	b.type = TYPE_TUNNEL;
	begin(&p);
	pair_up(&p, &a, &b);
	pair_run(&p, NS_S);
	assert_int_equal(p.a.exit, 37);
	assert_int_equal(p.a.count[EV_v2_mode_refused], 1);
	assert_string_equal(pair_said(&p.a, EV_v2_mode_refused, "allowed"), "transport");
	assert_int_equal(p.b.count[EV_v2_mode_not_granted], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(a_peer_that_asks_for_tunnel_mode_is_refused)
{
	struct conf_conn a = hosts(), b = hosts();
	struct pair p;

	a.type = TYPE_TUNNEL;
	begin(&p);
	pair_up(&p, &a, &b);
	pair_run(&p, NS_S);
	assert_int_equal(p.a.exit, 37);
	assert_int_equal(p.b.count[EV_v2_mode_refused], 1);
	assert_string_equal(pair_said(&p.a, EV_v2_child_refused, "notify"), "NO_PROPOSAL_CHOSEN");
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

/* Another connection that is in tunnel mode has selectors of networks: what is for many hosts is
 * not substituted. */
TEST(a_network_is_nothing_for_transport_mode)
{
	struct conf_conn a = hosts(), b = hosts();
	struct pair p;

	a.left.subnet.n = 1;
	begin(&p);
	p.nat = (struct pair_nat){ &p.a, outside, 500, 4500 };
	b.left.host_kind = HOST_ANY;
	b.left.host = (struct addr){ 0 };
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.exit, 38);
	assert_int_equal(p.b.count[EV_v2_ts_refused], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_hosts_agree_on_transport_mode_and_keep_it),
		cmocka_unit_test(one_protocol_and_port_in_transport_mode),
		cmocka_unit_test(another_child_sa_in_transport_mode),
		cmocka_unit_test(
			selectors_are_those_that_each_end_sees_when_the_initiator_is_behind_a_nat),
		cmocka_unit_test(
			selectors_are_those_that_each_end_sees_when_the_responder_is_behind_a_nat),
		cmocka_unit_test(transport_mode_ends_with_the_address_that_a_nat_gave),
		cmocka_unit_test(a_peer_that_answers_with_tunnel_mode_is_refused),
		cmocka_unit_test(a_peer_that_asks_for_tunnel_mode_is_refused),
		cmocka_unit_test(a_network_is_nothing_for_transport_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
