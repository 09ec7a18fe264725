/* Random schedules (RFC 7296 2.8, 2.25, 2.4): two engines, a bad wire, and people at both ends who
 * bring connections up and down and rekey at the worst moments. In the end, when the wire is good
 * again and people have gone home, both ends must have the same SAs, every command must have been
 * answered once, and nothing may be left over. */
#include "tests/pair/pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

enum { SCHEDULES = 10000, STEPS_MAX = 12 };

static uint8_t version = VERSION_IKEV2; /* enum conf_version, of the command line */

struct schedule {
	struct pair pair;
	unsigned commands_a, commands_b; /* since the side began */
	struct conf_conn conn_a[2], conn_b[2];
	const char *name[2];
};

static unsigned dice(struct pair *p, unsigned n)
{
	return rng_u32(&p->rng) % n;
}

static void bad_wire(struct pair *p)
{
	p->delay_min = (ns_t)dice(p, 3) * 5 * NS_MS;
	p->delay_max = p->delay_min + (ns_t)dice(p, 4) * 150 * NS_MS;
	p->loss = dice(p, 3) ? dice(p, 30) : 0;
	/* nobody acknowledges IKEv1's Delete: one that is lost, or that comes after the ISAKMP
	 * SA's, leaves an SA till it expires */
	if (version == VERSION_IKEV1) {
		p->loss = 0;
		p->delay_max = p->delay_min;
	}
	p->duplicate = dice(p, 3) ? 0 : dice(p, 30);
	p->answer_min = 0;
	p->answer_max = (ns_t)dice(p, 3) * 40 * NS_MS;
	p->refuses = dice(p, 4) ? 0 : dice(p, 20);
}

static void good_wire(struct pair *p)
{
	p->delay_min = p->delay_max = NS_MS;
	p->loss = p->duplicate = 0;
	p->answer_min = p->answer_max = 0;
	p->refuses = 0;
}

static void command(struct schedule *s, struct side *side, uint8_t verb, const char *name)
{
	*(side == &s->pair.a ? &s->commands_a : &s->commands_b) += 1;
	pair_command(side, verb, name);
}

static void something(struct schedule *s)
{
	static const uint8_t verbs[] = { CMD_UP, CMD_UP, CMD_REKEY_CHILD, CMD_REKEY_CHILD,
		CMD_REKEY_IKE, CMD_REKEY_IKE, CMD_DOWN };
	struct pair *p = &s->pair;
	struct side *side = dice(p, 2) ? &p->a : &p->b;
	const char *name = s->name[dice(p, 2)];
	uint8_t verb = verbs[dice(p, COUNT(verbs))];

	command(s, side, verb, name);
	/* often the other end has the same idea */
	if (dice(p, 3) == 0)
		command(s, side == &p->a ? &p->b : &p->a, verb, name);
}

/* As after a suspend: timers are late together. Or someone sets the wall clock. */
static void clock_jump(struct pair *p)
{
	if (dice(p, 2))
		p->now.mono += (ns_t)dice(p, 20) * NS_S;
	else
		p->now.wall += ((ns_t)dice(p, 4000) - 2000) * 3600 * NS_S;
}

/* One end crashes and begins anew, or where it ended; whoever asked it for something will never
 * hear. */
static void crash(struct schedule *s, bool is_taken_over)
{
	bool is_a = dice(&s->pair, 2);
	struct side *side = is_a ? &s->pair.a : &s->pair.b;
	const struct conf_conn *conn = is_a ? s->conn_a : s->conn_b;

	if (is_taken_over)
		pair_take_over(&s->pair, side, conn, 2);
	else
		pair_restart(&s->pair, side);
	side->n_done = 0;
	*(is_a ? &s->commands_a : &s->commands_b) = 0;
	for (int i = 0; i < 2 && !is_taken_over; i++)
		pair_add(side, &conn[i]);
}

static void accident(struct schedule *s)
{
	struct pair *p = &s->pair;
	unsigned what = dice(p, 40);

	/* IKEv1 keeps nothing, and nobody acknowledges its Delete: what one end forgot, or says by
	 * a NAT that forgot, the
	 * other one may have till it expires */
	if (version == VERSION_IKEV1 && what >= 2 && what <= 7)
		return;
	switch (what) {
	case 0:
	case 1:
		clock_jump(p);
		break;
	case 2:
		crash(s, false);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		crash(s, true);
		break;
	case 7:
		/* a NAT forgets */
		if (p->nat.inside)
			p->nat.port_nat = (uint16_t)(40000 + dice(p, 1000));
		break;
	default:
		break;
	}
}

