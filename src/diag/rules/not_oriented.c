#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"

/* What the look at this host says. */
static enum certainty by_look(const struct story *s, struct finding *f)
{
	const struct event *e = local_next(s, EV_local_address, NULL);
	const union ev_local_address *a;

	if (!e || FIELDS(e, local_address)->device.str[0])
		return CERTAINTY_NONE;
	a = FIELDS(e, local_address);
	finding_proof(f, e);
	finding_cause(f, "%s is not an address of this host%s%s", a->address.str,
		a->instead.str[0] ? "; packets to the peer come from " : "", a->instead.str);
	finding_conn(f, FIX_HERE, "left", "", "%%defaultroute");
	finding_conn(f, FIX_HERE, "left", "id", "%s", a->address.str);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_conn_not_ours, EV_resolve_unknown_interface,
		EV_resolve_no_route, EV_NONE };
	static const enum event_id better[] = { EV_v2_initiate, EV_v1_initiate, EV_load_done,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const union ev_conn_not_ours *n;

	if (!e || story_later(story_last_of(s, better), e))
		return by_look(s, f);
	finding_proof(f, e);
	if (e->id == EV_resolve_no_route) {
		finding_cause(f,
			"%%defaultroute is this end's address, and this host has no default route");
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip route show default; ipsec reload");
		return CERTAIN;
	}
	if (e->id == EV_resolve_unknown_interface) {
		finding_cause(f,
			"this end's address is that of interface %s, which is not there or has "
			"none",
			FIELDS(e, resolve_unknown_interface)->host.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip address; ipsec reload");
		return CERTAIN;
	}
	n = FIELDS(e, conn_not_ours);
	finding_cause(f, "neither left=%s nor right=%s is an address of this host", n->left.str,
		n->right.str);
	finding_conn(f, FIX_HERE, "left", "", "%%defaultroute");
	if (identity_is_addr(n->left.str) && !identity_is_private(n->left.str))
		finding_conn(f, FIX_HERE, "left", "id", "%s", n->left.str);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec replace %s && ipsec up %s", n->name.str,
		n->name.str);
	return CERTAIN;
}

const struct rule rule_not_oriented = {
	.id = "not-oriented",
	.title = "neither left= nor right= is an address of this host",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "we cannot identify ourselves with either end of this connection",
	.proof = "the addresses of the host, against both ends",
	.remedy = "left=%defaultroute with leftid=, when the public address is one of a NAT",
	.judge = judge_it,
};
