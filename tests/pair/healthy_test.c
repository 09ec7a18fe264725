/* No false alarm: runs of healthy tunnels of many kinds, on a wire that loses, doubles and reorders
 * a little; the diagnosis of both ends hears all events and finds nothing. The same with one fault
 * must be found. */
#include "tests/pair/pair.h"

#include "config/facts.h"
#include "diag/diag.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

enum { RUNS = 200, FAULTS = 32 };

enum kind { PLAIN, NAT, CHILDREN, TAKEOVER, LIFETIMES, V1_MAIN, V1_NAT, V1_XAUTH, KINDS };

/* The diagnosis of one end. */
struct watcher {
	struct diag diag;
	struct side *side;
	unsigned found, flaps, cleared;
	uint64_t seed;
};

struct run {
	struct pair p;
	struct watcher a, b;
	struct conf_conn conn_a[2], conn_b[2];
	unsigned n_conn;
};

static const struct pair_user alice = { .user = "alice", .password = "right horse" };

static void heard(void *ctx, const struct event *e)
{
	struct watcher *w = ctx;

	diag_take(&w->diag, e);
}

static void found(void *ctx, const struct event *e)
{
	struct watcher *w = ctx;
	char line[4096];

	w->cleared += e->id == EV_diag_cleared;
	if (e->id != EV_diag_finding && e->id != EV_diag_evidence)
		return;
	w->flaps += e->id == EV_diag_finding &&
		    strcmp(FIELDS(e, diag_finding)->class.str, "tunnel-flaps") == 0;
	w->found += e->id == EV_diag_finding;
	if (getenv("HEALTHY_SHOW"))
		printf("seed %llu, %s: %s\n", (unsigned long long)w->seed, w->side->name,
			event_line(e, false, line, sizeof(line)));
}

static void watch(struct run *r, struct watcher *w, struct side *s, uint64_t seed)
{
	w->side = s;
	w->seed = seed;
	diag_init(&w->diag);
	s->watch = (struct event_sink){ heard, w };
	for (unsigned i = 0; i < r->n_conn; i++) {
		const struct conf_conn *c = s == &r->p.a ? &r->conn_a[i] : &r->conn_b[i];

		conf_facts(c, &(struct facts_host){ "6.1.0", "0.1" },
			&(struct event_about){ .conn = c->name }, r->p.now, &s->watch);
	}
}

static void turn(struct run *r, struct watcher *w)
{
	struct event_sink out = { found, w };

	diag_turn(&w->diag, r->p.now, &out);
}

static void live(struct run *r, unsigned seconds, bool has_traffic)
{
	for (unsigned i = 0; i < 2 * seconds; i++) {
		pair_run(&r->p, NS_S / 2);
		if (has_traffic && i % 2 == 0)
			pair_traffic(&r->p);
		turn(r, &r->a);
		turn(r, &r->b);
	}
}

/* IKEv1's first group by default is MODP2048, which costs fifty times as much. */
static struct proposals *quick_groups(void)
{
	static struct proposals all;

	all = *proposals_default_ike_v1();
	for (size_t i = 0; i < all.p[0].n; i++)
		if (all.p[0].t[i].type == TT_KE)
			all.p[0].t[i].id = KE_CURVE25519;
	return &all;
}

static void road(struct run *r)
{
	struct conf_conn *a = &r->conn_a[0], *b = &r->conn_b[0];

	a->modecfgpull = b->modecfgpull = true;
	assert_int_equal(id_parse("@group", &a->left.id), OK);
	assert_int_equal(id_parse("@vpn.example.com", &a->right.id), OK);
	b->left.id = id_copy(&a->left.id);
	b->right.id = id_copy(&a->right.id);
	a->left.modecfgclient = a->left.xauthclient = true;
	b->right.modecfgserver = b->right.xauthserver = true;
	a->right.modecfgserver = a->right.xauthserver = true;
	b->left.modecfgclient = b->left.xauthclient = true;
	a->left.subnet.n = b->left.subnet.n = 0;
	b->left.host_kind = HOST_ANY;
	b->left.host = (struct addr){ 0 };
	assert_int_equal(range_parse("100.64.13.2-100.64.13.9", &b->left.pool[0]), OK);
	b->left.n_pool = 1;
}

