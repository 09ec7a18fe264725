/* How long ISAKMP SAs and IPsec SAs last, in time and octets, and what takes their place (RFC 2407
 * 4.5, RFC 2409 5.5). */
#include "tests/pair/pair.h"

#include "ikev1/message.h"

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

/* Phase 1 ends after 300 s, and nobody makes it anew before. */
static void ends_init_without_rekeys(struct ends *e)
{
	ends_init(e);
	e->a.ikelifetime = e->b.ikelifetime = 300 * NS_S;
	e->a.rekey = e->b.rekey = false;
}

static void ends_up(struct ends *e)
{
	pair_up(&e->p, &e->a, &e->b);
	pair_run(&e->p, 2 * NS_S);
	assert_int_equal(e->p.a.exit, 0);
}

static void assert_carries(struct ends *e)
{
	pair_assert_one_tunnel(&e->p);
	pair_traffic(&e->p);
	assert_int_equal(e->p.a.lost + e->p.b.lost, 0);
}

/* ---- octets ---- */

static void assert_volume(struct ends *e, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < 2; i++) {
		assert_true(e->p.a.sa[i].hard_bytes == a);
		assert_true(e->p.b.sa[i].hard_bytes == b);
	}
}

TEST(the_initiators_volume_counts_at_both_ends)
{
	struct ends e;

	ends_init(&e);
	e.a.max_bytes = 64 << 20;
	ends_up(&e);
	assert_volume(&e, 64 << 20, 64 << 20);
	pair_done(&e.p);
}

TEST(the_responder_says_that_its_volume_is_smaller)
{
	struct ends e;

	ends_init(&e);
	e.a.max_bytes = 64 << 20;
	e.b.max_bytes = 16 << 20;
	ends_up(&e);
	assert_volume(&e, 16 << 20, 16 << 20);
	pair_done(&e.p);
}

TEST(the_responder_says_that_it_has_a_volume_where_the_initiator_has_none)
{
	struct ends e;

	ends_init(&e);
	e.b.max_bytes = 16 << 20;
	ends_up(&e);
	assert_volume(&e, 16 << 20, 16 << 20);
	pair_done(&e.p);
}

TEST(a_volume_of_next_to_nothing_is_the_peers_own_matter)
{
	struct ends e;

	ends_init(&e);
	e.a.max_bytes = 4096;
	ends_up(&e);
	assert_volume(&e, 4096, LIMIT_V1_LIFE_BYTES);
	pair_done(&e.p);
}

