/* Several connections of IKEv1 to one peer share its ISAKMP SA, and outlive it (RFC 2409 5.5). */
#include "tests/pair/pair.h"

#include "base/test.h"

#include <stdio.h>

enum { CONNS = 8 };

struct many {
	struct pair p;
	struct conf_conn conf[CONNS];
	char name[CONNS][16];
};

static void many_init(struct many *e, uint8_t automatic)
{
	pair_init(&e->p, 1);
	for (unsigned i = 0; i < CONNS; i++) {
		struct conf_conn *c = &e->conf[i];
		char net[20];

		snprintf(e->name[i], sizeof(e->name[i]), "one/0x%u", i + 1);
		snprintf(net, sizeof(net), "10.1.%u.0/24", i);
		*c = pair_conf(e->name[i]);
		c->version = VERSION_IKEV1;
		c->aliases = (char *)"one";
		c->automatic = automatic;
		c->right.subnet.ts[0] = pair_net(net);
		pair_add(&e->p.a, c);
		pair_add(&e->p.b, c);
	}
}

static void assert_all_carry(struct many *e)
{
	uint64_t was = e->p.a.carried;
	unsigned ike, child;

	pair_count(&e->p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, CONNS);
	pair_traffic(&e->p);
	assert_int_equal(e->p.a.lost + e->p.b.lost, 0);
	assert_int_equal(e->p.a.carried - was, CONNS);
	assert_true(pair_agrees(&e->p));
}

static void many_up(struct many *e)
{
	many_init(e, AUTO_ADD);
	pair_do(&e->p.a, CMD_UP, "one");
	pair_run(&e->p, NS_S);
	assert_int_equal(e->p.a.exit, 0);
	assert_all_carry(e);
}

/* ---- how many at a time ---- */

TEST(all_connections_to_a_peer_come_up_under_one_isakmp_sa_two_at_a_time)
{
	unsigned most = 0;
	struct many e;

	many_init(&e, AUTO_ADD);
	e.p.delay_min = e.p.delay_max = 20 * NS_MS;
	pair_command(&e.p.a, CMD_UP, "one");
	for (int i = 0; i < 1000; i++) {
		pair_run(&e.p, NS_MS);
		most = MAX(most,
			e.p.a.count[EV_v1_quick_i1_sent] - e.p.a.count[EV_v1_child_established]);
	}
	assert_int_equal(most, LIMIT_V1_QUICK_OPEN);
	assert_int_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.a.count[EV_v1_retransmit], 0);
	assert_all_carry(&e);
	pair_done(&e.p);
}

TEST(one_that_is_refused_does_not_keep_the_others_from_coming_up)
{
	unsigned ike, child;
	struct many e;

	many_init(&e, AUTO_ADD);
	e.p.b.refuses_sa = true;
	e.p.delay_min = e.p.delay_max = 20 * NS_MS;
	pair_command(&e.p.a, CMD_UP, "one");
	for (int i = 0; i < 1000 && e.p.a.count[EV_v1_quick_refused] < 3; i++)
		pair_run(&e.p, NS_MS);
	e.p.b.refuses_sa = false;
	pair_run(&e.p, 30 * NS_S);
	assert_in_range(e.p.a.count[EV_v1_quick_refused], 3, 4);
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(child, CONNS - e.p.a.count[EV_v1_quick_refused]);
	assert_true(pair_agrees(&e.p));
	pair_done(&e.p);
}

/* Both Phase 1s live on for a while: what waits for its turn under the one that goes is not lost.
 */
TEST(both_ends_begin_at_once_and_every_connection_comes_up)
{
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct many e;
		unsigned ike, child;

		many_init(&e, AUTO_ADD);
		e.p.delay_min = NS_MS;
		e.p.delay_max = 40 * NS_MS;
		e.p.seed.state ^= seed;
		pair_command(&e.p.a, CMD_UP, "one");
		pair_command(&e.p.b, CMD_UP, "one");
		pair_run(&e.p, 200 * NS_S);
		assert_int_equal(e.p.a.exit, 0);
		assert_int_equal(e.p.b.exit, 0);
		pair_count(&e.p.a, &ike, &child);
		assert_in_range(ike, 1, 2);
		pair_traffic(&e.p);
		assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
		assert_int_equal(e.p.a.carried, CONNS);
		pair_done(&e.p);
	}
}

/* ---- when the ISAKMP SA goes ---- */

