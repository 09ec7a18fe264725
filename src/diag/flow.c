#include "diag/flow.h"

#include "diag/local.h"

/* What was tried longer ago may have been repaired. */
#define FLOW_AGE (600 * NS_S)

#define ANSWER(e) FIELDS(e, flow_answer)

const struct event *flow_of(const struct story *s)
{
	const struct event *e = story_last(s, EV_flow_sa);

	return e && story_age(s, e) < FLOW_AGE ? e : NULL;
}

/* The newest of a kind whose first field is this. */
static const struct event *last_named(const struct story *s, enum event_id id, const char *name)
{
	for (unsigned i = flow_of(s) ? s->n : 0; i > s->from; i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == id && strcmp(e->row[0].str, name) == 0)
			return e;
	}
	return NULL;
}

const struct event *flow_answer_of(const struct story *s, const char *way)
{
	return last_named(s, EV_flow_answer, way);
}

const struct event *flow_error_of(const struct story *s, const char *way)
{
	const struct event *e = last_named(s, EV_flow_error, way);

	return e && FIELDS(e, flow_error)->complainant.str[0] ? e : NULL;
}

const struct event *flow_ike(const struct story *s)
{
	static const enum event_id ids[] = { EV_ike_alive, EV_ike_not_alive, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	return e && story_age(s, e) < FLOW_AGE ? e : NULL;
}

const struct event *flow_mtu_of(const struct story *s, const char *way)
{
	return last_named(s, EV_flow_mtu, way);
}

const struct event *flow_moved(const struct story *s, const char *name)
{
	return last_named(s, EV_flow_counter, name);
}

const struct event *flow_moved_xfrm(const struct story *s)
{
	for (unsigned i = s->from; flow_of(s) && i < s->n; i++)
		if (s->event[i].id == EV_flow_counter &&
			strncmp(FIELDS(&s->event[i], flow_counter)->name.str, "Xfrm", 4) == 0)
			return &s->event[i];
	return NULL;
}

const struct event *flow_elsewhere(const struct story *s)
{
	for (unsigned i = s->from; flow_of(s) && i < s->n; i++)
		if (s->event[i].id == EV_flow_elsewhere &&
			FIELDS(&s->event[i], flow_elsewhere)->in.u64 &&
			!FIELDS(&s->event[i], flow_elsewhere)->out.u64)
			return &s->event[i];
	return NULL;
}

const struct event *flow_lan_unanswered(const struct story *s)
{
	for (unsigned i = s->from; flow_of(s) && i < s->n; i++)
		if (s->event[i].id == EV_flow_lan && FIELDS(&s->event[i], flow_lan)->asked.u64 &&
			!FIELDS(&s->event[i], flow_lan)->answered.u64)
			return &s->event[i];
	return NULL;
}

bool flow_lan_is_there(const struct event *e)
{
	const char *own = FIELDS(e, flow_lan)->own.str;

	return strcmp(own, "answered") == 0 || (!own[0] && !FIELDS(e, flow_lan)->others.u64);
}

const struct event *flow_heard(const struct story *s)
{
	static const char *const ways[] = { "named", "guess", "hop" };
	const struct event *look = local_look_of(s), *e;

	for (size_t i = 0; i < COUNT(ways); i++)
		if ((e = flow_answer_of(s, ways[i])) && ANSWER(e)->answered.u64)
			return e;
	e = flow_error_of(s, "hop");
	/* who told that TTL ran out is the router behind the tunnel, unless it is this host */
	return e && look &&
			       strcmp(FIELDS(e, flow_error)->complainant.str,
				       FIELDS(look, local_look)->inner.str) != 0
		       ? e
		       : NULL;
}

/* What a merely busy host does not reach: a processor that does this and nothing else, a queue that
 * overflows, and a tunnel that carries much meanwhile. */
enum { BUSY = 90, DROPPED = 10, OCTETS_A_MS = 256, SHARE = 50 };

const struct event *flow_saturated(const struct story *s)
{
	const struct event *e = flow_of(s) ? story_last(s, EV_flow_cpu) : NULL;

	if (!e || FIELDS(e, flow_cpu)->busy.u64 < BUSY ||
		FIELDS(e, flow_cpu)->dropped.u64 < DROPPED ||
		FIELDS(e, flow_cpu)->octets.u64 <
			FIELDS(e, flow_cpu)->milliseconds.u64 * OCTETS_A_MS)
		return NULL;
	/* the kernel's softirqs have other work as well */
	return strcmp(FIELDS(e, flow_cpu)->who.str, "softirq") != 0 ||
			       FIELDS(e, flow_cpu)->share.u64 >= SHARE
		       ? e
		       : NULL;
}

bool flow_is_one_way(const struct story *s)
{
	const struct event *e = flow_of(s);

	/* what waits in a queue that overflows is late, or has not left at all */
	return e && FIELDS(e, flow_sa)->sent.u64 && !flow_heard(s) && !flow_saturated(s) &&
	       FIELDS(e, flow_sa)->out.u64 >= FIELDS(e, flow_sa)->sent.u64 &&
	       FIELDS(e, flow_sa)->in.u64 == 0 && FIELDS(e, flow_sa)->dropped.u64 == 0;
}

enum certainty flow_forward(const struct story *s, bool is_in)
{
	const struct event *e = flow_of(s) ? story_last(s, EV_flow_forward) : NULL;
	const char *fate = e ? FIELDS(e, flow_forward)->fate.str : "";

	if (!story_is_up(s) || (is_in && strcmp(fate, "forwarded") == 0))
		return CERTAINTY_NONE;
	if (is_in && strcmp(fate, "stopped") == 0)
		return CERTAIN;
	/* what the gateway itself sends is not forwarded, and proves nothing of it */
	return e ? LIKELY : local_inner(s);
}