static void nat(struct run *r)
{
	struct addr outside = addr_v4(0xcb007101);

	r->p.nat = (struct pair_nat){ &r->p.a, outside, 500, 4500 };
	r->conn_b[0].left.host = outside;
	assert_int_equal(id_parse("192.0.2.1", &r->conn_b[0].left.id), OK);
}

static void connections(struct run *r, enum kind kind)
{
	static const char *const names[] = { "one", "two" };

	r->n_conn = kind == CHILDREN ? 2 : 1;
	for (unsigned i = 0; i < r->n_conn; i++) {
		struct conf_conn *c = &r->conn_a[i];

		*c = pair_conf(names[i]);
		c->dpddelay = 10 * NS_S;
		c->dpdtimeout = 40 * NS_S;
		if (kind >= V1_MAIN) {
			c->version = VERSION_IKEV1;
			c->ike = quick_groups();
		}
		if (kind == LIFETIMES || kind == V1_MAIN) {
			c->ikelifetime = 90 * NS_S;
			c->salifetime = 60 * NS_S;
			c->rekeymargin = 15 * NS_S;
		}
		if (i)
			c->right.subnet.ts[0] = pair_net("10.0.3.0/24");
		r->conn_b[i] = *c;
	}
	if (kind == NAT || kind == V1_NAT)
		nat(r);
	if (kind == V1_XAUTH)
		road(r);
}

static void wire(struct pair *p)
{
	p->delay_min = 5 * NS_MS;
	p->delay_max = 40 * NS_MS; /* reorders */
	p->loss = 1;
	p->duplicate = 2;
	p->answer_max = 20 * NS_MS;
}

/* Gives how many findings both ends had. */
static unsigned one_run(uint64_t seed, bool is_faulty)
{
	struct run *r = xalloc(sizeof(*r)); /* large */
	enum kind kind = (enum kind)(seed % KINDS);
	bool b_begins = seed / KINDS % 2 && kind != NAT && kind != V1_NAT && kind != V1_XAUTH;
	struct side *first = b_begins ? &r->p.b : &r->p.a;
	unsigned n, ike, child;

	pair_init(&r->p, seed);
	connections(r, kind);
	watch(r, &r->a, &r->p.a, seed);
	watch(r, &r->b, &r->p.b, seed);
	wire(&r->p);
	if (kind == V1_XAUTH) {
		r->p.a.logins = r->p.b.users = &alice;
		r->p.a.n_logins = r->p.b.n_users = 1;
	}
	if (is_faulty)
		r->p.b.psk = "another secret than that of the other end";
	for (unsigned i = 0; i < r->n_conn; i++) {
		pair_add(&r->p.a, &r->conn_a[i]);
		pair_add(&r->p.b, &r->conn_b[i]);
	}
	for (unsigned i = 0; i < r->n_conn; i++)
		pair_command(first, CMD_UP, r->conn_a[i].name);
	live(r, 20, true);
	pair_count(&r->p.a, &ike, &child);
	assert_int_equal(child > 0, !is_faulty);
	if (!is_faulty) {
		pair_command(&r->p.a, CMD_REKEY_CHILD, r->conn_a[0].name);
		live(r, 20, true);
		pair_command(&r->p.b, CMD_REKEY_IKE, r->conn_b[0].name);
		live(r, 20, true);
		if (kind == TAKEOVER)
			pair_take_over(&r->p, first, b_begins ? r->conn_b : r->conn_a, r->n_conn);
		live(r, 60, false); /* idle: the peer is asked whether it lives */
		live(r, 60, true);
		pair_count(&r->p.a, &ike, &child);
		assert_true(child > 0);
		pair_command(first, CMD_DOWN, r->conn_a[0].name);
		live(r, 10, false);
	}
	n = r->a.found + r->b.found;
	pair_done(&r->p);
	diag_done(&r->a.diag);
	diag_done(&r->b.diag);
	if (kind == NAT || kind == V1_NAT)
		id_done(&r->conn_b[0].left.id);
	if (kind == V1_XAUTH) {
		id_done(&r->conn_a[0].left.id);
		id_done(&r->conn_a[0].right.id);
		id_done(&r->conn_b[0].left.id);
		id_done(&r->conn_b[0].right.id);
	}
	free(r);
	return n;
}

