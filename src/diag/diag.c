/* The diagnosis as it runs along: events to memories, and when to judge them. */
#include "diag/diag.h"

#include <stdlib.h>

/* After what decides there may be more about the same at once; and how long silence is no failure
 * yet. */
#define SETTLE	(200 * NS_MS)
#define SILENCE (2800 * NS_MS)
/* What strangers did is of no interest later. */
#define STRANGER_AGE (900 * NS_S)

void diag_init(struct diag *d)
{
	list_init(&d->stories);
	d->n = 0;
}

void diag_done(struct diag *d)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		memory_done(m);
	d->n = 0;
}

/* The address that an event without a connection is about. */
static struct addr stranger(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; i < k->n; i++)
		if (e->row[i].type == EVENT_TYPE_ep && strcmp(k->field[i].name, "remote") == 0)
			return e->row[i].ep.addr;
	return (struct addr){ 0 };
}

static struct memory *find(
	struct diag *d, const char *conn, uint32_t instance, const struct addr *peer)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (conn ? m->conn && strcmp(m->conn, conn) == 0 && m->instance == instance
			 : !m->conn && addr_eq(&m->peer, peer))
			return m;
	return NULL;
}

/* Room for another one: who was not told of for longest goes; strangers have a bound of their own.
 */
static void make_room(struct diag *d, bool for_stranger)
{
	struct memory *m, *oldest = NULL;
	unsigned n = 0;

	list_each (m, &d->stories, struct memory, node)
		if (!for_stranger || !m->conn) {
			oldest = m;
			n++;
		}
	if (n >= (for_stranger ? STRANGERS_MAX : STORIES_MAX)) {
		memory_done(oldest);
		d->n--;
	}
}

static struct memory *memory_of(struct diag *d, const struct event *e)
{
	struct addr peer = e->about.conn ? e->about.peer : stranger(e);
	struct memory *m;

	if (!e->about.conn && !addr_is_set(&peer))
		return NULL;
	m = find(d, e->about.conn, e->about.instance, &peer);
	if (!m) {
		make_room(d, !e->about.conn);
		m = memory_new(e->about.conn, e->about.instance, peer);
		d->n++;
	}
	list_remove(&m->node);
	list_prepend(&d->stories, &m->node);
	return m;
}

/* How long after it the story is to be judged; 0: nothing follows from it. */
static ns_t judged_after(const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	switch ((int)e->id) {
	case EV_v2_init_sent:
	case EV_v2_auth_sent:
	case EV_v1_main_i1_sent:
	case EV_v1_main_i2_sent:
	case EV_v1_main_i3_sent:
	case EV_v1_aggr_i1_sent:
	case EV_v1_quick_i1_sent:
		return SILENCE;
	case EV_v2_child_established:
	case EV_v1_child_established:
		return SETTLE; /* what was found may be over */
	}
	return k->level == EVENT_WARN || k->level == EVENT_FAIL ? SETTLE : 0;
}

/* Is it kept? What answers a request, and what is for plutodebug=, is not; but facts are, whoever
 * asked for them. */
static bool is_kept(const struct event *e)
{
	static const char *const facts[] = { "local_", "probe_", "conn_facts" };
	const struct event_kind *k = event_kind(e->id);

	for (size_t i = 0; i < COUNT(facts); i++)
		if (strncmp(k->name, facts[i], strlen(facts[i])) == 0)
			return true;
	return k->level != EVENT_REPLY && k->level != EVENT_DEBUG &&
	       strncmp(k->name, "diag_", 5) != 0;
}

void diag_take(struct diag *d, const struct event *e)
{
	struct memory *m;
	ns_t after;

	if (!is_kept(e))
		return;
	if (e->id == EV_conn_deleted) {
		if ((m = find(d, FIELDS(e, conn_deleted)->name.str, 0, NULL))) {
			memory_done(m);
			d->n--;
		}
		return;
	}
	m = memory_of(d, e);
	if (!m)
		return;
	memory_add(m, e);
	if (e->about.request)
		m->request = e->about.request;
	after = judged_after(e);
	if (after && (m->due == NS_NEVER || m->due > e->at.mono + after))
		m->due = e->at.mono + after;
}

ns_t diag_due(const struct diag *d)
{
	ns_t due = NS_NEVER;
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		due = MIN(due, m->due);
	return due;
}

/* Findings as a number, to tell new ones from those that were told of. */
struct digest {
	struct event_sink sink;
	uint32_t sum;
	char *class; /* of the first */
};
static uint32_t mixed(uint32_t sum, const char *s)
{
	for (; *s; s++)
		sum = (sum ^ (uint8_t)*s) * 16777619u;
	return sum;
}
static void digest_take(void *ctx, const struct event *e)
{
	struct digest *g = ctx;

	if (e->id != EV_diag_standing)
		return;
	g->sum = mixed(mixed(g->sum ? g->sum : 2166136261u, FIELDS(e, diag_standing)->class.str),
		FIELDS(e, diag_standing)->cause.str);
}

static void judge_memory(struct memory *m, struct now now, const struct event_sink *out)
{
	struct digest g = { 0 };
	struct event_sink sink = { digest_take, &g };
	struct story *s = xalloc(sizeof(*s));

	m->due = NS_NEVER;
	story_open(m, now, s);
	report(s, 0, false, &sink);
	if (g.sum != m->said && g.sum)
		report(s, m->request, true, out);
	else if (!g.sum && m->said) {
		struct event_about about = { .conn = m->conn, .request = 0 };

		EMIT(out, now, &about, diag_cleared, .class = ev_str(""));
	}
	m->said = g.sum;
	free(s);
}

void diag_turn(struct diag *d, struct now now, const struct event_sink *out)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (m->due <= now.mono)
			judge_memory(m, now, out);
}

void diag_ending(struct diag *d, uint32_t request, struct now now, const struct event_sink *out)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (request && m->request == request) {
			if (m->due != NS_NEVER)
				judge_memory(m, now, out);
			m->request = 0;
		}
}

void diag_report(struct diag *d, const char *conn, uint32_t request, struct now now,
	const struct event_sink *out)
{
	struct story *s = xalloc(sizeof(*s));
	struct memory *m;

	list_each (m, &d->stories, struct memory, node) {
		if (conn && (!m->conn || strcmp(m->conn, conn) != 0))
			continue;
		story_open(m, now, s);
		if (!m->conn && (!s->n || story_age(s, &s->event[s->n - 1]) > STRANGER_AGE))
			continue;
		report(s, request, false, out);
	}
	free(s);
}
