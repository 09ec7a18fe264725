/* What Quick Mode protects: protocols and ports, L2TP's shape, road warriors behind NATs (RFC 2409
 * 5.5, RFC 3193, RFC 3947 5). */
#include "tests/pair/pair.h"

#include "base/test.h"

enum { UDP = 17, L2TP = 1701 };

static const struct addr outside = { 4, { 203, 0, 113, 1 } };

struct ends {
	struct pair p;
	struct conf_conn a, b;
};

/* right=%any */
static void from_anywhere(struct conf_conn *c)
{
	c->left.host_kind = HOST_ANY;
	c->left.host = (struct addr){ 0 };
}

/* leftprotoport=17/1701 rightprotoport=17/1701 type=transport; the server takes any port. */
static void l2tp_init(struct ends *e)
{
	e->a = pair_conf("l2tp");
	e->a.version = VERSION_IKEV1;
	e->a.type = TYPE_TRANSPORT;
	e->a.left.subnet.n = e->a.right.subnet.n = 0;
	e->a.left.protocol = e->a.right.protocol = UDP;
	e->a.left.port = e->a.right.port = L2TP;
	e->b = e->a;
	e->b.left.port = 0;
	pair_init(&e->p, 1);
}

static void ends_up(struct ends *e)
{
	pair_up(&e->p, &e->a, &e->b);
	pair_run(&e->p, 2 * NS_S);
}

static void assert_l2tp(const struct ends *e, const struct addr *client, uint16_t port)
{
	const struct pair_sa *sa = &e->p.b.sa[0];

	assert_int_equal(e->p.a.exit, 0);
	assert_int_equal(e->p.b.n_sa, 2);
	assert_true(pair_agrees(&e->p));
	assert_int_equal(sa->mode, DP_TRANSPORT);
	assert_int_equal(sa->ours.protocol, UDP);
	assert_int_equal(sa->ours.port_first, L2TP);
	assert_int_equal(sa->ours.port_last, L2TP);
	assert_true(addr_eq(&sa->theirs.range.first, client));
	assert_true(addr_eq(&sa->theirs.range.last, client));
	assert_int_equal(sa->theirs.protocol, UDP);
	assert_int_equal(sa->theirs.port_first, port);
}

TEST(l2tp_comes_up_between_two_hosts)
{
	struct ends e;

	l2tp_init(&e);
	ends_up(&e);
	assert_l2tp(&e, &e.p.a.addr, L2TP);
	pair_done(&e.p);
}

/* As behind a NAT that many share: the client's port is its own. */
TEST(l2tp_comes_up_from_a_port_that_the_server_does_not_know)
{
	struct ends e;

	l2tp_init(&e);
	e.a.left.port = 40123;
	ends_up(&e);
	assert_l2tp(&e, &e.p.a.addr, 40123);
	pair_done(&e.p);
}

TEST(l2tp_comes_up_for_a_road_warrior_behind_a_nat)
{
	struct ends e;

	l2tp_init(&e);
	from_anywhere(&e.b);
	e.p.nat = (struct pair_nat){ &e.p.a, outside, 4711, 4712 };
	ends_up(&e);
	assert_l2tp(&e, &outside, L2TP);
	pair_do(&e.p.a, CMD_REKEY_CHILD, "l2tp");
	pair_run(&e.p, 10 * NS_S);
	assert_l2tp(&e, &outside, L2TP);
	pair_done(&e.p);
}

TEST(l2tp_comes_up_with_a_server_behind_a_nat)
{
	struct ends e;

	l2tp_init(&e);
	from_anywhere(&e.b);
	e.p.nat = (struct pair_nat){ &e.p.b, outside, 500, 4500 };
	e.a.right.host = outside;
	assert_int_equal(id_parse("192.0.2.2", &e.a.right.id), OK);
	ends_up(&e);
	assert_l2tp(&e, &e.p.a.addr, L2TP);
	assert_true(addr_eq(&e.p.b.sa[0].ours.range.first, &e.p.b.addr));
	id_done(&e.a.right.id);
	pair_done(&e.p);
}

TEST(another_protocol_is_refused)
{
	struct ends e;

	l2tp_init(&e);
	e.a.left.protocol = e.a.right.protocol = 6;
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 31);
	assert_int_equal(e.p.b.count[EV_v1_quick_no_connection], 1);
	assert_string_equal(
		pair_said(&e.p.a, EV_v1_quick_refused, "notify"), "INVALID_ID_INFORMATION");
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

TEST(another_port_is_refused_where_one_is_named)
{
	struct ends e;

	l2tp_init(&e);
	e.b.left.port = L2TP;
	e.a.left.port = 1702;
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 31);
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

/* ---- tunnels ---- */

static void tunnel_init(struct ends *e)
{
	e->a = pair_conf("road");
	e->a.version = VERSION_IKEV1;
	e->b = e->a;
	pair_init(&e->p, 1);
}

