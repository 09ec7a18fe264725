/* Several Child SAs with selectors of their own under one connection (RFC 7296 1.3.1, 2.9): b has
 * one connection for both nets, a brings each of them up for itself. */
#include "tests/pair/pair.h"

#include "base/test.h"

static void both_up(struct pair *p, bool is_routed)
{
	struct conf_conn one = pair_conf("one"), two = pair_conf("two"), gate = pair_conf("gate");

	two.right.subnet.ts[0] = pair_net("10.0.3.0/24");
	gate.right.subnet.ts[gate.right.subnet.n++] = two.right.subnet.ts[0];
	gate.narrowing = true;
	pair_init(p, 1);
	pair_add(&p->a, &two);
	pair_add(&p->b, &gate);
	if (is_routed)
		pair_do(&p->b, CMD_ROUTE, "gate");
	pair_add(&p->a, &one);
	pair_do(&p->a, CMD_UP, "one");
	pair_do(&p->a, CMD_UP, "two");
	assert_int_equal(p->a.exit, 0);
	assert_true(pair_agrees(p));
}

/* Every tunnel of b carries packets, and there are so many. */
static void assert_tunnels(struct pair *p, unsigned n)
{
	uint64_t was = p->b.carried;
	unsigned ike, child;

	pair_traffic(p);
	assert_int_equal(p->a.lost + p->b.lost, 0);
	assert_int_equal(p->b.carried - was, n);
	assert_int_equal(p->b.n_policy, n);
	pair_count(&p->b, &ike, &child);
	assert_int_equal(child, n);
}

TEST(a_second_child_sa_with_other_selectors_leaves_the_first_ones_policy_alone)
{
	struct pair p;

	both_up(&p, false);
	assert_tunnels(&p, 2);
	assert_int_not_equal(p.b.policy[0].reqid, p.b.policy[1].reqid);
	assert_false(ts_eq(&p.b.policy[0].ours, &p.b.policy[1].ours));
	pair_do(&p.a, CMD_DOWN, "one");
	pair_run(&p, NS_S);
	assert_tunnels(&p, 1);
	pair_do(&p.a, CMD_DOWN, "two");
	assert_int_equal(p.a.n_sa + p.b.n_sa + p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(each_of_them_is_rekeyed_by_either_end_without_a_lost_packet)
{
	static const char *names[] = { "one", "two" };
	struct pair p;

	both_up(&p, false);
	for (int round = 0; round < 4; round++) {
		if (round % 2)
			pair_do(&p.b, CMD_REKEY_CHILD, "gate");
		else
			pair_do(&p.a, CMD_REKEY_CHILD, names[round / 2]);
		for (int i = 0; i < 10; i++) {
			assert_int_equal(p.a.lost + p.b.lost, 0);
			pair_traffic(&p);
			pair_run(&p, NS_S);
		}
		assert_tunnels(&p, 2);
		assert_true(pair_agrees(&p));
	}
	pair_do(&p.a, CMD_REKEY_IKE, "one");
	pair_run(&p, 5 * NS_S);
	assert_tunnels(&p, 2);
	pair_do(&p.b, CMD_DOWN, "gate");
	assert_int_equal(p.a.n_sa + p.b.n_sa + p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

TEST(the_trap_returns_after_the_last_of_them)
{
	struct pair p;

	both_up(&p, true);
	assert_tunnels(&p, 2);
	pair_do(&p.a, CMD_DOWN, "one");
	pair_run(&p, NS_S);
	assert_tunnels(&p, 1);
	pair_do(&p.a, CMD_DOWN, "two");
	pair_run(&p, NS_S);
	assert_int_equal(p.b.n_sa, 0);
	assert_int_equal(p.b.n_policy, 1);
	assert_int_equal(p.b.policy[0].action, DP_TRAP);
	pair_done(&p);
}

TEST(both_are_made_anew_after_a_restart_of_the_data_plane)
{
	struct dp_notice n = { .kind = DP_RESTARTED };
	struct pair p;

	for (int i = 0; i < 2; i++) {
		both_up(&p, false);
		pair_notice(i ? &p.a : &p.b, &n);
		pair_run(&p, 5 * NS_S);
		assert_tunnels(&p, 2);
		assert_true(pair_agrees(&p));
		pair_done(&p);
	}
}

TEST(what_cannot_be_made_anew_after_a_restart_ends)
{
	struct dp_notice n = { .kind = DP_RESTARTED };
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	b.pfs = YNA_NO; /* IKE_AUTH has no groups to disagree about, a rekey has */
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	pair_notice(&p.a, &n);
	pair_run(&p, 5 * NS_S);
	assert_int_equal(p.a.count[EV_v2_child_lost], 1);
	assert_int_equal(p.a.count[EV_v2_child_expired], 1);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_policy + p.b.n_policy, 0);
	pair_done(&p);
}

/* What the data plane of a counted of the Child SA that came up last. */
static void unasked(struct pair *p)
{
	const struct pair_sa *sa = &p->a.sa[p->a.n_sa - 1];
	struct dp_notice n = { .kind = DP_UNASKED,
		.serial = sa->serial,
		.reqid = p->a.policy[p->a.n_policy - 1].reqid,
		.count = 30 };

	pair_notice(&p->a, &n);
}

TEST(packets_that_come_unasked_are_told_of_who_has_the_same_selectors)
{
	struct conf_conn one = pair_conf("one"), two = pair_conf("two"), gate = pair_conf("gate");
	struct pair p;

	both_up(&p, false); /* others than its own */
	unasked(&p);
	assert_int_equal(p.a.count[EV_child_elsewhere], 0);
	pair_done(&p);

	pair_init(&p, 1);
	pair_add(&p.a, &one);
	pair_add(&p.a, &two);
	pair_add(&p.b, &gate);
	pair_do(&p.a, CMD_UP, "one");
	pair_do(&p.a, CMD_UP, "two");
	assert_int_equal(p.a.exit, 0);
	unasked(&p);
	assert_int_equal(p.a.count[EV_child_elsewhere], 1);
	assert_string_equal(pair_said(&p.a, EV_child_elsewhere, "other"), "two");
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_second_child_sa_with_other_selectors_leaves_the_first_ones_policy_alone),
		cmocka_unit_test(each_of_them_is_rekeyed_by_either_end_without_a_lost_packet),
		cmocka_unit_test(the_trap_returns_after_the_last_of_them),
		cmocka_unit_test(both_are_made_anew_after_a_restart_of_the_data_plane),
		cmocka_unit_test(packets_that_come_unasked_are_told_of_who_has_the_same_selectors),
		cmocka_unit_test(what_cannot_be_made_anew_after_a_restart_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
