/* A NAT in the middle (RFC 7296 2.23): found by both ends, floated to port 4500, followed when it
 * changes its mind. */
#include "tests/pair/pair.h"

#include "base/test.h"
#include "ikev2/sa.h"

static const struct addr outside = { 4, { 203, 0, 113, 1 } };

/* inside sits behind a NAT, the other end knows it by the NAT's address. */
static void behind_nat(struct pair *p, struct side *inside)
{
	struct conf_conn a = pair_conf("paris"), b = a;
	struct conf_conn *outer = inside == &p->a ? &b : &a;

	pair_init(p, 1);
	p->nat = (struct pair_nat){ inside, outside, 40500, 44500 };
	if (inside == &p->a) {
		outer->left.host = outside;
		assert_int_equal(id_parse("192.0.2.1", &outer->left.id), OK);
	} else {
		/* forwarded ports: an end that waits must be found at them */
		p->nat.port = 500;
		p->nat.port_nat = 4500;
		outer->right.host = outside;
		assert_int_equal(id_parse("192.0.2.2", &outer->right.id), OK);
	}
	pair_up(p, &a, &b);
	id_done(&outer->left.id);
	id_done(&outer->right.id);
}

TEST(an_initiator_behind_a_nat_floats_to_port_4500)
{
	struct pair p;

	behind_nat(&p, &p.a);
	assert_int_equal(p.a.exit, 0);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.sent, 4);
	assert_int_equal(p.a.last_port, 4500);
	assert_int_equal(p.b.last_port, 44500);
	pair_done(&p);
}

TEST(a_responder_behind_a_nat_makes_the_initiator_float_to_port_4500)
{
	struct pair p;

	behind_nat(&p, &p.b);
	assert_int_equal(p.a.exit, 0);
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.last_port, 4500);
	pair_done(&p);
}

TEST(no_nat_stays_on_port_500)
{
	struct conf_conn c = pair_conf("paris");
	struct pair p;

	pair_init(&p, 1);
	pair_up(&p, &c, &c);
	assert_int_equal(p.a.last_port, 500);
	assert_int_equal(p.b.last_port, 500);
	pair_done(&p);
}

TEST(a_nat_that_gives_another_port_is_followed_and_the_tunnel_lives)
{
	struct pair p;

	behind_nat(&p, &p.a);
	p.nat.port_nat = 51000;
	/* a word of the end inside shows the other one where it is now */
	pair_do(&p.a, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.count[EV_v2_peer_moved], 1);
	assert_int_equal(p.b.last_port, 51000);
	pair_run(&p, 10 * NS_S);
	pair_traffic(&p);
	pair_do(&p.b, CMD_REKEY_CHILD, "paris");
	assert_int_equal(p.b.exit, 0);
	pair_run(&p, 10 * NS_S);
	pair_traffic(&p);
	pair_run(&p, 10 * NS_S);
	pair_assert_one_tunnel(&p);
	pair_done(&p);
}

TEST(a_nat_that_gives_another_address_is_followed_too)
{
	struct pair p;

	behind_nat(&p, &p.a);
	p.nat.addr = (struct addr){ 4, { 203, 0, 113, 77 } };
	pair_do(&p.a, CMD_REKEY_IKE, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.b.count[EV_v2_peer_moved], 1);
	assert_int_equal(p.b.n_policy, 1);
	assert_true(addr_eq(&p.b.policy[0].outer_remote, &p.nat.addr));
	pair_do(&p.b, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_sa + p.b.n_sa, 0);
	pair_done(&p);
}

TEST(an_end_that_talks_to_a_forgotten_port_waits_for_the_end_inside)
{
	struct pair p;

	behind_nat(&p, &p.a);
	p.nat.port_nat = 51000;
	pair_command(&p.b, CMD_REKEY_CHILD, "paris");
	pair_run(&p, 2 * NS_S);
	assert_int_equal(p.b.count[EV_v2_child_established], 1);
	pair_command(&p.a, CMD_REKEY_IKE, "paris");
	for (int i = 0; i < 100; i++) {
		pair_run(&p, NS_S);
		pair_traffic(&p);
	}
	pair_assert_one_tunnel(&p);
	assert_int_equal(p.a.lost + p.b.lost, 0);
	pair_done(&p);
}

/* Another one behind the same NAT does not hear our answers: how often that is told. */
static unsigned half_open_ends(bool is_much)
{
	enum { MANY = 1000 };
	struct conf_conn a = pair_conf("paris"), b = a, other = pair_conf("other");
	struct pair p;
	struct v2 *v2;
	unsigned n;

	pair_init(&p, 1);
	p.nat = (struct pair_nat){ &p.a, outside, 500, 4500 };
	b.left.host_kind = HOST_ANY;
	b.left.host = (struct addr){ 0 };
	assert_int_equal(id_parse("%any", &b.left.id), OK);
	assert_int_equal(id_parse("@other", &other.left.id), OK);
	pair_up(&p, &a, &b);
	assert_int_equal(p.a.exit, 0);
	v2 = p.b.ike->version[0].state;
	if (is_much) { /* as in a second that does not end */
		v2->strangers = MANY;
		v2->strangers_since = INT64_MAX / 2;
	}
	p.drop_from = &p.b;
	pair_add(&p.a, &other);
	pair_do(&p.a, CMD_UP, "other");
	pair_run(&p, 60 * NS_S);
	n = p.b.count[EV_v2_half_open_end];
	id_done(&other.left.id);
	id_done(&b.left.id);
	pair_done(&p);
	return n;
}

TEST(of_many_that_do_not_go_on_only_some_are_held_against_all_others)
{
	assert_in_range(half_open_ends(false), 1, 20);
	assert_int_equal(half_open_ends(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_initiator_behind_a_nat_floats_to_port_4500),
		cmocka_unit_test(a_responder_behind_a_nat_makes_the_initiator_float_to_port_4500),
		cmocka_unit_test(no_nat_stays_on_port_500),
		cmocka_unit_test(a_nat_that_gives_another_port_is_followed_and_the_tunnel_lives),
		cmocka_unit_test(a_nat_that_gives_another_address_is_followed_too),
		cmocka_unit_test(an_end_that_talks_to_a_forgotten_port_waits_for_the_end_inside),
		cmocka_unit_test(of_many_that_do_not_go_on_only_some_are_held_against_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
