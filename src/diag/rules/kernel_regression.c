#include "diag/drift.h"

static const char *refusal(const struct story *s, const struct event **ret)
{
	static const enum event_id ids[] = { EV_v2_child_not_installed, EV_v1_child_not_installed,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);

	*ret = e;
	return !e				    ? ""
	       : e->id == EV_v2_child_not_installed ? FIELDS(e, v2_child_not_installed)->why.str
						    : FIELDS(e, v1_child_not_installed)->why.str;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const char *was = GOOD(s, kernel), *is = FACT(s, kernel), *why;
	const struct event *e;
	char when[WHEN_STR];

	why = refusal(s, &e);
	if (!e || story_is_up(s) || !was[0] || !is[0] || strcmp(was, is) == 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, s->good);
	finding_cause(f,
		"the kernel has changed since the tunnel last worked (%s): it was Linux %s, and %s "
		"now, which refuses it: %s",
		drift_when(s, when), was, is, why);
	finding_fix(f, FIX_HERE, FIX_WORDS, "boot Linux %s again, and report it to who made %s",
		was, is);
	if (strcmp(GOOD(s, plane), "kernel") == 0)
		finding_setup(f, FIX_HERE, "dataplane", "user");
	finding_suspect(f, &rule_kernel_lacks_esp);
	return LIKELY;
}

const struct rule rule_kernel_regression = {
	.id = "kernel-regression",
	.title = "the kernel has changed since it last worked",
	.layer = "kernel",
	.most = LIKELY,
	.symptom = "the data plane refuses a tunnel that worked with another kernel",
	.proof = "the kernel's release when the tunnel last came up, against the one that runs",
	.remedy = "boot the kernel that worked",
	.judge = judge_it,
};
