#include "diag/diag.h"
#include "diag/identity.h"

enum { AUTH_SHARED_KEY = 2 };

/* IANA, IKEv2 Authentication Method */
static const char *method_name(uint64_t method)
{
	switch (method) {
	case 1:
		return "an RSA signature";
	case 9:
	case 10:
	case 11:
		return "an ECDSA signature";
	case 13:
		return "NULL authentication";
	case 14:
		return "a signature (RFC 7427)";
	}
	return "another method";
}

static void fixes(struct finding *f)
{
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "authby", "secret");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "authby", "secret");
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
		"crypto ikev2 profile: authentication local pre-share, authentication remote "
		"pre-share");
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_auth_mismatch);
	uint64_t method = e ? FIELDS(e, v2_auth_mismatch)->method.u64 : 0;

	if (e && method && method != AUTH_SHARED_KEY) {
		finding_proof(f, e);
		finding_cause(f,
			"the peer '%s' authenticates with %s, here authby=secret is wanted",
			FIELDS(e, v2_auth_mismatch)->id.str, method_name(method));
		fixes(f);
		return CERTAIN;
	}
	e = story_last(s, EV_v2_auth_incomplete);
	if (e) {
		finding_proof(f, e);
		finding_cause(f, "the peer sends no AUTH: it wants to authenticate with EAP, here "
				 "authby=secret is wanted");
		fixes(f);
		return CERTAIN;
	}
	e = story_last(s, EV_v1_no_proposal);
	if (!e || strcmp(FIELDS(e, v1_no_proposal)->difference.str, "AUTH") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the authentication methods of the two ends differ: the peer offers %s, allowed "
		"here "
		"is %s",
		FIELDS(e, v1_no_proposal)->offered.str, FIELDS(e, v1_no_proposal)->allowed.str);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "authby", "secret");
	return CERTAIN;
}

const struct rule rule_authby_mismatch = {
	.id = "authby-mismatch",
	.title = "the two ends authenticate in different ways",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "the peer wants to authenticate otherwise than with a secret; to the peer: "
		   "AUTHENTICATION_FAILED",
	.proof = "the method in the peer's AUTH payload, or that it sends none",
	.remedy = "the same authby= at both ends",
	.judge = judge_it,
};
