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

static bool is_led(const struct event *e, const char *how)
{
	return strcmp(ROUTE(e)->led.str, how) == 0;
}

/* Another device's route to the same network is not to go for it. */
static bool is_here_too(const struct story *s, const char *net)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_overlap, e)))
		if (strcmp(FIELDS(e, local_overlap)->other.str, net) == 0)
			return true;
	return false;
}

/* The device that takes the tunnel's packets does not get them. */
static void not_into(
	const struct story *s, struct finding *f, const struct event *e, const char *device)
{
	const char *to = ROUTE(e)->destination.str, *v6 = strchr(to, ':') ? "-6 " : "";

	if (is_led(e, "down")) {
		finding_cause(f, "the tunnel's device %s is down: packets to %s go to %s", device,
			to, ROUTE(e)->device.str[0] ? ROUTE(e)->device.str : "nowhere");
		/* its routes went with it */
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"ip link set %s up && ipsec down %s && ipsec up %s", device, s->conn,
			s->conn);
		return;
	}
	finding_cause(f, "no route leads to %s through the tunnel's device %s: packets go to %s",
		to, device, ROUTE(e)->device.str[0] ? ROUTE(e)->device.str : "nowhere");
	if (!is_led(e, "yes")) {
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route replace %s dev %s%s", to, device,
			is_here_too(s, to) ? " table 220" : "");
		return;
	}
	finding_more(f,
		"%s%s%s; the tunnel's own table 220 has the way, and a rule (ip %srule) comes "
		"before that "
		"which leads there, or it is gone",
		ROUTE(e)->table.str[0] ? ", as table " : "", ROUTE(e)->table.str,
		ROUTE(e)->table.str[0] ? " has it" : "", v6);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip %srule add to %s lookup 220 priority 1", v6, to);
}

/* It was not brought up for that. */
static enum certainty refused(const struct story *s, const struct event *e)
{
	return e && is_led(e, "down") && story_last(s, EV_v2_child_not_installed) ? CERTAIN
										  : CERTAINTY_NONE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s);
	const struct event *look = local_look_of(s), *e;
	const char *device = look ? FIELDS(look, local_look)->device.str : "";

	/* a look-up from a network that is not there says nothing */
	if (local_next(s, EV_local_behind, NULL))
		return CERTAINTY_NONE;
	e = missing(s, device[0] != '\0');
	if (!story_is_up(s))
		sure = refused(s, e);
	if (!sure || !e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, story_is_up(s) ? flow_of(s) : story_last(s, EV_v2_child_not_installed));
	if (device[0]) {
		not_into(s, f, e, device);
		return sure;
	}
	finding_cause(f,
		"this host has no route to %s (%s): packets are refused before IPsec's policy is "
		"asked",
		ROUTE(e)->destination.str, ROUTE(e)->error.str);
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
