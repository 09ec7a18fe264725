#include "diag/diag.h"
#include "diag/silence.h"
#include "diag/policy.h"
#include "diag/words.h"

static void fixes(struct finding *f, const struct story *s, const char *theirs, const char *ours,
	const char *swanctl)
{
	finding_fix_list(f, FIX_HERE, "esp", theirs);
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp", ours);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "esp", swanctl);
	cisco_conn(f, s, "esp", ours);
}

static enum certainty differ(struct finding *f, const struct event *e, const char *difference,
	const char *theirs, const char *ours)
{
	finding_proof(f, e);
	finding_cause(f, "the peer offers no ESP algorithms that esp= here allows");
	finding_lists(f, difference, theirs, ours);
	return CERTAIN;
}

/* Other classes have these: ESN, the group at a rekey, the mode. */
static bool is_of_others(const char *difference)
{
	return strcmp(difference, "ESN") == 0 || strcmp(difference, "MODE") == 0;
}

static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_esp_proposal);

	if (e && !FIELDS(e, v2_no_esp_proposal)->rekeys.u64) {
		const union ev_v2_no_esp_proposal *no = FIELDS(e, v2_no_esp_proposal);

		if (is_of_others(no->difference.str))
			return CERTAINTY_NONE;
		fixes(f, s, no->theirs_conf.str, no->ours_conf.str, no->ours_swanctl.str);
		return differ(f, e, no->difference.str, no->theirs.str, no->ours.str);
	}
	e = story_last(s, EV_v1_quick_no_proposal);
	if (e) {
		const union ev_v1_quick_no_proposal *no = FIELDS(e, v1_quick_no_proposal);

		if (is_of_others(no->difference.str))
			return CERTAINTY_NONE;
		fixes(f, s, no->theirs_conf.str, no->ours_conf.str, no->ours_swanctl.str);
		return differ(f, e, no->difference.str,
			no->theirs_conf.str[0] ? no->theirs_conf.str : no->offered.str,
			no->ours_conf.str[0] ? no->ours_conf.str : no->allowed.str);
	}
	e = story_last(s, EV_v1_quick_no_pfs);
	if (e) {
		finding_proof(f, e);
		finding_cause(f, "the peer has no PFS (no group in its Quick Mode), and pfs=yes "
				 "here wants it");
		finding_conn(f, FIX_HERE, "", "pfs", "no");
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "pfs", "yes");
		fixes(f, s, "", FIELDS(e, v1_quick_no_pfs)->ours_conf.str,
			FIELDS(e, v1_quick_no_pfs)->ours_swanctl.str);
		return CERTAIN;
	}
	return CERTAINTY_NONE;
}

/* What the peer itself offered when it began, if it ever did: that it will take. "": not known. */
static const char *once_offered(const struct story *s)
{
	const struct event *e = story_ever(s, EV_v2_no_esp_proposal);

	return e ? FIELDS(e, v2_no_esp_proposal)->theirs_conf.str : "";
}

static void none_taken(struct finding *f, const char *ours, const char *pfs)
{
	finding_cause(f, "the peer takes none of our ESP algorithms");
	if (ours[0] || pfs[0])
		finding_more(f, " (%s%s%s%s)", ours, ours[0] && pfs[0] ? ", " : "",
			pfs[0] ? "PFS group " : "", pfs);
}

/* Many say nothing to a Quick Mode that they do not like. */
static enum certainty as_unanswered(const struct story *s, struct finding *f)
{
	/* anything that decides it, besides our own repeating */
	static const enum event_id answers[] = { EV_v1_child_established, EV_v1_quick_refused,
		EV_v1_quick_unacceptable, EV_v1_notified, EV_v1_ignored, EV_v1_rejected,
		EV_v1_child_not_installed, EV_v1_delete_ike, EV_v1_dpd_dead, EV_v1_net_error,
		EV_v1_send_failed, EV_conn_terminating, EV_NONE };
	const struct event *end = story_last(s, EV_v1_timeout),
			   *again = story_last(s, EV_v1_retransmit),
			   *sent = story_last(s, EV_v1_quick_i1_sent);

