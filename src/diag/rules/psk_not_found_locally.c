#include "diag/diag.h"
#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/words.h"

static enum certainty lacks(const struct story *s, struct finding *f, const struct event *e,
	const char *ours, const char *theirs)
{
	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_secret_missing));
	finding_cause(f, "%s for '%s' and '%s'",
		story_is_swanctl(s) ? "swanctl.conf here has no secret"
				    : "ipsec.secrets here has no line",
		ours, theirs);
	words_secret(f, FIX_HERE, ours, theirs);
	finding_fix(f, FIX_HERE, FIX_REREAD, "ipsec rereadsecrets && ipsec up %s", story_name(s));
	finding_fix(f, FIX_PEER, FIX_WORDS, "the same secret for '%s' and '%s'", theirs, ours);
	return CERTAIN;
}

/* The file was written, and read, after it: whether the line is right now another attempt tells. */
static bool is_written_since(const struct story *s, const struct event *e)
{
	const struct event *read = s->secrets;

	return read && read->at.mono > e->at.mono &&
	       FIELDS(read, secrets_loading)->written.u64 >= (uint64_t)(e->at.wall / NS_S);
}

/* RFC 2409 5.4: in Main Mode the secret is needed before the identity comes. */
static void by_address(const struct story *s, struct finding *f, const char *theirs)
{
	if (!identity_is_open(theirs) || strcmp(FACT(s, mode), "main") != 0)
		return;
	finding_more(f, "; Main Mode of IKEv1 chooses it by the peer's address, before its "
			"identity is known");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"all peers that may come from anywhere have this one secret in Main Mode; for one "
		"of its own for each identity: IKEv2, or aggressive=yes, at both ends");
}

static enum certainty judge_secret(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_no_secret, EV_v1_no_secret, EV_secret_missing,
		EV_secrets_missing_file, EV_NONE };
	static const enum event_id better[] = { EV_v2_ike_established, EV_v1_ike_established,
		EV_secrets_loading, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_later(story_last_of(s, better), e) || is_written_since(s, e))
		return CERTAINTY_NONE;
	switch ((int)e->id) {
	case EV_v2_no_secret:
		return lacks(s, f, e, FIELDS(e, v2_no_secret)->ours.str,
			FIELDS(e, v2_no_secret)->theirs.str);
	case EV_v1_no_secret:
		(void)lacks(s, f, e, FIELDS(e, v1_no_secret)->ours.str,
			FIELDS(e, v1_no_secret)->theirs.str);
		by_address(s, f, FIELDS(e, v1_no_secret)->theirs.str);
		return CERTAIN;
	case EV_secret_missing:
		(void)lacks(s, f, e, FIELDS(e, secret_missing)->ours.str,
			FIELDS(e, secret_missing)->theirs.str);
		by_address(s, f, FIELDS(e, secret_missing)->theirs.str);
		return CERTAIN;
	}
	finding_proof(f, e);
	finding_cause(f, "secrets cannot be read from %s: %s",
		FIELDS(e, secrets_missing_file)->file.str,
		FIELDS(e, secrets_missing_file)->why.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "touch %s && chmod 600 %s && ipsec rereadsecrets",
		FIELDS(e, secrets_missing_file)->file.str,
		FIELDS(e, secrets_missing_file)->file.str);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = judge_secret(s, f);

	if (c)
		drift_secrets(s, f);
	return c;
}

const struct rule rule_psk_not_found_locally = {
	.id = "psk-not-found-locally",
	.title = "ipsec.secrets has no secret for the connection",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "authentication failed: no PSK found for 'x' and 'y'",
	.proof = "the two identities that were looked up, and the file that has neither",
	.remedy = "add the line to ipsec.secrets, then ipsec rereadsecrets",
	.judge = judge_it,
};
