#include "diag/flow.h"
#include "diag/local.h"

#include <inttypes.h>

#define COUNTER(e) FIELDS(e, local_counter)

static bool is_named(const struct event *e)
{
	return e->id == EV_local_counter &&
	       strcmp(COUNTER(e)->name.str, "TcpExtIPReversePathFilter") == 0;
}

/* The counter as two looks saw it: a value alone says nothing. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *before = NULL, *last = NULL, *e = NULL;
	const struct event *moved = flow_moved(s, "TcpExtIPReversePathFilter");
	uint64_t added = moved ? FIELDS(moved, flow_counter)->added.u64 : 0;

	for (unsigned i = 0; local_look_of(s) && i < s->n; i++)
		if (is_named(&s->event[i]) && story_age(s, &s->event[i]) < 600 * NS_S) {
			before = before ? before : &s->event[i];
			last = &s->event[i];
		}
	if (before && COUNTER(last)->value.u64 > COUNTER(before)->value.u64) {
		added = COUNTER(last)->value.u64 - COUNTER(before)->value.u64;
		finding_proof(f, before);
		finding_proof(f, last);
	}
	if (!added)
		return CERTAINTY_NONE;
	finding_proof(f, moved);
	finding_cause(f,
		"this host's reverse-path filter drops packets: %" PRIu64
		" while it was looked at; they come in through another device than the way back "
		"to their source",
		added);
	while ((e = local_next(s, EV_local_sysctl, e)))
		if (strstr(FIELDS(e, local_sysctl)->name.str, "rp_filter")) {
			finding_proof(f, e);
			finding_fix(f, FIX_HERE, FIX_COMMAND, "sysctl -w %s=2",
				FIELDS(e, local_sysctl)->name.str);
		}
	if (!f->n_fix)
		finding_fix(f, FIX_HERE, FIX_COMMAND, "sysctl -w net.ipv4.conf.all.rp_filter=2");
	return local_inner(s) == CERTAIN || !story_is_up(s) ? CERTAIN : LIKELY;
}

const struct rule rule_rp_filter_drop = {
	.id = "rp-filter-drop",
	.title = "the reverse-path filter drops packets",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "traffic goes one way",
	.proof = "the counter TcpExtIPReversePathFilter moves; that the sysctl is 1 is no proof",
	.remedy = "sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 for the device",
	.judge = judge_it,
};
