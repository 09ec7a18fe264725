/* The diagnoses of a pair: see verdict.h. */
#include "tests/pair/verdict.h"

#include "config/facts.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/test.h"

/* ---- what is said ---- */

static void append(char *to, size_t n, const char *text, const char *end)
{
	size_t at = strlen(to);

	snprintf(to + at, n - at, "%s%s", text, end);
}

static void finding(struct verdict_said *s, uint64_t rank, const char *class, const char *certainty,
	const char *cause)
{
	if (rank == 1) {
		*s = (struct verdict_said){ 0 };
		snprintf(s->class, sizeof(s->class), "%s", class);
		snprintf(s->certainty, sizeof(s->certainty), "%s", certainty);
		append(s->text, sizeof(s->text), cause, "\n");
	}
	s->rank = (unsigned)rank;
}

static void fix(struct verdict_said *s, const char *where)
{
	static const char *const wheres[] = { [FIX_HERE] = "here",
		[FIX_PEER] = "at the peer",
		[FIX_PEER_LIBRESWAN] = "at the peer, as ipsec.conf has it",
		[FIX_PEER_STRONGSWAN] = "at the peer, as swanctl.conf has it" };

	for (size_t i = 0; i < COUNT(wheres); i++)
		s->is_fixed[i] |= strcmp(wheres[i], where) == 0;
}

/* News and answers have the same fields. */
static void take(struct verdict_said *s, const struct event *e)
{
	switch ((int)e->id) {
	case EV_diag_evidence:
	case EV_found_evidence:
		if (s->rank == 1)
			append(s->text, sizeof(s->text), FIELDS(e, diag_evidence)->text.str, "\n");
		break;
	case EV_diag_suspect:
	case EV_found_suspect:
		if (s->rank == 1)
			append(s->suspects, sizeof(s->suspects), FIELDS(e, diag_suspect)->class.str,
				" ");
		break;
	case EV_diag_fix:
	case EV_found_fix:
		if (s->rank == 1)
			fix(s, FIELDS(e, diag_fix)->where.str);
		assert_null(strstr(FIELDS(e, diag_fix)->text.str, "conn ? "));
		break;
	}
}

static void news(void *ctx, const struct event *e)
{
	struct verdict_end *end = ctx;

	if (getenv("PAIR_SHOW")) {
		char line[8192];

		printf("           %s %s\n", end->side->name,
			event_line(e, false, line, sizeof(line)));
	}
	if (e->id == EV_diag_finding) {
		const union ev_diag_finding *f = FIELDS(e, diag_finding);

		finding(&end->news, f->rank.u64, f->class.str, f->certainty.str, f->cause.str);
		if (f->rank.u64 == 1)
			append(end->classes, sizeof(end->classes), f->class.str, " ");
	}
	take(&end->news, e);
}

static void asked(void *ctx, const struct event *e)
{
	struct verdict_said *s = ctx;

	if (e->id == EV_found_finding) {
		const union ev_found_finding *f = FIELDS(e, found_finding);

		finding(s, f->rank.u64, f->class.str, f->certainty.str, f->cause.str);
	}
	take(s, e);
}

/* ---- as control does ---- */

static void heard(void *ctx, const struct event *e)
{
	struct verdict_end *end = ctx;
	const struct event_sink out = { news, end };

	if (e->id == EV_request_done)
		diag_ending(&end->diag, e->about.request, e->at, &out);
	diag_take(&end->diag, e);
}

static void turn(struct verdict_end *end)
{
	const struct event_sink out = { news, end };

	if (diag_due(&end->diag) <= end->side->pair->now.mono)
		diag_turn(&end->diag, end->side->pair->now, &out);
}

static void pass(struct verdict *v, ns_t for_ns)
{
	for (ns_t t = 0; t < for_ns; t += 100 * NS_MS) {
		pair_run(&v->p, 100 * NS_MS);
		turn(&v->end[AT_INITIATOR]);
		turn(&v->end[AT_RESPONDER]);
	}
}

static void end_init(struct verdict_end *end, struct side *side, const struct conf_conn *conf)
{
	struct event_about about = { .conn = conf->name };
	const struct event_sink in = { heard, end };

	*end = (struct verdict_end){ .side = side };
	diag_init(&end->diag);
	side->watch = in;
	conf_facts(conf, &(struct facts_host){ "6.1.0", "0.1" }, &about, side->pair->now, &in);
}

/* ---- one row ---- */

/* Counted, so that a run shows all rows that are wrong. */
static void wrong(struct verdict *v, const char *what, const char *expected, const char *is)
{
	print_error("%s: expected \"%s\", is \"%s\"\n", what, expected, is);
	v->n_wrong++;
}

static void has(struct verdict *v, const char *what, const char *text, const char *part)
{
	if (part && !strstr(text, part))
		wrong(v, what, part, text);
}

static void said(
	struct verdict *v, const char *what, const struct verdict_said *s, const char *expected)
{
	char is[96] = "";

	if (s->class[0])
		snprintf(is, sizeof(is), "%s %s", s->class, s->certainty);
	if (strcmp(is, expected) != 0) {
		wrong(v, what, expected, is);
		print_error("%s", s->text);
	}
}

