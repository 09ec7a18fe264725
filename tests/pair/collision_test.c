/* Both ends at once (RFC 7296 2.8.1, 2.8.2, 2.25): every pair of wishes, with either end's nonce
 * the lower one, and with one wish running ahead of the other by any part of a round trip. */
#include "tests/pair/pair.h"

#include <stdlib.h>

#include "base/test.h"

enum { DELAY_MS = 100, AHEAD_STEP_MS = 25, SEEDS = 4 };

struct collision {
	uint8_t at_a, at_b; /* commands */
	uint64_t seed;	    /* other nonces */
	unsigned ahead_ms;  /* by which a is earlier */
};

/* Traffic all the time; then everything is over. */
static void collide(struct pair *p, const struct collision *c)
{
	struct conf_conn conf = pair_conf("paris");

	pair_init(p, c->seed);
	pair_up(p, &conf, &conf);
	assert_int_equal(p->a.exit, 0);
	p->a.n_done = p->b.n_done = 0;
	p->delay_min = p->delay_max = DELAY_MS * NS_MS;
	pair_command(&p->a, c->at_a, "paris");
	pair_run(p, c->ahead_ms * NS_MS);
	pair_command(&p->b, c->at_b, "paris");
	for (int i = 0; i < 100; i++) {
		pair_run(p, 10 * NS_MS);
		pair_traffic(p);
	}
	for (int i = 0; i < 30; i++) {
		pair_run(p, NS_S);
		pair_traffic(p);
	}
}

static void assert_tunnels(struct pair *p, unsigned n)
{
	unsigned ike, child;

	assert_true(pair_agrees(p));
	for (int i = 0; i < 2; i++) {
		struct side *s = i ? &p->b : &p->a;

		pair_count(s, &ike, &child);
		assert_int_equal(child, n);
		assert_in_range(ike, n, n);
		assert_int_equal(s->n_sa, 2 * n);
		assert_int_equal(s->n_policy, n);
		assert_int_equal(s->n_done, 1);
	}
}

/* Of each such collision: who decided it, by the lower nonce. */
static void every_way(uint8_t at_a, uint8_t at_b, unsigned tunnels)
{
	unsigned decided_a = 0, decided_b = 0;

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		for (unsigned ahead = 0; ahead <= 3 * DELAY_MS; ahead += AHEAD_STEP_MS) {
			struct collision c = { at_a, at_b, seed, ahead };
			struct pair p;

			collide(&p, &c);
			assert_tunnels(&p, tunnels);
			if (tunnels && p.a.lost + p.b.lost)
				fail_msg("seed %u, %u ms ahead: %u packets lost", (unsigned)seed,
					ahead, (unsigned)(p.a.lost + p.b.lost));
			decided_a += p.a.count[EV_v2_rekey_collision] != 0;
			decided_b += p.b.count[EV_v2_rekey_collision] != 0;
			pair_done(&p);
		}
	/* both orders of the nonces have been seen */
	if (at_a == at_b && tunnels) {
		assert_true(decided_a > 0);
		assert_true(decided_b > 0);
	}
}

TEST(rekeys_of_the_same_child_sa_leave_one_of_them)
{
	every_way(CMD_REKEY_CHILD, CMD_REKEY_CHILD, 1);
}

TEST(rekeys_of_the_same_ike_sa_leave_one_of_them)
{
	every_way(CMD_REKEY_IKE, CMD_REKEY_IKE, 1);
}

TEST(a_rekey_of_the_ike_sa_meets_a_rekey_of_its_child_sa)
{
	every_way(CMD_REKEY_IKE, CMD_REKEY_CHILD, 1);
	every_way(CMD_REKEY_CHILD, CMD_REKEY_IKE, 1);
}

TEST(deletes_of_the_same_sas_leave_nothing)
{
	every_way(CMD_DOWN, CMD_DOWN, 0);
}

TEST(a_rekey_of_the_child_sa_meets_its_delete)
{
	every_way(CMD_REKEY_CHILD, CMD_DOWN, 0);
	every_way(CMD_DOWN, CMD_REKEY_CHILD, 0);
}

TEST(a_rekey_of_the_ike_sa_meets_its_delete)
{
	every_way(CMD_REKEY_IKE, CMD_DOWN, 0);
	every_way(CMD_DOWN, CMD_REKEY_IKE, 0);
}

TEST(two_ends_that_begin_at_once_have_a_tunnel_and_agree)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		for (unsigned ahead = 0; ahead <= 5 * DELAY_MS; ahead += AHEAD_STEP_MS) {
			struct conf_conn conf = pair_conf("paris");
			unsigned ike[2], child[2];
			struct pair p;

			pair_init(&p, seed);
			p.delay_min = p.delay_max = DELAY_MS * NS_MS;
			pair_add(&p.a, &conf);
			pair_add(&p.b, &conf);
			pair_command(&p.a, CMD_UP, "paris");
			pair_run(&p, ahead * NS_MS);
			pair_command(&p.b, CMD_UP, "paris");
			pair_run(&p, 60 * NS_S);
			assert_int_equal(p.a.n_done, 1);
			assert_int_equal(p.b.n_done, 1);
			assert_int_equal(p.a.exit, 0);
			assert_int_equal(p.b.exit, 0);
			assert_true(pair_agrees(&p));
			pair_count(&p.a, &ike[0], &child[0]);
			pair_count(&p.b, &ike[1], &child[1]);
			assert_int_equal(ike[0], ike[1]);
			assert_int_equal(child[0], child[1]);
			assert_true(child[0] >= 1);
			pair_traffic(&p);
			assert_int_equal(p.a.lost + p.b.lost, 0);
			pair_done(&p);
		}
}

/* Both ends rekey the IKE SA; one hears no answer to its own request any more. */
TEST(an_end_that_gives_up_its_rekey_keeps_what_the_peers_has_made)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct pair p;

	a.retransmit_timeout = 5 * NS_S;
	pair_init(&p, 2); /* by these nonces the peer's is the one that stays (2.8.1) */
	pair_up(&p, &a, &b);
	p.delay_min = p.delay_max = 100 * NS_MS;
	pair_command(&p.a, CMD_REKEY_IKE, "paris");
	pair_command(&p.b, CMD_REKEY_IKE, "paris");
	pair_run(&p, 50 * NS_MS);
	p.drop_from = &p.b;
	pair_run(&p, 20 * NS_S);
	p.drop_from = NULL;
	assert_int_equal(p.a.count[EV_v2_timeout], 1);
	pair_run(&p, 40 * NS_S);
	assert_int_equal(p.a.n_sa, 2);
	assert_int_equal(p.b.n_sa, 2);
	assert_true(pair_agrees(&p));
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rekeys_of_the_same_child_sa_leave_one_of_them),
		cmocka_unit_test(rekeys_of_the_same_ike_sa_leave_one_of_them),
		cmocka_unit_test(a_rekey_of_the_ike_sa_meets_a_rekey_of_its_child_sa),
		cmocka_unit_test(deletes_of_the_same_sas_leave_nothing),
		cmocka_unit_test(a_rekey_of_the_child_sa_meets_its_delete),
		cmocka_unit_test(a_rekey_of_the_ike_sa_meets_its_delete),
		cmocka_unit_test(two_ends_that_begin_at_once_have_a_tunnel_and_agree),
		cmocka_unit_test(an_end_that_gives_up_its_rekey_keeps_what_the_peers_has_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
