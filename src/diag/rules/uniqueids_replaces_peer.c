#include "diag/diag.h"

/* Who goes and who comes, of one replacement. */
static bool pair_of(const struct event *e, struct endpoint *was, struct endpoint *is)
{
	if (e->id == EV_v2_replaced) {
		*was = FIELDS(e, v2_replaced)->was_at.ep;
		*is = FIELDS(e, v2_replaced)->remote.ep;
	} else if (e->id == EV_v1_replaced) {
		*was = FIELDS(e, v1_replaced)->was_at.ep;
		*is = FIELDS(e, v1_replaced)->remote.ep;
	} else {
		return false;
	}
	return true;
}

/* There and back again: a device that only moved does not come back. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct endpoint was = { 0 }, is = { 0 }, before_was = { 0 }, before_is = { 0 };
	const struct event *before = NULL, *back = NULL;
	unsigned n = 0;
	char a[ENDPOINT_STR], b[ENDPOINT_STR];

	for (unsigned i = 0; i < s->n; i++) {
		const struct event *e = &s->event[i];

		if (!pair_of(e, &was, &is) || endpoint_eq(&was, &is))
			continue;
		if (before && endpoint_eq(&was, &before_is) && endpoint_eq(&is, &before_was)) {
			finding_proof(f, n ? NULL : before);
			finding_proof(f, e);
			back = e;
			n++;
		}
		before = e;
		before_was = was;
		before_is = is;
	}
	if (!back || story_age(s, back) > 900 * NS_S)
		return CERTAINTY_NONE;
	finding_cause(f,
		"two devices have the same identity and throw each other out in turn: one at %s, "
		"one "
		"at %s",
		endpoint_format(&before_was, a), endpoint_format(&before_is, b));
	finding_setup(f, FIX_HERE, "uniqueids", "no");
	finding_conn(f, FIX_PEER_LIBRESWAN, "left", "id", "@another.example.com");
	finding_conn(f, FIX_PEER_STRONGSWAN, "local", "id", "another.example.com");
	return CERTAIN;
}

const struct rule rule_uniqueids_replaces_peer = {
	.id = "uniqueids-replaces-peer",
	.title = "two devices share one identity",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "replaced by IKE SA of the same peer, again and again",
	.proof = "the same identity from two addresses or ports, which replace one another in turn",
	.remedy = "an identity for each device, or uniqueids=no",
	.judge = judge_it,
};
