#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"

enum { INVALID = 22 }; /* EINVAL: the source is no address of this host */

/* The address that comes instead; the identity stays what the peer knows. */
static void fixes(const struct story *s, struct finding *f, const char *was)
{
	const char *id = FACT(s, our_id);

	finding_conn(f, FIX_HERE, story_our_end(s), "", "%%defaultroute");
	if (identity_is_addr(was) && (!id[0] || strcmp(id, was) == 0))
		finding_conn(f, FIX_HERE, story_our_end(s), "id", "%s", was);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec replace %s && ipsec up %s", story_name(s),
		story_name(s));
}

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
	fixes(s, f, a->address.str);
	return CERTAIN;
}

/* It was ours when the connection was loaded, and the kernel sends nothing from it. */
static enum certainty by_kernel(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_send_failed, EV_v1_send_failed, EV_NONE };
	static const enum event_id over[] = { EV_v2_init_sent, EV_v1_main_i1_sent,
		EV_v1_aggr_i1_sent, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	bool is_v2 = e && e->id == EV_v2_send_failed;
	char was[ADDR_STR];

	if (!e || story_is_up(s) || story_later(story_last_of(s, over), e) ||
		story_later(local_look_of(s), e) ||
		(is_v2 ? FIELDS(e, v2_send_failed)->error.u64
		       : FIELDS(e, v1_send_failed)->error.u64) != INVALID)
		return CERTAINTY_NONE;
	addr_format(is_v2 ? &FIELDS(e, v2_send_failed)->local.ep.addr
			  : &FIELDS(e, v1_send_failed)->local.ep.addr,
		was);
	finding_proof(f, e);
	finding_cause(f,
		"the kernel sends nothing from %s: it seems to be no address of this host any more",
		was);
	fixes(s, f, was);
	finding_next(f, "ip address");
	return LIKELY;
}

/* The same address with another prefix: that rule says which. */
static bool is_renumbered(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_prefix, e)))
		if (strcmp(FIELDS(e, local_prefix)->kind.str, "host") == 0)
			return true;
	return false;
}

static enum certainty neither(const struct story *s, struct finding *f, const struct event *e)
{
	const union ev_conn_not_ours *n = FIELDS(e, conn_not_ours);
	const char *was = story_our_end(s)[0] == 'l' ? n->left.str : n->right.str;

	finding_cause(f, "neither left=%s nor right=%s is an address of this host", n->left.str,
		n->right.str);
	fixes(s, f, identity_is_private(was) ? "" : was);
	return CERTAIN;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_conn_not_ours, EV_resolve_unknown_interface,
		EV_resolve_no_route, EV_NONE };
	static const enum event_id better[] = { EV_v2_initiate, EV_v1_initiate, EV_load_done,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);
	enum certainty c;

	if (is_renumbered(s))
		return CERTAINTY_NONE;
	if (!e || story_later(story_last_of(s, better), e))
		return (c = by_look(s, f)) ? c : by_kernel(s, f);
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
	return neither(s, f, e);
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
