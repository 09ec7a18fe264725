#include "diag/diag.h"

/* strongSwan says of both in one. */
static enum certainty mode_or_authby(const struct event *e, struct finding *f)
{
	const union ev_v1_no_connection *no = FIELDS(e, v1_no_connection);
	bool is_aggressive = strcmp(no->mode.str, "Aggressive Mode") == 0;

	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with %s and %s; the connection that its addresses and identity "
		"lead to has aggressive=%s, or authenticates in another way",
		no->mode.str, no->why.str, is_aggressive ? "no" : "yes");
	finding_fix(f, FIX_HERE, FIX_WORDS, "aggressive = %s in the connection for it",
		is_aggressive ? "yes" : "no");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "aggressive", "%s", is_aggressive ? "no" : "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "aggressive", "%s", is_aggressive ? "no" : "yes");
	finding_suspect(f, &rule_authby_mismatch);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_no_connection);
	const union ev_v1_no_connection *no = e ? FIELDS(e, v1_no_connection) : NULL;
	bool is_aggressive;

	if (!no || story_is_up(s))
		return CERTAINTY_NONE;
	if (strcmp(no->kind.str, "mode or authby") == 0)
		return mode_or_authby(e, f);
	if (strcmp(no->kind.str, "mode") != 0)
		return CERTAINTY_NONE;
	is_aggressive = strcmp(no->mode.str, "Aggressive Mode") == 0;
	f->conn = no->nearest.str[0] ? no->nearest.str : NULL;
	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with %s; the connection for its address%s%s has aggressive=%s",
		no->mode.str, no->nearest.str[0] ? ", " : "", no->nearest.str,
		is_aggressive ? "no" : "yes");
	finding_conn(f, FIX_HERE, "", "aggressive", "%s", is_aggressive ? "yes" : "no");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "aggressive", "%s", is_aggressive ? "no" : "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "aggressive", "%s", is_aggressive ? "no" : "yes");
	return CERTAIN;
}

const struct rule rule_v1_mode_mismatch = {
	.id = "v1-mode-mismatch",
	.title = "one end wants Main Mode, the other Aggressive Mode",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "initial Aggressive Mode message received but no connection has been authorized",
	.proof = "a responder knows its own connection",
	.remedy = "the same aggressive= at both ends",
	.judge = judge_it,
};
