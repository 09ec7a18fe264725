/* Questions on their way: sent, repeated, answered, given up. Which ones: ladder.c. */
#include "probe/ask.h"
#include "probe/search.h"

#include <errno.h>
#include <stdlib.h>

/* Where a third of all packets is lost, half of all questions get no answer: TRIES leave 3 of 100
 * without. A search asks much and needs little. */
enum { TRIES = 5, TRIES_SEARCH = 2, RETRIES_MAX = 2, INVALID_MAJOR_VERSION = 5 };
/* Between two questions of a search. */
#define PACE (50 * NS_MS)

static const char *const asked[] = { "own", "strong", "weak", "other", "transform" };

struct probe *probe_new(const struct probe_for *f, ns_t now)
{
	struct probe *p = xalloc(sizeof(*p));

	p->f = *f;
	p->conn = xstrdup(f->conn);
	p->v1 = f->v1 ? proposals_new(f->v1) : NULL;
	p->v2 = f->v2 ? proposals_new(f->v2) : NULL;
	p->end = now + PROBE_TIME - PROBE_ASK;
	p->now = now;
	ladder_next(p);
	return p;
}

void probe_free(struct probe *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		ask_done(&p->ask[i]);
	free(p->conn);
	free(p->v1);
	free(p->v2);
	free(p->search);
	free(p);
}

const struct proposals *probe_ours(const struct probe *p, unsigned version)
{
	return version == 1 ? p->v1 : p->v2;
}

static unsigned tries_of(enum what what)
{
	return what == ASK_TRANSFORM ? TRIES_SEARCH : TRIES;
}

void probe_ask(struct probe *p, enum what what, unsigned version, uint16_t port,
	const struct proposals *offer)
{
	struct ask *a = &p->ask[p->n];

	if (p->n == ASKS_MAX || !offer || p->now > p->end ||
		p->packets + tries_of(what) > PROBE_PACKETS_MAX) {
		if (p->search)
			search_stop(p);
		return;
	}
	*a = (struct ask){ .what = what,
		.version = version,
		.to = { p->f.remote.addr, port },
		.auth = p->f.auth,
		.due = what == ASK_TRANSFORM ? p->now + PACE : p->now };
	ask_init(a, offer, &p->f.rng);
	p->n++;
}

ns_t probe_due(const struct probe *p)
{
	ns_t due = NS_NEVER;

	for (unsigned i = 0; i < p->n; i++)
		due = MIN(due, p->ask[i].due);
	return due;
}

bool probe_is_over(const struct probe *p)
{
	return p->n == 0;
}

/* ---- what came of a question ---- */

/* Decided: it becomes the past, and when it was the last of its stage, the next stage begins. */
static void decided(struct probe *p, struct ask *a, struct now now, const struct event_sink *out)
{
	struct ask was = *a;

	ask_done(a);
	was.offer = NULL;
	was.ke = NULL;
	was.cookie = (struct buf){ 0 };
	*a = p->ask[--p->n];
	if (was.what == ASK_TRANSFORM)
		search_take(p, &was);
	else if (p->n_past < HISTORY_MAX)
		p->past[p->n_past++] = was;
	if (p->n)
		return;
	ladder_next(p);
	if (p->n == 0)
		search_tell(p, now, out);
}

static void tell_answer(struct probe *p, const struct ask *a, const struct heard *h, struct now now,
	const struct event_sink *out)
{
	static const char *const answers[] = { [ASK_REFUSED] = "refused",
		[ASK_VERSION] = "refused",
		[ASK_UNACCEPTABLE] = "unacceptable",
		[ASK_GROUP] = "group",
		[ASK_TAKEN] = "taken" };
	const struct event_about about = { .conn = p->conn };
	const struct alg *group = h->kind == HEARD_GROUP ? alg_find(TT_KE, h->group) : NULL;
	bool is_taken = a->outcome == ASK_TAKEN;
	char conf[256] = "", swanctl[256] = "", legacy[256] = "";
	const char *difference = "";
	struct proposals chosen;
	struct suite s;
	uint8_t why = 0;
	size_t i;

	if (is_taken) {
		offer_of_suite(a->version, &a->chosen, &chosen);
		proposals_conf(&chosen, conf, sizeof(conf));
		proposals_swanctl(&chosen, swanctl, sizeof(swanctl));
		offer_legacy(&chosen, legacy, sizeof(legacy));
		if (probe_ours(p, a->version) && proposals_choose(probe_ours(p, a->version),
							 &chosen, true, &s, &i, &why) != OK)
			difference = transform_type_name(why);
	}
	EMIT(out, now, &about, probe_answer, .what = ev_str(asked[a->what]),
		.version = ev_u64(a->version), .remote = ev_ep(a->to),
		.answer = ev_str(answers[a->outcome]), .by_version = ev_u64(h->version),
		.notify = ev_str(
			h->kind == HEARD_NOTIFY ? ask_notify_name(h->version, h->notify) : ""),
		.chosen = ev_str(conf), .chosen_swanctl = ev_str(swanctl),
		.is_ours = ev_u64(is_taken && !difference[0]), .difference = ev_str(difference),
		.legacy = ev_str(legacy), .group = ev_str(group ? group->name : ""),
		.vendor = ev_str(h->vendor), .nat = ev_str(h->nat));
}

