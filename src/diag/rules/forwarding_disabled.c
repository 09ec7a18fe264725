#include "diag/flow.h"
#include "diag/local.h"

#include <stdio.h>

#define SYSCTL(e) FIELDS(e, local_sysctl)

static const struct event *next_off(const struct story *s, const struct event *e)
{
	while ((e = local_next(s, EV_local_sysctl, e)))
		if (strstr(SYSCTL(e)->name.str, "forward") &&
			strcmp(SYSCTL(e)->value.str, SYSCTL(e)->needed.str) != 0)
			return e;
	return NULL;
}

static const struct event *off(const struct story *s)
{
	return next_off(s, NULL);
}

/* Of a device that is neither the tunnel's nor the one that leads to the peer: what hosts there
 * send is not forwarded; what comes out of the tunnel may be. */
static bool is_of_wire(const struct story *s, const struct event *look, const struct event *e)
{
	const char *name = SYSCTL(e)->name.str, *way = FIELDS(look, local_look)->device.str;
	const struct event *route = local_next(s, EV_local_route, NULL);
	char of[80];

	if (!way[0] && route)
		way = FIELDS(route, local_route)->device.str;
	snprintf(of, sizeof(of), ".conf.%.40s.forwarding", way);
	return strstr(name, ".conf.") && !strstr(name, ".all.") && !strstr(name, of);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = off(s), *look = local_look_of(s);
	bool is_wire = e && is_of_wire(s, look, e);
	enum certainty sure = e ? flow_forward(s, !is_wire) : CERTAINTY_NONE;

	if (!sure)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, flow_moved(s, "IpInAddrErrors"));
	if (sure == CERTAIN && flow_of(s))
		finding_proof(f, story_last(s, EV_flow_forward));
	if (is_wire)
		finding_cause(f,
			"this host does not forward what hosts of %s send, who are on that device: "
			"%s is %s",
			FIELDS(look, local_look)->our_nets.str, SYSCTL(e)->name.str,
			SYSCTL(e)->value.str);
	else
		finding_cause(f,
			"this host decrypts packets for %s and does not forward them: %s is %s",
			FIELDS(look, local_look)->our_nets.str, SYSCTL(e)->name.str,
			SYSCTL(e)->value.str);
	while (e) {
		finding_fix(f, FIX_HERE, FIX_COMMAND, "sysctl -w %s=%s", SYSCTL(e)->name.str,
			SYSCTL(e)->needed.str);
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"so that it stays: echo %s=%s >>/etc/sysctl.d/60-ipsec.conf",
			SYSCTL(e)->name.str, SYSCTL(e)->needed.str);
		/* the one for all sets those of all devices */
		e = strstr(SYSCTL(e)->name.str, ".conf.") && !strstr(SYSCTL(e)->name.str, ".all.")
			    ? next_off(s, e)
			    : NULL;
	}
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
