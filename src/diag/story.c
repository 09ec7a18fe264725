/* Memories of connections: told, kept, opened. */
#include "diag/story.h"

#include "base/rd.h"
#include "base/wr.h"

#include <stdlib.h>

/* The largest event: a row of strings, each cut by who made it. */
enum { EVENT_OCTETS = 32 << 10 };

struct memory *memory_new(const char *conn, uint32_t instance, struct addr peer)
{
	struct memory *m = xalloc(sizeof(*m));

	list_init(&m->node);
	m->conn = xstrdup(conn);
	m->instance = instance;
	m->peer = peer;
	m->due = m->silent = m->open = NS_NEVER;
	return m;
}

void memory_done(struct memory *m)
{
	for (unsigned i = 0; i < STORY_EVENTS; i++)
		buf_done(&m->event[i]);
	buf_done(&m->facts);
	buf_done(&m->good);
	buf_done(&m->secrets);
	list_remove(&m->node);
	free(m->conn);
	free(m);
}

static bool opened(const struct buf *b, struct event *ret)
{
	struct rd r = rd_from(buf_view(b));

	return b->n && event_get(&r, ret) == OK;
}

/* A first message that is answered, and that nothing follows: anybody can send one in the name of
 * any address. */
static bool is_knock(const struct event *e)
{
	return e->id == EV_v2_init_answered || e->id == EV_v1_responding;
}
static bool is_end_of_knock(const struct event *e)
{
	return e->id == EV_v2_half_open_end || e->id == EV_v1_half_open_end;
}

/* More than these in a row say no more than these do. */
enum { KNOCKS_KEPT = 16 };

/* Anybody makes these in any number: the last stands for all, so that they drive nothing out. */
static struct buf *place_of(struct memory *m, const struct event *e)
{
	bool is_many = e->id == EV_v1_too_many_half_open || e->id == EV_v2_too_many_half_open,
	     is_one = is_knock(e) || is_end_of_knock(e);
	unsigned back = is_many ? 2 : is_one ? KNOCKS_KEPT : 0, i;
	struct buf *at, *same = NULL;
	struct event was;

	for (i = 0; i < back && i < m->n; i++) {
		at = &m->event[(m->n - 1 - i) % STORY_EVENTS];
		if (!opened(at, &was))
			break;
		same = !same && was.id == e->id ? at : same;
		if (is_one && !is_knock(&was) && !is_end_of_knock(&was))
			break;
	}
	if (same && (is_many || i == KNOCKS_KEPT))
		return same;
	return &m->event[m->n++ % STORY_EVENTS];
}

void memory_add(struct memory *m, const struct event *e)
{
	uint8_t octets[EVENT_OCTETS];
	struct wr w = wr_to(octets, EVENT_OCTETS);

	event_put(&w, e);
	if (wr_ok(&w)) {
		struct buf *to = e->id == EV_conn_facts	 ? &m->facts
				 : e->id == EV_last_good ? &m->good
							 : place_of(m, e);

		buf_set(to, wr_view(&w));
		if (e->id == EV_secrets_loading &&
			FIELDS(e, secrets_loading)->written.u64 >= m->secrets_written) {
			m->secrets_written = FIELDS(e, secrets_loading)->written.u64;
			buf_set(&m->secrets, wr_view(&w));
		}
	}
}

bool memory_is_changed(const struct memory *m, const struct event *facts)
{
	struct event *was = xalloc(sizeof(*was));
	const char *digest, *is = FIELDS(facts, conn_facts)->digest.str;
	bool ret = false;

	if (m->n && opened(&m->event[(m->n - 1) % STORY_EVENTS], was) && was->id == EV_conn_added &&
		opened(&m->facts, was)) {
		digest = FIELDS(was, conn_facts)->digest.str;
		ret = digest[0] && strcmp(digest, is) != 0;
	}
	free(was);
	return ret;
}

/* What happens from here on is another story than what came before. */
static bool is_turn(const struct event *e)
{
	switch ((int)e->id) {
	case EV_v1_initiate:
		return FIELDS(e, v1_initiate)->old.str[0] == '\0'; /* else a rekey */
	case EV_v2_initiate:
	case EV_v2_init_answered:
	case EV_v1_responding:
	case EV_v1_child_established:
		return true;
	case EV_v2_child_established:
		return FIELDS(e, v2_child_established)->old.str[0] == '\0';
	}
	return false;
}

