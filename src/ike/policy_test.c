/* Policies belong to a connection and its selectors: what the data plane has of them while Child
 * SAs come, are rekeyed and go. */
#include "dataplane/fake/fake.h"
#include "ike/child.h"
#include "ike/engine.h"

#include "base/test.h"

enum { KIND = 1 };

struct world {
	struct ike *ike;
	struct rng_seeded seed;
	struct now now;
	struct fake_dp dp;
	struct conn *conn;
	uint32_t serial;
	unsigned said[EV_END];
	uint16_t added[2];     /* integrity algorithms of the latest SAs, in and out */
	char filter_line[512]; /* of the status */
};

static void count(void *ctx, const struct event *e)
{
	struct world *w = ctx;

	w->said[e->id]++;
	if (e->id == EV_connection_filter)
		event_line(e, false, w->filter_line, sizeof(w->filter_line));
}

static struct ts net(const char *text)
{
	struct range r;

	assert_int_equal(range_parse(text, &r), OK);
	return ts_from_range(&r);
}

/* What the engine asks for is done. */
static void act(struct world *w)
{
	struct action a;

	while (ike_output(w->ike, &a)) {
		struct fake_request q = { a.dp.op, a.dp.dir, a.dp.serial, a.dp.reqid, a.dp.sa,
			a.dp.policy, a.dp.local, a.dp.remote, a.dp.encap };
		struct answer answer = { .ask = a.ask };

		assert_int_equal(a.kind, ACTION_DATAPLANE);
		if (a.dp.op == DP_SA_ADD)
			w->added[a.dp.sa->dir == DP_OUT] = a.dp.sa->suite.integ;
		answer.e = fake_dp_do(&w->dp, &q, &answer.counters);
		if (a.ask)
			ike_answer(w->ike, w->now, &answer);
	}
}

static void begin(struct world *w)
{
	struct addr here = addr_v4(0xc0000201);
	struct conf_conn conf = { .name = (char *)"paris", .version = VERSION_IKEV2 };
	struct command addresses = { .kind = CMD_ADDRESSES, .addrs = &here, .n_addrs = 1 };
	struct command add = { .kind = CMD_CONN_ADD, .what = ADD_ONLY, .conn = &conf };
	struct ike_env env = { .events = { count, w } };

	*w = (struct world){ .now = { 100 * NS_S, 1700000000 * NS_S } };
	env.rng = rng_seeded(&w->seed, 1);
	fake_dp_init(&w->dp);
	conf.left.host_kind = conf.right.host_kind = HOST_ADDR;
	conf.left.host = here;
	conf.right.host = addr_v4(0xc0000202);
	conf.left.subnet = (struct ts_list){ 1, { net("10.0.1.0/24") } };
	conf.right.subnet = (struct ts_list){ 2, { net("10.0.2.0/24"), net("10.0.3.0/24") } };
	w->ike = ike_new(&env, w->now);
	ike_command(w->ike, w->now, &addresses);
	ike_command(w->ike, w->now, &add);
	w->conn = conn_find(w->ike, "paris", 0);
	act(w);
}

static void end(struct world *w)
{
	assert_int_equal(w->dp.double_adds, 0);
	assert_int_equal(w->dp.unknown_deletes, 0);
	ike_free(w->ike);
	fake_dp_done(&w->dp);
}

static void up(struct world *w, struct child *c, const char *to)
{
	child_init(c, ++w->serial, w->conn);
	c->spi_in = c->spi_out = 1000 + c->serial;
	c->local = w->conn->local;
	c->remote = w->conn->remote;
	c->ts_local = (struct ts_list){ 1, { net("10.0.1.0/24") } };
	c->ts_remote = (struct ts_list){ 1, { net(to) } };
	child_install(w->ike, c, DP_IN, KIND);
	child_install(w->ike, c, DP_OUT, KIND);
	child_carries(c, KIND);
	act(w);
}

static void down(struct world *w, struct child *c)
{
	child_done(w->ike, c);
	act(w);
}

/* The policy of c, with its selectors and its SA. */
static void assert_carried(struct world *w, const struct child *c)
{
	const struct dp_policy *p = fake_dp_policy(&w->dp, c->reqid);

	assert_non_null(p);
	assert_int_equal(p->action, DP_PROTECT);
	assert_true(ts_list_eq(&p->ts_remote, &c->ts_remote));
	assert_int_equal(fake_dp_sender(&w->dp, c->reqid)->serial, c->serial);
}

TEST(child_sas_with_different_selectors_live_side_by_side)
{
	struct child one, two;
	struct world w;

	begin(&w);
	up(&w, &one, "10.0.2.0/24");
	up(&w, &two, "10.0.3.0/24");
	assert_int_not_equal(one.reqid, two.reqid);
	assert_carried(&w, &one);
	assert_carried(&w, &two);
	assert_int_equal(conn_by_reqid(w.ike, two.reqid) == w.conn, 1);
	down(&w, &one);
	assert_carried(&w, &two);
	assert_int_equal(fake_dp_policies(&w.dp), 1);
	assert_int_equal(conn_routing(w.conn), CONN_TUNNEL);
	down(&w, &two);
	assert_int_equal(fake_dp_policies(&w.dp), 0);
	assert_int_equal(conn_routing(w.conn), CONN_UNROUTED);
	end(&w);
}

