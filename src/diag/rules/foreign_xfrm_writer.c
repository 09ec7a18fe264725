#include "diag/diag.h"

enum { SEVERAL = 3 };
#define RECENT (900 * NS_S)

/* All at once, or one after the other: that is a program, not an accident. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_kernel_flushed),
			   *lost = story_last(s, EV_kernel_sa_lost);
	unsigned n = 0;

	for (unsigned i = s->from; i < s->n; i++)
		n += s->event[i].id == EV_kernel_sa_lost && story_age(s, &s->event[i]) < RECENT;
	if (e && story_age(s, e) < RECENT) {
		finding_proof(f, e);
		finding_cause(f, "another program has taken our %s out of the kernel",
			FIELDS(e, kernel_flushed)->what.str);
	} else if (n >= SEVERAL) {
		finding_proof(f, lost);
		finding_cause(f,
			"another program takes our SAs out of the kernel: %u within 15 minutes", n);
	} else {
		return CERTAINTY_NONE;
	}
	finding_fix(
		f, FIX_HERE, FIX_COMMAND, "systemctl disable --now strongswan strongswan-starter");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"in /etc/systemd/networkd.conf, section [Network], write: "
		"ManageForeignRoutingPolicyRules=no and ManageForeignRoutes=no");
	finding_next(f, "auditctl -m on; ausearch -m MAC_IPSEC_EVENT names the process");
	return CERTAIN;
}

const struct rule rule_foreign_xfrm_writer = {
	.id = "foreign-xfrm-writer",
	.title = "another program changes the kernel's SAs and policies",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "somebody took our SAs out of the kernel (ip xfrm flush)",
	.proof = "the kernel's own news of what was taken out, and that it was not us",
	.remedy = "stop the other program",
	.judge = judge_it,
};
