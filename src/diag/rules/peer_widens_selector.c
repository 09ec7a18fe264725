#include "diag/nets.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct nets n;

	if (!nets_of(s, &n) || nets_class(&n) != f->rule)
		return CERTAINTY_NONE;
	finding_proof(f, n.e);
	finding_cause(f, "the peer %s %s, which is more than the %s of this end",
		n.is_answer ? "answers with" : "asks for", n.peers, n.here);
	if (!n.is_answer && !n.is_v1)
		finding_conn(f, FIX_HERE, "", "narrowing", "yes");
	nets_fix_here(s, f, &n);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"the networks as they are, not the one that holds them all (Check Point: "
		"ike_use_largest_possible_subnets false, and one tunnel per pair of subnets)");
	return CERTAIN;
}

const struct rule rule_peer_widens_selector = {
	.id = "peer-widens-selector",
	.title = "the peer asks for a larger network that holds ours",
	.layer = "interop with vendor Check Point",
	.most = CERTAIN,
	.symptom = "the networks do not fit, only when the peer begins",
	.proof = "what the peer asks for holds all that is configured here, and more",
	.remedy = "no supernets at the peer, or the larger network here",
	.judge = judge_it,
};
