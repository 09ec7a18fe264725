#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_ts_refused);
	bool is_left = strcmp(FACT(s, our_side), "right") != 0;

	if (e) {
		const union ev_v2_ts_refused *t = FIELDS(e, v2_ts_refused);

		finding_proof(f, e);
		finding_cause(f,
			"the peer wants %s - %s, allowed here is %s - %s; they differ in %s",
			t->tsi.str, t->tsr.str, t->allowed_i.str, t->allowed_r.str,
			t->difference.str);
		if (strcmp(t->relation_r.str, "same") != 0 && t->subnets_r.str[0])
			finding_fix(f, FIX_HERE, FIX_CONN, "%ssubnet=%s",
				is_left ? "left" : "right", t->subnets_r.str);
		if (strcmp(t->relation_i.str, "same") != 0 && t->subnets_i.str[0])
			finding_fix(f, FIX_HERE, FIX_CONN, "%ssubnet=%s",
				is_left ? "right" : "left", t->subnets_i.str);
		return CERTAIN;
	}
	if ((e = story_last(s, EV_v2_child_unacceptable)) &&
		strcmp(FIELDS(e, v2_child_unacceptable)->why.str, "TS_UNACCEPTABLE") == 0) {
		finding_proof(f, e);
		finding_cause(f, "the peer narrows our networks to its own, which this end does "
				 "not take: they are to be the same, or narrowing=yes");
		finding_fix(f, FIX_HERE, FIX_CONN, "narrowing=yes");
		return CERTAIN;
	}
	e = story_last(s, EV_v2_child_refused);
	if (!e || strcmp(FIELDS(e, v2_child_refused)->notify.str, "TS_UNACCEPTABLE") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer does not take our networks (%s here, %s there): its own are others",
		FIELDS(e, v2_child_refused)->ts_local.str,
		FIELDS(e, v2_child_refused)->ts_remote.str);
	finding_suspect(f, &rule_kernel_lacks_esp); /* pluto's answer then */
	return LIKELY;
}

const struct rule rule_ts_mismatch_v2 = {
	.id = "ts-mismatch-v2",
	.title = "the networks of the two ends do not mirror each other (IKEv2)",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "IKE_AUTH response contained the error notification TS_UNACCEPTABLE",
	.proof = "the notification; the responder holds both pairs",
	.remedy = "leftsubnet= and rightsubnet= as the other end has them",
	.judge = judge_it,
};
