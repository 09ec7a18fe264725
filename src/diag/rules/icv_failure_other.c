#include "diag/flow.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_moved(s, "XfrmInStateProtoError"), *sa = flow_of(s);

	if (!e || flow_heard(s) || !FIELDS(sa, flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, sa);
	finding_cause(f,
		"%u packets of the peer failed the integrity check while a test ran, and none "
		"passed it: the "
		"two ends have different keys, or cut HMAC-SHA2-256 differently",
		(unsigned)FIELDS(e, flow_counter)->added.u64);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rekey-child %s", s->conn ? s->conn : "CONN");
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
	.symptom = "the tunnel is up and receives nothing",
	.proof = "XfrmInStateProtoError grows while a test flow runs, octets in do not",
	.remedy = "a new Child SA; then the algorithms of both ends, and the card's offload",
	.judge = judge_it,
};
