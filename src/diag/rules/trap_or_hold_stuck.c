#include "diag/identity.h"
#include "diag/local.h"

#define RECENT (600 * NS_S)

#define SHADOW(e) FIELDS(e, local_policy_shadow)
#define LARVAL(e) FIELDS(e, local_larval)

/* The packet that was to begin a tunnel; NULL: none was sent, or long ago. */
static const struct event *in_vain(const struct story *s)
{
	for (unsigned i = s->n; i > 0; i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == EV_flow_answer && strcmp(FIELDS(e, flow_answer)->way.str, "trap") == 0)
			return story_age(s, e) < RECENT ? e : NULL;
	}
	return NULL;
}

/* An attempt since: the peer, or what stands in its way, is another matter. */
static bool has_begun(const struct story *s, const struct event *since)
{
	static const enum event_id ids[] = { EV_conn_acquire, EV_v2_initiate, EV_v1_initiate,
		EV_v2_child_established, EV_v1_child_established, EV_NONE };

	for (unsigned i = 0; i < s->n; i++)
		for (const enum event_id *id = ids; *id != EV_NONE; id++)
			if (s->event[i].id == *id && s->event[i].at.mono >= since->at.mono)
				return true;
	return false;
}

static const struct event *counted(const struct story *s, const struct event *since)
{
	for (const struct event *e = since; e < s->event + s->n; e++)
		if (e->id == EV_flow_counter &&
			strncmp(FIELDS(e, flow_counter)->name.str, "XfrmOut", 7) == 0)
			return e;
	return NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *sent = in_vain(s), *shadow, *larval;

	if (!sent || has_begun(s, sent) || local_taken(s)) /* there is no trap: policy_shadowed */
		return CERTAINTY_NONE;
	shadow = local_next(s, EV_local_policy_shadow, NULL);
	larval = local_next(s, EV_local_larval, NULL);
	finding_proof(f, sent);
	finding_proof(f, counted(s, sent));
	finding_cause(f,
		"a packet from %s to %s is to bring the tunnel up (auto=ondemand), and no "
		"negotiation has begun",
		FIELDS(sent, flow_answer)->from.str, FIELDS(sent, flow_answer)->to.str);
	if (shadow) {
		finding_proof(f, shadow);
		finding_more(f, ": another policy (%s, %s, of %s) takes it before the trap",
			SHADOW(shadow)->other.str, SHADOW(shadow)->action.str,
			SHADOW(shadow)->owner.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "%s", SHADOW(shadow)->command.str);
		return CERTAIN;
	}
	if (larval) {
		finding_proof(f, larval);
		finding_more(f,
			": the kernel has asked for an SA from %s to %s before, and waits for it "
			"(net.core.xfrm_acq_expires)",
			LARVAL(larval)->src.str, LARVAL(larval)->dst.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec up %s", story_name(s));
		return CERTAIN;
	}
	finding_more(f, ": what holds its packets back is not in place, or does not get them");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec unroute %s; ipsec route %s", story_name(s),
		story_name(s));
	finding_suspect(f, &rule_no_route_to_remote_subnet);
	return LIKELY;
}

const struct rule rule_trap_or_hold_stuck = {
	.id = "trap-or-hold-stuck",
	.title = "traffic does not bring the on-demand tunnel up",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "auto=ondemand: packets are held back or lost, and nothing is negotiated",
	.proof = "a packet for the tunnel, no negotiation after it, and what the kernel has before "
		 "the trap: another policy, or an SA that it waits for",
	.remedy = "remove the other policy; ipsec unroute and ipsec route",
	.judge = judge_it,
};