	if (!sent || story_later(story_last_of(s, answers), sent) ||
		(story_age(s, sent) < PATIENCE && !story_later(end, sent)))
		return CERTAINTY_NONE;
	finding_proof(f, sent);
	if (story_later(again, sent))
		finding_proof(f, again);
	if (story_later(end, sent))
		finding_proof(f, end);
	finding_cause(f, "the peer says nothing to our first Quick Mode message: it takes none of "
			 "our ESP algorithms, or not our PFS group (pfs=), or has other networks "
			 "than we; secret, identities and ike= are right");
	finding_suspect(f, &rule_ts_mismatch_v1);
	if (story_last(s, EV_v1_xauth_in) && !story_last(s, EV_v1_cfg_address))
		finding_suspect(f, &rule_cp_required); /* such a peer lends addresses, most times */
	finding_suspect(f, &rule_lossy_path);
	finding_next(f, "the peer's log says which of them it is");
	return POSSIBLE;
}

enum certainty esp_proposals_differ(const struct story *s, struct finding *f)
{
	const struct event *e;
	enum certainty c = story_is_up(s) ? CERTAINTY_NONE : as_responder(s, f);

	if (c || story_is_up(s))
		return c;
	e = story_last(s, EV_v2_child_refused);
	if (e && strcmp(FIELDS(e, v2_child_refused)->notify.str, "NO_PROPOSAL_CHOSEN") == 0) {
		const union ev_v2_child_refused *r = FIELDS(e, v2_child_refused);

		finding_proof(f, e);
		none_taken(f, r->ours_conf.str, "");
		finding_more(f, ", or another mode than type= here; secret, identities and ike= "
				"are right");
		fixes(f, s, once_offered(s), r->ours_conf.str, r->ours_swanctl.str);
		finding_suspect(f, &rule_transport_tunnel_mismatch);
		if (r->needs_esn.u64) { /* esp= does not say it */
			finding_conn(f, FIX_PEER_LIBRESWAN, "", "esn", "either");
			finding_suspect(f, &rule_esn_or_ipcomp_mismatch);
		}
		finding_suspect(f, &rule_kernel_lacks_esp); /* charon's answer then */
		return LIKELY;
	}
	e = story_last(s, EV_v1_quick_refused);
	if (e && strcmp(FIELDS(e, v1_quick_refused)->notify.str, "NO_PROPOSAL_CHOSEN") == 0) {
		const union ev_v1_quick_refused *r = FIELDS(e, v1_quick_refused);

		finding_proof(f, e);
		none_taken(f, r->ours_conf.str, r->pfs.str);
		finding_more(f, ", or has other networks than ");
		if (r->ts_local.str[0])
			finding_more(f, "%s - %s", r->ts_local.str, r->ts_remote.str);
		else
			finding_more(f, "we");
		finding_more(f, "; secret, identities and ike= are right");
		fixes(f, s, "", r->ours_conf.str, r->ours_swanctl.str);
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "pfs", "%s",
			strcmp(r->pfs.str, "no-pfs") == 0 ? "no" : "yes");
		if (strcmp(r->pfs.str, "no-pfs") == 0)
			cisco_conn(f, s, "pfs", "no");
		finding_suspect(f, &rule_ts_mismatch_v1);
		return LIKELY;
	}
	return as_unanswered(s, f);
}

/* Of the system's list another rule tells. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	return policy_sets(FACT(s, esp_from)) ? CERTAINTY_NONE : esp_proposals_differ(s, f);
}

const struct rule rule_esp_proposal_mismatch = {
	.id = "esp-proposal-mismatch",
	.title = "no ESP algorithms in common",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "IKE_AUTH response contained the error notification NO_PROPOSAL_CHOSEN",
	.proof = "the two have authenticated each other before it; the responder holds both lists",
	.remedy = "write in esp= what the other end has",
	.judge = judge_it,
};
