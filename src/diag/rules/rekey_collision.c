#include "diag/diag.h"

static bool is_temporary(const struct event *e)
{
	return e->id == EV_v2_rekey_failed &&
	       strcmp(FIELDS(e, v2_rekey_failed)->notify.str, "TEMPORARY_FAILURE") == 0;
}

/* Rekeys that the peer put off, one after the other, and none that has worked since. */
static unsigned put_off(const struct story *s, struct finding *f)
{
	unsigned n = 0;

	for (unsigned i = s->n; i > s->from; i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == EV_v2_child_established)
			break;
		if (!is_temporary(e))
			continue;
		finding_proof(f, e);
		n++;
	}
	return n;
}

/* Of two that the ends made at once the one that is used was lost. */
static const struct event *lost_after(const struct story *s, struct finding *f)
{
	const struct event *at = story_last(s, EV_v2_rekey_collision);
	const struct event *gone = story_last(s, EV_v2_child_expired);

	if (!at || !story_later(gone, at) || gone->at.mono - at->at.mono > 60 * NS_S)
		return NULL;
	finding_proof(f, at);
	finding_proof(f, gone);
	return gone;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	if (lost_after(s, f)) {
		finding_cause(f, "both ends rekeyed the tunnel at the same moment, and what came "
				 "of it is lost");
	} else {
		f->n_evidence = 0;
		if (put_off(s, f) < 2)
			return CERTAINTY_NONE;
		finding_cause(f, "the peer puts off each rekey of the tunnel "
				 "(TEMPORARY_FAILURE): it rekeys itself at the same moment");
	}
	finding_conn(f, FIX_HERE, "", "rekeyfuzz", "100%%");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "auto", "add");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "auto", "add");
	return LIKELY;
}

const struct rule rule_rekey_collision = {
	.id = "rekey-collision",
	.title = "both ends rekey at once, and the tunnel suffers",
	.layer = "rekey & lifetime",
	.most = LIKELY,
	.symptom = "TEMPORARY_FAILURE, or a tunnel that is dead until the next rekey",
	.proof = "rekeys that the peer puts off again and again, or a loss right after a collision",
	.remedy = "lifetimes that differ, and one end alone that begins",
	.judge = judge_it,
};
