#include "diag/diag.h"
#include "diag/identity.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_cp_required);

	if (story_is_up(s))
		return CERTAINTY_NONE;
	if (e) {
		finding_proof(f, e);
		finding_cause(f,
			"the peer asks for no address, and this connection is for peers with one "
			"of %s",
			FIELDS(e, v2_cp_required)->pool.str);
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"if it needs none, take %saddresspool= out of the conn and write "
			"%ssubnet=, or give it a conn of its own",
			story_their_end(s), story_their_end(s));
		finding_conn(f, FIX_PEER_LIBRESWAN, "left", "modecfgclient", "yes");
		finding_conn(f, FIX_PEER_STRONGSWAN, "", "modecfgclient", "yes");
		return CERTAIN;
	}
	e = story_last(s, EV_v2_child_refused);
	if (!e || strcmp(FIELDS(e, v2_child_refused)->notify.str, "FAILED_CP_REQUIRED") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer takes only clients that ask it for an address, and this end "
			 "does not");
	finding_conn(f, FIX_HERE, story_our_end(s), "modecfgclient", "yes");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_WORDS, "or no rightaddresspool= for this peer");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS, "or no pools = for this peer");
	return CERTAIN;
}

const struct rule rule_cp_required = {
	.id = "cp-required",
	.title = "one end lends addresses, the other asks for none",
	.layer = "address pool",
	.most = CERTAIN,
	.symptom = "IKE_AUTH response contained the error notification FAILED_CP_REQUIRED",
	.proof = "the notification; a responder has the request that asks for no address",
	.remedy = "leftmodecfgclient=yes at the client, or no addresspool= for it",
	.judge = judge_it,
};
