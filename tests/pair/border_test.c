/* Failures at the borders: the n-th thing that is asked of keys or the data plane fails, for every
 * n; an engine dies before and after everything it does; answers are late; beginnings are spoofed.
 * Nothing leaks, both ends agree. */
#include "tests/pair/pair.h"

#include "base/test.h"

/* A life with every use of keys and data plane: up, rekeys of both SAs from both ends, down, up. */
static void live(struct pair *p, const struct conf_conn *c)
{
	static const uint8_t verbs[] = { CMD_UP, CMD_REKEY_CHILD, CMD_REKEY_IKE, CMD_REKEY_CHILD,
		CMD_REKEY_IKE, CMD_DOWN, CMD_UP };

	pair_add(&p->a, c);
	pair_add(&p->b, c);
	for (size_t i = 0; i < COUNT(verbs); i++) {
		pair_do(verbs[i] != CMD_UP && i % 2 ? &p->b : &p->a, verbs[i], "paris");
		for (int j = 0; j < 10; j++) {
			pair_run(p, NS_S);
			pair_traffic(p);
		}
	}
}

static void assert_agreement(struct pair *p)
{
	unsigned ike[2], child[2];

	if (!pair_agrees(p))
		fail_msg("%u/%u SAs when operation %u/%u is refused", (unsigned)p->a.n_sa,
			(unsigned)p->b.n_sa, p->a.refuses_op, p->b.refuses_op);
	pair_count(&p->a, &ike[0], &child[0]);
	pair_count(&p->b, &ike[1], &child[1]);
	assert_int_equal(ike[0], ike[1]);
	assert_int_equal(child[0], child[1]);
}

/* Down at both ends leaves nothing, and the next try is as good as new. */
static void assert_good_end(struct pair *p)
{
	pair_do(&p->a, CMD_DOWN, "paris");
	pair_do(&p->b, CMD_DOWN, "paris");
	pair_run(p, 10 * NS_S);
	assert_int_equal(p->a.n_sa + p->b.n_sa, 0);
	assert_int_equal(p->a.n_policy + p->b.n_policy, 0);
	pair_do(&p->a, CMD_UP, "paris");
	assert_int_equal(p->a.exit, 0);
	assert_int_equal(p->a.n_sa, 2);
	assert_agreement(p);
}

static void refuse_each(bool at_b)
{
	struct conf_conn c = pair_conf("paris");
	unsigned n_ops;
	struct pair p;

	pair_init(&p, 1);
	live(&p, &c);
	n_ops = at_b ? p.b.n_ops : p.a.n_ops;
	assert_in_range(n_ops, 15, 40);
	pair_done(&p);
	for (unsigned n = 1; n <= n_ops; n++) {
		struct side *s = at_b ? &p.b : &p.a;

		pair_init(&p, 1);
		s->refuses_op = n;
		live(&p, &c);
		assert_int_equal(s->n_refused, 1);
		pair_run(&p, 60 * NS_S);
		assert_agreement(&p);
		assert_good_end(&p);
		pair_done(&p);
	}
}

/* What the other end does not hear of, its liveness finds. */
static void kill_at_each(bool at_b, bool after)
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
		s->conf = &c;
		live(&p, &c);
		assert_true(s->n_actions >= n);
		pair_run(&p, 60 * NS_S);
		assert_agreement(&p);
		assert_good_end(&p);
		pair_done(&p);
	}
}

TEST(an_initiator_that_dies_before_anything_it_does_comes_back)
{
	kill_at_each(false, false);
}

TEST(an_initiator_that_dies_after_anything_it_does_comes_back)
{
	kill_at_each(false, true);
}

TEST(a_responder_that_dies_before_anything_it_does_comes_back)
{
	kill_at_each(true, false);
}

TEST(a_responder_that_dies_after_anything_it_does_comes_back)
{
	kill_at_each(true, true);
}

TEST(each_thing_that_the_initiator_is_refused_leaves_both_ends_agreed)
{
	refuse_each(false);
}

TEST(each_thing_that_the_responder_is_refused_leaves_both_ends_agreed)
{
	refuse_each(true);
}

TEST(a_rekey_that_our_data_plane_refused_is_exit_39_and_may_be_tried_again)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	p.a.refuses_sa = true;
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 39);
	pair_run(&p, 10 * NS_S);
	assert_agreement(&p);
	assert_int_equal(p.a.n_sa, 2);
	p.a.refuses_sa = false;
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.a.n_sa, 2);
	assert_agreement(&p);
	pair_done(&p);
}

