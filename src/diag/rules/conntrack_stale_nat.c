#include "diag/local.h"

#include <stdio.h>

#define ENTRY(e) FIELDS(e, local_conntrack)

/* The next that no rule makes; after NULL: the first. */
static const struct event *stale(const struct story *s, const struct event *e)
{
	while ((e = local_next(s, EV_local_conntrack, e)))
		if (!ENTRY(e)->by.str[0])
			return e;
	return NULL;
}

/* The network of that list that an address is in; the address itself when it is in none. */
static const char *net_of(const char *a, const char *nets, char t[static RANGE_STR])
{
	for (; *nets; nets += strspn(nets, ", ")) {
		if (local_is_inside(a, local_first(nets, t)))
			return t;
		nets += strcspn(nets, ", ");
	}
	return a;
}

static void forget(struct finding *f, const char *from, const char *to)
{
	finding_fix(f, FIX_HERE, FIX_COMMAND, "conntrack -D%s -s %s -d %s",
		strchr(from, ':') ? " -f ipv6" : "", from, to);
}

/* Has the command for these two networks been said? */
static bool is_said(const struct finding *f, const char *from, const char *to)
{
	char t[FIX_MAX];

	snprintf(t, sizeof(t), "-s %s -d %s", from, to);
	for (unsigned i = 0; i < f->n_fix; i++)
		if (strstr(f->fix[i].text, t))
			return true;
	return false;
}

/* One flow has a command of its own; several have one for their networks. */
static void forget_all(const struct story *s, struct finding *f)
{
	const union ev_local_look *look = FIELDS(local_look_of(s), local_look);
	const struct event *e = stale(s, NULL);
	char a[RANGE_STR], b[RANGE_STR];

	if (!stale(s, e)) {
		forget(f, ENTRY(e)->from.str, ENTRY(e)->to.str);
		return;
	}
	for (; e; e = stale(s, e)) {
		const char *from = net_of(ENTRY(e)->from.str, look->our_nets.str, a),
			   *to = net_of(ENTRY(e)->to.str, look->their_nets.str, b);

		if (!is_said(f, from, to))
			forget(f, from, to);
	}
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = stale(s, NULL), *more = e;
	const union ev_local_conntrack *c = e ? ENTRY(e) : NULL;
	unsigned n = 0;

	if (!e || !story_is_up(s))
		return CERTAINTY_NONE;
	for (; more; more = stale(s, more)) {
		finding_proof(f, more);
		n++;
	}
	finding_cause(f,
		"connection tracking of this host still translates what has begun before: %s from "
		"%s to %s gets the %s %s and misses the tunnel, although no NAT rule does that any "
		"more; new connections go through it",
		c->protocol.str, c->from.str, c->to.str,
		c->as_from.str[0] ? "source" : "destination",
		c->as_from.str[0] ? c->as_from.str : c->as_to.str);
	if (n > 1)
		finding_more(f, "; so do %u others", n - 1);
	forget_all(s, f);
	f->counts = true;
	return CERTAIN;
}

const struct rule rule_conntrack_stale_nat = {
	.id = "conntrack-stale-nat",
	.title = "an old entry of connection tracking translates",
	.layer = "NAT",
	.most = CERTAIN,
	.symptom = "new connections work, an old one (SIP, a running ping) does not",
	.proof = "an entry with a translated reply, where no NAT rule takes such packets",
	.remedy = "conntrack -D of that flow; a SIP client has to register again",
	.judge = judge_it,
};
