#include "diag/local.h"

#include <inttypes.h>

#define SHADOW(e) FIELDS(e, local_policy_shadow)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s);
	const struct event *e = sure ? local_next(s, EV_local_policy_shadow, NULL) : NULL;

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"another policy of the kernel takes the tunnel's packets first: %s (priority "
		"%" PRIu64 ", %s, of %s) stands before %s (priority %" PRIu64 ")",
		SHADOW(e)->other.str, SHADOW(e)->other_priority.u64, SHADOW(e)->action.str,
		SHADOW(e)->owner.str, SHADOW(e)->ours.str, SHADOW(e)->priority.u64);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "%s", SHADOW(e)->command.str);
	if (SHADOW(e)->other_priority.u64 > 1)
		finding_conn(
			f, FIX_HERE, "", "priority", "%" PRIu64, SHADOW(e)->other_priority.u64 - 1);
	return sure;
}

const struct rule rule_policy_shadowed = {
	.id = "policy-shadowed",
	.title = "another policy with a better priority wins",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom =
		"the tunnel is up and clear text leaves, or packets are dropped, with no counter",
	.proof = "the kernel's policies for the tunnel's packets, in their order",
	.remedy = "remove the other policy, or give the tunnel a better priority=",
	.judge = judge_it,
};
