#include "diag/diag.h"

enum { SOME = 3 };
#define SPAN (3600 * NS_S)

/* Of messages that were repeated and answered in the end; a message is counted once. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ends[] = { EV_v2_timeout, EV_v1_timeout, EV_v1_dpd_dead,
		EV_NONE };
	const struct event *last = NULL;
	unsigned n = 0;

	if (!story_is_up(s) || story_last_of(s, ends))
		return CERTAINTY_NONE;
	for (unsigned i = s->from; i < s->n; i++) {
		const struct event *e = &s->event[i];
		bool is_first =
			(e->id == EV_v2_retransmit && FIELDS(e, v2_retransmit)->count.u64 <= 1) ||
			(e->id == EV_v1_retransmit && FIELDS(e, v1_retransmit)->count.u64 <= 1);

		if (!is_first || story_age(s, e) > SPAN)
			continue;
		finding_proof(f, e);
		last = e;
		n++;
	}
	if (n < SOME || story_age(s, last) < 5 * NS_S)
		return CERTAINTY_NONE; /* the last one is not answered yet, perhaps */
	finding_cause(f,
		"%u messages had to be repeated before the peer answered, and it always did: "
		"packets "
		"are lost on the way, or it takes long",
		n);
	finding_conn(f, FIX_HERE, "", "retransmit-timeout", "120s");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "retransmit-timeout", "120s");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ping -c 100 -i 0.2 %s",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "PEER");
	return LIKELY;
}

const struct rule rule_lossy_path = {
	.id = "lossy-path",
	.title = "packets are lost on the way",
	.layer = "network path",
	.most = LIKELY,
	.symptom = "retransmission, and the answer comes in the end",
	.proof = "several messages were repeated and all of them were answered",
	.remedy = "find the loss; a longer retransmit-timeout= lives with it",
	.judge = judge_it,
};
