#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/policy.h"
#include "diag/probed.h"
#include "diag/words.h"

/* The same remedy for all that refuse: each end can take what the other has. */
static void fixes(struct finding *f, const struct story *s, const char *theirs, const char *ours,
	const char *swanctl)
{
	finding_fix_list(f, FIX_HERE, "ike", theirs);
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "ike", ours);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "ike", swanctl);
	cisco_conn(f, s, "ike", ours);
}

static const char *who(const struct endpoint *e, char t[static ENDPOINT_STR])
{
	return addr_is_set(&e->addr) ? endpoint_format(e, t) : "the peer";
}

/* Another connection took what it offered; by its identity it is meant for this one. */
static enum certainty for_other(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v2_no_suite_for_id *no = FIELDS(e, v2_no_suite_for_id);
	char t[ENDPOINT_STR];

	finding_proof(f, e);
	finding_cause(f,
		"%s is '%s', whom this connection is for, but what it offers ike= here does not "
		"allow, "
		"so \"%s\" was taken, which is for somebody else",
		who(&no->remote.ep, t), no->id.str, no->by.str);
	finding_lists(f, no->difference.str, no->theirs.str, no->ours.str);
	fixes(f, s, no->theirs_conf.str, no->ours_conf.str, no->ours_swanctl.str);
	return CERTAIN;
}

/* We refused: both lists are known. */
static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_proposal),
			   *other = story_last(s, EV_v2_no_suite_for_id);
	char t[ENDPOINT_STR];

	if (other && story_later(other, e))
		return for_other(s, other, f);
	if (e) {
		const union ev_v2_no_proposal *no = FIELDS(e, v2_no_proposal);

		finding_proof(f, e);
		finding_cause(f, "%s offers no IKE algorithms that ike= here allows",
			who(&no->remote.ep, t));
		finding_lists(f, no->difference.str, no->theirs.str, no->ours.str);
		fixes(f, s, no->theirs_conf.str, no->ours_conf.str, no->ours_swanctl.str);
		return CERTAIN;
	}
	e = story_last(s, EV_v1_no_proposal);
	if (e && strcmp(FIELDS(e, v1_no_proposal)->difference.str, "AUTH") !=
			 0) { /* authby_mismatch */
		const union ev_v1_no_proposal *no = FIELDS(e, v1_no_proposal);

		finding_proof(f, e);
		finding_cause(f, "%s offers no IKE algorithms that ike= here allows",
			who(&no->remote.ep, t));
		finding_lists(f, no->difference.str,
			no->theirs_conf.str[0] ? no->theirs_conf.str : no->offered.str,
			no->ours_conf.str[0] ? no->ours_conf.str : no->allowed.str);
		fixes(f, s, no->theirs_conf.str, no->ours_conf.str, no->ours_swanctl.str);
		return CERTAIN;
	}
	return CERTAINTY_NONE;
}

static bool is_no_proposal(const char *notify)
{
	return strcmp(notify, "NO_PROPOSAL_CHOSEN") == 0;
}

/* It was asked with everything, and chose. */
static enum certainty as_probed(const struct story *s, const char *offered, const char *ours,
	const char *swanctl, struct finding *f)
{
	const struct probes p = story_probes(s);
	const union ev_probe_answer *a = FIELDS(p.strong.e, probe_answer);

	finding_proof(f, p.strong.e);
	finding_cause(f,
		"the peer refuses the algorithms of ike= here (%s), and takes %s when everything "
		"is offered; they "
		"differ in %s",
		offered, a->chosen.str, a->difference.str);
	fixes(f, s, probed_chosen(s, &p.strong), ours, swanctl);
	return CERTAIN;
}

/* Another daemon's connection: nobody tried, and probes with its algorithms were refused. */
static enum certainty only_asked(const struct story *s, const struct probes *p, struct finding *f)
{
	const char *ours = probed_offer(s), *own = story_is_strongswan(s) ? FACT(s, ike) : "";

