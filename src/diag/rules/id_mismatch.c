#include "diag/diag.h"
#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/words.h"

/* The peer says that it is declared; wanted is what this end has for it. */
static void fix_theirs(
	const struct story *s, struct finding *f, const char *declared, const char *wanted)
{
	finding_conn(f, FIX_HERE, story_their_end(s), "id", "%s", declared);
	if (!wanted[0])
		return;
	finding_conn(f, FIX_PEER_LIBRESWAN, "left", "id", "%s", wanted);
	finding_conn(f, FIX_PEER_STRONGSWAN, "local", "id", "%s", wanted);
	cisco_id(f, true, wanted);
}

/* The peer expects us to be another one. */
static void fix_ours(
	const struct story *s, struct finding *f, const char *expected, const char *ours)
{
	finding_conn(f, FIX_HERE, story_our_end(s), "id", "%s", expected);
	if (!ours[0])
		return;
	finding_conn(f, FIX_PEER_LIBRESWAN, "right", "id", "%s", ours);
	finding_conn(f, FIX_PEER_STRONGSWAN, "remote", "id", "%s", ours);
	cisco_id(f, false, ours);
}

static enum certainty differs(const struct story *s, struct finding *f, const struct event *e,
	const char *declared, const char *wanted)
{
	char why[IDENTITY_WHY];

	finding_proof(f, e);
	if (!declared[0] && !wanted[0]) {
		finding_cause(f, "no connection here is for the identities of the peer");
		return LIKELY;
	}
	if (!declared[0] || identity_is_open(declared)) { /* a log did not tell it */
		finding_cause(
			f, "the peer does not say that it is '%s', which it is to be here", wanted);
		finding_conn(f, FIX_PEER_LIBRESWAN, "left", "id", "%s", wanted);
		finding_conn(f, FIX_PEER_STRONGSWAN, "local", "id", "%s", wanted);
		return CERTAIN;
	}
	identity_hint(declared, wanted, why);
	if (wanted[0])
		finding_cause(f, "the peer says it is '%s', here it is to be '%s'%s%s", declared,
			wanted, why[0] ? ": " : "", why);
	else
		finding_cause(f, "the peer says it is '%s', and no connection here is for that",
			declared);
	fix_theirs(s, f, declared, wanted);
	return CERTAIN;
}

/* In another daemon's log: who the peer is and whom it asks for, and not what is here. */
static enum certainty not_both(const struct story *s, struct finding *f, const struct event *e)
{
	const union ev_v2_id_refused *r = FIELDS(e, v2_id_refused);

	finding_proof(f, e);
	finding_cause(f,
		"the peer says it is '%s' and asks for '%s', and no connection here is for both",
		r->id.str, r->asked.str);
	finding_conn(f, FIX_HERE, story_their_end(s), "id", "%s", r->id.str);
	finding_conn(f, FIX_HERE, story_our_end(s), "id", "%s", r->asked.str);
	return LIKELY;
}

