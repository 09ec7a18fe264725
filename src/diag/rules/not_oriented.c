#include "diag/local.h"

#define ADDRESS(e) FIELDS(e, local_address)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = local_next(s, EV_local_address, NULL);

	if (!e || ADDRESS(e)->device.str[0])
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "left=%s is not an address of this host%s%s", ADDRESS(e)->address.str,
		ADDRESS(e)->instead.str[0] ? "; packets to the peer come from " : "",
		ADDRESS(e)->instead.str);
	finding_fix(f, FIX_HERE, FIX_CONN, "left=%%defaultroute");
	finding_fix(f, FIX_HERE, FIX_CONN, "leftid=%s", ADDRESS(e)->address.str);
	return CERTAIN;
}

const struct rule rule_not_oriented = {
	.id = "not-oriented",
	.title = "neither end of the connection is this host",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "we cannot identify ourselves with either end of this connection",
	.proof = "the addresses of this host's devices, and the source of packets to the peer",
	.remedy = "left=%defaultroute, and the public address as leftid=",
	.judge = judge_it,
};