static void answered(struct probe *p, struct ask *a, const struct heard *h, enum outcome o,
	struct now now, const struct event_sink *out)
{
	a->outcome = o;
	a->chosen = h->suite;
	a->wanted = h->group;
	tell_answer(p, a, h, now, out);
	decided(p, a, now, out);
}

/* The same question again, as the answer wants it. */
static void again(struct ask *a, ns_t now)
{
	a->retries++;
	a->sent = 0;
	a->due = now;
}

static void hear(struct probe *p, struct ask *a, const struct heard *h, struct now now,
	const struct event_sink *out)
{
	bool may_retry = a->retries < RETRIES_MAX;

	switch (h->kind) {
	case HEARD_NOTHING:
		break;
	case HEARD_COOKIE:
		if (may_retry) {
			buf_set(&a->cookie, h->cookie);
			again(a, now.mono);
		}
		break;
	case HEARD_GROUP:
		if (may_retry && a->what != ASK_TRANSFORM && h->group != a->group &&
			proposals_has(a->offer, TT_KE, h->group)) {
			a->group = h->group;
			again(a, now.mono);
		} else {
			answered(p, a, h, ASK_GROUP, now, out);
		}
		break;
	case HEARD_CHOICE:
		answered(p, a, h, ASK_TAKEN, now, out);
		break;
	case HEARD_FOREIGN_CHOICE:
		answered(p, a, h, ASK_UNACCEPTABLE, now, out);
		break;
	case HEARD_NOTIFY:
		answered(p, a, h, h->notify == INVALID_MAJOR_VERSION ? ASK_VERSION : ASK_REFUSED,
			now, out);
		break;
	}
}

void probe_input(struct probe *p, struct now now, const struct event_sink *out,
	const struct endpoint *from, struct bytes datagram)
{
	p->now = now.mono;
	for (unsigned i = 0; i < p->n; i++) {
		struct ask *a = &p->ask[i];
		struct heard h;

		if (!a->sent || !endpoint_eq(&a->to, from))
			continue;
		h = ask_hear(a, &p->f.local, datagram);
		if (h.kind != HEARD_NOTHING) {
			hear(p, a, &h, now, out);
			return;
		}
	}
}

void probe_error(
	struct probe *p, struct now now, const struct event_sink *out, const struct probe_error *e)
{
	const struct event_about about = { .conn = p->conn };

	p->now = now.mono;
	for (unsigned i = 0; i < p->n; i++) {
		struct ask *a = &p->ask[i];

		if (!a->sent || !endpoint_eq(&a->to, &e->remote))
			continue;
		EMIT(out, now, &about, probe_refused, .what = ev_str(asked[a->what]),
			.version = ev_u64(a->version), .remote = ev_ep(a->to),
			.error = ev_u64((uint64_t)e->error), .complainant = ev_addr(e->complainant),
			.local = ev_addr(e->local), .icmp_type = ev_u64(e->icmp_type),
			.icmp_code = ev_u64(e->icmp_code));
		a->outcome = ASK_ERROR;
		a->is_refused_by_peer =
			e->error == ECONNREFUSED && addr_eq(&e->complainant, &a->to.addr);
		decided(p, a, now, out);
		return;
	}
}

static void gave_up(struct probe *p, struct ask *a, struct now now, const struct event_sink *out)
{
	const struct event_about about = { .conn = p->conn };

	if (a->sent) /* else it could not be asked */
		EMIT(out, now, &about, probe_silence, .what = ev_str(asked[a->what]),
			.version = ev_u64(a->version), .remote = ev_ep(a->to),
			.packets = ev_u64(a->sent));
	a->outcome = ASK_SILENT;
	decided(p, a, now, out);
}

static void tell_sent(
	struct probe *p, const struct ask *a, struct now now, const struct event_sink *out)
{
	const struct event_about about = { .conn = p->conn };
	char offer[1024];

	EMIT(out, now, &about, probe_sent, .what = ev_str(asked[a->what]),
		.version = ev_u64(a->version), .remote = ev_ep(a->to), .packet = ev_u64(p->packets),
		.proposal = ev_str(proposals_conf(a->offer, offer, sizeof(offer))));
}

/* The first that is due, or NULL. */
static struct ask *first_due(struct probe *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->ask[i].due <= p->now)
			return &p->ask[i];
	return NULL;
}

struct bytes probe_output(struct probe *p, struct now now, const struct event_sink *out, void *room,
	size_t n, struct endpoint *to)
{
	struct bytes d;
	struct ask *a;

	p->now = now.mono;
	while ((a = first_due(p))) {
		if (a->sent == tries_of(a->what) || p->packets == PROBE_PACKETS_MAX) {
			gave_up(p, a, now, out);
			continue;
		}
		d = ask_request(a, &p->f.local, room, n);
		if (d.n == 0) { /* a group that this host cannot do */
			gave_up(p, a, now, out);
			continue;
		}
		a->sent++;
		a->due = now.mono +
			 (a->what == ASK_TRANSFORM || a->sent == TRIES ? PROBE_WAIT : PROBE_AGAIN);
		p->packets++;
		*to = a->to;
		tell_sent(p, a, now, out);
		return d;
	}
	return BYTES_NONE;
}
