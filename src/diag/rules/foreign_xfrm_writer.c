#include "diag/diag.h"

#include <stdio.h>

enum { SEVERAL = 3, NAME_MAX_ = 512 };
#define RECENT (900 * NS_S)

/* Who it was: as far as it is known. */
struct who {
	const char *program, *pid, *unit;
};

static struct who who_of(const struct event *e)
{
	if (e->id == EV_kernel_flushed)
		return (struct who){ FIELDS(e, kernel_flushed)->program.str,
			FIELDS(e, kernel_flushed)->pid.str, FIELDS(e, kernel_flushed)->unit.str };
	return (struct who){ FIELDS(e, kernel_sa_lost)->program.str,
		FIELDS(e, kernel_sa_lost)->pid.str, FIELDS(e, kernel_sa_lost)->unit.str };
}

/* The last one; rather one whose program is known, since the same is done again and again. n: how
 * many. */
static const struct event *last_of(const struct story *s, enum event_id id, unsigned *n)
{
	const struct event *ret = NULL;

	*n = 0;
	for (unsigned i = s->from; i < s->n; i++) {
		const struct event *e = &s->event[i];

		if (e->id != id || story_age(s, e) >= RECENT)
			continue;
		++*n;
		if (!ret || who_of(e).program[0] || !who_of(ret).program[0])
			ret = e;
	}
	return ret;
}

static void remedies(struct finding *f, const struct who *who)
{
	if (who->unit[0]) {
		finding_fix(f, FIX_HERE, FIX_COMMAND, "systemctl disable --now %s", who->unit);
	} else if (who->program[0]) {
		finding_fix(f, FIX_HERE, FIX_COMMAND, "kill %s", who->pid);
		finding_fix(f, FIX_HERE, FIX_WORDS, "keep what starts %s from doing so again",
			who->program);
	} else {
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"systemctl disable --now strongswan strongswan-starter");
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"in /etc/systemd/networkd.conf, section [Network], write: "
			"ManageForeignRoutingPolicyRules=no and ManageForeignRoutes=no");
		finding_next(f, "auditctl -m on; ausearch -m MAC_IPSEC_EVENT names the process");
	}
}

static void name_it(const struct who *who, char *ret, size_t n)
{
	if (who->program[0])
		snprintf(ret, n, "another program (%s, process %s%s%s)", who->program, who->pid,
			who->unit[0] ? " of " : "", who->unit);
	else if (who->pid[0])
		snprintf(ret, n, "another program (it called itself process %s, which has ended)",
			who->pid);
	else
		snprintf(ret, n, "another program");
}

/* All at once, or one after the other: that is a program, not an accident. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	unsigned n_lost, n_flushed;
	const struct event *lost = last_of(s, EV_kernel_sa_lost, &n_lost),
			   *e = last_of(s, EV_kernel_flushed, &n_flushed);
	char by[NAME_MAX_];
	struct who who;

	if (!e && n_lost < SEVERAL)
		return CERTAINTY_NONE;
	who = who_of(e ? e : lost);
	name_it(&who, by, sizeof(by));
	finding_proof(f, e ? e : lost);
	if (e)
		finding_cause(f, "%s has taken our %s out of the kernel", by,
			FIELDS(e, kernel_flushed)->what.str);
	else
		finding_cause(f,
			"%s has taken an SA of ours out of the kernel; %u were, within 15 minutes",
			by, n_lost);
	remedies(f, &who);
	return CERTAIN;
}

const struct rule rule_foreign_xfrm_writer = {
	.id = "foreign-xfrm-writer",
	.title = "another program changes the kernel's SAs and policies",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "somebody took our SAs out of the kernel (ip xfrm flush)",
	.proof = "the kernel's own news of what was taken out, that it was not us, and the process "
		 "that "
		 "did it where it says so and is there still",
	.remedy = "stop the other program",
	.judge = judge_it,
};
