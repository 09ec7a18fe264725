/* What a connection wants of the data plane and of its peer: selectors, proposals, policy. */
#include "config/facts.h"
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
	return conf_ike_list(c->conf);
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

	proposals_copy(ret, conf_esp_list(c->conf));
	if (c->conf->version == VERSION_IKEV1)
		return;
	for (size_t i = 0; i < ret->n; i++)
		set_esn(&ret->p[i], can_esn && c->conf->esn != CONF_ESN_NO,
			!can_esn || c->conf->esn != CONF_ESN_YES);
}

uint16_t conn_integ(const struct conn *c, uint16_t integ)
{
	return c->conf->sha2_truncbug && integ == INTEG_HMAC_SHA2_256_128
		       ? INTEG_HMAC_SHA2_256_TRUNCBUG
		       : integ;
}

/* ---- the data plane's policy ---- */

static struct dp_mark mark_of(const struct conn *c, const struct conf_mark *m)
{
	enum { UNIQUE_FIRST = 65536 }; /* as Libreswan's */

	return (struct dp_mark){ m->is_unique ? UNIQUE_FIRST + c->serial : m->value, m->mask };
}

void conn_extra(const struct conn *c, bool is_policy, struct dp_extra *ret)
{
	struct addr theirs = conf_host(c->theirs);

	*ret = (struct dp_extra){ .offload = c->conf->nic_offload,
		.if_id = c->conf->if_id,
		.has_device = c->conf->if_id || c->conf->vti_interface };
	if (!is_policy)
		return;
	ret->mark_in = mark_of(c, &c->conf->mark_in);
	ret->mark_out = mark_of(c, &c->conf->mark_out);
	ret->is_instance = c->template && !addr_is_set(&theirs);
}

struct addr conn_source(const struct conn *c, uint8_t family)
{
	struct addr source = { 0 };

	if (c->ours->modecfgclient && !c->has_lent)
		source = c->lease[family == 6];
	for (size_t k = 0; k < c->ours->n_sourceip && !addr_is_set(&source); k++)
		if (c->ours->sourceip[k].family == family)
			source = c->ours->sourceip[k];
	return source;
}

/* Only families that the tunnel carries. */
static void set_source(const struct conn *c, struct dp_policy *p)
{
	if (p->mode == DP_TRANSPORT || conn_is_shunt(c))
		return;
	for (size_t i = 0; i < p->ts_local.n; i++) {
		uint8_t family = p->ts_local.ts[i].range.first.family;
		struct addr *source = &p->source[family == 6];

		*source = conn_source(c, family);
		p->add_source |= addr_is_set(source);
	}
}

/* As Libreswan's script has it: an instance shares the device with others like it. */
static struct dp_device device_of(const struct conn *c)
{
	const struct conf_conn *conf = c->conf;
	struct dp_device d = { .is_shared = conf->vti_shared || c->template,
		.is_unmanaged = conf->if_id && conf->is_device_unmanaged };

	if (!conf_device_name(conf, d.name))
		return (struct dp_device){ 0 };
	d.kind = conf->if_id ? DP_DEVICE_XFRM : DP_DEVICE_VTI;
	d.address = conf->if_id ? c->ours->interface_ip : c->ours->vti;
	return d;
}

/* Hosts have their routes; and where packets go that have not the mark is not ours to say. */
static bool wants_routes(const struct conf_conn *c)
{
	if (c->if_id || c->vti_interface)
		return c->if_id || c->vti_routing;
	return c->type != TYPE_TRANSPORT && !c->mark_in.mask && !c->mark_out.mask;
}

static void policy_base(const struct conn *c, uint32_t reqid, uint8_t action, struct dp_policy *ret)
{
	static const uint8_t exempt[] = {
		[YNA_NO] = DP_EXEMPT_NO, [YNA_YES] = DP_EXEMPT_YES, [YNA_AUTO] = DP_EXEMPT_AUTO
	};

	*ret = (struct dp_policy){
		.reqid = reqid,
		.action = action,
		.mode = c->conf->type == TYPE_TRANSPORT ? DP_TRANSPORT : DP_TUNNEL,
		.priority = c->conf->priority,
		.outer_local = c->local.addr,
		.outer_remote = c->remote.addr,
		.add_routes = wants_routes(c->conf),
		.mtu = c->conf->mtu,
		.mss = c->conf->mss,
		.exempt = exempt[c->conf->nat_exempt],
		.metric = c->conf->metric,
		.device = device_of(c),
	};
	ret->overhead = dp_overhead(NULL, ret->mode, true, c->remote.addr.family == 6);
	conn_extra(c, true, &ret->extra);
}

static struct conn_policy *policy_find(const struct conn *c, uint32_t reqid)
{
	struct conn_policy *p;

	list_each (p, &c->policies, struct conn_policy, node)
		if (p->reqid == reqid)
			return p;
	return NULL;
}