/* We have read its identity ourselves. */
static enum certainty as_judge(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_id_refused, EV_v2_wrong_id, EV_v1_id_refused,
		EV_v1_wrong_id, EV_v1_no_connection, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const union ev_v2_id_refused *r;
	char why[IDENTITY_WHY];

	if (!e)
		return CERTAINTY_NONE;
	switch ((int)e->id) {
	case EV_v2_wrong_id:
		return differs(s, f, e, FIELDS(e, v2_wrong_id)->declared.str,
			FIELDS(e, v2_wrong_id)->wanted.str);
	case EV_v1_wrong_id:
		return differs(s, f, e, FIELDS(e, v1_wrong_id)->declared.str,
			FIELDS(e, v1_wrong_id)->wanted.str);
	case EV_v1_no_connection: /* in Aggressive Mode it stands in the first message */
		if (strcmp(FIELDS(e, v1_no_connection)->kind.str, "id") != 0 || story_is_up(s))
			return CERTAINTY_NONE;
		return differs(s, f, e, FIELDS(e, v1_no_connection)->id.str,
			FIELDS(e, v1_no_connection)->wanted.str);
	case EV_v1_id_refused:
		return differs(s, f, e, FIELDS(e, v1_id_refused)->id.str,
			FIELDS(e, v1_id_refused)->wanted.str);
	}
	r = FIELDS(e, v2_id_refused);
	if (r->asked.str[0] && !r->ours.str[0] && !r->wanted.str[0])
		return not_both(s, f, e);
	if (!r->asked.str[0] ||
		(strcmp(r->id.str, r->wanted.str) != 0 && !identity_is_open(r->wanted.str)) ||
		strcmp(r->asked.str, r->ours.str) == 0)
		return differs(s, f, e, r->id.str, r->wanted.str);
	finding_proof(f, e);
	identity_hint(r->asked.str, r->ours.str, why);
	finding_cause(f, "the peer asks for '%s', this end is '%s'%s%s", r->asked.str, r->ours.str,
		why[0] ? ": " : "", why);
	fix_ours(s, f, r->asked.str, r->ours.str);
	return CERTAIN;
}

/* It read ours, and gives no reason. */
static enum certainty as_refused_v2(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_auth_rejected), *in;
	const union ev_v2_auth_rejected *no = e ? FIELDS(e, v2_auth_rejected) : NULL;
	char when[WHEN_STR];

	if (no && strcmp(no->notify.str, "AUTHENTICATION_FAILED") == 0 &&
		identity_is_private(no->ours.str) && identity_is_addr(no->theirs.str) &&
		!identity_is_private(no->theirs.str)) {
		finding_proof(f, e);
		finding_cause(f,
			"the peer refuses us with AUTHENTICATION_FAILED, and we say that we are "
			"'%s': a private address, which a peer on the other side of a NAT hardly "
			"expects",
			no->ours.str);
		fix_ours(s, f, "@this.example.com", "@this.example.com");
		finding_suspect(f, &rule_psk_mismatch_v2);
		finding_next(f, "the peer's log says which identity it expects; write that");
		return LIKELY;
	}
	if (no && strcmp(no->notify.str, "AUTHENTICATION_FAILED") == 0 && drift_our_id(s)) {
		finding_proof(f, e);
		finding_proof(f, s->good);
		finding_cause(f,
			"the peer refuses us with AUTHENTICATION_FAILED, and we say that we are "
			"'%s'; "
			"when it last worked (%s) we were '%s', with the same secrets",
			no->ours.str, drift_when(s, when), GOOD(s, our_id));
		fix_ours(s, f, GOOD(s, our_id), no->ours.str);
		finding_suspect(f, &rule_psk_mismatch_v2);
		return LIKELY;
	}
	e = story_last(s, EV_v2_peer_complains);
	in = story_ever(s, EV_v2_ike_established); /* a Child SA may have come up since */
	if (!e || !in || strcmp(FIELDS(in, v2_ike_established)->role.str, "responder") != 0 ||
		strcmp(FIELDS(e, v2_peer_complains)->notify.str, "AUTHENTICATION_FAILED") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, in);
	finding_cause(f,
		"the peer breaks off with AUTHENTICATION_FAILED after our answer: its own secret "
		"was verified here and is right, so it does not accept that we are '%s'",
		FACT(s, our_id));
	fix_ours(s, f, "@this.example.com", FACT(s, our_id));
	return LIKELY;
}

static bool is_about_id(const char *notify)
{
	return strcmp(notify, "INVALID_ID_INFORMATION") == 0;
}

/* A responder hears it after it has let the peer in, and before any Quick Mode. */
static enum certainty as_responder_v1(const struct story *s, struct finding *f)
{
	static const enum event_id quick[] = { EV_v1_peer_proposed, EV_v1_quick_initiate, EV_NONE };
	const struct event *e = story_last(s, EV_v1_notified),
			   *in = story_last(s, EV_v1_ike_established);

