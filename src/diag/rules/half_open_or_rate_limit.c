#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/silence.h"

/* So long after the last one it is over. */
#define QUIET (900 * NS_S)

static enum certainty dropped(
	const struct event *e, struct endpoint from, uint64_t limit, struct finding *f)
{
	char t[ENDPOINT_STR];

	finding_proof(f, e);
	finding_cause(f,
		"%s is not answered: %u IKE SAs are half open here, or too many of them from that "
		"address",
		endpoint_format(&from, t), (unsigned)limit);
	finding_setup(f, FIX_HERE, "max-halfopen-ike", "100000");
	finding_setup(f, FIX_HERE, "ddos-mode", "busy");
	return CERTAIN;
}

/* A peer that asks for cookies has a lot to do; what it says after that is more. */
static enum certainty as_initiator(const struct story *s, struct finding *f)
{
	static const enum event_id on[] = { EV_v2_auth_sent, EV_v2_init_refused, EV_v2_invalid_ke,
		EV_v2_invalid_ke_refused, EV_v2_init_unacceptable, EV_v2_init_incomplete,
		EV_v2_malformed, EV_v2_critical, EV_ike_version_refused, EV_v2_net_error, EV_NONE };
	const struct event *cookie = story_last(s, EV_v2_cookie),
			   *end = story_last(s, EV_v2_timeout);

	if (!cookie || story_later(story_last_of(s, on), cookie) ||
		(!story_later(end, cookie) && story_age(s, cookie) < PATIENCE))
		return CERTAINTY_NONE;
	if (!story_later(end, cookie))
		end = NULL;
	finding_proof(f, cookie);
	finding_proof(f, end);
	finding_cause(f,
		"the peer asks for a cookie, so it has many IKE SAs half open, and then does "
		"not answer: it is overloaded or limits how many it takes");
	finding_setup(f, FIX_PEER_LIBRESWAN, "max-halfopen-ike", "100000");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"in strongswan.conf write (| ends a line): charon { | half_open_timeout = 30 | "
		"init_limit_half_open = 0 | }");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "sleep 60; ipsec up %s", story_name(s));
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id full[] = { EV_v2_too_many_half_open, EV_v1_too_many_half_open,
		EV_NONE };
	const struct event *e = story_last_of(s, full);

	if (e && story_age(s, e) > QUIET)
		e = NULL;
	if (e)
		f->until = e->at.mono + QUIET;
	f->counts = e != NULL;
	if (e && e->id == EV_v2_too_many_half_open)
		return dropped(e, FIELDS(e, v2_too_many_half_open)->remote.ep,
			FIELDS(e, v2_too_many_half_open)->limit.u64, f);
	if (e)
		return dropped(e, FIELDS(e, v1_too_many_half_open)->remote.ep,
			FIELDS(e, v1_too_many_half_open)->limit.u64, f);
	return as_initiator(s, f);
}

const struct rule rule_half_open_or_rate_limit = {
	.id = "half-open-or-rate-limit",
	.title = "too many half-open IKE SAs",
	.layer = "resources",
	.most = CERTAIN,
	.symptom = "too many IKE SAs are half open: IKE_SA_INIT dropped",
	.proof = "the limit that was reached here; of a peer only that it asks for cookies",
	.remedy = "max-halfopen-ike= higher, or find out who sends so much",
	.judge = judge_it,
};