TEST(a_rekeyed_child_sa_takes_the_policy_over)
{
	struct child old, new;
	struct world w;

	begin(&w);
	up(&w, &old, "10.0.2.0/24");
	up(&w, &new, "10.0.2.0/24");
	assert_int_equal(old.reqid, new.reqid);
	assert_int_equal(fake_dp_policies(&w.dp), 1);
	down(&w, &old);
	assert_carried(&w, &new);
	down(&w, &new);
	assert_int_equal(fake_dp_policies(&w.dp), 0);
	end(&w);
}

TEST(a_rekey_with_other_selectors_has_its_own_before_the_old_one_goes)
{
	struct child old, new;
	struct world w;

	begin(&w);
	up(&w, &old, "10.0.2.0/24");
	up(&w, &new, "10.0.2.0/25");
	assert_carried(&w, &old);
	assert_carried(&w, &new);
	down(&w, &old);
	assert_carried(&w, &new);
	assert_int_equal(fake_dp_policies(&w.dp), 1);
	down(&w, &new);
	end(&w);
}

TEST(the_trap_becomes_the_first_policy_and_returns_after_the_last)
{
	struct child one, two;
	struct world w;

	begin(&w);
	conn_route(w.conn, 0);
	act(&w);
	assert_int_equal(fake_dp_policy(&w.dp, w.conn->reqid)->action, DP_TRAP);
	assert_int_equal(fake_dp_policy(&w.dp, w.conn->reqid)->ts_remote.n, 2);
	up(&w, &one, "10.0.2.0/24");
	assert_int_equal(one.reqid, w.conn->reqid);
	up(&w, &two, "10.0.3.0/24");
	assert_int_equal(fake_dp_policies(&w.dp), 2);
	down(&w, &one);
	assert_int_equal(fake_dp_policies(&w.dp), 1);
	down(&w, &two);
	assert_int_equal(fake_dp_policies(&w.dp), 1);
	assert_int_equal(fake_dp_policy(&w.dp, w.conn->reqid)->action, DP_TRAP);
	assert_int_equal(conn_routing(w.conn), CONN_TRAP);
	/* the reqid that ipsec.conf may name is the first one's again */
	up(&w, &two, "10.0.3.0/24");
	assert_int_equal(two.reqid, w.conn->reqid);
	conn_unroute(w.conn);
	down(&w, &two);
	assert_int_equal(fake_dp_policies(&w.dp), 0);
	end(&w);
}

TEST(a_child_sa_that_never_carried_leaves_the_trap_alone)
{
	struct world w;
	struct child c;

	begin(&w);
	conn_route(w.conn, 0);
	child_init(&c, ++w.serial, w.conn);
	c.spi_in = 1000;
	c.ts_local = (struct ts_list){ 1, { net("10.0.1.0/24") } };
	c.ts_remote = (struct ts_list){ 1, { net("10.0.2.0/24") } };
	child_install(w.ike, &c, DP_IN, KIND);
	act(&w);
	down(&w, &c);
	assert_int_equal(fake_dp_policy(&w.dp, w.conn->reqid)->action, DP_TRAP);
	end(&w);
}

/* Routes outlive the packet engine: without them packets would leave in the clear. */
TEST(a_restarted_data_plane_keeps_the_routes_until_nobody_may_make_the_tunnel_anew)
{
	static const struct dp_notice restarted = { .kind = DP_RESTARTED };
	struct child one, two;
	struct world w;

	begin(&w);
	up(&w, &one, "10.0.2.0/24");
	up(&w, &two, "10.0.3.0/24");
	ike_notice(w.ike, w.now, &restarted);
	one.has_in = one.has_out = two.has_in = two.has_out = false;
	assert_null(conn_by_reqid(w.ike, one.reqid));
	conn_use(w.conn); /* its IKE SA */
	down(&w, &one);
	down(&w, &two);
	assert_int_equal(fake_dp_policies(&w.dp), 2);
	conn_unuse(w.conn);
	ike_tick(w.ike, w.now);
	act(&w);
	assert_int_equal(fake_dp_policies(&w.dp), 0);
	end(&w);
}

TEST(the_users_script_is_told_once_of_each_policy)
{
	struct child one, two, again;
	struct world w;

	begin(&w);
	up(&w, &one, "10.0.2.0/24");
	assert_true(conn_policy_is_first(w.conn, one.reqid));
	up(&w, &two, "10.0.3.0/24");
	assert_true(conn_policy_is_first(w.conn, two.reqid));
	up(&w, &again, "10.0.2.0/24");
	assert_false(conn_policy_is_first(w.conn, again.reqid));
	assert_false(conn_policy_is_last(w.conn, one.reqid));
	down(&w, &one);
	assert_true(conn_policy_is_last(w.conn, again.reqid));
	assert_true(conn_policy_is_last(w.conn, two.reqid));
	down(&w, &two);
	down(&w, &again);
	end(&w);
}

