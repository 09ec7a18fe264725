/* The diagnosis as it runs along: events to memories, and when to judge them. */
#include "diag/ride.h"
#include "diag/strangers.h"

#include <stdlib.h>

/* After what decides there may be more about the same at once; and how long silence is no failure
 * yet. */
#define SETTLE	(200 * NS_MS)
#define SILENCE (2800 * NS_MS)
/* By then a peer that begins anew has done so. */
#define OPEN (2 * NS_S)
/* So old, how a connection worked is written down again: seconds. */
enum { GOOD_AGE = 86400 };

void diag_init(struct diag *d)
{
	list_init(&d->stories);
	d->n = 0;
	d->strangers = (struct strangers){ 0 };
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

/* Names of events that are about the whole host, by how they begin: their memory is that of nobody.
 */
static bool is_of_host(const struct event *e)
{
	static const char *const begins[] = { "kernel_", "service_", "secrets_", "resolve_",
		"config_", "load_", "esp_", "process_died", "log_", "v1_too_many_half_open",
		"v2_too_many_half_open" };
	const char *name = event_kind(e->id)->name;

	for (size_t i = 0; i < COUNT(begins); i++)
		if (strncmp(name, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* The connection that an event is about: where it says so, or its field name, when it is told by
 * who loads or commands. NULL: none. */
static const char *conn_of(const struct event *e)
{
	static const char *const begins[] = { "conn_", "load_", "config_", "resolve_",
		"secret_refused" };
	const struct event_kind *k = event_kind(e->id);
	bool has_name = false;

	if (e->about.conn)
		return e->about.conn;
	for (size_t i = 0; i < COUNT(begins); i++)
		has_name = has_name || strncmp(k->name, begins[i], strlen(begins[i])) == 0;
	for (unsigned i = 0; i < k->n && has_name; i++)
		if (e->row[i].type == EVENT_TYPE_str && strcmp(k->field[i].name, "name") == 0 &&
			e->row[i].str[0])
			return e->row[i].str;
	return NULL;
}

/* Peers that replace one another are instances of one template: whose story it is. */
static uint32_t instance_of(const struct event *e)
{
	return e->id == EV_v2_replaced || e->id == EV_v1_replaced ? 0 : e->about.instance;
}

static bool is_host(const struct memory *m)
{
	return !m->conn && !addr_is_set(&m->peer);
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
		if (!is_host(m) && (!for_stranger || !m->conn)) {
			oldest = m;
			n++;
		}
	if (n >= (for_stranger ? STRANGERS_MAX : STORIES_MAX)) {
		memory_done(oldest);
		d->n--;
	}
}

/* A first message that is refused is of the connection that is for that address alone, while it is
 * down. Of one that is up, or that is for anybody, it is no fault: then it is a stranger's. */
static const char *nearest_down(struct diag *d, const char *nearest)
{
	struct memory *m = find(d, nearest, 0, NULL);
	struct story *s;
	bool is_of_it;

	if (!nearest[0] || !m)
		return nearest[0] ? nearest : NULL;
	s = xalloc(sizeof(*s));
	story_open(m, (struct now){ 0 }, s);
	is_of_it = !story_is_up(s) && FACT(s, theirs)[0] != '%';
	free(s);
	return is_of_it ? nearest : NULL;
}

static struct memory *memory_of(struct diag *d, const struct event *e)
{
	const char *nearest = story_nearest(e),
		   *conn = nearest ? nearest_down(d, nearest) : conn_of(e);
	bool is_of_us = !conn && is_of_host(e);
	struct addr peer = { 0 };
	uint32_t instance = conn ? instance_of(e) : 0;
	struct memory *m;

	if (conn)
		peer = e->about.peer;
	else if (!is_of_us)
		peer = stranger(e);
	if (!conn && !addr_is_set(&peer) && !is_of_us)
		return NULL;
	m = find(d, conn, instance, &peer);
	if (!m) {
		make_room(d, !conn);
		m = memory_new(conn, instance, peer);
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
	case EV_v2_cookie:
	case EV_v2_auth_sent:
	case EV_v1_main_i1_sent:
	case EV_v1_main_i2_sent:
	case EV_v1_main_i3_sent:
	case EV_v1_aggr_i1_sent:
	case EV_v1_quick_i1_sent:
	case EV_v1_transaction_waiting:
	case EV_v1_cfg_asking:
		return SILENCE;
	case EV_v2_child_established:
	case EV_v1_child_established:
		return SETTLE;
	case EV_v2_timeout:
	case EV_v1_timeout:
	case EV_v1_dpd_dead:
		return 6 * SETTLE; /* what is to come back by itself has begun by then */
	case EV_v2_send_failed:
	case EV_v1_send_failed:
	case EV_conn_added:
	case EV_service_ready:
	case EV_secrets_loading:
	case EV_load_done: /* what was found may be over */
	case EV_v2_replaced:
	case EV_v1_replaced:
	case EV_v2_peer_moved:
	case EV_v1_peer_moved:
	case EV_v2_child_deleted_by_peer:
	case EV_v1_delete_child:
	case EV_v1_delete_ike:
	case EV_conn_revive:
	case EV_child_silent:
	case EV_child_answered:
	case EV_ike_alive:
	case EV_child_losing:
	case EV_child_clash_over:
	case EV_child_elsewhere:
	case EV_child_large_lost:
	case EV_child_large_pass:
	case EV_log_resumed:
	case EV_v2_wrong_guess:
	case EV_conn_waited:
	case EV_v2_child_initiate:
	case EV_conn_joined:   /* what is known already is told to who comes later, too */
		return SETTLE; /* nothing by itself, but not when it happens again and again */
	case EV_v2_deleting:
		/* of a silent peer the timeout before it is judged, when it is time */
		return strcmp(FIELDS(e, v2_deleting)->by.str, "peer") == 0 ? SETTLE : 0;
	}
	return k->level == EVENT_WARN || k->level == EVENT_FAIL ? SETTLE : 0;
}

/* Is it kept? What answers a request, and what is for plutodebug=, is not; but facts are, whoever
 * asked for them. */
static bool is_kept(const struct event *e)
{
	static const char *const facts[] = { "local_", "probe_", "flow_", "conn_facts", "last_good",
		"v1_transaction_waiting", "child_" };
	const struct event_kind *k = event_kind(e->id);

	for (size_t i = 0; i < COUNT(facts); i++)
		if (strncmp(k->name, facts[i], strlen(facts[i])) == 0)
			return true;
	return k->level != EVENT_REPLY && k->level != EVENT_DEBUG &&
	       strncmp(k->name, "diag_", 5) != 0;
}

static bool is_up(const struct memory *m)
{
	struct story *s = xalloc(sizeof(*s));
	bool ret;

	story_open(m, (struct now){ 0 }, s);
	ret = story_is_up(s);
	free(s);
	return ret;
}

static bool is_coming_up(const struct event *e)
{
	return e->id == EV_v2_child_established || e->id == EV_v1_child_established;
}

/* Of many that may come, one tries again, and has had our answer: it is no forged first message. */
static bool is_another_try(const struct memory *m, const struct event *e)
{
	return m->instance && (e->id == EV_v2_auth_processing || e->id == EV_v1_main_r2_sent);
}

/* What was said of the try before, it is known by: the same again is no news. */
static void succeed(struct memory *m, struct memory *was)
{
	if (!m->said) {
		m->said = was->said;
		m->said_class = was->said_class;
	}
	was->said = 0;
	was->said_class = NULL;
}

/* Who comes up is no stranger any more, and each attempt may have been another instance: what that
 * address was refused for is over. */
/* An instance of the same template, told of or up now; or a connection that was the next best for
 * who is up now by the one that is meant for it. */
static bool is_same_peer(const struct memory *was, const struct memory *m, bool is_up_now)
{
	if (strcmp(was->conn, m->conn) == 0)
		return was->said || is_up_now;
	return is_up_now && peer_was_refused(was, m);
}

static void note_peer(struct diag *d, struct memory *m, const struct event *e)
{
	struct addr at = stranger(e);
	struct memory *was;

	if (!m->conn)
		return;
	if (addr_is_set(&at))
		m->at = at;
	if (!addr_is_set(&m->at) || (!is_coming_up(e) && !is_another_try(m, e)))
		return;
	if ((was = find(d, NULL, 0, &m->at))) {
		memory_done(was);
		d->n--;
	}
	list_each (was, &d->stories, struct memory, node)
		if (was != m && was->conn && addr_eq(&was->at, &m->at) &&
			is_same_peer(was, m, is_coming_up(e)) && !is_up(was)) {
			was->past = was->n;
			was->due = MIN(was->due, e->at.mono + SETTLE);
			if (!is_coming_up(e))
				succeed(m, was);
		}
}

/* A connection that was edited and loaded again: what its attempts were refused for was said of
 * what it was. */
static void forget_attempts(struct diag *d, const struct memory *of)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (m->conn && strcmp(m->conn, of->conn) == 0 && !is_up(m))
			m->past = m == of ? m->n - 1 : m->n;
}

void diag_take(struct diag *d, const struct event *e)
{
	struct memory *m;
	ns_t after;

	if (!is_kept(e))
		return;
	if (e->id == EV_conn_deleted) {
		list_each (m, &d->stories, struct memory, node)
			if (m->conn && strcmp(m->conn, FIELDS(e, conn_deleted)->name.str) == 0) {
				memory_done(m);
				d->n--;
			}
		return;
	}
	m = memory_of(d, e);
	if (!m)
		return;
	if (e->id == EV_conn_facts && memory_is_changed(m, e))
		forget_attempts(d, m);
	memory_add(m, e);
	note_peer(d, m, e);
	ride_note(d, m, e);
	if (e->about.request && e->about.request != m->request) {
		m->request = e->about.request;
		m->heard = 0;
		m->said = MIN(m->said, 1u); /* no digest: who asks anew is told again */
	}
	if (e->id == EV_child_clear)
		m->open = e->at.mono + OPEN;
	after = judged_after(e);
	/* what else happens does not end the wait for an answer */
	if (after == SILENCE)
		m->silent = e->at.mono + after;
	else if (after && (m->due == NS_NEVER || m->due > e->at.mono + after))
		m->due = e->at.mono + after;
}

static bool is_same(const struct event *a, const struct event *b)
{
	const struct event_kind *k = event_kind(a->id);

	for (unsigned i = 0; i < k->n; i++) {
		const char *was = a->row[i].str, *is = b->row[i].str;

		if (k->field[i].type == EVENT_TYPE_str && strcmp(was ? was : "", is ? is : "") != 0)
			return false;
	}
	return true;
}

bool diag_knows_good(struct diag *d, const struct event *e)
{
	struct memory *m = find(d, e->about.conn, 0, NULL);
	struct story *s;
	bool is_known;

	if (!m)
		return false;
	s = xalloc(sizeof(*s));
	story_open(m, (struct now){ 0 }, s);
	is_known = s->good && is_same(s->good, e) &&
		   FIELDS(e, last_good)->worked_at.u64 <
			   FIELDS(s->good, last_good)->worked_at.u64 + GOOD_AGE;
	free(s);
	return is_known;
}

void diag_forget_good(struct diag *d, const char *conn)
{
	struct memory *m = find(d, conn, 0, NULL);

	if (m)
		buf_done(&m->good);
}

static ns_t due_at(const struct memory *m)
{
	return MIN(MIN(m->due, m->silent), m->open);
}

ns_t diag_due(const struct diag *d)
{
	ns_t due = NS_NEVER;
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		due = MIN(due, due_at(m));
	return due;
}

/* Findings as a number, to tell new ones from those that were told of; 0: none. */
static uint32_t digest(const struct finding *found, unsigned n)
{
	uint32_t sum = n ? 2166136261u : 0;

	for (unsigned i = 0; i < n; i++) {
		for (const char *c = found[i].rule->id; *c; c++)
			sum = (sum ^ (uint8_t)*c) * 16777619u;
		for (const char *c = found[i].counts ? "" : found[i].cause; *c; c++)
			sum = (sum ^ (uint8_t)*c) * 16777619u;
	}
	return sum;
}

void diag_open(struct diag *d, const struct memory *m, struct now now, struct story *ret)
{
	const struct memory *of = m->instance ? find(d, m->conn, 0, NULL) : NULL;
	const struct memory *host = find(d, NULL, 0, &(struct addr){ 0 });
	const char *nearest = NULL;

	story_open(m, now, ret);
	for (unsigned i = ret->n; i > 0 && story_is_stranger(ret) && !nearest; i--)
		nearest = story_nearest(&ret->event[i - 1]);
	if (nearest && nearest[0])
		of = find(d, nearest, 0, NULL);
	if (host)
		story_secrets(host, ret);
	if (!ret->facts && of)
		story_facts(of, ret);
}

/* What is found of the IKE SA that it waits for, to who asked for it. */
static void tell_rider(
	struct diag *d, struct memory *m, struct now now, const struct event_sink *out)
{
	const struct memory *of = ride_owner(d, m->rides);
	struct finding *found;
	struct story *s;
	unsigned n;
	uint32_t sum;

	if (!of || !m->request)
		return;
	found = xalloc(FINDINGS_MAX * sizeof(*found));
	s = xalloc(sizeof(*s));
	diag_open(d, of, now, s);
	n = judge(s, found, FINDINGS_MAX);
	sum = digest(found, n);
	if (n && sum != m->heard)
		report(s, found, n, m->request, false, out);
	m->heard = sum;
	free(s);
	free(found);
}

static void tell_riders(
	struct diag *d, const struct memory *of, struct now now, const struct event_sink *out)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (of->begun && m->rides == of->begun)
			tell_rider(d, m, now, out);
}

static void judge_memory(
	struct diag *d, struct memory *m, struct now now, const struct event_sink *out)
{
	struct finding *found = xalloc(FINDINGS_MAX * sizeof(*found));
	struct story *s = xalloc(sizeof(*s));
	bool is_told = true;
	unsigned n;
	uint32_t sum;

	m->due = NS_NEVER;
	if (m->silent <= now.mono)
		m->silent = NS_NEVER;
	if (m->open <= now.mono)
		m->open = NS_NEVER;
	diag_open(d, m, now, s);
	n = judge(s, found, FINDINGS_MAX);
	sum = digest(found, n);
	if (n && sum != m->said && story_is_stranger(s) &&
		!strangers_may_tell(&d->strangers, found->certainty, now))
		is_told = false;
	else if (n && sum != m->said)
		report(s, found, n, m->request, true, out);
	else if (!n && m->said && m->said_class) {
		struct event_about about = { .conn = m->conn };

		EMIT(out, now, &about, diag_cleared, .class = ev_str(m->said_class));
	}
	m->said = sum;
	m->said_class = n && is_told ? found->rule->id : NULL;
	for (unsigned i = 0; i < n; i++)
		if (found[i].until)
			m->due = MIN(m->due, MAX(found[i].until, now.mono + SETTLE));
	free(s);
	free(found);
	tell_rider(d, m, now, out);
	tell_riders(d, m, now, out);
}

void diag_turn(struct diag *d, struct now now, const struct event_sink *out)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (due_at(m) <= now.mono)
			judge_memory(d, m, now, out);
}

void diag_ending(struct diag *d, uint32_t request, struct now now, const struct event_sink *out)
{
	struct memory *m;

	list_each (m, &d->stories, struct memory, node)
		if (request && m->request == request) {
			if (due_at(m) != NS_NEVER)
				judge_memory(d, m, now, out);
			else
				tell_rider(d, m, now, out);
			m->request = 0;
		}
}

void diag_report(struct diag *d, const char *conn, uint32_t request, struct now now,
	const struct event_sink *out)
{
	struct finding *found = xalloc(FINDINGS_MAX * sizeof(*found));
	struct story *s = xalloc(sizeof(*s));
	struct memory *m;

	list_each (m, &d->stories, struct memory, node) {
		if (!is_host(m) && (!m->conn || (conn && strcmp(m->conn, conn) != 0)))
			continue;
		diag_open(d, m, now, s);
		report(s, found, judge(s, found, FINDINGS_MAX), request, false, out);
	}
	free(s);
	free(found);
	if (!conn)
		strangers_report(d, request, now, out);
}

bool diag_story(struct diag *d, const char *conn, struct now now, struct story *ret)
{
	struct memory *m = find(d, conn, 0, NULL);

	if (m)
		diag_open(d, m, now, ret);
	return m != NULL;
}

struct story *diag_stranger(struct diag *d, const struct addr *peer, struct now now)
{
	const struct memory *m = addr_is_set(peer) ? find(d, NULL, 0, peer) : NULL;
	struct story *s = m ? xalloc(sizeof(*s)) : NULL;

	if (s)
		diag_open(d, m, now, s);
	return s;
}

void diag_report_stranger(
	struct diag *d, const struct addr *peer, struct now now, const struct event_sink *out)
{
	struct finding *found = xalloc(FINDINGS_MAX * sizeof(*found));
	struct story *s = diag_stranger(d, peer, now);

	if (s)
		report(s, found, judge(s, found, FINDINGS_MAX), 0, false, out);
	free(s);
	free(found);
}

void diag_recall(struct diag *d, const char *conn, const struct event_sink *out)
{
	struct story *s = xalloc(sizeof(*s));
	struct memory *m;

	list_each (m, &d->stories, struct memory, node) {
		if (conn && (!m->conn || strcmp(m->conn, conn) != 0))
			continue;
		story_open(m, (struct now){ 0 }, s);
		if (s->facts)
			out->take(out->ctx, s->facts);
		if (s->good)
			out->take(out->ctx, s->good);
		for (unsigned i = 0; i < s->n; i++)
			out->take(out->ctx, &s->event[i]);
	}
	free(s);
}
