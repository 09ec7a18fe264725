#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/losses.h"

static enum certainty in_passing(const struct story *s, const struct event *e, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f,
		"ESP packets come whose ICV does not match, more than one in a hundred: "
		"something on the way changes them, or the two ends have different keys, or one "
		"counts its packets anew (ESN), or they cut HMAC-SHA2-256 differently");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rekey-child %s", story_name(s));
	finding_next(f,
		"when the rekey cures it, the keys had differed; when a part of the packets "
		"fails, a network card or a router changes them: try ethtool -K DEVICE rx off "
		"tx off");
	if (story_length_tells_icv(s)) /* the kernel counts both as one */
		finding_suspect(f, &rule_sha2_truncation);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_moved(s, "XfrmInStateProtoError"), *sa = flow_of(s),
			   *losing = story_losing(s, "integrity");

	if (losing)
		return in_passing(s, losing, f);
	if (!e || flow_heard(s) || !FIELDS(sa, flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, sa);
	finding_cause(f,
		"%u packets of the peer failed the integrity check while a test ran, and none "
		"passed it: the "
		"two ends have different keys, or the peer counts its packets anew (ESN), or they "
		"cut HMAC-SHA2-256 differently",
		(unsigned)FIELDS(e, flow_counter)->added.u64);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rekey-child %s", story_name(s));
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"if it stays so and esp= has sha2_256: the peer may be an old device that cuts it "
		"to 96 bits "
		"(sha2-truncbug=yes)");
	return LIKELY;
}

const struct rule rule_icv_failure_other = {
	.id = "icv-failure-other",
	.title = "packets fail the integrity check",
	.layer = "data plane",
	.most = LIKELY,
	.symptom = "the tunnel is up; what comes in is dropped (integrity)",
	.proof = "of what comes in within a minute, more than one in a hundred has an ICV that "
		 "does not match; or XfrmInStateProtoError grows while a test flow "
		 "runs, octets in do not",
	.remedy = "rekey once; then the algorithms of both ends, what changes packets on the way, "
		  "and the card's offload",
	.judge = judge_it,
};