TEST(healthy_tunnels_have_no_finding)
{
	unsigned n = 0;

	for (uint64_t seed = 0; seed < RUNS; seed++)
		n += one_run(seed, false) > 0;
	assert_int_equal(n, 0);
}

TEST(the_same_runs_with_another_secret_at_one_end_have)
{
	for (uint64_t seed = 0; seed < FAULTS; seed++)
		assert_true(one_run(seed, true) > 0);
}

/* ---- again and again ---- */

static struct run *begin(enum kind kind, uint8_t automatic)
{
	struct run *r = xalloc(sizeof(*r));

	pair_init(&r->p, 1);
	connections(r, kind);
	r->conn_a[0].automatic = automatic;
	r->conn_a[0].ikelifetime = r->conn_b[0].ikelifetime = 3600 * NS_S;
	r->conn_a[0].salifetime = r->conn_b[0].salifetime = 3600 * NS_S;
	watch(r, &r->a, &r->p.a, 1);
	watch(r, &r->b, &r->p.b, 1);
	pair_add(&r->p.a, &r->conn_a[0]);
	pair_add(&r->p.b, &r->conn_b[0]);
	return r;
}

static void end(struct run *r)
{
	pair_done(&r->p);
	diag_done(&r->a.diag);
	diag_done(&r->b.diag);
	free(r);
}

static void assert_up(struct run *r)
{
	unsigned ike, child;

	pair_count(&r->p.a, &ike, &child);
	assert_int_equal(child, 1);
}

/* One end takes it down each time: the other one has a finding from the fourth time on, is told
 * once, and when the fourth last is ten minutes old it is over without anything that happens. */
static void flaps(enum kind kind)
{
	struct run *r = begin(kind, AUTO_START);

	pair_command(&r->p.a, CMD_UP, "one");
	for (unsigned i = 0; i < 6; i++) {
		live(r, 15, true);
		assert_up(r);
		assert_int_equal(r->a.flaps, i >= 4);
		pair_command(&r->p.b, CMD_DOWN, "one");
	}
	live(r, 15, true);
	assert_int_equal(r->a.found, 1);
	assert_int_equal(r->b.found, 0); /* it was a person there */
	live(r, 500, true);
	assert_int_equal(r->a.cleared, 0);
	live(r, 100, true);
	assert_int_equal(r->a.cleared, 1);
	assert_int_equal(r->a.found, 1);
	assert_up(r);
	end(r);
}

TEST(a_tunnel_that_flaps_is_found_once_and_forgotten)
{
	flaps(PLAIN);
	flaps(V1_MAIN);
}

/* No ending: rekeys of either end, one upon the other; a person here; a peer that is taken over. */
static void does_not_flap(enum kind kind)
{
	struct run *r = begin(kind, AUTO_ADD);

	pair_command(&r->p.a, CMD_UP, "one");
	live(r, 5, true);
	for (unsigned i = 0; i < 16; i++) {
		pair_command(i % 2 ? &r->p.a : &r->p.b, i % 4 < 2 ? CMD_REKEY_CHILD : CMD_REKEY_IKE,
			"one");
		live(r, 5, true);
	}
	assert_up(r);
	for (unsigned i = 0; i < 6; i++) {
		pair_command(&r->p.b, CMD_DOWN, "one");
		live(r, 1, false);
		pair_command(&r->p.b, CMD_UP, "one");
		live(r, 5, true);
	}
	assert_up(r);
	assert_int_equal(r->b.found, 0);
	end(r);
	r = begin(kind, AUTO_ADD);
	pair_command(&r->p.a, CMD_UP, "one");
	live(r, 5, true);
	for (unsigned i = 0; i < 6 && kind == PLAIN; i++) {
		pair_take_over(&r->p, i % 2 ? &r->p.b : &r->p.a, i % 2 ? r->conn_b : r->conn_a, 1);
		live(r, 5, true);
	}
	assert_up(r);
	assert_int_equal(r->a.found + r->b.found, 0);
	end(r);
}

TEST(rekeys_and_people_are_no_flapping)
{
	does_not_flap(PLAIN);
	does_not_flap(V1_MAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(healthy_tunnels_have_no_finding),
		cmocka_unit_test(the_same_runs_with_another_secret_at_one_end_have),
		cmocka_unit_test(a_tunnel_that_flaps_is_found_once_and_forgotten),
		cmocka_unit_test(rekeys_and_people_are_no_flapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