TEST(a_road_warriors_network_has_a_tunnel_through_its_nat)
{
	struct ends e;

	tunnel_init(&e);
	from_anywhere(&e.b);
	e.p.nat = (struct pair_nat){ &e.p.a, outside, 4711, 4712 };
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	pair_assert_one_tunnel(&e.p);
	assert_string_equal(pair_said(&e.p.b, EV_v1_child_established, "esp"), "ESPinUDP");
	pair_traffic(&e.p);
	assert_int_equal(e.p.a.lost + e.p.b.lost, 0);
	pair_done(&e.p);
}

TEST(less_than_the_network_is_not_what_was_agreed)
{
	struct ends e;

	tunnel_init(&e);
	e.a.left.subnet.ts[0] = pair_net("10.0.1.0/25");
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 31);
	assert_string_equal(pair_said(&e.p.b, EV_v1_quick_no_connection, "wanted"),
		"10.0.2.0/24===192.0.2.2...192.0.2.1===10.0.1.0/25");
	assert_int_equal(e.p.a.n_sa + e.p.b.n_sa, 0);
	pair_done(&e.p);
}

/* RFC 3948 5.1: what goes to that network goes to the one that came last. */
TEST(two_clients_with_one_network_are_told_of)
{
	struct conf_conn two;
	struct ends e;

	tunnel_init(&e);
	from_anywhere(&e.b);
	two = pair_conf("two");
	two.version = VERSION_IKEV1;
	assert_int_equal(id_parse("@one", &e.a.left.id), OK);
	assert_int_equal(id_parse("@two", &two.left.id), OK);
	assert_int_equal(id_parse("%any", &e.b.left.id), OK);
	e.p.nat = (struct pair_nat){ &e.p.a, outside, 4711, 4712 };
	ends_up(&e);
	pair_add(&e.p.a, &two);
	pair_do(&e.p.a, CMD_UP, "two");
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.a.exit, 0);
	assert_int_equal(e.p.b.n_sa, 4);
	assert_int_equal(e.p.b.count[EV_child_clash], 1);
	assert_string_equal(pair_said(&e.p.b, EV_child_clash, "was_id"), "@one");
	assert_string_equal(pair_said(&e.p.b, EV_child_clash, "id"), "@two");
	assert_string_equal(pair_said(&e.p.b, EV_child_clash, "ts_remote"), "10.0.1.0/24");
	pair_do(&e.p.a, CMD_REKEY_CHILD, "road");
	pair_run(&e.p, 10 * NS_S);
	assert_int_equal(e.p.b.count[EV_child_clash], 1);
	assert_int_equal(e.p.b.count[EV_child_clash_over], 0);
	pair_do(&e.p.a, CMD_DOWN, "two");
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.b.count[EV_child_clash_over], 1);
	assert_int_equal(e.p.a.count[EV_child_clash], 0); /* two connections of one host */
	id_done(&e.a.left.id);
	id_done(&two.left.id);
	id_done(&e.b.left.id);
	pair_done(&e.p);
}

static unsigned clashes_when_it_comes_back(bool is_unique)
{
	struct conf_setup setup = { .uniqueids = is_unique };
	const struct command c = { .kind = CMD_SETUP, .setup = &setup };
	unsigned n;
	struct ends e;

	tunnel_init(&e);
	from_anywhere(&e.b);
	ike_command(e.p.b.ike, e.p.now, &c);
	ends_up(&e);
	pair_restart(&e.p, &e.p.a);
	e.p.a.n_sa = e.p.a.n_policy = 0;
	pair_add(&e.p.a, &e.a);
	pair_do(&e.p.a, CMD_UP, "road");
	pair_run(&e.p, 2 * NS_S);
	assert_int_equal(e.p.a.exit, 0);
	n = e.p.b.count[EV_child_clash];
	pair_done(&e.p);
	return n;
}

/* What is left of it bothers nobody; with uniqueids=no it may be somebody else. */
TEST(a_client_that_comes_back_after_a_crash_is_not_two)
{
	assert_int_equal(clashes_when_it_comes_back(true), 0);
	assert_int_equal(clashes_when_it_comes_back(false), 1);
}

TEST(the_host_stands_for_no_network)
{
	struct ends e;

	tunnel_init(&e);
	e.a.left.subnet.n = e.b.left.subnet.n = 0;
	ends_up(&e);
	assert_int_equal(e.p.a.exit, 0);
	assert_true(addr_eq(&e.p.b.sa[0].theirs.range.first, &e.p.a.addr));
	assert_true(pair_agrees(&e.p));
	pair_done(&e.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(l2tp_comes_up_between_two_hosts),
		cmocka_unit_test(l2tp_comes_up_from_a_port_that_the_server_does_not_know),
		cmocka_unit_test(l2tp_comes_up_for_a_road_warrior_behind_a_nat),
		cmocka_unit_test(l2tp_comes_up_with_a_server_behind_a_nat),
		cmocka_unit_test(another_protocol_is_refused),
		cmocka_unit_test(another_port_is_refused_where_one_is_named),
		cmocka_unit_test(a_road_warriors_network_has_a_tunnel_through_its_nat),
		cmocka_unit_test(less_than_the_network_is_not_what_was_agreed),
		cmocka_unit_test(two_clients_with_one_network_are_told_of),
		cmocka_unit_test(a_client_that_comes_back_after_a_crash_is_not_two),
		cmocka_unit_test(the_host_stands_for_no_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
