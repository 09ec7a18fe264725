#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"

/* Is the address one of these, comma-separated? */
static bool has(const char *list, const struct addr *a)
{
	char t[RANGE_STR];
	struct addr one;

	for (; *list; list += strspn(list, ", ")) {
		if (addr_parse(local_first(list, t), &one) == OK && addr_eq(&one, a))
			return true;
		list += strcspn(list, ", ");
	}
	return false;
}

/* The last message that calls somebody: whom, and that nobody has answered. */
static const struct event *called(const struct story *s, struct addr *ret)
{
	static const enum event_id calls[] = { EV_v2_init_sent, EV_v1_main_i1_sent,
		EV_v1_aggr_i1_sent, EV_v2_retransmit, EV_v1_retransmit, EV_v2_timeout,
		EV_v1_timeout, EV_NONE };
	const struct event *e = story_last_of(s, calls);
	const struct event_kind *k = e ? event_kind(e->id) : NULL;

	for (unsigned i = 0; k && i < k->n; i++)
		if (e->row[i].type == EVENT_TYPE_ep) {
			*ret = e->row[i].ep.addr;
			return e;
		}
	return NULL;
}

/* A tunnel that is up and carries nothing. */
static const struct event *silent(const struct story *s, const struct event *look)
{
	const struct event *e = story_last(s, EV_child_silent);

	if (strcmp(FIELDS(look, local_look)->flow.str, "answered") == 0)
		return NULL;
	if (strcmp(FIELDS(look, local_look)->flow.str, "unanswered") == 0)
		return look;
	return e && story_later(e, story_last(s, EV_child_answered)) ? e : NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *name = local_next(s, EV_local_name, NULL), *e;
	struct addr used;
	char t[ADDR_STR];

	if (!name || !FIELDS(name, local_name)->addresses.str[0])
		return CERTAINTY_NONE;
	if (story_is_up(s)) {
		e = silent(s, local_look_of(s));
		if (!e || addr_parse(FACT(s, theirs), &used))
			return CERTAINTY_NONE;
	} else if (!(e = called(s, &used))) {
		return CERTAINTY_NONE;
	}
	if (has(FIELDS(name, local_name)->addresses.str, &used))
		return CERTAINTY_NONE;
	finding_proof(f, name);
	finding_proof(f, e);
	finding_cause(f,
		"%s is at %s now, and this connection still calls %s, which the name no longer has",
		FIELDS(name, local_name)->host.str, FIELDS(name, local_name)->addresses.str,
		addr_format(&used, t));
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec replace %s && ipsec up %s", story_name(s),
		story_name(s));
	return CERTAIN;
}

const struct rule rule_dyndns_stale_address = {
	.id = "dyndns-stale-address",
	.title = "the peer's name has another address now",
	.layer = "DNS",
	.most = CERTAIN,
	.symptom = "retransmissions to an address that the name no longer has",
	.proof = "the name is looked up now, and compared with the address in use",
	.remedy = "ipsec replace and ipsec up; before each attempt the daemon looks up by itself",
	.judge = judge_it,
};
