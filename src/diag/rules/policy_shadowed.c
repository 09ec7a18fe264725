#include "diag/flow.h"
#include "diag/local.h"

#include <inttypes.h>
#include <stdio.h>

#define SHADOW(e) FIELDS(e, local_policy_shadow)

/* Both networks of "A - B". */
static bool covers(const char *policy, const char *from, const char *to)
{
	char a[RANGE_STR];
	const char *b = strstr(policy, " - ");

	if (!b)
		return false;
	snprintf(a, sizeof(a), "%.*s", (int)(b - policy), policy);
	return local_is_inside(from, a) && local_is_inside(to, b + 3);
}

/* A narrower one takes some of the tunnel's packets; were those of the test among them? Without a
 * test: it takes what fails, when it takes all. */
static enum certainty takes_it(const struct story *s, const struct event *e, enum certainty sure)
{
	const struct event *asked = flow_answer_of(s, "named");
	char ours[2 * RANGE_STR];
	const char *to;

	asked = asked ? asked : flow_answer_of(s, "guess");
	if (asked)
		return covers(SHADOW(e)->other.str, FIELDS(asked, flow_answer)->from.str,
			       FIELDS(asked, flow_answer)->to.str)
			       ? sure
			       : POSSIBLE;
	if (SHADOW(e)->device.str[0]) /* nothing of ours tells */
		return sure;
	snprintf(ours, sizeof(ours), "%s", SHADOW(e)->ours.str);
	if (!(to = strstr(ours, " - ")))
		return POSSIBLE;
	ours[to - ours] = '\0';
	return covers(SHADOW(e)->other.str, ours, to + 3) ? sure : POSSIBLE;
}

/* Of several, the one that surely takes the packets. */
static const struct event *worst(const struct story *s, enum certainty sure, enum certainty *ret)
{
	const struct event *e = NULL, *found = NULL;

	*ret = CERTAINTY_NONE;
	while (sure && (e = local_next(s, EV_local_policy_shadow, e))) {
		enum certainty c = takes_it(s, e, sure);

		if (c <= *ret)
			continue;
		*ret = c;
		found = e;
	}
	return found;
}

/* Of userspace ESP: what another daemon has left in the kernel, above all. */
static void takes_from_device(const struct event *e, enum certainty sure, struct finding *f)
{
	bool is_out = strcmp(SHADOW(e)->direction.str, "out") == 0;

	finding_cause(f,
		"a policy of the kernel, of another program, takes %s %s %s: %s (%s, priority "
		"%" PRIu64 ", %s); what another IPsec daemon has left behind looks like that",
		sure == POSSIBLE ? "some of the tunnel's packets" : "the tunnel's packets",
		is_out ? "before they reach" : "that come out of", SHADOW(e)->device.str,
		SHADOW(e)->other.str, SHADOW(e)->direction.str, SHADOW(e)->other_priority.u64,
		SHADOW(e)->action.str);
}

/* Several bar it at once: a daemon leaves one for each direction. */
static void remove_all(const struct story *s, struct finding *f)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_policy_shadow, e))) {
		finding_proof(f, e);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "%s", SHADOW(e)->command.str);
	}
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure;
	const struct event *e = worst(s, local_inner(s), &sure);

	if (!e)
		return CERTAINTY_NONE;
	if (SHADOW(e)->device.str[0]) {
		takes_from_device(e, sure, f);
		remove_all(s, f);
		return sure;
	}
	finding_proof(f, e);
	finding_cause(f,
		"another policy of the kernel takes %s first: %s (priority "
		"%" PRIu64 ", %s, of %s) stands before %s (priority %" PRIu64 ")",
		sure == POSSIBLE ? "some of the tunnel's packets" : "the tunnel's packets",
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
