#include "diag/diag.h"

/* We refused: both lists are known. */
static enum certainty as_responder(const struct event *e, struct finding *f)
{
	const union ev_v2_no_proposal *no = FIELDS(e, v2_no_proposal);
	char t[ENDPOINT_STR];

	finding_proof(f, e);
	finding_cause(f,
		"%s offers no IKE algorithms that ike= here allows; they differ in %s: offered %s, "
		"allowed %s",
		endpoint_format(&no->remote.ep, t), no->difference.str, no->theirs.str,
		no->ours.str);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_proposal);

	if (e && !story_is_up(s))
		return as_responder(e, f);
	e = story_last(s, EV_v2_init_refused);
	if (!e || strcmp(FIELDS(e, v2_init_refused)->notify.str, "NO_PROPOSAL_CHOSEN") != 0 ||
		story_later(story_last(s, EV_v2_auth_sent), e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer refuses our first message with NO_PROPOSAL_CHOSEN: its ike= has nothing "
		"in common with ours (%s), or it has no connection for our address",
		FIELDS(e, v2_init_refused)->offered.str);
	finding_next(f, "ipsec diagnose %s asks the peer which algorithms it takes", s->conn);
	return LIKELY;
}

const struct rule rule_ike_proposal_mismatch = {
	.id = "ike-proposal-mismatch",
	.title = "no IKE algorithms in common",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN "
		   "notification",
	.proof = "the responder holds both lists; an initiator asks with every transform at once "
		 "and sees what the peer picks",
	.remedy = "write in ike= what the other end has",
	.judge = judge_it,
};
