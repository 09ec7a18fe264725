#include "diag/local.h"

#define ROUTE(e) FIELDS(e, local_route)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = NULL;
	const char *ours, *inner, *own;

	/* hosts behind this gateway do well without: only when its own packets are missed, and
	 * not when those of an inner address are missed as well */
	own = look ? FIELDS(look, local_look)->own_flow.str : "";
	/* "clear": it was not sent, since no policy takes it */
	if (!look || !story_is_up(s) ||
		(strcmp(own, "unanswered") != 0 && strcmp(own, "clear") != 0) ||
		strcmp(FIELDS(look, local_look)->flow.str, "unanswered") == 0)
		return CERTAINTY_NONE;
	ours = FIELDS(look, local_look)->our_nets.str;
	inner = FIELDS(look, local_look)->inner.str;
	while ((e = local_next(s, EV_local_route, e)))
		if (strcmp(ROUTE(e)->to.str, "subnet") == 0 && ROUTE(e)->source.str[0] && ours[0] &&
			!local_is_inside(ROUTE(e)->source.str, ours))
			break;
	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"what this gateway itself sends to %s comes from %s, which is not in %s: the "
		"tunnel does not take it; hosts behind it are not concerned",
		ROUTE(e)->destination.str, ROUTE(e)->source.str, ours);
	if (inner[0])
		finding_conn(f, FIX_HERE, "left", "sourceip", "%s", inner);
	else
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"give this host an address of %s, and write it as leftsourceip=", ours);
	return CERTAIN;
}

const struct rule rule_gateway_source_address = {
	.id = "gateway-source-address",
	.title = "the gateway's own packets have an address outside of the tunnel",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "hosts behind the gateway reach the other network, the gateway itself does not",
	.proof = "a look-up of the route to the remote network: its source is not in leftsubnet=",
	.remedy = "leftsourceip= with the gateway's inner address",
	.judge = judge_it,
};
