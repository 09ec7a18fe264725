#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_esp_proposal);
	const union ev_v2_no_esp_proposal *no = e ? FIELDS(e, v2_no_esp_proposal) : NULL;

	if (!no || strcmp(no->difference.str, "ESN") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer's and our algorithms are alike but for the extended sequence numbers: "
		"offered %s, allowed %s",
		no->theirs.str, no->ours.str);
	finding_conn(f, FIX_HERE, "", "esn", "either");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "esn", "either");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS, "end each of esp_proposals with -esn-noesn");
	return CERTAIN;
}

const struct rule rule_esn_or_ipcomp_mismatch = {
	.id = "esn-or-ipcomp-mismatch",
	.title = "one end insists on extended sequence numbers, the other has none",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "NO_PROPOSAL_CHOSEN, though esp= is the same at both ends",
	.proof = "both lists of proposals, which differ in ESN alone",
	.remedy = "esn=either",
	.judge = judge_it,
};
