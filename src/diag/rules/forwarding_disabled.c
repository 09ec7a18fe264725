#include "diag/flow.h"
#include "diag/local.h"

#define SYSCTL(e) FIELDS(e, local_sysctl)

static const struct event *off(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_sysctl, e)))
		if (strstr(SYSCTL(e)->name.str, "forward") &&
			strcmp(SYSCTL(e)->value.str, SYSCTL(e)->needed.str) != 0)
			return e;
	return NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = flow_forward(s, true);
	const struct event *e = sure ? off(s) : NULL, *look = local_look_of(s);

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, flow_moved(s, "IpInAddrErrors"));
	if (sure == CERTAIN && flow_of(s))
		finding_proof(f, story_last(s, EV_flow_forward));
	finding_cause(f, "this host decrypts packets for %s and does not forward them: %s is %s",
		FIELDS(look, local_look)->our_nets.str, SYSCTL(e)->name.str, SYSCTL(e)->value.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "sysctl -w %s=%s", SYSCTL(e)->name.str,
		SYSCTL(e)->needed.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"so that it stays: echo %s=%s >/etc/sysctl.d/60-ipsec.conf", SYSCTL(e)->name.str,
		SYSCTL(e)->needed.str);
	return sure;
}

const struct rule rule_forwarding_disabled = {
	.id = "forwarding-disabled",
	.title = "this gateway does not forward",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "the gateway itself can be reached through the tunnel, hosts behind it cannot",
	.proof = "the sysctl ip_forward, and IpInAddrErrors as it counts",
	.remedy = "sysctl -w net.ipv4.ip_forward=1, and the same in /etc/sysctl.d",
	.judge = judge_it,
};