/* Some live with a NAT before A: B knows it by the NAT's address. */
static void nat(struct schedule *s)
{
	struct addr outside = addr_v4(0xcb007101);

	s->pair.nat = (struct pair_nat){ &s->pair.a, outside, 500, 4500 };
	for (int i = 0; i < 2; i++) {
		s->conn_b[i].left.host = outside;
		assert_int_equal(id_parse("192.0.2.1", &s->conn_b[i].left.id), OK);
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

static void connections(struct schedule *s)
{
	struct pair *p = &s->pair;

	s->name[0] = "one";
	s->name[1] = "two";
	for (int i = 0; i < 2; i++) {
		struct conf_conn *c = &s->conn_a[i];

		*c = pair_conf(s->name[i]);
		c->version = version;
		if (version == VERSION_IKEV1)
			c->ike = quick_groups();
		c->retransmit_timeout = 20 * NS_S;
		/* an end that gave up cannot say so: without liveness nobody would ever know */
		c->dpddelay = 10 * NS_S;
		c->pfs = (uint8_t)dice(p, 3);
		if (dice(p, 3) == 0) {
			c->ikelifetime = 30 * NS_S;
			c->salifetime = 20 * NS_S;
			c->rekeymargin = 5 * NS_S;
		}
	}
	s->conn_a[1].right.subnet.ts[0] = pair_net("10.0.3.0/24");
	memcpy(s->conn_b, s->conn_a, sizeof(s->conn_b));
	if (dice(p, 4) == 0)
		nat(s);
	for (int i = 0; i < 2; i++) {
		pair_add(&p->a, &s->conn_a[i]);
		pair_add(&p->b, &s->conn_b[i]);
	}
}

static void rest(struct pair *p, unsigned seconds)
{
	for (unsigned i = 0; i < seconds; i++) {
		pair_run(p, NS_S);
		pair_traffic(p);
	}
}

/* What one end sends the other one takes, and the same connections are up. In IKEv1 one that was
 * replaced may live at one end until its age. */
static bool carries(struct pair *p)
{
	p->a.lost = p->b.lost = p->a.carried = p->b.carried = 0;
	pair_traffic(p);
	return p->a.lost + p->b.lost == 0 && p->a.carried == p->b.carried;
}

static bool is_quiet(struct pair *p, unsigned *ret_child)
{
	unsigned ike_a, ike_b, child_b;

	pair_count(&p->a, &ike_a, ret_child);
	pair_count(&p->b, &ike_b, &child_b);
	if (version == VERSION_IKEV1)
		return carries(p);
	return pair_agrees(p) && ike_a == ike_b && *ret_child == child_b;
}

static unsigned one_schedule(uint64_t seed)
{
	static struct schedule s; /* large */
	unsigned steps, ike_a, ike_b, child_a, child_b;
	struct pair *p = &s.pair;

	memset(&s, 0, sizeof(s));
	pair_init(p, seed);
	connections(&s);
	bad_wire(p);
	steps = 2 + dice(p, STEPS_MAX);
	for (unsigned i = 0; i < steps; i++) {
		something(&s);
		pair_run(p, (ns_t)dice(p, 4) * 60 * NS_MS);
		accident(&s);
		if (dice(p, 4) == 0)
			pair_run(p, (ns_t)dice(p, 10) * NS_S);
		if (dice(p, 3) == 0)
			pair_traffic(p);
	}
	good_wire(p);
	/* whatever one end gave up is noticed by the other one: by liveness, a rekey, or these */
	pair_run(p, 50 * NS_S);
	command(&s, &p->a, CMD_REKEY_CHILD, "one");
	command(&s, &p->b, CMD_REKEY_CHILD, "two");
	rest(p, 90);

	/* not in the middle of an ordinary rekey */
	for (int i = 0; i < 50 && !is_quiet(p, &child_a); i++)
		pair_run(p, 100 * NS_MS);
	if (!is_quiet(p, &child_a)) {
		pair_count(&p->a, &ike_a, &child_a);
		pair_count(&p->b, &ike_b, &child_b);
		fail_msg("seed %llu: %u/%u IKE SAs, %u/%u Child SAs, agree: %d; lost %u/%u, "
			 "carried %u/%u",
			(unsigned long long)seed, ike_a, ike_b, child_a, child_b, pair_agrees(p),
			(unsigned)p->a.lost, (unsigned)p->b.lost, (unsigned)p->a.carried,
			(unsigned)p->b.carried);
	}
	if (p->a.n_done != s.commands_a || p->b.n_done != s.commands_b)
		fail_msg("seed %llu: %u/%u of %u/%u commands were answered",
			(unsigned long long)seed, p->a.n_done, p->b.n_done, s.commands_a,
			s.commands_b);
	if (p->a.count[EV_ike_record_bad] + p->b.count[EV_ike_record_bad])
		fail_msg("seed %llu: a record could not be read", (unsigned long long)seed);
	/* and nothing is left when both go down */
	pair_do(&p->a, CMD_DOWN, "one");
	pair_do(&p->a, CMD_DOWN, "two");
	pair_do(&p->b, CMD_DOWN, "one");
	pair_do(&p->b, CMD_DOWN, "two");
	rest(p, 5);
	if (p->a.n_sa + p->b.n_sa + p->a.n_policy + p->b.n_policy)
		fail_msg("seed %llu: something is left", (unsigned long long)seed);
	pair_done(p);
	for (int i = 0; i < 2; i++)
		id_done(&s.conn_b[i].left.id);
	return child_a;
}

TEST(ten_thousand_schedules_end_in_agreement)
{
	const char *one = getenv("PAIR_SEED"), *many = getenv("PAIR_SCHEDULES");
	uint64_t n = many ? strtoull(many, NULL, 10) : SCHEDULES;
	uint64_t tunnels = 0;

	if (one) {
		one_schedule(strtoull(one, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		tunnels += one_schedule(seed);
	/* most of them end with a tunnel, or the test says nothing */
	assert_true(tunnels > n / 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_schedules_end_in_agreement),
	};

	if (argc > 1 && strcmp(argv[1], "ikev1") == 0)
		version = VERSION_IKEV1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
