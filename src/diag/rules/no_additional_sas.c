#include "diag/diag.h"

static bool is_it(const char *notify)
{
	return strcmp(notify, "NO_ADDITIONAL_SAS") == 0;
}

/* One Child SA has room for the networks of many (RFC 7296 2.9). */
static void fewer(struct finding *f, enum fix_where where)
{
	finding_fix(f, where, FIX_WORDS,
		"one conn with all networks in leftsubnet= and rightsubnet=, with commas, needs "
		"one "
		"Child SA (IKEv2); several conns, or leftsubnets=, need one each");
}

static enum certainty as_responder(const struct event *e, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f,
		"the IKE SA has %u Child SAs, which is all that it may have here: the peer's "
		"request for another one is refused",
		(unsigned)FIELDS(e, v2_too_many_children)->limit.u64);
	fewer(f, FIX_PEER_LIBRESWAN);
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"one child with all networks in local_ts and remote_ts");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec trafficstatus");
	return CERTAIN;
}

/* What was refused, and whether it was a rekey. */
static const char *refused(const struct event *e, bool *is_rekey)
{
	*is_rekey = e->id != EV_v2_child_refused;
	return e->id == EV_v2_child_refused  ? FIELDS(e, v2_child_refused)->notify.str
	       : e->id == EV_v2_rekey_failed ? FIELDS(e, v2_rekey_failed)->notify.str
					     : FIELDS(e, v2_ike_rekey_failed)->notify.str;
}

/* RFC 7296 1.3: a peer may have a limit, which may be one. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_child_refused, EV_v2_rekey_failed,
		EV_v2_ike_rekey_failed, EV_NONE };
	static const enum event_id over[] = { EV_v2_child_established, EV_v2_ike_rekeyed, EV_NONE };
	const struct event *here = story_last(s, EV_v2_too_many_children),
			   *e = story_last_of(s, ids), *since = story_last_of(s, over);
	bool is_rekey;

	if (here && !story_later(since, here))
		return as_responder(here, f);
	if (!e || story_later(since, e) || !is_it(refused(e, &is_rekey)))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		is_rekey ? "the peer refuses a rekey with NO_ADDITIONAL_SAS: it rekeys itself at "
			   "the "
			   "same moment, or has as many Child SAs for one IKE SA as it allows"
			 : "the peer takes no other Child SA for this IKE SA (NO_ADDITIONAL_SAS): "
			   "it has as many as it allows, which may be one; secret, identities and "
			   "ike= are right");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"let it have more Child SAs for one IKE SA: its log or manual names the limit");
	fewer(f, FIX_HERE);
	finding_suspect(f, is_rekey ? &rule_rekey_collision : &rule_one_subnet_per_child);
	return is_rekey ? LIKELY : CERTAIN;
}

const struct rule rule_no_additional_sas = {
	.id = "no-additional-sas",
	.title = "no more Child SAs for one IKE SA",
	.layer = "IPsec negotiation",
	.most = CERTAIN,
	.symptom = "CREATE_CHILD_SA response contained the error notification NO_ADDITIONAL_SAS",
	.proof = "the peer's notification, or the limit of this end that was reached",
	.remedy = "more Child SAs at the peer, or one with all networks",
	.judge = judge_it,
};
