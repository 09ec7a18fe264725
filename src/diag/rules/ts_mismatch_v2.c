#include "diag/nets.h"

/* Would narrowing=yes here take it? The common part of what is asked, all that is answered. */
static bool narrows(const struct nets *n, const char *relation)
{
	return n->is_answer ? strcmp(relation, "same") == 0 || strcmp(relation, "narrower") == 0
			    : relation[0] && strcmp(relation, "apart") != 0;
}

/* The peer wants what is here the other way round. */
static bool is_mirrored(const struct nets *n)
{
	return n->ours[0] && n->theirs[0] && strcmp(n->ours, n->allowed_theirs) == 0 &&
	       strcmp(n->theirs, n->allowed_ours) == 0;
}

/* What we see of the peer's networks, in what it asks for or answers. */
static enum certainty seen(const struct story *s, struct finding *f, const struct nets *n)
{
	finding_proof(f, n->e);
	const char *what = n->is_answer ? "" : FIELDS(n->e, v2_ts_refused)->difference.str;

	finding_cause(f, n->is_answer ? "the peer answers with %s" : "the peer wants %s",
		n->peers[0] ? n->peers : "other networks");
	if (n->here[0])
		finding_more(f,
			n->is_answer ? ", and what we asked for is %s" : ", allowed here is %s",
			n->here);
	else
		finding_more(f, n->is_answer ? ", which we did not ask for"
					     : ", and no connection here has these");
	if (is_mirrored(n))
		finding_more(f, ": they are the same, swapped at one of the two ends");
	else if (what[0])
		finding_more(f, "; they differ in %s", what);
	nets_fix_here(s, f, n);
	if (!n->is_narrowing && narrows(n, n->rel_ours) && narrows(n, n->rel_theirs))
		finding_conn(f, FIX_HERE, "", "narrowing", "yes");
	if (!n->is_answer)
		nets_fix_asker(s, f, n);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_child_refused);
	const union ev_v2_child_refused *no;
	struct nets n;

	if (nets_of(s, &n) && !story_later(e, n.e))
		return nets_class(&n) == f->rule ? seen(s, f, &n) : CERTAINTY_NONE;
	if (!e || strcmp(FIELDS(e, v2_child_refused)->notify.str, "TS_UNACCEPTABLE") != 0)
		return CERTAINTY_NONE;
	no = FIELDS(e, v2_child_refused);
	finding_proof(f, e);
	nets_not_taken(s, f, no->ts_local.str, no->ts_remote.str);
	nets_fix_peer(s, f, no->ts_local.str, no->ts_remote.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"%swrite in leftsubnet= and rightsubnet= what the peer has: its log names it",
		f->n_fix ? "or " : "");
	if (strchr(no->ts_local.str, ',') || strchr(no->ts_remote.str, ','))
		finding_suspect(f, &rule_one_subnet_per_child);
	if (strcmp(no->product.str, "Microsoft") == 0)
		finding_suspect(f, &rule_azure_wide_selectors);
	finding_suspect(f, &rule_kernel_lacks_esp); /* pluto's answer then */
	return LIKELY;
}

const struct rule rule_ts_mismatch_v2 = {
	.id = "ts-mismatch-v2",
	.title = "the networks of the two ends do not mirror each other (IKEv2)",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "IKE_AUTH response contained the error notification TS_UNACCEPTABLE",
	.proof = "the notification; the responder holds both pairs",
	.remedy = "leftsubnet= and rightsubnet= as the other end has them",
	.judge = judge_it,
};