TEST(late_answers_of_keys_and_data_plane_make_a_slow_tunnel_and_no_second_one)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	p.answer_min = p.answer_max = 3 * NS_S;
	pair_up(&p, &c, &c);
	pair_run(&p, 30 * NS_S);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_sa, 2);
	assert_true(pair_agrees(&p));
	pair_done(&p);
}

TEST(other_identities_are_refused_at_once_at_both_ends)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	assert_int_equal(id_parse("@somebody.else", &a.left.id), OK);
	pair_init(&p, 1);
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.n_done, 1);
	assert_int_equal(p.a.exit, 36);
	pair_run(&p, 40 * NS_S);
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	id_done(&a.left.id);
	pair_done(&p);
}

TEST(a_jump_of_the_wall_clock_changes_nothing)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	p.now.wall += 400 * 86400 * NS_S;
	pair_run(&p, NS_S);
	p.now.wall -= 800 * 86400 * NS_S;
	pair_run(&p, 10 * NS_S);
	assert_int_equal(p.a.n_sa, 2);
	assert_int_equal(p.a.count[EV_v2_child_established], 1);
	assert_agreement(&p);
	pair_done(&p);
}

/* RFC 7296 2.6: who only claims an address never sees the cookie. */
TEST(a_thousand_spoofed_beginnings_are_asked_for_cookies_and_a_real_one_gets_through)
{
	struct conf_conn c = pair_conf("paris");
	struct conf_setup setup = { .max_halfopen = 100, .ddos_threshold = 10 };
	struct command cmd = { .kind = CMD_SETUP, .setup = &setup };
	struct pair p;

	c.left.host_kind = HOST_ANY;
	c.left.host = (struct addr){ 0 };
	pair_init(&p, 1);
	ike_command(p.b.ike, p.now, &cmd);
	pair_add(&p.b, &c);
	c.left.host_kind = HOST_ADDR;
	c.left.host = p.a.addr;
	p.drop_from = &p.b;
	for (uint32_t i = 0; i < 1000; i++) {
		pair_restart(&p, &p.a);
		pair_add(&p.a, &c);
		/* each claims to come from somewhere else */
		p.nat = (struct pair_nat){ &p.a, addr_v4(0x0a000000 + i), 500, 4500 };
		pair_do(&p.a, CMD_UP, "paris");
	}
	assert_int_equal(p.b.count[EV_v2_init_answered], 10);
	p.nat = (struct pair_nat){ 0 };
	p.drop_from = NULL;
	pair_restart(&p, &p.a);
	pair_add(&p.a, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.count[EV_v2_cookie], 1);
	assert_true(pair_agrees(&p));
	pair_done(&p);
}

TEST(a_trap_that_was_refused_is_asked_for_again_by_who_wants_it)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_add(&p.a, &c);
	p.a.refuses_op = p.a.n_ops + 1;
	pair_do(&p.a, CMD_ROUTE, "paris");
	assert_int_equal(p.a.exit, 39);
	assert_int_equal(p.a.count[EV_conn_policy_refused], 1);
	assert_int_equal(p.a.n_policy, 0);
	pair_do(&p.a, CMD_ROUTE, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_policy, 1);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initiator_that_dies_before_anything_it_does_comes_back),
		cmocka_unit_test(an_initiator_that_dies_after_anything_it_does_comes_back),
		cmocka_unit_test(a_responder_that_dies_before_anything_it_does_comes_back),
		cmocka_unit_test(a_responder_that_dies_after_anything_it_does_comes_back),
		cmocka_unit_test(each_thing_that_the_initiator_is_refused_leaves_both_ends_agreed),
		cmocka_unit_test(each_thing_that_the_responder_is_refused_leaves_both_ends_agreed),
		cmocka_unit_test(
			a_rekey_that_our_data_plane_refused_is_exit_39_and_may_be_tried_again),
		cmocka_unit_test(a_trap_that_was_refused_is_asked_for_again_by_who_wants_it),
		cmocka_unit_test(
			late_answers_of_keys_and_data_plane_make_a_slow_tunnel_and_no_second_one),
		cmocka_unit_test(other_identities_are_refused_at_once_at_both_ends),
		cmocka_unit_test(a_jump_of_the_wall_clock_changes_nothing),
		cmocka_unit_test(
			a_thousand_spoofed_beginnings_are_asked_for_cookies_and_a_real_one_gets_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