static struct conn_policy *policy_new(struct conn *c, uint32_t reqid)
{
	struct conn_policy *p = xalloc(sizeof(*p));

	p->reqid = reqid;
	list_append(&c->policies, &p->node);
	return p;
}

/* What the data plane was asked to have of it, when it has it still. */
static bool is_there(const struct conn_policy *p, uint8_t action)
{
	return p->state == POLICY_THERE && p->action == action;
}

/* version, serial, kind: who hears the answer; request: who waits for it. */
static uint32_t policy_ask(struct conn *c, const struct dp_policy *dp, uint8_t version,
	uint32_t serial, uint8_t kind, uint32_t request)
{
	struct action a = { .dp = { .op = DP_POLICY_ADD, .reqid = dp->reqid, .policy = dp } };
	struct ike_ask ask = { .version = version,
		.kind = kind,
		.serial = serial,
		.conn = c->serial,
		.request = request,
		.reqid = dp->reqid };

	ike_request_hold(c->ike, request);
	policy_find(c, dp->reqid)->asks++;
	return ike_ask_dataplane_as(c->ike, &ask, &a);
}

void conn_policy_answered(struct conn *c, uint32_t reqid, enum err e)
{
	struct conn_policy *p = c ? policy_find(c, reqid) : NULL;

	if (!p || p->asks == 0)
		return;
	p->asks--;
	p->is_refused = e != OK; /* the next Child SA asks for it again */
}

/* What stands where there is no tunnel. */
static uint8_t routed_action(const struct conn *c)
{
	return c->conf->type == TYPE_PASS ? DP_PASS : conn_is_shunt(c) ? DP_DROP : DP_TRAP;
}

static void trap(struct conn *c, uint32_t request)
{
	struct conn_policy *p = policy_find(c, c->reqid);
	uint8_t action = routed_action(c);
	struct dp_policy dp;

	/* who asks is told; what was refused may be taken now */
	if (p && is_there(p, action) && !(request && (p->asks || p->is_refused)))
		return;
	if (!p)
		p = policy_new(c, c->reqid);
	policy_base(c, p->reqid, action, &dp);
	conn_ts_ours(c, &dp.ts_local);
	conn_ts_theirs(c, &dp.ts_remote);
	set_source(c, &dp);
	p->state = POLICY_THERE;
	p->action = action;
	policy_ask(c, &dp, IKE_ASK_OURS, c->serial, ASK_POLICY, request);
	EMIT(&c->ike->env.events, c->ike->now, (struct event_about[1]){ conn_about(c, 0) },
		child_held, );
}

static void take_out(struct conn *c, struct conn_policy *p)
{
	struct action a = { .dp = { .op = DP_POLICY_DEL, .reqid = p->reqid } };

	if (p->state != POLICY_ABSENT)
		ike_tell_dataplane(c->ike, &a);
	p->state = POLICY_ABSENT;
	conn_filter_clear(p);
}

/* Nobody carries traffic under it. What the data plane lost keeps its routes as long as somebody
 * may make it anew: then nothing leaves in the clear meanwhile. */
static bool is_over(const struct conn *c, const struct conn_policy *p)
{
	return p->carriers == 0 && !(p->state == POLICY_LOST && c->users != 0);
}

static void sweep(struct conn *c, uint32_t request)
{
	bool wants_trap = c->is_routed && !c->is_removed && c->n_children == 0;
	struct conn_policy *p;

	/* the trap is there before anything goes */
	if (wants_trap)
		trap(c, request);
	list_each (p, &c->policies, struct conn_policy, node) {
		if (!is_over(c, p) || (wants_trap && p->reqid == c->reqid))
			continue;
		take_out(c, p);
		if (p->users)
			continue;
		list_remove(&p->node);
		free(p);
	}
}

void conn_policies_sweep(struct conn *c)
{
	sweep(c, 0);
}

void conn_policies_lost(struct conn *c)
{
	struct conn_policy *p;

	list_each (p, &c->policies, struct conn_policy, node)
		if (p->state == POLICY_THERE)
			p->state = POLICY_LOST;
}

enum conn_routing conn_routing(const struct conn *c)
{
	const struct conn_policy *p = policy_find(c, c->reqid);

	if (c->n_children)
		return CONN_TUNNEL;
	return p && is_there(p, routed_action(c)) ? CONN_TRAP : CONN_UNROUTED;
}

/* ---- policies of Child SAs ---- */

/* Those with the same selectors share one. The trap becomes that of the first. */
static struct conn_policy *policy_for(struct conn *c, const struct child *child)
{
	struct conn_policy *p;

	list_each (p, &c->policies, struct conn_policy, node)
		if ((p->users || p->state == POLICY_LOST) &&
			ts_list_eq(&p->ts_local, &child->ts_local) &&
			ts_list_eq(&p->ts_remote, &child->ts_remote))
			return p;
	p = policy_find(c, c->reqid);
	if (!p)
		p = policy_new(c, c->reqid);
	else if (p->users)
		p = policy_new(c, conn_reqid_new(c->ike));
	p->ts_local = child->ts_local;
	p->ts_remote = child->ts_remote;
	return p;
}

