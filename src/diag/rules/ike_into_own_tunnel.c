#include "diag/local.h"

#define ROUTE(e) FIELDS(e, local_route)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_route, e)))
		if (strcmp(ROUTE(e)->to.str, "peer") == 0 &&
			strcmp(ROUTE(e)->goes.str, "tunnel") == 0)
			break;
	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"packets to the peer %s are routed into the tunnel's own device %s: IKE and ESP "
		"never leave",
		ROUTE(e)->destination.str, ROUTE(e)->device.str);
	if (ROUTE(e)->gateway.str[0])
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route replace %s via %s",
			ROUTE(e)->destination.str, ROUTE(e)->gateway.str);
	else
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route flush to match %s dev %s",
			ROUTE(e)->destination.str, ROUTE(e)->device.str);
	return CERTAIN;
}

const struct rule rule_ike_into_own_tunnel = {
	.id = "ike-into-own-tunnel",
	.title = "IKE and ESP are routed into the tunnel itself",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "works once and does not reconnect",
	.proof = "a look-up of the route to the peer gives the tunnel's device",
	.remedy = "a host route to the peer through the gateway of the Internet side",
	.judge = judge_it,
};
