#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v1_policy_drop, EV_v1_policy_reject, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer begins with IKEv1, which ikev1-policy= here does not allow");
	finding_setup(f, FIX_HERE, "ikev1-policy", "accept");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "keyexchange", "ikev2");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2");
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
