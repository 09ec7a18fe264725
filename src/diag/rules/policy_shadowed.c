#include "diag/flow.h"
#include "diag/identity.h"
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

static bool is_for_hosts_behind(const struct event *e)
{
	return !SHADOW(e)->device.str[0] && strcmp(SHADOW(e)->direction.str, "fwd") == 0;
}

/* A narrower one takes some of the tunnel's packets; were those of the test among them? Without a
 * test: it takes what fails, when it takes all. */
static enum certainty takes_it(const struct story *s, const struct event *e, enum certainty sure)
{
	const struct event *asked = flow_answer_of(s, "named"),
			   *behind = is_for_hosts_behind(e) && flow_of(s)
					     ? story_last(s, EV_flow_forward)
					     : NULL;
	char ours[2 * RANGE_STR];
	const char *to;

	asked = asked ? asked : flow_answer_of(s, "guess");
	if (asked)
		return covers(SHADOW(e)->other.str,
			       behind ? FIELDS(behind, flow_forward)->host.str
				      : FIELDS(asked, flow_answer)->from.str,
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

/* Of several, the one that surely takes the packets. What this host itself sends and gets is not
 * forwarded. */
static const struct event *worst(const struct story *s, enum certainty *ret)
{
	const struct event *e = NULL, *found = NULL;

	*ret = CERTAINTY_NONE;
	while ((e = local_next(s, EV_local_policy_shadow, e))) {
		enum certainty sure = is_for_hosts_behind(e) ? flow_forward(s, true)
							     : local_inner(s),
			       c = sure ? takes_it(s, e, sure) : CERTAINTY_NONE;

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

static bool has_fix(const struct finding *f, const char *text)
{
	for (unsigned i = 0; i < f->n_fix; i++)
		if (strcmp(f->fix[i].text, text) == 0)
			return true;
	return false;
}

/* Several bar it at once: a daemon leaves one for each direction. like: those of the same networks;
 * NULL: all. One may stand before several of the tunnel's. */
static void remove_all(const struct story *s, struct finding *f, const struct event *like)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_policy_shadow, e))) {
		if (has_fix(f, SHADOW(e)->command.str) ||
			(like && (strcmp(SHADOW(e)->other.str, SHADOW(like)->other.str) != 0 ||
					 strcmp(SHADOW(e)->owner.str, SHADOW(like)->owner.str) !=
						 0)))
			continue;
		finding_proof(f, e);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "%s", SHADOW(e)->command.str);
	}
}

/* Another daemon's own word for it. */
static enum certainty has_same(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_child_not_installed, EV_v1_child_not_installed,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const char *why = !e ? ""
			  : e->id == EV_v2_child_not_installed
				  ? FIELDS(e, v2_child_not_installed)->why.str
				  : FIELDS(e, v1_child_not_installed)->why.str;

	if (strcmp(why, "same policy") != 0 || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "another tunnel of this host has the same networks: the kernel has its "
			 "policy already, and takes no second one");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"end the other one, or give the two other networks, or a mark or an interface "
		"each");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip xfrm policy");
	return CERTAIN;
}

/* ---- the very same: the tunnel does not come up ---- */

/* One for each direction, as daemons leave them. */
static void remove_same(const struct story *s, struct finding *f)
{
	const char *ours = FACT(s, our_nets), *theirs = FACT(s, their_nets);

	if (!ours[0] || !theirs[0] || strpbrk(ours, ", -") || strpbrk(theirs, ", -")) {
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"remove those of them with the networks of this connection: ip xfrm "
			"policy; ip xfrm policy delete");
		return;
	}
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip xfrm policy delete dir out src %s dst %s", ours,
		theirs);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip xfrm policy delete dir in src %s dst %s", theirs,
		ours);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip xfrm policy delete dir fwd src %s dst %s", theirs,
		ours);
}

static enum certainty judge_same(const struct story *s, struct finding *f)
{
	const struct event *e = local_taken(s);

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the kernel has policies of another program for the tunnel's networks (%s - %s), "
		"so "
		"the tunnel's own are refused; what another IPsec daemon that was killed has left "
		"behind looks like that",
		FACT(s, our_nets), FACT(s, their_nets));
	remove_same(s, f);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec %s %s",
		e->id == EV_conn_policy_refused ? "route" : "up", story_name(s));
	finding_suspect(f, &rule_foreign_xfrm_writer);
	finding_next(
		f, "ip xfrm policy; ss -f netlink shows which programs use the kernel's IPsec");
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty same = judge_same(s, f), sure;
	const struct event *e = worst(s, &sure);
	bool is_out;

	if (same)
		return same;
	if (!e)
		return has_same(s, f);
	if (SHADOW(e)->device.str[0]) {
		takes_from_device(e, sure, f);
		remove_all(s, f, NULL);
		return sure;
	}
	/* a record of before has no direction: it was told of this one only */
	is_out = !SHADOW(e)->direction.str[0] || strcmp(SHADOW(e)->direction.str, "out") == 0;
	finding_cause(f,
		"another policy of the kernel %s %s%s first%s: %s (priority "
		"%" PRIu64 ", %s, of %s) stands before %s (priority %" PRIu64 ")",
		is_out ? "takes" : "meets", sure == POSSIBLE ? "some of " : "",
		is_out			 ? "the tunnel's packets"
		: is_for_hosts_behind(e) ? "what comes out of the tunnel for hosts behind this one"
					 : "what comes out of the tunnel for this host",
		is_out ? "" : ", and drops it", SHADOW(e)->other.str, SHADOW(e)->other_priority.u64,
		SHADOW(e)->action.str, SHADOW(e)->owner.str, SHADOW(e)->ours.str,
		SHADOW(e)->priority.u64);
	remove_all(s, f, e);
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
	.symptom = "the tunnel is up and clear text leaves, or packets are dropped, with no "
		   "counter; or it "
		   "does not come up: there is one already, of another program",
	.proof = "the kernel's policies for the tunnel's packets, in their order",
	.remedy = "remove the other policy, or give the tunnel a better priority=",
	.judge = judge_it,
};
