#include "diag/identity.h"
#include "diag/local.h"

/* Linux's ENETUNREACH; EHOSTUNREACH may also be a neighbour that is silent, or what a router has
 * said */
enum { NO_NETWORK = 101, NO_HOST = 113 };

/* The kernel did not send it, since it has no way there. */
static const struct event *not_sent(const struct story *s, uint64_t number)
{
	static const enum event_id ids[] = { EV_v2_send_failed, EV_v1_send_failed, EV_NONE };
	static const enum event_id over[] = { EV_v2_init_sent, EV_v1_main_i1_sent,
		EV_v1_aggr_i1_sent, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	uint64_t error;

	if (!e || story_is_up(s) || story_later(story_last_of(s, over), e))
		return NULL;
	error = e->id == EV_v2_send_failed ? FIELDS(e, v2_send_failed)->error.u64
					   : FIELDS(e, v1_send_failed)->error.u64;
	return error == number ? e : NULL;
}

static const struct event *no_way(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_route, e)))
		if (strcmp(FIELDS(e, local_route)->to.str, "peer") == 0 &&
			strcmp(FIELDS(e, local_route)->goes.str, "nowhere") == 0)
			return e;
	return NULL;
}

/* No route, or nobody there: the kernel has one word for both. */
static enum certainty no_host(const struct story *s, struct finding *f)
{
	static const enum event_id told[] = { EV_v2_net_error, EV_v1_net_error, EV_NONE };
	const struct event *e = not_sent(s, NO_HOST);

	if (!e || story_last_of(s, told) || local_look_of(s))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"this host cannot send to %s (no route to host): a route says that it cannot be "
		"reached, or the router on the way there does not answer on this host's network",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	finding_next(f, "ip route get %s; ip neigh", FACT(s, theirs)[0] ? FACT(s, theirs) : "PEER");
	return LIKELY;
}

/* The routes went with it. */
static void by_device(struct finding *f, const char *peer, const struct event *address)
{
	const union ev_local_address *a = FIELDS(address, local_address);

	finding_proof(f, address);
	finding_cause(f,
		"this host has no route to %s: nothing is sent; device %s, which has its address "
		"%s, is down",
		peer, a->device.str, a->address.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip link set %s up", a->device.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"routes by it went when it was taken down, and have to be made again: ip route add "
		"default via ROUTER, or what configures the network does it (networkctl "
		"reconfigure %s, nmcli device connect %s)",
		a->device.str, a->device.str);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = not_sent(s, NO_NETWORK), *way = no_way(s);
	const struct event *address = local_next(s, EV_local_address, NULL);
	const char *peer = FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer";

	if (way && !identity_is_addr(FIELDS(way, local_route)->destination.str))
		way = NULL;
	if (way)
		peer = FIELDS(way, local_route)->destination.str;
	/* since then it has got one */
	if (!way && !e)
		return no_host(s, f);
	if (!way && story_later(local_look_of(s), e))
		return CERTAINTY_NONE;
	if (address && !FIELDS(address, local_address)->device.str[0])
		return CERTAINTY_NONE; /* its network has gone with the address: not_oriented */
	finding_proof(f, e);
	finding_proof(f, way);
	if (address && FIELDS(address, local_address)->state.str[0]) {
		by_device(f, peer, address);
		return CERTAIN;
	}
	if (way && FIELDS(way, local_route)->stop.str[0]) {
		finding_cause(f,
			"a route of this host refuses what goes to %s: %s; programs that ban "
			"addresses make "
			"such ones",
			peer, FIELDS(way, local_route)->stop.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route del %s",
			FIELDS(way, local_route)->stop.str);
		return CERTAIN;
	}
	finding_cause(f,
		"this host has no route to %s: nothing is sent; there is no default route, or a "
		"route says that it cannot be reached",
		peer);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"give this host a route there, by the router of its network: ip route add default "
		"via ROUTER");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route; ip rule");
	return CERTAIN;
}

const struct rule rule_no_route_to_peer = {
	.id = "no-route-to-peer",
	.title = "this host has no route to the peer",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "send failed in STATE_PARENT_I1: Network is unreachable (errno 101)",
	.proof = "the kernel's word when it is to send, or when it is asked for the route",
	.remedy = "a default route, or one to the peer",
	.judge = judge_it,
};
