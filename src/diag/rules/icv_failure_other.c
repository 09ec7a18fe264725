#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/losses.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_losing(s, "integrity");

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"ESP packets come whose ICV does not match, more than one in a hundred: "
		"something on the way changes them, or the two ends have different keys, or "
		"cut HMAC-SHA2-256 differently");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rekey-child %s", story_name(s));
	finding_next(f,
		"when the rekey cures it, the keys had differed; when a part of the packets "
		"fails, a network card or a router changes them: try ethtool -K DEVICE rx off "
		"tx off");
	return LIKELY;
}

const struct rule rule_icv_failure_other = {
	.id = "icv-failure-other",
	.title = "packets fail the integrity check",
	.layer = "data plane",
	.most = LIKELY,
	.symptom = "the tunnel is up; what comes in is dropped (integrity)",
	.proof = "of what comes in within a minute, more than one in a hundred has an ICV that "
		 "does not "
		 "match (userspace ESP)",
	.remedy = "rekey once; then look for what changes packets on the way",
	.judge = judge_it,
};