	if ((p->own.is != PROBED_REFUSED && p->own.is != PROBED_GROUP) ||
		!probed_is_taken(&p->strong) || !story_is_only_asked(s, p))
		return CERTAINTY_NONE;
	finding_proof(f, p->own.e);
	if (!FIELDS(p->strong.e, probe_answer)->is_ours.u64)
		return as_probed(s, own[0] ? own : ours, ours, own, f);
	finding_proof(f, p->strong.e);
	finding_cause(f,
		"the peer refuses the algorithms of this connection (%s), and takes %s, which is "
		"among them, when everything is offered",
		own[0] ? own : ours, FIELDS(p->strong.e, probe_answer)->chosen.str);
	finding_fix_list(f, FIX_HERE, "ike", probed_chosen(s, &p->strong));
	return LIKELY;
}

enum certainty ike_proposals_differ(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_init_refused);
	const char *offered, *ours, *swanctl;
	struct probes p = story_probes(s);
	enum certainty c = story_is_up(s) ? CERTAINTY_NONE : as_responder(s, f);

	if (c)
		return c;
	if (e && is_no_proposal(FIELDS(e, v2_init_refused)->notify.str) &&
		!story_later(story_last(s, EV_v2_auth_sent), e)) {
		offered = FIELDS(e, v2_init_refused)->offered.str;
		ours = FIELDS(e, v2_init_refused)->ours_conf.str;
		swanctl = FIELDS(e, v2_init_refused)->ours_swanctl.str;
	} else if ((e = story_last(s, EV_v1_ignored)) &&
		   is_no_proposal(FIELDS(e, v1_ignored)->notify.str) &&
		   !story_later(story_last(s, EV_v1_main_i2_sent), e) && !story_is_up(s)) {
		offered = FIELDS(e, v1_ignored)->offered.str;
		ours = FIELDS(e, v1_ignored)->ours_conf.str;
		swanctl = FIELDS(e, v1_ignored)->ours_swanctl.str;
	} else {
		return only_asked(s, &p, f);
	}
	/* other rules know what it takes, or that it takes nothing */
	if (probed_is_taken(&p.weak) || probed_is_taken(&p.other) || probes_are_refused(&p))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	if (probed_is_taken(&p.strong) && !FIELDS(p.strong.e, probe_answer)->is_ours.u64)
		return as_probed(s, offered, ours, swanctl, f);
	finding_cause(f,
		"the peer refuses our first message with NO_PROPOSAL_CHOSEN: its ike= has nothing "
		"in common with ours%s%s%s, or it has no connection for our address",
		ours[0] || offered[0] ? " (" : "", ours[0] ? ours : offered,
		ours[0] || offered[0] ? ")" : "");
	fixes(f, s, "", ours, swanctl);
	finding_suspect(f, &rule_ike_version_mismatch);
	if (e->id == EV_v1_ignored) {
		finding_suspect(f, &rule_v1_mode_mismatch);
		finding_suspect(f, &rule_authby_mismatch); /* XAUTH is of the proposal, too */
	}
	if (strcmp(FACT(s, mode), "aggressive") == 0) /* the identity goes in clear */
		finding_suspect(f, &rule_id_mismatch);
	finding_next(f, "ipsec diagnose %s asks the peer which algorithms it takes", story_name(s));
	return LIKELY;
}

/* Of the system's list another rule tells. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	return policy_sets(FACT(s, ike_from)) ? CERTAINTY_NONE : ike_proposals_differ(s, f);
}

const struct rule rule_ike_proposal_mismatch = {
	.id = "ike-proposal-mismatch",
	.title = "no IKE algorithms in common",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "dropping unexpected IKE_SA_INIT message containing NO_PROPOSAL_CHOSEN "
		   "notification",
	.proof = "the responder holds both lists; an initiator asks with every transform at once "
		 "and sees what the peer picks",
	.remedy = "write in ike= what the other end has",
	.judge = judge_it,
};
