#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/policy.h"

/* The system's list has nothing that the peer has. */
static enum certainty differs(const struct story *s, struct finding *f, const char *keyword,
	const char *from, enum certainty (*how)(const struct story *s, struct finding *f))
{
	enum certainty c = policy_sets(from) ? how(s, f) : CERTAINTY_NONE;

	if (!c)
		return c;
	finding_more(f, "; %s= here is that of the system's crypto policy (%s)", keyword, from);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"an own %s= in the conn goes before the policy's; for the whole host, knowingly: "
		"update-crypto-policies --set LEGACY, and ipsec reload",
		keyword);
	return c;
}

/* What OpenSSL took of that list when the connection was last loaded; NULL: nothing. The load
 * itself is told of afterwards, unless it was refused. */
static const struct event *forbidden(const struct story *s, const char *keyword)
{
	const struct event *last = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct event *e = &s->event[i];

		if (e->id == EV_conn_forbidden &&
			strcmp(FIELDS(e, conn_forbidden)->keyword.str, keyword) == 0) {
			last = e;
			n = 0;
		}
		n += e->id == EV_conn_added;
	}
	return last && n <= (FIELDS(last, conn_forbidden)->rest.str[0] ? 1 : 0) ? last : NULL;
}

/* What differs beside it, and lines for the peer: what it has is not to be had here. */
static enum certainty is_missed(const struct story *s, struct finding *f,
	enum certainty (*how)(const struct story *s, struct finding *f))
{
	struct finding t = { .rule = f->rule };
	enum certainty c = how(s, &t);

	if (!c)
		return c;
	for (unsigned i = 0; i < t.n_evidence; i++)
		finding_proof(f, t.evidence[i]);
	for (unsigned i = 0; i < t.n_fix && f->n_fix < FIXES_MAX; i++)
		if (t.fix[i].where != FIX_HERE)
			f->fix[f->n_fix++] = t.fix[i];
	return c;
}

/* OpenSSL does without some of what the connection has; what is left may be enough. */
static enum certainty is_forbidden(const struct story *s, struct finding *f, const char *keyword,
	enum certainty (*how)(const struct story *s, struct finding *f))
{
	const struct event *e = forbidden(s, keyword);
	const union ev_conn_forbidden *n = e ? FIELDS(e, conn_forbidden) : NULL;
	bool is_all = n && !n->rest.str[0];
	enum certainty c = CERTAIN;

	if (!e || story_is_up(s) || (!is_all && !(c = is_missed(s, f, how))))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "%s= has %s, which OpenSSL does not do on this host", n->keyword.str,
		n->algorithms.str);
	if (n->where.str[0])
		finding_more(f, ": %s says \"%s\"", n->where.str, n->policy.str);
	if (is_all)
		finding_more(f, "; nothing of the list is left, and the connection is not loaded");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"write in %s= of both ends what this host has; or change its policy, knowingly",
		n->keyword.str);
	return c;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = differs(s, f, "ike", FACT(s, ike_from), ike_proposals_differ);

	if (!c)
		c = differs(s, f, "esp", FACT(s, esp_from), esp_proposals_differ);
	if (!c)
		c = is_forbidden(s, f, "ike", ike_proposals_differ);
	return c ? c : is_forbidden(s, f, "esp", esp_proposals_differ);
}

const struct rule rule_crypto_policy_or_fips = {
	.id = "crypto-policy-or-fips",
	.title = "the system's crypto policy forbids it",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "algorithms that nobody has written, or one that is there and is not used",
	.proof = "file and line of the policy that sets ike= or esp=, or that takes an algorithm "
		 "away",
	.remedy = "an own ike= or esp= with what is allowed, or update-crypto-policies, knowingly",
	.judge = judge_it,
};