TEST(phase_1_is_made_anew_by_either_end_and_every_tunnel_stays)
{
	for (int side = 0; side < 2; side++) {
		struct many e;
		struct side *s;

		many_up(&e);
		s = side ? &e.p.b : &e.p.a;
		pair_do(s, CMD_REKEY_IKE, "one/0x1");
		assert_int_equal(s->exit, 0);
		pair_calm(&e.p, 120);
		assert_int_equal(e.p.a.count[EV_v1_ike_established], 2);
		assert_int_equal(e.p.a.count[EV_v1_child_established], CONNS);
		assert_all_carry(&e);
		pair_do(s, CMD_REKEY_CHILD, "one/0x2"); /* by the new one */
		assert_int_equal(s->exit, 0);
		pair_calm(&e.p, 10);
		assert_int_equal(e.p.a.count[EV_v1_ike_established], 2);
		assert_all_carry(&e);
		pair_done(&e.p);
	}
}

TEST(what_must_be_up_is_up_again_when_the_peer_ends_phase_1_in_the_middle)
{
	for (ns_t after = 0; after < 400 * NS_MS; after += 20 * NS_MS) {
		struct many e;

		many_init(&e, AUTO_START);
		e.p.delay_min = e.p.delay_max = 20 * NS_MS;
		pair_do(&e.p.a, CMD_UP, "one");
		pair_run(&e.p, after);
		pair_command(&e.p.b, CMD_DOWN, "one");
		pair_run(&e.p, 120 * NS_S);
		assert_all_carry(&e);
		pair_done(&e.p);
	}
}

TEST(down_of_one_leaves_the_others)
{
	unsigned ike, child;
	struct many e;

	many_up(&e);
	pair_do(&e.p.a, CMD_DOWN, "one/0x1"); /* whose ISAKMP SA it is */
	pair_calm(&e.p, 5);
	pair_count(&e.p.b, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, CONNS - 1);
	assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
	assert_true(pair_agrees(&e.p));
	pair_do(&e.p.a, CMD_DOWN, "one");
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

/* ---- both at once ---- */

TEST(both_ends_rekey_at_once_and_no_packet_is_lost)
{
	for (ns_t delay = NS_MS; delay < 100 * NS_MS; delay *= 3) {
		struct many e;

		many_up(&e);
		e.p.delay_min = e.p.delay_max = delay;
		pair_command(&e.p.a, CMD_REKEY_CHILD, "one/0x1");
		pair_command(&e.p.b, CMD_REKEY_CHILD, "one/0x1");
		pair_calm(&e.p, 30);
		assert_int_equal(e.p.a.exit, 0);
		assert_int_equal(e.p.b.exit, 0);
		pair_traffic(&e.p);
		assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
		assert_true(pair_agrees(&e.p));
		pair_done(&e.p);
	}
}

TEST(both_ends_make_phase_1_anew_at_once)
{
	for (ns_t delay = NS_MS; delay < 100 * NS_MS; delay *= 3) {
		struct many e;

		many_up(&e);
		e.p.delay_min = e.p.delay_max = delay;
		pair_command(&e.p.a, CMD_REKEY_IKE, "one/0x1");
		pair_command(&e.p.b, CMD_REKEY_IKE, "one/0x1");
		pair_calm(&e.p, 120);
		assert_int_equal(e.p.a.exit, 0);
		assert_int_equal(e.p.b.exit, 0);
		pair_do(&e.p.a, CMD_REKEY_CHILD, "one/0x3");
		assert_int_equal(e.p.a.exit, 0);
		pair_do(&e.p.b, CMD_REKEY_CHILD, "one/0x4");
		assert_int_equal(e.p.b.exit, 0);
		pair_calm(&e.p, 10);
		assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
		assert_int_equal(e.p.a.n_sa, 2 * CONNS);
		assert_true(pair_agrees(&e.p));
		pair_done(&e.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_connections_to_a_peer_come_up_under_one_isakmp_sa_two_at_a_time),
		cmocka_unit_test(one_that_is_refused_does_not_keep_the_others_from_coming_up),
		cmocka_unit_test(both_ends_begin_at_once_and_every_connection_comes_up),
		cmocka_unit_test(phase_1_is_made_anew_by_either_end_and_every_tunnel_stays),
		cmocka_unit_test(
			what_must_be_up_is_up_again_when_the_peer_ends_phase_1_in_the_middle),
		cmocka_unit_test(down_of_one_leaves_the_others),
		cmocka_unit_test(both_ends_rekey_at_once_and_no_packet_is_lost),
		cmocka_unit_test(both_ends_make_phase_1_anew_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
