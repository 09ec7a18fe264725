#include "diag/diag.h"
#include "diag/identity.h"

enum { AUTH_SHARED_KEY = 2 };

static void fixes(struct finding *f, const struct story *s, const char *ours, const char *theirs)
{
	finding_fix(f, FIX_HERE, FIX_SECRET, "%s %s : PSK \"...\"", ours, theirs);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rereadsecrets && ipsec up %s", story_name(s));
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_SECRET, "%s %s : PSK \"...\"", theirs, ours);
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"secrets { ike-1 { id-1 = %s; id-2 = %s; secret = \"...\" } }, then run: swanctl "
		"--load-creds",
		theirs, ours);
}

/* We have verified AUTH of the peer. */
static enum certainty as_verifier(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v2_auth_mismatch *m = FIELDS(e, v2_auth_mismatch);

	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_secret_ambiguous));
	finding_cause(f,
		"the peer '%s' has another secret than the one here%s%s; its identity is the right "
		"one",
		m->id.str, m->where.str[0] ? ", which stands at " : "", m->where.str);
	fixes(f, s, FACT(s, our_id)[0] ? FACT(s, our_id) : "%any", m->id.str);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_auth_mismatch);
	const union ev_v2_auth_rejected *no;
	bool is_natted;

	if (e) {
		uint64_t method = FIELDS(e, v2_auth_mismatch)->method.u64;

		return !method || method == AUTH_SHARED_KEY ? as_verifier(s, e, f) : CERTAINTY_NONE;
	}
	e = story_last(s, EV_v2_auth_rejected);
	if (!e || strcmp(FIELDS(e, v2_auth_rejected)->notify.str, "AUTHENTICATION_FAILED") != 0)
		return CERTAINTY_NONE;
	no = FIELDS(e, v2_auth_rejected);
	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_secret_ambiguous));
	finding_cause(f,
		"the peer refuses us with AUTHENTICATION_FAILED: its secret is another one, or it "
		"expects another identity than '%s'",
		no->ours.str);
	fixes(f, s, no->ours.str, no->theirs.str);
	finding_suspect(f, &rule_id_mismatch);
	finding_suspect(f, &rule_authby_mismatch);
	finding_next(f, "the peer's log says which: \"MAC mismatched\" is the secret, \"no "
			"matching peer config found\" the identity");
	is_natted = identity_is_private(no->ours.str) && !identity_is_private(no->theirs.str) &&
		    identity_is_addr(no->theirs.str);
	return is_natted ? POSSIBLE : LIKELY;
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
