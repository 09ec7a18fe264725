#include "diag/diag.h"
#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/words.h"

static void fixes(const struct story *s, struct finding *f)
{
	const char *ours = FACT(s, our_id)[0] ? FACT(s, our_id)
			   : FACT(s, ours)[0] ? FACT(s, ours)
					      : "%any",
		   *theirs = FACT(s, their_id)[0] ? FACT(s, their_id)
			     : FACT(s, theirs)[0] ? FACT(s, theirs)
						  : "%any";

	words_secret(f, FIX_HERE, ours, theirs);
	finding_fix(f, FIX_HERE, FIX_REREAD, "ipsec rereadsecrets && ipsec up %s", story_name(s));
	words_secret(f, FIX_PEER_LIBRESWAN, theirs, ours);
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "crypto isakmp key ... address %s",
		FACT(s, ours)[0] ? FACT(s, ours) : "ADDRESS");
}

/* HASH covers what both have agreed on in clear; only the secret can differ. */
static enum certainty as_verifier(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_hash_mismatch);
	const char *where;

	if (e) {
		where = FIELDS(e, v1_hash_mismatch)->where.str;
		finding_proof(f, e);
		finding_cause(f, "the peer '%s' has another secret than the one here%s%s",
			FIELDS(e, v1_hash_mismatch)->id.str, where[0] ? ", which stands at " : "",
			where);
		fixes(s, f);
		return CERTAIN;
	}
	if (!(e = story_last(s, EV_v1_other_secret)))
		return CERTAINTY_NONE;
	where = FIELDS(e, v1_other_secret)->where.str;
	finding_proof(f, e);
	finding_cause(f,
		"the secret was chosen by the peer's address, since Main Mode has its identity "
		"only later; for '%s' ipsec.secrets has another one%s%s",
		FIELDS(e, v1_other_secret)->id.str, where[0] ? ", at " : "", where);
	finding_fix(f, FIX_HERE, FIX_SECRET, "%s %s : PSK \"...\"",
		FACT(s, ours)[0] ? FACT(s, ours) : "%any",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "%any");
	return CERTAIN;
}

/* The keys come from the secret: what does not open was made with another one. */
static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_psk_mismatch);

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer's encrypted message does not open with our keys, which come "
			 "from the secret: its secret is another one");
	fixes(s, f);
	return LIKELY;
}

static enum certainty as_initiator(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_psk_suspected),
			   *no = story_last(s, EV_v1_ignored);
	bool is_id =
		no && strcmp(FIELDS(no, v1_ignored)->notify.str, "INVALID_ID_INFORMATION") == 0;
	const char *sign;

	if (!e)
		return CERTAINTY_NONE;
	sign = FIELDS(e, v1_psk_suspected)->sign.str;
	finding_proof(f, e);
	finding_proof(f, no);
	fixes(s, f);
	if (strcmp(sign, "repeats") == 0) {
		finding_cause(f,
			"the peer has answered our first two messages and repeats its second one "
			"instead of answering our first encrypted one: it cannot read it, since "
			"its secret is another one");
		if (FIELDS(e, v1_psk_suspected)->remote.ep.port != 4500)
			return LIKELY;
		finding_suspect(f, &rule_udp4500_blocked);
		finding_next(f,
			"ipsec diagnose %s asks the peer on UDP port 4500; at the peer: tcpdump "
			"-ni any udp port 4500",
			story_name(s));
		return POSSIBLE;
	}
	if (strcmp(sign, "no secret") == 0) {
		finding_cause(f, "the peer answers INVALID_KEY_INFORMATION (in strongSwan's words "
				 "INVALID_KE_PAYLOAD) where it would make keys of "
				 "the secret: a "
				 "strongSwan that has none for these two addresses answers so");
		return LIKELY;
	}
	finding_cause(f,
		"the peer answers our first encrypted message with one that says no%s: its "
		"secret is another one",
		strcmp(sign, "unreadable") == 0 ? ", or that our keys do not open" : "");
	if (strcmp(sign, "unreadable") == 0 &&
		story_is_foreign(s)) { /* it may have been readable */
		finding_suspect(f, &rule_id_mismatch);
		finding_suspect(f, &rule_v1_mode_mismatch);
		return POSSIBLE;
	}
	if (is_id)
		finding_suspect(f, &rule_id_mismatch);
	return is_id ? POSSIBLE : LIKELY;
}

/* Aggressive Mode, to who began; without a secret Main Mode ends so, too. */
static enum certainty as_refused(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_ignored);

	const char *notify = e ? FIELDS(e, v1_ignored)->notify.str : "";
	bool is_hash = strcmp(notify, "INVALID_HASH_INFORMATION") == 0;

	if (strcmp(notify, "unsaid") == 0 && !story_is_up(s)) {
		finding_proof(f, story_last(s, EV_v1_aggr_r1_sent));
		finding_proof(f, e);
		finding_cause(f, "instead of its last message of Aggressive Mode the peer sends a "
				 "notification: it finds our HASH wrong, so its secret is another "
				 "one, or it expects another identity of us");
		fixes(s, f);
		finding_suspect(f, &rule_id_mismatch);
		return LIKELY;
	}
	if (!is_hash && strcmp(notify, "AUTHENTICATION_FAILED") != 0)
		return CERTAINTY_NONE;
	if (!is_hash && story_last(s, EV_v1_aggr_i1_sent)) /* it has seen nothing of the secret */
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer answers %s: it has another secret for us%s", notify,
		is_hash ? "" : ", or none");
	fixes(s, f);
	return LIKELY;
}

/* Aggressive Mode, to who answered: the peer has all that it needs to judge, and is silent. */
static enum certainty as_left(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_half_open_end);

	if (!e || story_is_up(s) ||
		strcmp(FIELDS(e, v1_half_open_end)->state.str, "STATE_AGGR_R1") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, story_last(s, EV_v1_aggr_r1_sent));
	finding_proof(f, e);
	finding_cause(f, "the peer does not go on after our answer in Aggressive Mode: it finds "
			 "our HASH wrong, since its secret is another one, or has not had it");
	fixes(s, f);
	finding_suspect(f, &rule_id_mismatch);
	finding_suspect(f, &rule_lossy_path);
	return POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = as_verifier(s, f);

	if (!c)
		c = as_responder(s, f);
	if (!c)
		c = as_initiator(s, f);
	if (!c)
		c = as_refused(s, f);
	if (!c)
		c = as_left(s, f);
	if (c)
		drift_secrets(s, f);
	return c;
}

const struct rule rule_psk_mismatch_v1 = {
	.id = "psk-mismatch-v1",
	.title = "the two pre-shared keys differ (IKEv1)",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "Possible authentication failure: no acceptable response to our first encrypted "
		   "message; or probable authentication failure (mismatch of preshared secrets?)",
	.proof = "the first encrypted message cannot be read though all before it was right; or "
		 "HASH differs",
	.remedy = "write the same secret at both ends",
	.judge = judge_it,
};
