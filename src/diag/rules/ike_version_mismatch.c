#include "diag/diag.h"

/* A responder whose log does not say which of its connections was the nearest. */
static enum certainty unsaid(const struct event *e, int theirs, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with IKEv%d, and no connection here is for IKEv%d and its "
		"address: the one for it is for IKEv%d, or it is not loaded",
		theirs, theirs, 3 - theirs);
	finding_suspect(f, &rule_conn_not_loaded_or_daemon_down);
	finding_next(f, "see whether a connection with the peer's address is loaded, and its "
			"version");
	return POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_ike_version_refused);
	const char *nearest;
	int theirs;

	if (story_is_up(s))
		return CERTAINTY_NONE;
	if (e) {
		theirs = (int)FIELDS(e, ike_version_refused)->theirs.u64;
		finding_proof(f, e);
		finding_cause(f, "the peer speaks IKEv%d, and this connection IKEv%d", theirs,
			(int)FIELDS(e, ike_version_refused)->ours.u64);
		finding_conn(f, FIX_HERE, "", "keyexchange", "ikev%d", theirs);
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "keyexchange", "ikev%d", 3 - theirs);
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev%d", 3 - theirs);
		return LIKELY; /* not authenticated */
	}
	if ((e = story_last(s, EV_v2_no_connection)) &&
		strcmp(FIELDS(e, v2_no_connection)->kind.str, "unsaid") == 0)
		return unsaid(e, 2, f);
	if ((e = story_last(s, EV_v1_no_connection)) &&
		strcmp(FIELDS(e, v1_no_connection)->kind.str, "unsaid") == 0)
		return unsaid(e, 1, f);
	if ((e = story_last(s, EV_v2_no_connection)) &&
		strcmp(FIELDS(e, v2_no_connection)->kind.str, "version") == 0) {
		nearest = FIELDS(e, v2_no_connection)->nearest.str;
		theirs = 2;
	} else if ((e = story_last(s, EV_v1_no_connection)) &&
		   strcmp(FIELDS(e, v1_no_connection)->kind.str, "version") == 0) {
		nearest = FIELDS(e, v1_no_connection)->nearest.str;
		theirs = 1;
	} else {
		return CERTAINTY_NONE;
	}
	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with IKEv%d; the connection for its address%s%s is for IKEv%d",
		theirs, nearest[0] ? ", " : "", nearest, 3 - theirs);
	finding_conn(f, FIX_HERE, "", "keyexchange", "ikev%d", theirs);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "keyexchange", "ikev%d", 3 - theirs);
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev%d", 3 - theirs);
	return CERTAIN;
}

const struct rule rule_ike_version_mismatch = {
	.id = "ike-version-mismatch",
	.title = "one end speaks IKEv1, the other IKEv2",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "INVALID_MAJOR_VERSION, NO_PROPOSAL_CHOSEN or silence",
	.proof = "the answer in the other version; a responder knows its own connection",
	.remedy = "the same keyexchange= at both ends",
	.judge = judge_it,
};
