/* A log, line by line: time, dialect, connections. */
#include "foreign/around.h"

#include <stdlib.h>

struct foreign_log *foreign_new(void)
{
	return xalloc(sizeof(struct foreign_log));
}

void foreign_free(struct foreign_log *l)
{
	free(l);
}

enum foreign_dialect foreign_dialect(const struct foreign_log *l)
{
	return l->dialect;
}

struct now foreign_now(const struct foreign_log *l)
{
	return l->at;
}

struct now foreign_later(const struct foreign_log *l)
{
	ns_t t = l->has_clock ? l->at.mono + 2 * NS_S : 600 * NS_S;

	return (struct now){ .mono = t, .wall = t };
}

struct talk *talk_find(struct foreign_log *l, const char *name)
{
	for (size_t i = 0; i < COUNT(l->talk); i++)
		if (l->talk[i].used && strcmp(l->talk[i].name, name) == 0) {
			l->talk[i].used = l->lines;
			return &l->talk[i];
		}
	return NULL;
}

struct talk *talk_of(struct foreign_log *l, const char *name)
{
	char cut[FOREIGN_NAME];
	struct talk *t, *oldest = &l->talk[0];

	line_copy(cut, sizeof(cut), name);
	if ((t = talk_find(l, cut)))
		return t;
	for (size_t i = 1; i < COUNT(l->talk); i++)
		if (l->talk[i].used < oldest->used)
			oldest = &l->talk[i];
	for (size_t i = 0; i < COUNT(l->job); i++)
		if (l->job[i].talk == (int)(oldest - l->talk) + 1)
			l->job[i].talk = 0;
	*oldest = (struct talk){ .used = l->lines };
	line_copy(oldest->name, sizeof(oldest->name), cut);
	return oldest;
}

struct talk *talk_with(struct foreign_log *l, const struct addr *remote)
{
	struct talk *t = NULL;

	for (size_t i = 0; i < COUNT(l->talk); i++)
		if (l->talk[i].used && addr_eq(&l->talk[i].remote.addr, remote) &&
			(!t || l->talk[i].used > t->used))
			t = &l->talk[i];
	return t;
}

bool talk_begins(struct talk *t, int version, bool is_initiator)
{
	bool was_trying = t->is_trying && t->version == version && t->is_initiator == is_initiator;

	t->version = version;
	t->is_initiator = is_initiator;
	t->stage = STAGE_INIT;
	if (!was_trying)
		t->furthest = STAGE_NONE;
	t->retransmits = 0;
	t->is_full = t->has_no_secret = false;
	t->noise = 0;
	t->is_trying = true;
	t->is_retried = was_trying;
	return !was_trying;
}

/* What a row of attempts had found is over. */
void talk_ike_is_up(struct line *n)
{
	struct talk *t = n->talk;

	if (t->is_retried && t->version == 2)
		SAY(n, v2_initiate, );
	else if (t->is_retried)
		SAY(n, v1_initiate, .mode = ev_str(t->mode));
	t->is_trying = t->is_retried = false;
	t->stage = STAGE_UP;
}

void talk_state(struct line *n, enum stage stage, const char *state)
{
	n->talk->stage = stage;
	n->talk->furthest = MAX(n->talk->furthest, stage);
	line_copy(n->talk->state, sizeof(n->talk->state), state);
}

void talk_refused(struct line *n)
{
	n->talk->stage = STAGE_NONE;
	n->talk->is_trying = false;
}

static const char *id_or(struct line *n, const char *id, const struct addr *a)
{
	char t[ADDR_STR];

	if (id[0])
		return id;
	addr_format(a, t); /* "%any": in ipsec.secrets, anybody */
	return line_keep(n, t, strlen(t));
}

const char *talk_our_id(struct line *n)
{
	return id_or(n, n->talk->ours, &n->talk->local.addr);
}

const char *talk_their_id(struct line *n)
{
	return id_or(n, n->talk->theirs, &n->talk->remote.addr);
}

void talk_facts(struct line *n)
{
	struct talk *t = n->talk;
	char theirs[ADDR_STR], ours[ADDR_STR];

	if (addr_eq(&t->told, &t->remote.addr) && (addr_is_set(&t->told) || t->is_told))
		return;
	t->is_told = true;
	t->told = t->remote.addr;
	SAY(n, conn_facts,
		.theirs = ev_str(
			addr_is_set(&t->remote.addr) ? addr_format(&t->remote.addr, theirs) : ""),
		.ours = ev_str(
			addr_is_set(&t->local.addr) ? addr_format(&t->local.addr, ours) : ""),
		.file = ev_str(n->job && !n->log->is_stroke ? "/etc/swanctl/swanctl.conf"
							    : "/etc/ipsec.conf"),
		.suite = ev_str(!n->job		    ? "libreswan"
				: n->log->is_stroke ? "strongswan"
						    : "swanctl"),
		.our_id = ev_str(t->ours), .their_id = ev_str(t->theirs),
		.version = ev_str(t->version == 1 ? "IKEv1" : "IKEv2"));
}

