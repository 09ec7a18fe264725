/* Informational exchanges of IKEv1, DPD, and the ends that they bring. */
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
	pair_assert_one_tunnel(&e->p);
}

static void ends_done(struct ends *e)
{
	pair_done(&e->p);
	id_done(&e->a.left.id);
	id_done(&e->b.left.id);
}

static void assert_nothing(struct side *s)
{
	unsigned ike, child;

	pair_count(s, &ike, &child);
	assert_int_equal(ike, 0);
	assert_int_equal(child, 0);
	assert_int_equal(s->n_sa, 0);
}

TEST(who_goes_down_takes_the_peer_along_by_deletes)
{
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	pair_do(&e.p.a, CMD_DOWN, "one");
	pair_run(&e.p, NS_S);
	assert_int_equal(e.p.b.count[EV_v1_delete_child], 1);
	assert_int_equal(e.p.b.count[EV_v1_delete_ike], 1);
	assert_nothing(&e.p.a);
	assert_nothing(&e.p.b);
	ends_done(&e);
}

/* ---- DPD ---- */

static void dpd(struct conf_conn *c, uint8_t action)
{
	c->dpddelay = 10 * NS_S;
	c->dpdtimeout = 30 * NS_S;
	c->dpdaction = action;
}

TEST(a_peer_that_answers_lives)
{
	struct ends e;

	ends_init(&e);
	dpd(&e.a, DPDACTION_CLEAR);
	ends_up(&e);
	pair_run(&e.p, 600 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 0);
	assert_int_equal(e.p.a.count[EV_v1_dpd_old] + e.p.b.count[EV_v1_dpd_old], 0);
	pair_assert_one_tunnel(&e.p);
	ends_done(&e);
}

/* With DPD, and where nothing asks by itself. */
TEST(a_peer_that_is_asked_whether_it_is_there_says_so_or_not)
{
	for (unsigned with_dpd = 0; with_dpd < 2; with_dpd++) {
		struct ends e;

		ends_init(&e);
		if (with_dpd)
			dpd(&e.a, DPDACTION_CLEAR);
		ends_up(&e);
		pair_do(&e.p.a, CMD_ALIVE, "one");
		assert_int_equal(e.p.a.exit, 0);
		assert_int_equal(e.p.a.count[EV_ike_alive], 1);
		e.p.drops_all = true;
		pair_command(&e.p.a, CMD_ALIVE, "one");
		pair_run(&e.p, 3 * NS_S);
		assert_int_equal(e.p.a.exit, 31);
		assert_int_equal(e.p.a.count[EV_ike_not_alive], 1);
		e.p.drops_all = false;
		pair_do(&e.p.a, CMD_ALIVE, "one");
		assert_int_equal(e.p.a.exit, 0);
		assert_int_equal(e.p.a.count[EV_v1_dpd_old] + e.p.b.count[EV_v1_dpd_old], 0);
		pair_run(&e.p, 100 * NS_S);
		pair_assert_one_tunnel(&e.p);
		ends_done(&e);
	}
}

TEST(a_peer_that_says_nothing_is_dead_after_dpdtimeout)
{
	struct ends e;

	ends_init(&e);
	dpd(&e.a, DPDACTION_CLEAR);
	ends_up(&e);
	e.p.drops_all = true;
	pair_run(&e.p, 35 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 0);
	pair_run(&e.p, 15 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 1);
	assert_string_equal(pair_said(&e.p.a, EV_v1_dpd_dead, "seconds"), "30");
	assert_string_equal(pair_said(&e.p.a, EV_v1_dpd_dead, "action"), "clear");
	assert_nothing(&e.p.a);
	ends_done(&e);
}

TEST(an_outage_shorter_than_dpdtimeout_ends_nothing)
{
	struct ends e;

	ends_init(&e);
	dpd(&e.a, DPDACTION_CLEAR);
	ends_up(&e);
	e.p.drops_all = true;
	pair_run(&e.p, 25 * NS_S);
	e.p.drops_all = false;
	pair_run(&e.p, 100 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 0);
	pair_assert_one_tunnel(&e.p);
	ends_done(&e);
}

TEST(with_restart_the_tunnel_comes_back_with_the_peer)
{
	struct ends e;

	ends_init(&e);
	dpd(&e.a, DPDACTION_RESTART);
	ends_up(&e);
	e.p.drops_all = true;
	pair_run(&e.p, 60 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 1);
	e.p.drops_all = false;
	pair_run(&e.p, 300 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_child_established], 2);
	assert_int_equal(e.p.a.count[EV_v1_dpd_dead], 1);
	ends_done(&e);
}

/* ---- the data plane ---- */

TEST(what_the_data_plane_lost_is_made_anew)
{
	struct dp_notice n = { .kind = DP_RESTARTED };
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	e.p.a.n_sa = 0;
	pair_notice(&e.p.a, &n);
	pair_run(&e.p, 20 * NS_S);
	assert_int_equal(e.p.a.count[EV_v1_child_lost], 1);
	assert_int_equal(e.p.a.count[EV_v1_child_established], 2);
	pair_assert_one_tunnel(&e.p);
	ends_done(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes_down_takes_the_peer_along_by_deletes),
		cmocka_unit_test(a_peer_that_answers_lives),
		cmocka_unit_test(a_peer_that_is_asked_whether_it_is_there_says_so_or_not),
		cmocka_unit_test(a_peer_that_says_nothing_is_dead_after_dpdtimeout),
		cmocka_unit_test(an_outage_shorter_than_dpdtimeout_ends_nothing),
		cmocka_unit_test(with_restart_the_tunnel_comes_back_with_the_peer),
		cmocka_unit_test(what_the_data_plane_lost_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
