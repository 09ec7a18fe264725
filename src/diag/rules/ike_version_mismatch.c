#include "diag/diag.h"
#include "diag/drift.h"
#include "diag/probed.h"
#include "diag/silence.h"

static void fixes(struct finding *f, int theirs)
{
	finding_conn(f, FIX_HERE, "", "keyexchange", "ikev%d", theirs);
	/* before 5.0 its keyexchange= knows no version, and IKEv1 is dropped by some builds */
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "ikev2", "%s", theirs == 1 ? "yes" : "no");
	if (theirs == 2)
		finding_setup(f, FIX_PEER_LIBRESWAN, "ikev1-policy", "accept");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev%d", 3 - theirs);
}

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

/* The other version was asked as well. */
static enum certainty as_probed(const struct story *s, const struct probes *p, struct finding *f)
{
	const union ev_probe_answer *a = FIELDS(p->other.e, probe_answer);
	int theirs = (int)a->version.u64;

	finding_proof(f, p->own.e);
	finding_proof(f, p->strong.e);
	finding_proof(f, p->other.e);
	if (p->other.is == PROBED_REFUSED) {
		finding_cause(f,
			"the peer is silent to IKEv%d and answers IKEv%d, with %s: it speaks "
			"IKEv%d only, or has only "
			"such a connection",
			3 - theirs, theirs, a->notify.str, theirs);
		finding_conn(f, FIX_HERE, "", "keyexchange", "ikev%d", theirs);
		finding_suspect(f, &rule_conn_not_loaded_or_daemon_down);
		return LIKELY;
	}
	finding_cause(f, "this connection is for IKEv%d, which the peer %s; it agrees to IKEv%d",
		3 - theirs,
		p->own.is == PROBED_REFUSED || p->strong.is == PROBED_REFUSED ? "refuses"
									      : "does not answer",
		theirs);
	fixes(f, theirs);
	if (a->chosen.str[0] && !a->is_ours.u64)
		finding_conn(f, FIX_HERE, "", "ike", "%s", probed_chosen(s, &p->other));
	return CERTAIN;
}

/* Does the other version's answer tell it? */
static bool is_told(const struct story *s, const struct probes *p)
{
	bool is_liked = probed_is_taken(&p->other) || p->other.is == PROBED_GROUP;
	bool is_silent = p->own.is == PROBED_SILENT && p->strong.is <= PROBED_SILENT;

	if (probed_is_taken(&p->own) || probed_is_taken(&p->strong) || probed_is_taken(&p->weak))
		return false;
	/* silence to IKEv1 has another name */
	return is_liked || (is_silent && p->other.is == PROBED_REFUSED && story_version(s) == 2);
}

/* The first message is refused for its algorithms, or not answered. */
static const struct event *refused_first(const struct story *s)
{
	struct silence q = story_silence(s);
	const struct event *e = story_last(s, EV_v2_init_refused);

	if (e && strcmp(FIELDS(e, v2_init_refused)->notify.str, "NO_PROPOSAL_CHOSEN") == 0)
		return e;
	e = story_last(s, EV_v1_ignored);
	if (e && strcmp(FIELDS(e, v1_ignored)->notify.str, "NO_PROPOSAL_CHOSEN") == 0)
		return e;
	return q.at == SILENT_FIRST ? q.sent : NULL;
}

/* Somebody has written the other one into the conn. */
static enum certainty was_other(const struct story *s, struct finding *f)
{
	const char *was = GOOD(s, version), *is = FACT(s, version);
	const struct event *e = refused_first(s);
	char when[WHEN_STR];

	if (!e || !was[0] || !is[0] || strcmp(was, is) == 0 || !drift_is_edited(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, s->good);
	finding_cause(f, "the peer %s %s; when it last worked (%s) this connection was for %s",
		e->id == EV_v2_init_refused || e->id == EV_v1_ignored ? "refuses"
								      : "does not answer",
		is, drift_when(s, when), was);
	fixes(f, was[strlen(was) - 1] - '0');
	return LIKELY;
}

/* The peer refuses IKEv1; or it has a version that is not there yet (RFC 7296 2.5). */
static enum certainty not_this_one(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_ignored);

	if (e && strcmp(FIELDS(e, v1_ignored)->notify.str, "INVALID_MAJOR_VERSION") == 0) {
		finding_proof(f, e);
		finding_cause(
			f, "the peer refuses IKEv1 (its ikev1-policy=, or it has IKEv2 only)");
		fixes(f, 2);
		finding_suspect(f, &rule_ikev1_disabled_by_default);
		return LIKELY; /* not authenticated */
	}
	if (!(e = story_last(s, EV_v2_newer_version)))
		return was_other(s, f);
	finding_proof(f, e);
	finding_cause(f, "the peer begins with version %u of IKE, and this end has 1 and 2",
		(unsigned)FIELDS(e, v2_newer_version)->major.u64);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "ikev2", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2");
	return LIKELY; /* not authenticated */
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_ike_version_refused);
	const char *nearest, *policy = "";
	struct probes p = story_probes(s);
	int theirs;

	if (story_is_up(s))
		return CERTAINTY_NONE;
	if (is_told(s, &p))
		return as_probed(s, &p, f);
	if (e) {
		theirs = (int)FIELDS(e, ike_version_refused)->theirs.u64;
		finding_proof(f, e);
		finding_cause(f, "the peer speaks IKEv%d, and this connection IKEv%d", theirs,
			(int)FIELDS(e, ike_version_refused)->ours.u64);
		fixes(f, theirs);
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
	} else if ((e = story_last(s, EV_v1_policy_drop)) &&
		   FIELDS(e, v1_policy_drop)->nearest.str[0]) {
		nearest = FIELDS(e, v1_policy_drop)->nearest.str;
		policy = FIELDS(e, v1_policy_drop)->policy.str;
		theirs = 1;
	} else if ((e = story_last(s, EV_v1_policy_reject)) &&
		   FIELDS(e, v1_policy_reject)->nearest.str[0]) {
		nearest = FIELDS(e, v1_policy_reject)->nearest.str;
		policy = "reject";
		theirs = 1;
	} else {
		return not_this_one(s, f);
	}
	f->conn = nearest[0] ? nearest : NULL;
	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with IKEv%d; the connection for its address%s%s is for IKEv%d",
		theirs, nearest[0] ? ", " : "", nearest, 3 - theirs);
	if (strcmp(policy, "drop") == 0 || strcmp(policy, "reject") == 0)
		finding_setup(f, FIX_HERE, "ikev1-policy", "accept");
	fixes(f, theirs);
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
