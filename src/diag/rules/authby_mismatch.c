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

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* One end asks for a user name and a password after the secret, or expects to be asked. */
static bool differs_in_xauth(
	const struct story *s, struct finding *f, const char *theirs, const char *ours)
{
	bool is_client = is(ours, "XAUTHRespPreShared"), is_server = is(ours, "XAUTHInitPreShared");
	bool they_ask = is(theirs, "XAUTHRespPreShared"),
	     they_log_in = is(theirs, "XAUTHInitPreShared");

	if (is(theirs, "PRESHARED_KEY") && (is_client || is_server)) {
		finding_cause(f,
			"here %sxauth%s=yes wants a user name and a password after the secret, "
			"and the peer begins with the secret alone",
			story_our_end(s), is_client ? "client" : "server");
		finding_conn(f, FIX_HERE, story_our_end(s),
			is_client ? "xauthclient" : "xauthserver", "no");
		finding_conn(f, FIX_PEER_LIBRESWAN, "left",
			is_client ? "xauthserver" : "xauthclient", "yes");
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS, "in the connection write: %s",
			is_client ? "remote-xauth { auth = xauth }"
				  : "local-xauth { auth = xauth, xauth_id = USER }");
		return true;
	}
	if (is(ours, "PRESHARED_KEY") && (they_ask || they_log_in)) {
		finding_cause(f,
			"the peer %s a user name and a password after the secret (XAUTH), and the "
			"connection here has the secret alone",
			they_ask ? "wants" : "has");
		finding_conn(f, FIX_HERE, story_our_end(s),
			they_ask ? "xauthclient" : "xauthserver", "yes");
		finding_conn(f, FIX_PEER_LIBRESWAN, "left",
			they_ask ? "xauthserver" : "xauthclient", "no");
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS, "in the connection leave out: %s",
			they_ask ? "remote-xauth { auth = xauth }"
				 : "local-xauth { auth = xauth }");
		return true;
	}
	return false;
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
	if (differs_in_xauth(s, f, FIELDS(e, v1_no_proposal)->theirs_auth.str,
		    FIELDS(e, v1_no_proposal)->ours_auth.str))
		return CERTAIN;
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
