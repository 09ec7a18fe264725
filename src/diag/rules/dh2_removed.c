#include "diag/diag.h"
#include "diag/probed.h"

/* An initiator: the peer refused everything strong, and took something when what is out of date
 * came with it. */
static enum certainty as_probed(const struct story *s, const struct probes *p, struct finding *f)
{
	const union ev_probe_answer *a = FIELDS(p->weak.e, probe_answer);
	const struct event *e = story_last(s, EV_v2_init_refused);

	finding_proof(f, p->strong.e);
	finding_proof(f, p->weak.e);
	finding_cause(f, "the peer takes only %s, with %s, which is out of date", a->chosen.str,
		a->legacy.str);
	if (e && FIELDS(e, v2_init_refused)->ours_conf.str[0]) {
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "ike", "%s",
			FIELDS(e, v2_init_refused)->ours_conf.str);
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "ike", "%s",
			FIELDS(e, v2_init_refused)->ours_swanctl.str);
	} else if ((e = story_last(s, EV_v1_ignored)) && FIELDS(e, v1_ignored)->ours_conf.str[0]) {
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "ike", "%s",
			FIELDS(e, v1_ignored)->ours_conf.str);
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "ike", "%s",
			FIELDS(e, v1_ignored)->ours_swanctl.str);
	}
	/* weak, but the peer may have nothing else */
	finding_conn(f, FIX_HERE, "", "ike", "%s", probed_chosen(s, &p->weak));
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_proposal);
	const char *legacy, *swanctl, *conf, *theirs, *product;
	struct probes p = story_probes(s);

	if (probed_is_taken(&p.weak) && p.strong.is == PROBED_REFUSED && !story_is_up(s) &&
		FIELDS(p.weak.e, probe_answer)->legacy.str[0])
		return as_probed(s, &p, f);
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
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "ike", conf);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "ike", swanctl);
	/* weak, but the peer may have nothing else */
	finding_fix_list(f, FIX_HERE, "ike", theirs);
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