/* Nothing else was found on the way to it. */
static void is_only(struct verdict *v, const char *what, const struct verdict_end *end)
{
	size_t n = strlen(end->news.class);

	for (const char *c = end->classes; *c; c = strchr(c, ' ') + 1)
		if (strncmp(c, end->news.class, n) != 0)
			wrong(v, what, end->news.class, end->classes);
}

static void judge_end(
	struct verdict *v, const char *what, struct verdict_end *end, const char *expected)
{
	const struct event_sink out = { asked, &end->asked };

	diag_report(&end->diag, NULL, 1, end->side->pair->now, &out);
	said(v, what, &end->news, expected);
	said(v, what, &end->asked, expected);
	is_only(v, what, end);
}

static void judge_row(struct verdict *v, const struct verdict_row *r)
{
	const struct verdict_said *to = &v->end[AT_RESPONDER].news;

	judge_end(v, "initiator", &v->end[AT_INITIATOR], r->initiator);
	judge_end(v, "responder", &v->end[AT_RESPONDER], r->responder);
	has(v, "suspects", v->end[AT_INITIATOR].news.suspects, r->suspect);
	if (!r->theirs && !r->ours)
		return;
	has(v, "theirs", to->text, r->theirs);
	has(v, "ours", to->text, r->ours);
	if (!to->is_fixed[FIX_HERE])
		wrong(v, "fix", "here", "none");
	if (!to->is_fixed[FIX_PEER] && !to->is_fixed[FIX_PEER_LIBRESWAN])
		wrong(v, "fix", "ipsec.conf at the peer", "none");
	if (!to->is_fixed[FIX_PEER] && !to->is_fixed[FIX_PEER_STRONGSWAN])
		wrong(v, "fix", "swanctl.conf at the peer", "none");
}

static struct verdict *begin(void)
{
	struct verdict *v = xalloc(sizeof(*v));

	v->a = v->b = pair_conf("paris");
	v->a.local_is_left = true;
	pair_init(&v->p, 1);
	return v;
}

static unsigned finish(struct verdict *v)
{
	unsigned n_wrong = v->n_wrong;

	diag_done(&v->end[AT_INITIATOR].diag);
	diag_done(&v->end[AT_RESPONDER].diag);
	pair_done(&v->p);
	id_done(&v->a.left.id);
	id_done(&v->a.right.id);
	id_done(&v->b.left.id);
	id_done(&v->b.right.id);
	free(v);
	return n_wrong;
}

void verdict_say(struct verdict *v, struct bytes data)
{
	struct datagram d = { { v->p.b.addr, 500 }, { v->p.a.addr, 500 }, data };

	ike_input(v->p.b.ike, v->p.now, &d);
	pass(v, NS_S);
}

void verdict_hear(const char *name, void (*tell)(struct verdict *v), const char *expected)
{
	struct verdict *v = begin();

	print_message("%s\n", name);
	end_init(&v->end[AT_INITIATOR], &v->p.a, &v->a);
	end_init(&v->end[AT_RESPONDER], &v->p.b, &v->b);
	pair_add(&v->p.b, &v->b);
	tell(v);
	judge_end(v, "responder", &v->end[AT_RESPONDER], expected);
	assert_int_equal(finish(v), 0);
}

void verdict_answer(struct verdict *v, struct bytes data)
{
	struct datagram d = { { v->p.a.addr, 500 }, { v->p.b.addr, 500 }, data };

	ike_input(v->p.a.ike, v->p.now, &d);
	pass(v, NS_S);
}

void verdict_ask(
	const char *name, void (*tell)(struct verdict *v), ns_t within, const char *expected)
{
	struct verdict *v = begin();

	print_message("%s\n", name);
	end_init(&v->end[AT_INITIATOR], &v->p.a, &v->a);
	end_init(&v->end[AT_RESPONDER], &v->p.b, &v->b);
	pair_add(&v->p.a, &v->a);
	pair_command(&v->p.a, CMD_UP, v->a.name);
	v->p.drops_all = true;
	pair_run(&v->p, NS_MS);
	tell(v);
	pass(v, within > NS_S ? within - NS_S : 0); /* that is in tell already */
	if (expected)
		judge_end(v, "initiator", &v->end[AT_INITIATOR], expected);
	assert_int_equal(finish(v), 0);
}

static unsigned walk_one(const struct verdict_row *r, verdict_setup *setup)
{
	struct verdict *v = begin();
	bool is_a = r->at == AT_INITIATOR;

	print_message("%s, at the %s\n", r->name, is_a ? "initiator" : "responder");
	if (setup)
		setup(v);
	r->make(v, is_a ? &v->a : &v->b, is_a ? &v->p.a : &v->p.b);
	end_init(&v->end[AT_INITIATOR], &v->p.a, &v->a);
	end_init(&v->end[AT_RESPONDER], &v->p.b, &v->b);
	pair_add(&v->p.a, &v->a);
	pair_add(&v->p.b, &v->b);
	pair_command(&v->p.a, CMD_UP, v->a.name);
	pass(v, 6 * NS_S);
	judge_row(v, r);
	return finish(v);
}

void verdict_walk(const struct verdict_row *rows, size_t n, verdict_setup *setup)
{
	const char *only = getenv("VERDICT");
	unsigned n_wrong = 0;

	for (size_t i = 0; i < n; i++)
		if (!only || strcmp(only, rows[i].name) == 0)
			n_wrong += walk_one(&rows[i], setup);
	assert_int_equal(n_wrong, 0);
}
