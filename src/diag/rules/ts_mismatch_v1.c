#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_quick_no_connection);
	bool is_left = strcmp(FACT(s, our_side), "right") != 0;

	if (story_is_up(s))
		return CERTAINTY_NONE;
	if (e) {
		const union ev_v1_quick_no_connection *q = FIELDS(e, v1_quick_no_connection);

		if (strcmp(q->mode.str, q->our_mode.str) != 0)
			return CERTAINTY_NONE;
		finding_proof(f, e);
		finding_cause(
			f, "the peer wants %s, allowed here is %s", q->wanted.str, q->allowed.str);
		if (strcmp(q->relation_ours.str, "same") != 0 && q->subnet_ours.str[0])
			finding_fix(f, FIX_HERE, FIX_CONN, "%ssubnet=%s",
				is_left ? "left" : "right", q->subnet_ours.str);
		if (strcmp(q->relation_theirs.str, "same") != 0 && q->subnet_theirs.str[0])
			finding_fix(f, FIX_HERE, FIX_CONN, "%ssubnet=%s",
				is_left ? "right" : "left", q->subnet_theirs.str);
		return CERTAIN;
	}
	e = story_last(s, EV_v1_quick_refused);
	if (!e || strcmp(FIELDS(e, v1_quick_refused)->notify.str, "INVALID_ID_INFORMATION") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer does not take our networks (%s here, %s there): its own are others",
		FIELDS(e, v1_quick_refused)->ts_local.str,
		FIELDS(e, v1_quick_refused)->ts_remote.str);
	if (strchr(FIELDS(e, v1_quick_refused)->ts_remote.str, '/')) /* it may be unknown */
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_CONN, "local_ts = %s",
			FIELDS(e, v1_quick_refused)->ts_remote.str);
	if (strchr(FIELDS(e, v1_quick_refused)->ts_local.str, '/'))
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_CONN, "remote_ts = %s",
			FIELDS(e, v1_quick_refused)->ts_local.str);
	return LIKELY;
}

const struct rule rule_ts_mismatch_v1 = {
	.id = "ts-mismatch-v1",
	.title = "the networks of the two ends do not mirror each other (IKEv1)",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "cannot respond to IPsec SA request because no connection is known for",
	.proof = "the responder holds both pairs; the initiator is told INVALID_ID_INFORMATION",
	.remedy = "leftsubnet= and rightsubnet= exactly as the other end has them",
	.judge = judge_it,
};
