#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_proposal);
	const char *legacy, *swanctl, *conf, *theirs, *product;

	if (e) {
		const union ev_v2_no_proposal *no = FIELDS(e, v2_no_proposal);

		legacy = no->legacy.str;
		swanctl = no->ours_swanctl.str;
		conf = no->ours_conf.str;
		theirs = no->theirs_conf.str;
		product = no->product.str;
	} else if ((e = story_last(s, EV_v1_no_proposal))) {
		const union ev_v1_no_proposal *no = FIELDS(e, v1_no_proposal);

		legacy = no->legacy.str;
		swanctl = no->ours_swanctl.str;
		conf = no->ours_conf.str;
		theirs = no->theirs_conf.str;
		product = no->product.str;
	} else {
		return CERTAINTY_NONE;
	}
	if (!legacy[0] || story_is_up(s) || strcmp(product, "Microsoft") == 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(
		f, "the peer offers only %s, which is out of date and not allowed here", legacy);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "ike", "%s", conf);
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "ike", "%s", swanctl);
	if (theirs[0]) /* weak, but the peer may have nothing else */
		finding_conn(f, FIX_HERE, "", "ike", "%s", theirs);
	return CERTAIN;
}

const struct rule rule_dh2_removed = {
	.id = "dh2-removed",
	.title = "the peer has algorithms only that are out of date",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "NO_PROPOSAL_CHOSEN",
	.proof = "every transform that the peer offers of the type that differs is weak",
	.remedy = "raise the peer to MODP2048 or better",
	.judge = judge_it,
};
