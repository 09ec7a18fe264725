#include "diag/diag.h"
#include "diag/ending.h"
#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/local.h"

/* A peer that begins anew, and an attempt of our own, are given so long; nobody is told of it for
 * longer than a day. */
#define BACK_AT_ONCE   (1900 * NS_MS)
#define BACK_BY_ITSELF (60 * NS_S)
#define OLD	       (86400 * NS_S)

/* What went into it is held back again, or the tunnel is up, or a person took it down. */
static bool is_over(const struct event *e)
{
	switch ((int)e->id) {
	case EV_child_held:
	case EV_v2_child_established:
	case EV_v1_child_established:
	case EV_conn_added:
	case EV_conn_deleted:
	case EV_conn_terminating:
		return true;
	}
	return false;
}

static const struct event *left_open(const struct story *s)
{
	for (unsigned i = s->n; i > 0 && !is_over(&s->event[i - 1]); i--)
		if (s->event[i - 1].id == EV_child_clear)
			return &s->event[i - 1];
	return NULL;
}

/* Somebody tries, in vain so far: what is in the way of that is the first to be repaired. */
static bool is_tried(const struct story *s, const struct event *since)
{
	for (const struct event *e = since; e < s->event + s->n; e++)
		if (e->id == EV_conn_revive || e->id == EV_v2_initiate || e->id == EV_v1_initiate)
			return true;
	return false;
}

static const char *how_it_ended(const struct ending *e)
{
	switch (e->how) {
	case END_BY_PEER:
		return "the peer deleted the tunnel";
	case END_SILENT:
		return "the peer did not answer any more";
	case END_EXPIRED:
		return "the tunnel's SA expired";
	case END_FORGOTTEN:
		return "the peer began anew";
	}
	return "the tunnel ended";
}

/* The tunnel is up, and no policy is asked (Linux Documentation/networking/ip-sysctl.rst,
 * disable_xfrm). */
static enum certainty not_asked(const struct story *s, struct finding *f)
{
	const struct event *e = NULL, *look = local_look_of(s);
	enum certainty sure = local_inner(s);

	/* what went into the tunnel was taken */
	if (!sure || (flow_of(s) && FIELDS(flow_of(s), flow_sa)->out.u64))
		return CERTAINTY_NONE;
	while ((e = local_next(s, EV_local_sysctl, e))) {
		const union ev_local_sysctl *c = FIELDS(e, local_sysctl);

		if (!strstr(c->name.str, "disable_xfrm"))
			continue;
		if (!f->n_evidence)
			finding_cause(f,
				"the tunnel is up, and what goes to %s leaves in the clear: %s is "
				"%s, so the kernel asks no policy",
				FIELDS(look, local_look)->their_nets.str, c->name.str,
				c->value.str);
		finding_proof(f, e);
		finding_fix(
			f, FIX_HERE, FIX_COMMAND, "sysctl -w %s=%s", c->name.str, c->needed.str);
	}
	if (!f->n_evidence)
		return CERTAINTY_NONE;
	finding_proof(f, flow_of(s));
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"so that it stays, write =0 where it is set: grep -r disable_xfrm /etc/sysctl.conf "
		"/etc/sysctl.d /usr/lib/sysctl.d");
	return sure;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = not_asked(s, f);
	const struct event *open = left_open(s);
	struct ending end;
	bool is_try;

	if (c)
		return c;
	/* a template's clients come and go */
	if (!open || addr_is_set(&s->peer) || FACT(s, theirs)[0] == '%' ||
		story_age(s, open) > OLD ||
		endings(s, END_BY_PEER | END_SILENT | END_EXPIRED | END_FORGOTTEN, &end, 1) < 1 ||
		!story_later(open, end.e))
		return CERTAINTY_NONE;
	is_try = is_tried(s, open);
	if (story_age(s, open) < (is_try ? BACK_BY_ITSELF : BACK_AT_ONCE))
		return CERTAINTY_NONE;
	finding_proof(f, end.e);
	finding_proof(f, open);
	finding_cause(f,
		"what goes from %s to %s leaves in the clear%s%s: %s, and no policy holds its "
		"traffic back meanwhile, unless a packet filter does",
		FIELDS(open, child_clear)->from.str, FIELDS(open, child_clear)->to.str,
		FIELDS(open, child_clear)->gateway.str[0] ? ", to " : "",
		FIELDS(open, child_clear)->gateway.str, how_it_ended(&end));
	finding_conn(f, FIX_HERE, "", "auto", "ondemand");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec route %s", story_name(s));
	return is_try ? POSSIBLE : LIKELY;
}

const struct rule rule_plaintext_leak = {
	.id = "plaintext-leak",
	.title = "traffic of a tunnel leaves in the clear",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "nothing: it is seen on the wire, while the tunnel is down; or it is up and "
		   "carries "
		   "nothing",
	.proof = "the tunnel was up and ended, other than by a person here; none of the "
		 "connection's policies is left, no other tunnel takes its traffic, and a route "
		 "leads it out; or the sysctl disable_xfrm is set where it leaves",
	.remedy = "auto=ondemand, whose policy stays and brings the tunnel up when there is "
		  "traffic; ipsec route",
	.judge = judge_it,
};