	if (!e || !is_about_id(FIELDS(e, v1_notified)->notify.str) || !story_later(e, in) ||
		!story_later(in, story_last(s, EV_v1_responding)) ||
		story_later(story_last_of(s, quick), in))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, in);
	finding_cause(f,
		"the peer breaks off with INVALID_ID_INFORMATION after our answer: its own secret "
		"was verified here and is right, so it does not accept that we are '%s'",
		FACT(s, our_id));
	fix_ours(s, f, "@this.example.com", FACT(s, our_id));
	return LIKELY;
}

/* What depends on the secret comes later, and we are the first to verify it. */
static bool is_refused_at_once(const struct story *s, const struct event *no)
{
	const struct event *sent = story_last(s, EV_v1_aggr_i1_sent);

	return sent && story_later(no, sent) &&
	       !story_later(story_last(s, EV_v1_ike_established), sent) &&
	       strcmp(FIELDS(no, v1_ignored)->notify.str, "AUTHENTICATION_FAILED") == 0;
}

static enum certainty as_refused_v1(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_rejected);

	if (e) {
		const union ev_v1_rejected *r = FIELDS(e, v1_rejected);
		bool is_sure = is_about_id(r->notify.str);

		if (!is_sure && strcmp(r->notify.str, "AUTHENTICATION_FAILED") != 0)
			return CERTAINTY_NONE;
		finding_proof(f, e);
		finding_cause(f,
			"the peer refuses us with %s in a message that proves the secret right: it "
			"does not accept %s%s%s%s",
			r->notify.str, r->ours.str[0] ? "'" : "our identity", r->ours.str,
			r->ours.str[0] ? "' as our identity" : "",
			is_sure ? ""
				: ", or has it for another way to authenticate (XAUTH) or "
				  "another mode");
		fix_ours(s, f, "@this.example.com", r->ours.str);
		if (is_sure)
			return CERTAIN;
		/* strongSwan looks for a connection that has all three */
		finding_suspect(f, &rule_authby_mismatch);
		finding_suspect(f, &rule_v1_mode_mismatch);
		finding_next(f, "the peer's log says which: \"no peer config found\" beside what "
				"it looked for (\"looking for XAuthInitPSK peer configs\")");
		return LIKELY;
	}
	e = story_last(s, EV_v1_ignored);
	if (is_refused_at_once(s, e)) {
		finding_proof(f, e);
		finding_cause(f,
			"the peer answers our first message of Aggressive Mode with %s (not "
			"authenticated): it knows no connection, or no secret, for %s%s%sour "
			"identity; the secret itself it has not seen",
			FIELDS(e, v1_ignored)->notify.str, FACT(s, our_id)[0] ? "'" : "",
			FACT(s, our_id), FACT(s, our_id)[0] ? "', which is " : "");
		fix_ours(s, f, "@this.example.com", FACT(s, our_id));
		finding_suspect(f, &rule_psk_mismatch_v1);
		finding_suspect(f, &rule_authby_mismatch);
		finding_suspect(f, &rule_v1_mode_mismatch);
		return LIKELY;
	}
	if (!e || !is_about_id(FIELDS(e, v1_ignored)->notify.str) ||
		story_later(story_last(s, EV_v1_ike_established), e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer answers INVALID_ID_INFORMATION (not authenticated): it does not accept "
		"'%s' as our identity",
		FACT(s, our_id));
	fix_ours(s, f, "@this.example.com", FACT(s, our_id));
	finding_suspect(f, &rule_psk_mismatch_v1);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = as_judge(s, f);

	if (!c)
		c = as_refused_v2(s, f);
	if (!c)
		c = as_responder_v1(s, f);
	return c ? c : as_refused_v1(s, f);
}

const struct rule rule_id_mismatch = {
	.id = "id-mismatch",
	.title = "an identity is not the one that is expected",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "Peer ID 'x' mismatched on first found connection and no better connection "
		   "found; or AUTHENTICATION_FAILED",
	.proof = "who reads the identity knows both; who is refused knows only its own",
	.remedy = "leftid= here and rightid= there the same, in value and in type",
	.judge = judge_it,
};
