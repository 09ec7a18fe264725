#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_invalid_ke_refused);
	const union ev_v2_invalid_ke_refused *k = e ? FIELDS(e, v2_invalid_ke_refused) : NULL;

	if (!k || story_is_up(s) || story_later(story_last(s, EV_v2_auth_sent), e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer wants group %s, and ike= here offers %s", k->wanted.str,
		k->offered.str);
	if (k->wanted_conf.str[0])
		finding_conn(f, FIX_HERE, "", "ike", "%s", k->wanted_conf.str);
	return story_count(s, EV_v2_invalid_ke_refused) > 1 ? CERTAIN : LIKELY;
}

const struct rule rule_invalid_ke_loop = {
	.id = "invalid-ke-loop",
	.title = "the peer asks for a group that is not offered",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "INVALID_KE_PAYLOAD again and again",
	.proof = "the group that the peer asks for is not in ike=",
	.remedy = "the group first in ike=",
	.judge = judge_it,
};
