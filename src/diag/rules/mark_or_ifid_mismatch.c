#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/local.h"

#include <stdio.h>

#define MARK(e) FIELDS(e, local_mark)

static bool is_what(const struct event *e, const char *what)
{
	return strcmp(MARK(e)->what.str, what) == 0;
}

/* The device that is for the tunnel: it is not up because of that, or is and its packets miss the
 * policies. */
static enum certainty judge_device(const struct story *s, struct finding *f, const struct event *e)
{
	static const enum event_id not_installed[] = { EV_v2_child_not_installed,
		EV_v1_child_not_installed, EV_conn_policy_refused, EV_NONE };
	const struct event *refused = story_last_of(s, not_installed);
	enum certainty sure = story_is_up(s) ? local_inner(s) : refused ? CERTAIN : CERTAINTY_NONE;

	if (!sure)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, story_is_up(s) ? flow_of(s) : refused);
	finding_cause(f,
		"device %s gives packets the mark %s (a VTI's key, or if_id), and the tunnel's "
		"policies are for %s: %s",
		MARK(e)->name.str, MARK(e)->has.str, MARK(e)->needed.str,
		story_is_up(s) ? "what goes through it finds no policy"
			       : "so the tunnel is not set up");
	if (MARK(e)->command.str[0]) {
		finding_fix(f, FIX_HERE, FIX_COMMAND, "%s", MARK(e)->command.str);
		return sure;
	}
	if (FACT(s, mark)[0]) {
		finding_conn(f, FIX_HERE, "", "mark", "%s/0xffffffff", MARK(e)->has.str);
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"or whoever makes %s gives it the mark %s (ip link del %s: then the daemon "
			"makes one)",
			MARK(e)->name.str, MARK(e)->needed.str, MARK(e)->name.str);
		return sure;
	}
	/* the daemon makes one that fits */
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip link del %s", MARK(e)->name.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec up %s", story_name(s));
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"whoever makes %s is not to make it again, or with the mark %s", MARK(e)->name.str,
		MARK(e)->needed.str);
	return sure;
}

/* The rules that give it: to what goes into the tunnel, and to ESP, which its contents inherit it
 * from. */
static void mark_packets(const struct story *s, struct finding *f)
{
	const union ev_local_look *l = FIELDS(local_look_of(s), local_look);
	const char *mark = FACT(s, mark), *ip = strchr(l->our_nets.str, ':') ? "ip6" : "ip",
		   *outer = strchr(l->theirs.str, ':') ? "ip6" : "ip";
	char set[80];
	unsigned value, mask;

	if (sscanf(mark, "%u/0x%x", &value, &mask) != 2)
		return;
	if (mask == UINT32_MAX)
		snprintf(set, sizeof(set), "%u", value);
	else
		snprintf(set, sizeof(set), "meta mark and 0x%x or 0x%x", ~mask, value);
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"nft 'add table inet marks; add chain inet marks in { type filter hook prerouting "
		"priority mangle; }; add chain inet marks out { type route hook output priority "
		"mangle; }; add rule inet marks in %s saddr %s meta mark set %s'",
		outer, l->theirs.str, set);
	for (unsigned i = 0; i < 2; i++)
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"nft 'add rule inet marks %s %s saddr { %s } %s daddr { %s } meta mark set "
			"%s'",
			i ? "out" : "in", ip, l->our_nets.str, ip, l->their_nets.str, set);
}

/* A program may give the mark itself: so never certain. */
static enum certainty judge_rules(const struct story *s, struct finding *f, const struct event *e)
{
	const struct event *sa = flow_of(s);

	if (!local_inner(s) || !sa || FIELDS(sa, flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, sa);
	finding_cause(f,
		"the tunnel takes only packets with the mark %s, and no rule of this host's packet "
		"filter sets it (marks that are set: %s), so nothing goes into the tunnel, unless "
		"a program marks what it sends itself",
		MARK(e)->needed.str, MARK(e)->has.str);
	mark_packets(s, f);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or have a device give it: ipsec-interface=yes instead of mark=");
	finding_suspect(f, &rule_sad_desync);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = local_next(s, EV_local_mark, NULL);

	if (!e)
		return CERTAINTY_NONE;
	return is_what(e, "device") ? judge_device(s, f, e) : judge_rules(s, f, e);
}

const struct rule rule_mark_or_ifid_mismatch = {
	.id = "mark-or-ifid-mismatch",
	.title = "marks or interface ids differ",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "the tunnel is up and carries nothing; or it is no VTI with ikey 5 okey 5",
	.proof = "mark= and if_id of the tunnel's policies, against the keys of its device, and "
		 "against the rules that set marks",
	.remedy = "the same mark for the connection, the device and the rules; ipsec-interface= "
		  "rather than marks",
	.judge = judge_it,
};