uint32_t conn_policy_join(struct conn *c, const struct child *child)
{
	struct conn_policy *p = policy_for(c, child);

	p->users++;
	return p->reqid;
}

void conn_policy_rejoin(struct conn *c, const struct child *child, uint32_t reqid, bool is_told)
{
	struct conn_policy *p = policy_find(c, reqid);

	if (!p)
		p = policy_new(c, reqid);
	p->users++;
	p->is_up |= is_told;
	p->ts_local = child->ts_local;
	p->ts_remote = child->ts_remote;
}

bool conn_policy_is_told(const struct conn *c, uint32_t reqid)
{
	const struct conn_policy *p = policy_find(c, reqid);

	return p && p->is_up;
}

void conn_policy_leave(struct conn *c, uint32_t reqid)
{
	policy_find(c, reqid)->users--;
	conn_policies_sweep(c);
}

bool conn_policy_is_first(struct conn *c, uint32_t reqid)
{
	struct conn_policy *p = policy_find(c, reqid);
	bool was_up = !p || p->is_up;

	if (p)
		p->is_up = true;
	return !was_up;
}

bool conn_policy_is_last(struct conn *c, uint32_t reqid)
{
	struct conn_policy *p = policy_find(c, reqid);
	bool is_last = p && p->is_up && p->users == 1;

	if (is_last)
		p->is_up = false;
	return is_last;
}

static bool carries_alike(const struct conn *c, const struct conn_policy *as)
{
	struct conn_policy *p;

	list_each (p, &c->policies, struct conn_policy, node)
		if (p->carriers && ts_list_eq(&p->ts_local, &as->ts_local) &&
			ts_list_eq(&p->ts_remote, &as->ts_remote))
			return true;
	return false;
}

void conn_unasked(const struct conn *c, uint32_t reqid, uint64_t count)
{
	const struct conn_policy *p = policy_find(c, reqid);
	struct conn *o;

	if (!p)
		return;
	list_each (o, &c->ike->conns, struct conn, node)
		if (o != c && carries_alike(o, p))
			EMIT(&o->ike->env.events, o->ike->now,
				(struct event_about[1]){ conn_about(o, o->newest_child) },
				child_elsewhere, .other = ev_str(c->conf->name),
				.count = ev_u64(count));
}

/* A rekey changes nothing here: then packets have a policy all the time. */
static bool is_tunnel_of(const struct conn_policy *p, const struct child *child)
{
	return is_there(p, DP_PROTECT) && p->asks == 0 && !p->is_refused &&
	       addr_eq(&p->outer_local, &child->local.addr) &&
	       addr_eq(&p->outer_remote, &child->remote.addr);
}

static void policy_tunnel(
	struct conn *c, struct conn_policy *p, const struct child *child, struct dp_policy *ret)
{
	p->state = POLICY_THERE;
	p->action = DP_PROTECT;
	p->outer_local = child->local.addr;
	p->outer_remote = child->remote.addr;
	policy_base(c, p->reqid, DP_PROTECT, ret);
	ret->ts_local = child->ts_local;
	ret->ts_remote = child->ts_remote;
	ret->outer_local = p->outer_local;
	ret->outer_remote = p->outer_remote;
	ret->overhead =
		dp_overhead(&child->suite, ret->mode, child->encap, child->remote.addr.family == 6);
	set_source(c, ret);
}

uint32_t conn_child_up(struct conn *c, const struct child *child, uint8_t kind)
{
	struct conn_policy *p = policy_find(c, child->reqid);
	struct dp_policy dp;
	uint32_t ask = 0;

	if (!is_tunnel_of(p, child)) {
		policy_tunnel(c, p, child, &dp);
		ask = policy_ask(c, &dp, ike_version_index(c->ike, c->conf->version), child->serial,
			kind, 0);
	}
	p->carriers++;
	c->n_children++;
	conn_policies_sweep(c);
	return ask;
}

void conn_child_down(struct conn *c, const struct child *child)
{
	if (--policy_find(c, child->reqid)->carriers == 0)
		child_clash_over(c->ike, child);
	if (--c->n_children == 0)
		conn_dns_clear(c);
	conn_policies_sweep(c);
}

void conn_child_moved(struct conn *c, const struct child *child)
{
	struct conn_policy *p = policy_find(c, child->reqid);
	struct dp_policy dp;

	if (!is_there(p, DP_PROTECT) || is_tunnel_of(p, child))
		return;
	policy_tunnel(c, p, child, &dp);
	policy_ask(c, &dp, IKE_ASK_OURS, c->serial, ASK_POLICY, 0);
}

void conn_route(struct conn *c, uint32_t request)
{
	c->is_routed = true;
	sweep(c, request);
}

void conn_unroute(struct conn *c)
{
	c->is_routed = false;
	conn_policies_sweep(c);
}