/* The present begins anew with a turn. While a tunnel is up, a knock is one only when more follows
 * of the same SA. */
static void note_turn(struct story *s, const struct event *e, const struct event **knock)
{
	if (is_knock(e) && story_is_up(s)) {
		*knock = e;
		return;
	}
	if (is_turn(e))
		s->from = s->n;
	else if (*knock && (*knock)->about.serial == e->about.serial && !is_end_of_knock(e))
		s->from = (unsigned)(*knock - s->event);
	else
		return;
	*knock = NULL;
}

void story_open(const struct memory *m, struct now now, struct story *ret)
{
	uint64_t first = m->n > STORY_EVENTS ? m->n - STORY_EVENTS : 0;
	const struct event *knock = NULL;

	*ret = (struct story){ .conn = m->conn, .peer = m->peer, .now = now };
	for (uint64_t i = first; i < m->n; i++)
		if (opened(&m->event[i % STORY_EVENTS], &ret->event[ret->n])) {
			note_turn(ret, &ret->event[ret->n], &knock);
			ret->n++;
			if (i < m->past)
				ret->from = ret->n;
		}
	story_facts(m, ret);
	if (opened(&m->good, &ret->good_))
		ret->good = &ret->good_;
	story_secrets(m, ret);
}

void story_facts(const struct memory *m, struct story *ret)
{
	if (opened(&m->facts, &ret->facts_))
		ret->facts = &ret->facts_;
}

void story_secrets(const struct memory *host, struct story *ret)
{
	if (opened(&host->secrets, &ret->secrets_))
		ret->secrets = &ret->secrets_;
}

const struct event *story_last(const struct story *s, enum event_id id)
{
	for (unsigned i = s->n; i > s->from; i--)
		if (s->event[i - 1].id == id)
			return &s->event[i - 1];
	return NULL;
}

const struct event *story_first(const struct story *s, enum event_id id)
{
	for (unsigned i = s->from; i < s->n; i++)
		if (s->event[i].id == id)
			return &s->event[i];
	return NULL;
}

unsigned story_count(const struct story *s, enum event_id id)
{
	unsigned n = 0;

	for (unsigned i = s->from; i < s->n; i++)
		n += s->event[i].id == id;
	return n;
}

const struct event *story_last_of(const struct story *s, const enum event_id *ids)
{
	const struct event *last = NULL;

	for (; *ids != EV_NONE; ids++) {
		const struct event *e = story_last(s, *ids);

		if (e && (!last || e > last))
			last = e;
	}
	return last;
}

const struct event *story_ever(const struct story *s, enum event_id id)
{
	for (unsigned i = s->n; i > 0; i--)
		if (s->event[i - 1].id == id)
			return &s->event[i - 1];
	return NULL;
}

bool story_later(const struct event *a, const struct event *b)
{
	return a && (!b || a > b);
}

ns_t story_age(const struct story *s, const struct event *e)
{
	return s->now.mono - e->at.mono;
}

static const char *text_of(const struct event_value *v)
{
	return v->type == EVENT_TYPE_str && v->str ? v->str : "";
}

const char *story_nearest(const struct event *e)
{
	switch ((int)e->id) {
	case EV_v1_no_connection:
		return text_of(&FIELDS(e, v1_no_connection)->nearest);
	case EV_v2_no_connection:
		return text_of(&FIELDS(e, v2_no_connection)->nearest);
	case EV_v1_no_proposal:
	case EV_v2_no_proposal:
	case EV_v1_responding: /* of which no SA comes */
		return e->about.serial ? NULL : e->about.conn ? e->about.conn : "";
	}
	return NULL;
}

int story_version(const struct story *s)
{
	for (unsigned i = s->n; i > 0; i--) {
		const char *name = event_kind(s->event[i - 1].id)->name;

		if (strncmp(name, "v1_", 3) == 0 || strncmp(name, "v2_", 3) == 0)
			return name[1] - '0';
	}
	return strcmp(FACT(s, version), "IKEv2") == 0	? 2
	       : strcmp(FACT(s, version), "IKEv1") == 0 ? 1
							: 0;
}