TEST(a_volume_limit_rekeys_before_and_ends_the_sa_at_it)
{
	struct dp_notice n = { .kind = DP_EXPIRE_SOFT };
	struct ends e;

	ends_init(&e);
	ends_up(&e);
	n.serial = e.p.a.sa[0].serial;
	pair_notice(&e.p.a, &n);
	pair_calm(&e.p, 10);
	assert_carries(&e);
	assert_int_equal(e.p.a.count[EV_v1_child_established], 2);
	n.kind = DP_EXPIRE_HARD;
	n.serial = e.p.a.sa[0].serial;
	pair_notice(&e.p.a, &n);
	pair_run(&e.p, 5 * NS_S);
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

/* ---- seconds ---- */

/* It would have us rekey as often as it likes. */
TEST(a_lifetime_of_a_second_is_the_peers_own_matter)
{
	struct ends e;

	ends_init(&e);
	e.a.salifetime = NS_S;
	e.a.rekey = false;
	ends_up(&e);
	pair_run(&e.p, 120 * NS_S);
	assert_int_equal(e.p.b.count[EV_v1_quick_initiate], 0);
	pair_done(&e.p);
}

TEST(phase_1_is_made_anew_before_it_ends_and_no_packet_is_lost)
{
	struct ends e;

	ends_init(&e);
	e.a.ikelifetime = 900 * NS_S;
	e.a.rekeymargin = e.b.rekeymargin = 60 * NS_S;
	ends_up(&e);
	pair_calm(&e.p, 3600);
	assert_carries(&e);
	assert_in_range(e.p.a.count[EV_v1_ike_established], 4, 8);
	assert_int_equal(e.p.a.count[EV_v1_child_established], 1);
	pair_done(&e.p);
}

/* With rekey=no at both ends Phase 1 ends, and what it made lives on; who needs it again makes
 * another one. */
TEST(an_ipsec_sa_outlives_its_isakmp_sa)
{
	unsigned ike, child;
	struct ends e;

	ends_init_without_rekeys(&e);
	ends_up(&e);
	pair_run(&e.p, 400 * NS_S);
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(ike, 0);
	assert_int_equal(child, 1);
	pair_traffic(&e.p);
	assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
	pair_do(&e.p.b, CMD_REKEY_CHILD, "one");
	pair_calm(&e.p, 10);
	assert_int_equal(e.p.b.exit, 0);
	assert_carries(&e);
	pair_do(&e.p.a, CMD_DOWN, "one");
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

/* With dpddelay= somebody has to be able to ask. */
TEST(an_ipsec_sa_alone_gets_an_isakmp_sa_where_the_peer_is_watched)
{
	unsigned ike, child;
	struct ends e;

	ends_init_without_rekeys(&e);
	e.a.dpddelay = 10 * NS_S;
	ends_up(&e);
	pair_run(&e.p, 300 * NS_S);
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(ike, 0);
	assert_int_equal(child, 1);
	pair_run(&e.p, 15 * NS_S);
	pair_count(&e.p.a, &ike, &child);
	assert_int_equal(ike, 1);
	assert_int_equal(child, 1);
	assert_carries(&e);
	pair_done(&e.p);
}

TEST(an_ipsec_sa_alone_goes_where_the_watched_peer_has_gone)
{
	struct ends e;

	ends_init_without_rekeys(&e);
	e.a.dpddelay = 10 * NS_S;
	ends_up(&e);
	pair_run(&e.p, 290 * NS_S);
	e.p.drops_all = true;
	pair_run(&e.p, 200 * NS_S);
	assert_int_equal(e.p.a.n_sa, 0);
	assert_true(e.p.a.count[EV_v1_dpd_dead] >= 1);
	pair_done(&e.p);
}

/* No ISAKMP SA is there that could say Delete: the other end's goes when it is used or by age. */
TEST(down_works_without_an_isakmp_sa)
{
	struct ends e;

	ends_init_without_rekeys(&e);
	ends_up(&e);
	pair_run(&e.p, 400 * NS_S);
	pair_do(&e.p.a, CMD_DOWN, "one");
	assert_int_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.a.n_sa + e.p.a.n_policy, 0);
	pair_done(&e.p);
}

/* ---- who is the peer, and where ---- */

static void uniqueids(struct side *s, bool is_on)
{
	struct conf_setup setup = { .uniqueids = is_on };
	struct command c = { .kind = CMD_SETUP, .setup = &setup };

	ike_command(s->ike, s->pair->now, &c);
}

/* The same identity comes from another port: its old ISAKMP SA serves no more. */
static unsigned sas_of_one_who_came_twice(bool is_unique)
{
	unsigned ike, child;
	struct ends e;

	ends_init(&e);
	uniqueids(&e.p.b, is_unique);
	e.b.left.host_kind = HOST_ANY;
	e.b.left.host = (struct addr){ 0 };
	e.p.nat = (struct pair_nat){ &e.p.a, addr_v4(0xcb007101), 4711, 4712 };
	ends_up(&e);
	pair_restart(&e.p, &e.p.a);
	e.p.a.n_sa = e.p.a.n_policy = 0;
	e.p.nat.port++;
	e.p.nat.port_nat++;
	pair_add(&e.p.a, &e.a);
	pair_do(&e.p.a, CMD_UP, "one");
	assert_int_equal(e.p.a.exit, 0);
	pair_run(&e.p, 90 * NS_S);
	pair_count(&e.p.b, &ike, &child);
	pair_done(&e.p);
	return ike;
}

TEST(a_peer_that_comes_again_replaces_itself_where_identities_are_unique)
{
	assert_int_equal(sas_of_one_who_came_twice(true), 1);
}

TEST(a_peer_that_comes_again_is_two_where_identities_are_not_unique)
{
	assert_int_equal(sas_of_one_who_came_twice(false), 2);
}

/* ---- bits that nobody needs ---- */

TEST(the_commit_bit_is_tolerated)
{
	struct ends e;

	ends_init(&e);
	e.p.sets_flags = V1_F_COMMIT;
	ends_up(&e);
	assert_carries(&e);
	pair_do(&e.p.b, CMD_REKEY_CHILD, "one");
	pair_calm(&e.p, 10);
	assert_carries(&e);
	pair_do(&e.p.a, CMD_DOWN, "one");
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_initiators_volume_counts_at_both_ends),
		cmocka_unit_test(the_responder_says_that_its_volume_is_smaller),
		cmocka_unit_test(
			the_responder_says_that_it_has_a_volume_where_the_initiator_has_none),
		cmocka_unit_test(a_volume_of_next_to_nothing_is_the_peers_own_matter),
		cmocka_unit_test(a_volume_limit_rekeys_before_and_ends_the_sa_at_it),
		cmocka_unit_test(a_lifetime_of_a_second_is_the_peers_own_matter),
		cmocka_unit_test(phase_1_is_made_anew_before_it_ends_and_no_packet_is_lost),
		cmocka_unit_test(an_ipsec_sa_outlives_its_isakmp_sa),
		cmocka_unit_test(an_ipsec_sa_alone_gets_an_isakmp_sa_where_the_peer_is_watched),
		cmocka_unit_test(an_ipsec_sa_alone_goes_where_the_watched_peer_has_gone),
		cmocka_unit_test(down_works_without_an_isakmp_sa),
		cmocka_unit_test(
			a_peer_that_comes_again_replaces_itself_where_identities_are_unique),
		cmocka_unit_test(a_peer_that_comes_again_is_two_where_identities_are_not_unique),
		cmocka_unit_test(the_commit_bit_is_tolerated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
