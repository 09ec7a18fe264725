#include "diag/diag.h"
#include "diag/words.h"
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
	finding_conn(f, FIX_PEER_STRONGSWAN, "local", "auth", "psk");
	finding_conn(f, FIX_PEER_STRONGSWAN, "remote", "auth", "psk");
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS,
		"crypto ikev2 profile: authentication local pre-share, authentication remote "
		"pre-share; IKEv1: crypto isakmp policy: authentication pre-share");
}

/* The connection that the peer's address leads to has no secret at all. */
static enum certainty never(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_no_connection, EV_v1_no_connection, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const char *kind = !e				  ? ""
			   : e->id == EV_v2_no_connection ? FIELDS(e, v2_no_connection)->kind.str
							  : FIELDS(e, v1_no_connection)->kind.str;

	if (strcmp(kind, "authby") != 0 || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer wants to authenticate, and the connection for its address has "
			 "authby=never");
	finding_conn(f, FIX_HERE, "", "authby", "secret");
	fixes(f);
	return CERTAIN;
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
	if (e && strcmp(FIELDS(e, v2_auth_incomplete)->payloads.str, "secret") == 0) {
		finding_proof(f, e);
		finding_cause(f, "the peer authenticates with a pre-shared key, and the connection "
				 "for it here wants another way of it");
		finding_conn(f, FIX_HERE, story_their_end(s), "auth", "psk");
		return CERTAIN;
	}
	if (e) {
		finding_proof(f, e);
		finding_cause(f, "the peer sends no AUTH: it wants to authenticate with EAP, %s",
			story_is_foreign(s) ? "which the connection for it here does not have"
					    : "here authby=secret is wanted");
		fixes(f);
		return CERTAIN;
	}
	e = story_last(s, EV_v1_no_proposal);
	if (!e || strcmp(FIELDS(e, v1_no_proposal)->difference.str, "AUTH") != 0)
		return never(s, f);
	finding_proof(f, e);
	finding_cause(f,
		"the authentication methods of the two ends differ: the peer offers %s, allowed "
		"here "
		"is %s",
		FIELDS(e, v1_no_proposal)->offered.str, FIELDS(e, v1_no_proposal)->allowed.str);
	fixes(f);
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
