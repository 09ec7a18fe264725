#include "diag/nets.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct nets n;

	if (!nets_of(s, &n) || nets_class(&n) != f->rule)
		return CERTAINTY_NONE;
	finding_proof(f, n.e);
	finding_cause(f,
		"the peer wants %s, where %s is a range and no network; allowed here is %s",
		n.peers, n.range, n.here);
	nets_fix_here(s, f, &n);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"write the networks as networks (address/length), not as from - to");
	return CERTAIN;
}

const struct rule rule_non_cidr_selector = {
	.id = "non-cidr-selector",
	.title = "the peer has a range of addresses that is no network",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "No IKEv2 connection found with compatible Traffic Selectors",
	.proof = "the first and the last address of what the peer asks for",
	.remedy = "networks at the peer, or the same range in leftsubnet= or rightsubnet=",
	.judge = judge_it,
};
