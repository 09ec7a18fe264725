#include "diag/drift.h"

/* The last refusal, and why. A connection that was loaded since is no longer refused. */
static const char *refusal(const struct story *s, const struct event **ret)
{
	static const enum event_id ids[] = { EV_v2_child_not_installed, EV_v1_child_not_installed,
		EV_conn_needs_kernel, EV_conn_no_device, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	*ret = e;
	switch (e ? (int)e->id : -1) {
	case EV_v2_child_not_installed:
		return FIELDS(e, v2_child_not_installed)->why.str;
	case EV_v1_child_not_installed:
		return FIELDS(e, v1_child_not_installed)->why.str;
	case EV_conn_needs_kernel:
	case EV_conn_no_device:
		if (story_later(story_last(s, EV_conn_added), e))
			*ret = NULL;
		return e->id == EV_conn_no_device ? FIELDS(e, conn_no_device)->why.str
						  : FIELDS(e, conn_needs_kernel)->why.str;
	}
	return "";
}

static bool is_of_conf(const struct event *e)
{
	return e->id == EV_conn_needs_kernel || e->id == EV_conn_no_device;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e;
	const char *why = refusal(s, &e);
	char when[WHEN_STR];

	if (!e || story_is_up(s) || !drift_kernel(s))
		return CERTAINTY_NONE;
	/* the other kernel's own ESP was used, or nothing is said of it */
	if (is_of_conf(e) && strcmp(GOOD(s, plane), "kernel") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, s->good);
	finding_cause(f,
		"the kernel has changed since the tunnel last worked (%s): it was Linux %s, and %s "
		"now, which refuses it%s%s",
		drift_when(s, when), GOOD(s, kernel), FACT(s, kernel), why[0] ? ": " : "", why);
	finding_fix(f, FIX_HERE, FIX_WORDS, "boot Linux %s again, and report it to who made %s",
		GOOD(s, kernel), FACT(s, kernel));
	if (strcmp(GOOD(s, plane), "kernel") == 0 && !is_of_conf(e)) {
		finding_setup(f, FIX_HERE, "dataplane", "user");
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec restart");
	}
	finding_suspect(f, &rule_kernel_lacks_esp);
	return LIKELY;
}

const struct rule rule_kernel_regression = {
	.id = "kernel-regression",
	.title = "the kernel has changed since it last worked",
	.layer = "kernel",
	.most = LIKELY,
	.symptom = "a tunnel that worked with another kernel is refused, or its connection is not "
		   "loaded",
	.proof = "the kernel's release when the tunnel last came up, against the one that runs",
	.remedy = "boot the kernel that worked",
	.judge = judge_it,
};
