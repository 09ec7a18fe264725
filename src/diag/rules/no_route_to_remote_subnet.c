#include "diag/flow.h"
#include "diag/local.h"

#define ROUTE(e) FIELDS(e, local_route)

/* The first network of theirs without a way into the tunnel. */
static const struct event *missing(const struct story *s, bool needs_device)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_route, e))) {
		const char *goes = ROUTE(e)->goes.str;

		if (strcmp(ROUTE(e)->to.str, "subnet") == 0 &&
			(strcmp(goes, "nowhere") == 0 ||
				(needs_device && strcmp(goes, "tunnel") != 0)))
			return e;
	}
	return NULL;
}

/* The way that packets to the peer take. */
static void by_the_peers(const struct story *s, struct finding *f, const struct event *net)
{
	const struct event *e = local_next(s, EV_local_route, NULL);

	while (e && strcmp(ROUTE(e)->to.str, "peer") != 0)
		e = local_next(s, EV_local_route, e);
	if (e && ROUTE(e)->device.str[0])
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route add %s via %s dev %s",
			ROUTE(net)->destination.str,
			ROUTE(e)->gateway.str[0] ? ROUTE(e)->gateway.str
						 : ROUTE(e)->destination.str,
			ROUTE(e)->device.str);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s);
	const struct event *look = local_look_of(s), *e;
	const char *device = look ? FIELDS(look, local_look)->device.str : "";

	if (!sure || !(e = missing(s, device[0] != '\0')))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, flow_of(s));
	if (device[0])
		finding_cause(f,
			"no route leads to %s through the tunnel's device %s: packets go to %s",
			ROUTE(e)->destination.str, device,
			ROUTE(e)->device.str[0] ? ROUTE(e)->device.str : "nowhere");
	else
		finding_cause(f,
			"this host has no route to %s (%s): packets are refused before IPsec's "
			"policy is asked",
			ROUTE(e)->destination.str, ROUTE(e)->error.str);
	if (device[0]) {
		/* who took it down took the route out with it */
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip link set %s up", device);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route replace %s dev %s",
			ROUTE(e)->destination.str, device);
	} else
		by_the_peers(s, f, e);
	return sure;
}

const struct rule rule_no_route_to_remote_subnet = {
	.id = "no-route-to-remote-subnet",
	.title = "no route leads into the tunnel",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "Network is unreachable; or clear text leaves although the tunnel is up",
	.proof = "a look-up of the remote networks in the routes of this host",
	.remedy = "a route to the remote network: a default route, or one through the tunnel's "
		  "device",
	.judge = judge_it,
};
