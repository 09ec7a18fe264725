#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_auth_mismatch);

	if (e) {
		const union ev_v2_auth_mismatch *m = FIELDS(e, v2_auth_mismatch);

		finding_proof(f, e);
		finding_cause(f, "the peer '%s' has another secret than the one here%s%s",
			m->id.str, m->where.str[0] ? ", which stands at " : "", m->where.str);
		finding_fix(
			f, FIX_HERE, FIX_SECRET, "%s %s : PSK \"...\"", FACT(s, our_id), m->id.str);
		return CERTAIN;
	}
	e = story_last(s, EV_v2_auth_rejected);
	if (!e || strcmp(FIELDS(e, v2_auth_rejected)->notify.str, "AUTHENTICATION_FAILED") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer refuses us with AUTHENTICATION_FAILED: its secret is another one, or it "
		"expects another identity than '%s'",
		FIELDS(e, v2_auth_rejected)->ours.str);
	finding_fix(f, FIX_HERE, FIX_SECRET, "%s %s : PSK \"...\"",
		FIELDS(e, v2_auth_rejected)->ours.str, FIELDS(e, v2_auth_rejected)->theirs.str);
	finding_next(f, "the peer's log says which: \"MAC mismatched\" is the secret, \"no "
			"matching peer config found\" the identity");
	return LIKELY;
}

const struct rule rule_psk_mismatch_v2 = {
	.id = "psk-mismatch-v2",
	.title = "the two pre-shared keys differ (IKEv2)",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED",
	.proof = "who verifies AUTH knows; the other end was only told no",
	.remedy = "write the same secret at both ends",
	.judge = judge_it,
};
