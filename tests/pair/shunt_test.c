/* type=passthrough, drop, reject: policies of the data plane, without a peer. */
#include "tests/pair/pair.h"

#include "base/test.h"

static struct conf_conn shunt(enum conf_type type, enum conf_auto automatic)
{
	struct conf_conn c = pair_conf("paris");

	c.type = (uint8_t)type;
	c.automatic = (uint8_t)automatic;
	c.authby = AUTHBY_NEVER;
	c.right.host_kind = HOST_ANY;
	c.right.host = (struct addr){ 4, { 0 } };
	return c;
}

static void start(struct pair *p, const struct conf_conn *c)
{
	struct command cmd = { .kind = CMD_CONN_ADD, .what = ADD_AND_START, .conn = c };

	pair_init(p, 1);
	ike_command(p->a.ike, p->now, &cmd);
	pair_run(p, NS_S);
}

TEST(a_shunt_is_there_when_auto_says_so)
{
	static const struct {
		uint8_t type, automatic, action;
		unsigned n;
	} cases[] = {
		{ TYPE_PASS, AUTO_ONDEMAND, DP_PASS, 1 },
		{ TYPE_PASS, AUTO_START, DP_PASS, 1 },
		{ TYPE_DROP, AUTO_START, DP_DROP, 1 },
		{ TYPE_REJECT, AUTO_ONDEMAND, DP_DROP, 1 },
		{ TYPE_PASS, AUTO_ADD, DP_PASS, 0 },
		{ TYPE_DROP, AUTO_KEEP, DP_DROP, 0 },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_conn c = shunt(cases[i].type, cases[i].automatic);
		struct pair p;

		start(&p, &c);
		assert_int_equal(p.a.n_policy, cases[i].n);
		if (cases[i].n) {
			assert_int_equal(p.a.policy[0].action, cases[i].action);
			assert_true(
				range_eq(&p.a.policy[0].ours.range, &c.left.subnet.ts[0].range));
			assert_false(addr_is_set(&p.a.policy[0].outer_remote));
		}
		assert_int_equal(p.sent, 0);
		pair_do(&p.a, CMD_SHUTDOWN, NULL);
		assert_int_equal(p.a.n_policy, 0);
		pair_done(&p);
	}
}

TEST(people_route_and_unroute_and_delete_a_shunt)
{
	struct conf_conn c = shunt(TYPE_PASS, AUTO_ADD);
	struct pair p;

	start(&p, &c);
	pair_do(&p.a, CMD_ROUTE, "paris");
	assert_int_equal(p.a.exit, 0);
	assert_int_equal(p.a.n_policy, 1);
	pair_do(&p.a, CMD_ROUTE, "paris");
	assert_int_equal(p.a.n_policy, 1);
	pair_do(&p.a, CMD_UNROUTE, "paris");
	assert_int_equal(p.a.n_policy, 0);
	pair_do(&p.a, CMD_ROUTE, "paris");
	pair_do(&p.a, CMD_DOWN, "paris");
	assert_int_equal(p.a.n_policy, 1);
	pair_do(&p.a, CMD_CONN_DELETE, "paris");
	assert_int_equal(p.a.n_policy, 0);
	pair_done(&p);
}

TEST(a_shunt_does_not_come_up)
{
	struct conf_conn c = shunt(TYPE_PASS, AUTO_ONDEMAND);
	struct pair p;

	start(&p, &c);
	pair_do(&p.a, CMD_UP, "paris");
	assert_int_equal(p.a.exit, 30);
	assert_int_equal(p.a.count[EV_conn_never], 1);
	assert_int_equal(p.sent, 0);
	pair_done(&p);
}

/* It is loaded for the same two ends as a tunnel, and before it. */
TEST(no_peer_is_matched_with_a_shunt)
{
	struct conf_conn c = shunt(TYPE_PASS, AUTO_ONDEMAND), tunnel = pair_conf("rome");
	struct pair p;

	c.right.host_kind = HOST_ADDR;
	c.right.host = addr_v4(0xc0000202);
	start(&p, &c);
	pair_add(&p.a, &tunnel);
	pair_add(&p.b, &tunnel);
	pair_do(&p.b, CMD_UP, "rome");
	assert_int_equal(p.b.exit, 0);
	pair_do(&p.a, CMD_CONN_DELETE, "rome");
	pair_do(&p.b, CMD_DOWN, "rome");
	pair_command(&p.b, CMD_UP, "rome");
	pair_run(&p, NS_S);
	assert_true(p.a.count[EV_v2_no_connection] > 0);
	assert_int_equal(p.a.n_sa, 0);
	assert_int_equal(p.a.n_policy, 1);
	pair_done(&p);
}

/* A data plane that begins anew gets it again. */
TEST(a_shunt_survives_the_data_plane)
{
	struct conf_conn c = shunt(TYPE_DROP, AUTO_ONDEMAND);
	struct dp_notice restarted = { .kind = DP_RESTARTED };
	struct pair p;

	start(&p, &c);
	pair_notice(&p.a, &restarted);
	assert_int_equal(p.a.n_policy, 1);
	assert_int_equal(p.a.policy[0].action, DP_DROP);
	assert_false(p.a.policy[0].is_lost);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shunt_is_there_when_auto_says_so),
		cmocka_unit_test(people_route_and_unroute_and_delete_a_shunt),
		cmocka_unit_test(a_shunt_does_not_come_up),
		cmocka_unit_test(no_peer_is_matched_with_a_shunt),
		cmocka_unit_test(a_shunt_survives_the_data_plane),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
