/* What a connection wants of the data plane and of its peer: selectors, proposals, policy. */
#include "ike/engine.h"

#include <stdlib.h>

static void apply_protoport(const struct conf_end *e, struct ts_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		l->ts[i].protocol = e->protocol;
		if (e->port) {
			l->ts[i].port_first = e->port;
			l->ts[i].port_last = e->port;
		}
	}
}

static void add_addr(struct ts_list *l, const struct addr *a)
{
	struct range r = range_one(a);

	if (addr_is_set(a) && l->n < TS_LIST_MAX)
		l->ts[l->n++] = ts_from_range(&r);
}

/* All addresses of the families that the other end's selectors have. */
static void add_all(struct ts_list *l, const struct conf_end *other, uint8_t host_family)
{
	bool want[2] = { false, false };

	for (size_t i = 0; i < other->subnet.n; i++)
		want[other->subnet.ts[i].range.first.family == 6] = true;
	if (other->subnet.n == 0)
		want[host_family == 6] = true;
	for (size_t i = 0; i < COUNT(want); i++) {
		struct prefix all = { .addr = { .family = i ? 6 : 4 } };

		if (want[i])
			l->ts[l->n++] = ts_from_prefix(&all);
	}
}

void conn_ts_ours(const struct conn *c, struct ts_list *ret)
{
	*ret = (struct ts_list){ 0 };
	if (c->ours->modecfgclient && !c->has_lent) {
		add_addr(ret, &c->lease[0]);
		add_addr(ret, &c->lease[1]);
	}
	if (ret->n == 0)
		*ret = c->ours->subnet;
	if (ret->n == 0 && c->ours->modecfgclient)
		add_all(ret, c->theirs, c->local.addr.family);
	if (ret->n == 0)
		add_addr(ret, &c->local.addr);
	apply_protoport(c->ours, ret);
}

void conn_ts_theirs(const struct conn *c, struct ts_list *ret)
{
	*ret = (struct ts_list){ 0 };
	if (c->has_lent) {
		add_addr(ret, &c->lease[0]);
		add_addr(ret, &c->lease[1]);
	}
	if (ret->n == 0)
		*ret = c->theirs->subnet;
	if (ret->n == 0)
		add_addr(ret, &c->remote.addr);
	apply_protoport(c->theirs, ret);
}

const struct proposals *conn_ike_proposals(const struct conn *c)
{
	return c->conf->ike ? c->conf->ike : proposals_default_ike();
}

static void set_esn(struct proposal *p, bool yes, bool no)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type != TT_ESN)
			p->t[n++] = p->t[i];
	p->n = (uint8_t)n;
	if (yes && p->n < TRANSFORMS_MAX)
		p->t[p->n++] = (struct transform){ .type = TT_ESN, .id = ESN_YES };
	if (no && p->n < TRANSFORMS_MAX)
		p->t[p->n++] = (struct transform){ .type = TT_ESN, .id = ESN_NO };
}

void conn_esp_proposals(const struct conn *c, struct proposals *ret)
{
	/* without a replay check the receiver cannot guess the upper half (RFC 4303 2.2.1) */
	bool can_esn = c->conf->replay_window != 0;

	*ret = c->conf->esp ? *c->conf->esp : *proposals_default_esp();
	for (size_t i = 0; i < ret->n; i++)
		set_esn(&ret->p[i], can_esn && c->conf->esn != CONF_ESN_NO,
			!can_esn || c->conf->esn != CONF_ESN_YES);
}

/* ---- the data plane's policy ---- */

/* Only families that the tunnel carries. */
static void set_source(const struct conn *c, struct dp_policy *p)
{
	for (size_t i = 0; i < p->ts_local.n; i++) {
		uint8_t family = p->ts_local.ts[i].range.first.family;
		struct addr *source = &p->source[family == 6];

		if (c->ours->modecfgclient && !c->has_lent)
			*source = c->lease[family == 6];
		for (size_t k = 0; k < c->ours->n_sourceip && !addr_is_set(source); k++)
			if (c->ours->sourceip[k].family == family)
				*source = c->ours->sourceip[k];
		p->add_source |= addr_is_set(source);
	}
}

static void policy_ask(struct conn *c, uint8_t op, const struct dp_policy *p)
{
	struct action a = { .dp = { .op = op, .serial = 0, .reqid = c->reqid, .policy = p } };

	ike_ask_dataplane(c->ike, IKE_ASK_OURS, c->serial, ASK_POLICY, &a);
}

static void policy_base(const struct conn *c, uint8_t action, struct dp_policy *ret)
{
	*ret = (struct dp_policy){
		.reqid = c->reqid,
		.action = action,
		.mode = c->conf->type == TYPE_TRANSPORT ? DP_TRANSPORT : DP_TUNNEL,
		.priority = c->conf->priority,
		.outer_local = c->local.addr,
		.outer_remote = c->remote.addr,
		.add_routes = true,
		.mtu = c->conf->mtu,
		.metric = c->conf->metric,
	};
}

void conn_policy_trap(struct conn *c)
{
	struct dp_policy p;

	policy_base(c, DP_TRAP, &p);
	conn_ts_ours(c, &p.ts_local);
	conn_ts_theirs(c, &p.ts_remote);
	set_source(c, &p);
	policy_ask(c, DP_POLICY_ADD, &p);
	c->policy = CONN_TRAP;
	c->installed = p;
}

void conn_policy_none(struct conn *c)
{
	struct action a = { .dp = { .op = DP_POLICY_DEL, .reqid = c->reqid } };

	if (c->policy == CONN_UNROUTED)
		return;
	ike_tell_dataplane(c->ike, &a);
	c->policy = CONN_UNROUTED;
	c->installed = (struct dp_policy){ 0 };
}

static uint32_t policy_tunnel(struct conn *c, const struct child *child, uint8_t kind)
{
	struct action a = { .kind = ACTION_DATAPLANE };
	struct dp_policy p;

	policy_base(c, DP_PROTECT, &p);
	p.ts_local = child->ts_local;
	p.ts_remote = child->ts_remote;
	p.outer_local = child->local.addr;
	p.outer_remote = child->remote.addr;
	set_source(c, &p);
	/* a rekey changes nothing here: then packets have a policy all the time */
	if (c->policy == CONN_TUNNEL && addr_eq(&p.outer_local, &c->installed.outer_local) &&
		addr_eq(&p.outer_remote, &c->installed.outer_remote) &&
		ts_list_eq(&p.ts_local, &c->installed.ts_local) &&
		ts_list_eq(&p.ts_remote, &c->installed.ts_remote))
		return 0;
	c->policy = CONN_TUNNEL;
	c->installed = p;
	a.dp.op = DP_POLICY_ADD;
	a.dp.serial = child->serial;
	a.dp.reqid = c->reqid;
	a.dp.policy = &p;
	return ike_ask_dataplane(
		c->ike, ike_version_index(c->ike, c->conf->version), child->serial, kind, &a);
}

void conn_route(struct conn *c)
{
	c->is_routed = true;
	if (c->policy == CONN_UNROUTED)
		conn_policy_trap(c);
}

void conn_unroute(struct conn *c)
{
	c->is_routed = false;
	if (c->policy == CONN_TRAP)
		conn_policy_none(c);
}

uint32_t conn_child_up(struct conn *c, const struct child *child, uint8_t kind)
{
	c->n_children++;
	return policy_tunnel(c, child, kind);
}

void conn_child_down(struct conn *c)
{
	if (--c->n_children != 0)
		return;
	if (c->is_routed && !c->is_removed)
		conn_policy_trap(c);
	else
		conn_policy_none(c);
}