/* What was left out, from what is known. */
static struct event_value filled(const struct line *n, const struct event_field *f)
{
	const struct talk *t = n->talk;

	switch ((enum event_type)f->type) {
	case EVENT_TYPE_ep:
		if (strcmp(f->name, "remote") == 0)
			return ev_ep(t && addr_is_set(&t->remote.addr) ? t->remote : n->from);
		return ev_ep(
			t && strcmp(f->name, "local") == 0 ? t->local : (struct endpoint){ 0 });
	case EVENT_TYPE_addr:
		return ev_addr((struct addr){ 0 });
	case EVENT_TYPE_str:
		return ev_str(t && strcmp(f->name, "state") == 0 ? t->state : "");
	case EVENT_TYPE_x32:
		return ev_x32(0);
	case EVENT_TYPE_u64:
	case EVENT_TYPE_NONE:
		break;
	}
	return ev_u64(0);
}

void line_say(struct line *n, enum event_id id, const struct event_value *row)
{
	const struct event_kind *k = event_kind(id);
	struct event_value full[EVENT_FIELDS_MAX] = { 0 };
	struct event_about about = { 0 };

	for (unsigned i = 0; i < k->n; i++)
		full[i] = row[i].type ? row[i] : filled(n, &k->field[i]);
	if (n->talk)
		about = (struct event_about){ .conn = n->talk->name,
			.instance = n->talk->instance,
			.peer = n->talk->peer,
			.serial = n->talk->serial };
	n->has_told = true;
	event_emit(n->out, n->log->at, &about, id, full);
}

void line_tell(struct line *n, const struct phrase *p, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if ((n->at = strstr(n->text, p[i].words))) {
			n->after = n->at + strlen(p[i].words);
			p[i].tell(n);
			return;
		}
}

/* Ours are the names of states that the rules know. */
void talk_half_open_end(struct line *n, const char *seconds)
{
	struct talk *t = n->talk;

	if (t->is_initiator || t->stage != (t->version == 1 ? STAGE_AUTH : STAGE_KEYS))
		return;
	if (t->version == 1)
		SAY(n, v1_half_open_end, .seconds = ev_str(seconds), .nat = ev_str(""),
			.state = ev_str(strncmp(t->mode, "Aggr", 4) == 0 ? "STATE_AGGR_R1"
									 : "STATE_MAIN_R2"));
	else
		SAY(n, v2_half_open_end, .seconds = ev_str(seconds), .nat = ev_str(""),
			.state = ev_str("STATE_V2_PARENT_R1"));
	t->stage = STAGE_NONE;
}

void foreign_end(struct foreign_log *l, const struct event_sink *out)
{
	struct line *n = xalloc(sizeof(*n));

	n->log = l;
	n->out = out;
	for (size_t i = 0; i < COUNT(l->talk); i++) {
		n->talk = &l->talk[i];
		if (n->talk->used)
			talk_half_open_end(n, "");
	}
	free(n);
}

void pieces_of(struct bytes line, struct pieces *p)
{
	around_plain(line, p->text);
	p->has_clock = clock_find(p->text, NULL, &p->clock);
	around_find(p->text, source_skip(p->has_clock ? p->clock.after : p->text), &p->around);
	if (!p->has_clock && p->around.words)
		p->has_clock = clock_find(p->text, p->around.words, &p->clock);
}

/* The clock of another program's line counts when it is the same. */
static bool clock_counts(const struct foreign_log *l, const struct pieces *p)
{
	return p->has_clock && (p->around.words || !l->has_clock || p->clock.period == l->period);
}

bool foreign_begins(struct foreign_log *l, struct bytes line)
{
	struct pieces p;

	pieces_of(line, &p);
	return l->lines &&
	       (line_is_heading(p.text) || (clock_counts(l, &p) && clock_went_back(l, &p.clock)));
}

void foreign_line(struct foreign_log *l, struct bytes line, const struct event_sink *out)
{
	struct line *n = xalloc(sizeof(*n));
	struct pieces p;

	pieces_of(line, &p);
	l->lines++;
	n->log = l;
	n->out = out;
	if (clock_counts(l, &p))
		clock_set(l, &p.clock);
	n->text = p.around.words;
	if (p.around.words && p.around.dialect == FOREIGN_CHARON)
		charon_line(n, &p.around);
	else if (p.around.words)
		pluto_line(n, &p.around);
	if (n->has_told || p.around.is_sure)
		l->dialect = p.around.dialect;
	free(n);
}
