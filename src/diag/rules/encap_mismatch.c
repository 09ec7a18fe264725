#include "diag/flow.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_moved(s, "XfrmInStateMismatch"), *sa = flow_of(s);

	if (!e || flow_heard(s) || !FIELDS(sa, flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, sa);
	finding_cause(f,
		"one end sends ESP in UDP, the other one sends it plain: %u packets came in the "
		"other form "
		"than their SA has while a test ran, and none was taken",
		(unsigned)FIELDS(e, flow_counter)->added.u64);
	finding_conn(f, FIX_HERE, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "encapsulation", "yes");
	return CERTAIN;
}

const struct rule rule_encap_mismatch = {
	.id = "encap-mismatch",
	.title = "one end sends ESP, the other expects UDP",
	.layer = "NAT",
	.most = CERTAIN,
	.symptom = "the tunnel is up and carries nothing",
	.proof = "XfrmInStateMismatch grows while a test flow runs, octets in do not",
	.remedy = "encapsulation=yes at both ends",
	.judge = judge_it,
};
