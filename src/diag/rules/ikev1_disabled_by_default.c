#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v1_policy_drop, EV_v1_policy_reject, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	char from[ADDR_STR];

	if (!e || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer begins with IKEv1, which ikev1-policy= here does not allow");
	finding_fix(f, FIX_HERE, FIX_SETUP, "ikev1-policy=accept");
	addr_format(&s->peer, from);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"and keyexchange=ikev1 in the conn of %s: one of IKEv2 takes no IKEv1",
		addr_is_set(&s->peer) ? from : "that peer");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_CONN, "ikev2=yes");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_CONN, "version = 2");
	return CERTAIN;
}

const struct rule rule_ikev1_disabled_by_default = {
	.id = "ikev1-disabled-by-default",
	.title = "IKEv1 is refused by ikev1-policy=",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "ignoring IKEv1 packet as policy is set to silently drop all IKEv1 packets",
	.proof = "the policy here",
	.remedy = "ikev1-policy=accept, or IKEv2",
	.judge = judge_it,
};