static const char *filter_line(struct world *w)
{
	const struct command show = { .kind = CMD_STATUS, .what = STATUS_CONNECTIONS };

	w->filter_line[0] = '\0';
	ike_command(w->ike, w->now, &show);
	return w->filter_line;
}

TEST(what_the_packet_filter_does_is_told_once_and_shown_while_it_lasts)
{
	struct filter_notice n = {
		.mss = 1360, .is_exempt = true, .rule = "-j MASQUERADE", .error = ""
	};
	struct child child;
	struct world w;

	begin(&w);
	assert_string_equal(filter_line(&w), "\"paris\":   mss: off; nat-exempt: no;");
	up(&w, &child, "10.0.2.0/24");
	n.reqid = child.reqid;
	ike_filter(w.ike, w.now, &n);
	ike_filter(w.ike, w.now, &n);
	assert_int_equal(w.said[EV_filter_mss], 1);
	assert_int_equal(w.said[EV_filter_exempt], 1);
	assert_string_equal(filter_line(&w),
		"\"paris\":   mss: off, 1360 in force; nat-exempt: no, in force (-j MASQUERADE);");
	n.mss = 0;
	n.is_exempt = false;
	n.error = "no nft";
	ike_filter(w.ike, w.now, &n);
	assert_int_equal(w.said[EV_filter_refused], 1);
	assert_string_equal(filter_line(&w),
		"\"paris\":   mss: off; nat-exempt: no, missing (-j MASQUERADE); no nft;");
	n.reqid++; /* of nobody */
	ike_filter(w.ike, w.now, &n);
	down(&w, &child);
	assert_string_equal(filter_line(&w), "\"paris\":   mss: off; nat-exempt: no;");
	end(&w);
}

TEST(a_policy_says_what_it_needs_of_the_packet_filter)
{
	struct suite gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 128 };
	const struct dp_policy *p;
	struct child child;
	struct world w;

	begin(&w);
	child_init(&child, ++w.serial, w.conn);
	child.suite = gcm;
	child.remote = w.conn->remote;
	child.ts_local = (struct ts_list){ 1, { net("10.0.1.0/24") } };
	child.ts_remote = (struct ts_list){ 1, { net("10.0.2.0/24") } };
	child_install(w.ike, &child, DP_IN, KIND);
	child_install(w.ike, &child, DP_OUT, KIND);
	child_carries(&child, KIND);
	act(&w);
	p = fake_dp_policy(&w.dp, child.reqid);
	assert_int_equal(p->overhead, dp_overhead(&gcm, DP_TUNNEL, false, false));
	assert_int_equal(p->exempt, DP_EXEMPT_NO);
	assert_int_equal(p->mss, 0);
	down(&w, &child);
	conn_route(w.conn, 0);
	act(&w);
	p = fake_dp_policy(&w.dp, w.conn->reqid); /* nobody knows yet which algorithm */
	assert_int_equal(p->overhead, dp_overhead(NULL, DP_TUNNEL, true, false));
	end(&w);
}

TEST(a_peer_that_cuts_sha2_is_met_in_the_data_plane_only)
{
	struct suite cbc = {
		.encr = ENCR_AES_CBC, .key_bits = 128, .integ = INTEG_HMAC_SHA2_256_128
	};
	struct child child;
	struct world w;

	begin(&w);
	((struct conf_conn *)(uintptr_t)w.conn->conf)->sha2_truncbug = true;
	child_init(&child, ++w.serial, w.conn);
	child.suite = cbc;
	child.spi_in = child.spi_out = 1000;
	child.local = w.conn->local;
	child.remote = w.conn->remote;
	child_install(w.ike, &child, DP_IN, KIND);
	child_install(w.ike, &child, DP_OUT, KIND);
	act(&w);
	for (size_t i = 0; i < COUNT(w.added); i++)
		assert_int_equal(w.added[i], INTEG_HMAC_SHA2_256_TRUNCBUG);
	assert_int_equal(child.suite.integ, INTEG_HMAC_SHA2_256_128);
	assert_int_equal(conn_integ(w.conn, INTEG_HMAC_SHA1_96), INTEG_HMAC_SHA1_96);
	down(&w, &child);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_cuts_sha2_is_met_in_the_data_plane_only),
		cmocka_unit_test(child_sas_with_different_selectors_live_side_by_side),
		cmocka_unit_test(a_rekeyed_child_sa_takes_the_policy_over),
		cmocka_unit_test(a_rekey_with_other_selectors_has_its_own_before_the_old_one_goes),
		cmocka_unit_test(the_trap_becomes_the_first_policy_and_returns_after_the_last),
		cmocka_unit_test(a_child_sa_that_never_carried_leaves_the_trap_alone),
		cmocka_unit_test(
			a_restarted_data_plane_keeps_the_routes_until_nobody_may_make_the_tunnel_anew),
		cmocka_unit_test(the_users_script_is_told_once_of_each_policy),
		cmocka_unit_test(what_the_packet_filter_does_is_told_once_and_shown_while_it_lasts),
		cmocka_unit_test(a_policy_says_what_it_needs_of_the_packet_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
