/* Policies of the data plane into routes, rules and addresses of this host.
 *
 * A packet goes into the tunnel when its source is inside the policy's local selectors (a rule
 * leads it to our table) and its destination inside the remote ones (a route there). A program that
 * has not chosen a source yet is led there when the tunnel has one to give: virtual IP,
 * leftsourceip=, or the host itself. Traffic between hosts of our own subnet stays outside, also
 * when the tunnel takes everything. */
#include "proc/kernel/kernel.h"

#include <errno.h>
#include <stdlib.h>

static bool flow_eq(const struct effect_flow *a, const struct effect_flow *b)
{
	return addr_eq(&a->to, &b->to) && a->protocol == b->protocol &&
	       memcmp(a->sport, b->sport, sizeof(a->sport)) == 0 &&
	       memcmp(a->dport, b->dport, sizeof(a->dport)) == 0;
}

static bool key_eq(const struct effect_key *a, const struct effect_key *b)
{
	return a->kind == b->kind && a->prefix.bits == b->prefix.bits &&
	       addr_eq(&a->prefix.addr, &b->prefix.addr) && addr_eq(&a->source, &b->source) &&
	       a->metric == b->metric && a->mtu == b->mtu && a->oif == b->oif &&
	       addr_eq(&a->gateway, &b->gateway) && a->table == b->table &&
	       flow_eq(&a->flow, &b->flow);
}

static struct effect *find(struct kernel *k, const struct effect_key *key)
{
	struct effect *e;

	list_each (e, &k->effects, struct effect, node)
		if (key_eq(&e->key, key))
			return e;
	return NULL;
}

static void tell(struct kernel *k, const char *done, const struct effect_key *key)
{
	static const char *const what[] = {
		[EFFECT_ADDRESS] = "address",
		[EFFECT_ROUTE] = "route",
		[EFFECT_THROW] = "throw route",
		[EFFECT_BLACKHOLE] = "blackhole route",
		[EFFECT_RULE] = "rule from",
		[EFFECT_RULE_UNBOUND] = "rule for unbound",
		[EFFECT_RULE_OURS] = "rule for our own packets",
		[EFFECT_RULE_END] = "last rule",
		[EFFECT_RULE_FLOW] = "rule for a flow from",
		[EFFECT_RULE_FLOW_UNBOUND] = "rule for an unbound flow",
		[EFFECT_RULE_OUTSIDE] = "rule for what stays outside, from",
	};
	char prefix[PREFIX_STR], source[ADDR_STR] = "";

	if (addr_is_set(&key->source))
		addr_format(&key->source, source);
	PROCESS_EMIT(&k->p, kernel_effect, .done = ev_str(done), .what = ev_str(what[key->kind]),
		.prefix = ev_str(prefix_format(&key->prefix, prefix)), .source = ev_str(source));
}

void effect_release(struct kernel *k, struct effect *e)
{
	if (--e->uses)
		return;
	rtnl_effect(k->rtnl, &e->key, k->ifindex, false); /* gone already is as good */
	tell(k, "removed", &e->key);
	list_remove(&e->node);
	free(e);
}

bool effects_have(struct kernel *k, const struct effect_key *key)
{
	return find(k, key) != NULL;
}

bool effects_have_address(struct kernel *k, const struct addr *a)
{
	struct effect *e;

	list_each (e, &k->effects, struct effect, node)
		if (e->key.kind == EFFECT_ADDRESS && addr_eq(&e->key.prefix.addr, a))
			return true;
	return false;
}

int effect_use(struct kernel *k, const struct effect_key *key, struct effect **ret)
{
	struct effect *e = find(k, key);
	int error;

	if (!e) {
		error = rtnl_effect(k->rtnl, key, k->ifindex, true);
		if (error && error != EEXIST)
			return error;
		tell(k, "added", key);
		e = xalloc(sizeof(*e));
		e->key = *key;
		list_append(&k->effects, &e->node);
	}
	e->uses++;
	*ret = e;
	return 0;
}

int policy_use(struct kernel *k, struct policy *p, const struct effect_key *key)
{
	int error = p->n == EFFECTS_MAX ? E2BIG : effect_use(k, key, &p->effect[p->n]);

	p->n += error == 0;
	return error;
}

static struct prefix whole(uint8_t family)
{
	return (struct prefix){ { .family = family }, 0 };
}

/* f for each prefix of the selectors. */
static int each_prefix(
	struct kernel *k, struct policy *p, const struct ts_list *list, struct effect_key key)
{
	struct prefix prefix[64];
	int error;

	for (size_t i = 0; i < list->n; i++) {
		size_t n = range_prefixes(&list->ts[i].range, prefix, COUNT(prefix));

		if (n == 0)
			return E2BIG;
		for (size_t j = 0; j < n; j++) {
			key.prefix = prefix[j];
			/* a source is of the prefix's family, or none */
			if (key.source.family != prefix[j].addr.family)
				key.source = (struct addr){ 0 };
			if ((error = policy_use(k, p, &key)))
				return error;
		}
	}
	return 0;
}

static bool has_family(const struct ts_list *l, uint8_t family)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->ts[i].range.first.family == family)
			return true;
	return false;
}

/* The source that unbound programs on this host get; none: they do not use this tunnel. */
static struct addr source_of(const struct dp_policy *p, uint8_t family)
{
	if (p->source[family == 6].family == family)
		return p->source[family == 6];
	for (size_t i = 0; i < p->ts_local.n; i++) {
		const struct range *r = &p->ts_local.ts[i].range;

		if (r->first.family == family && addr_eq(&r->first, &r->last))
			return r->first;
	}
	return (struct addr){ 0 };
}

static uint8_t route_kind(uint8_t action)
{
	return action == DP_PASS   ? EFFECT_THROW
	       : action == DP_DROP ? EFFECT_BLACKHOLE
				   : EFFECT_ROUTE;
}

/* The way that ESP takes to the peer, so that what policies do not take goes where it always went.
 * False: there is none, and so none through the tunnel. */
static bool way_to_peer(
	struct kernel *k, const struct dp_policy *p, uint8_t family, struct effect_key *key)
{
	if (rtnl_route_to(k->rtnl, &p->outer_remote, &p->outer_local, &key->oif, &key->gateway) !=
		0)
		return false;
	if (key->gateway.family != family)
		key->gateway = (struct addr){ 0 };
	return true;
}

static bool has_range(const struct ts_list *l, const struct range *r)
{
	for (size_t i = 0; i < l->n; i++)
		if (range_eq(&l->ts[i].range, r))
			return true;
	return false;
}

/* With the kernel's ESP the peer itself is reached as always: a route of its own would hold for ESP
 * as well. Packets of a device pass such a route by; but where both ends have the same networks,
 * people's routes say what goes through it. */
static bool has_route(const struct kernel *k, const struct policy *own, const struct dp_policy *p,
	const struct range *r)
{
	if (own->device)
		return !has_range(&p->ts_local, r);
	return !k->has_plane || !addr_eq(&r->first, &r->last) ||
	       !addr_eq(&r->first, &p->outer_remote);
}

static struct ts_list routed(
	const struct kernel *k, const struct policy *own, const struct dp_policy *p, uint8_t family)
{
	struct ts_list l = { 0 };

	for (size_t i = 0; i < p->ts_remote.n; i++)
		if (p->ts_remote.ts[i].range.first.family == family &&
			has_route(k, own, p, &p->ts_remote.ts[i].range))
			l.ts[l.n++] = p->ts_remote.ts[i];
	return l;
}

static int add_routes(
	struct kernel *k, struct policy *own, const struct dp_policy *p, uint8_t family)
{
	struct effect_key key = { .kind = route_kind(p->action), .metric = p->metric };
	struct ts_list remote = routed(k, own, p, family);
	int error;

	if (key.kind == EFFECT_ROUTE) {
		key.mtu = p->mtu;
		key.source = source_of(p, family);
		key.oif = device_index(own->device);
		if (!key.oif && k->has_plane && !way_to_peer(k, p, family, &key))
			return 0;
	}
	error = each_prefix(k, own, &remote, key);
	if (error == EINVAL && p->source[family == 6].family != family) {
		/* the one host of our selector is not this one, but behind us */
		key.source = (struct addr){ 0 };
		error = each_prefix(k, own, &remote, key);
	}
	/* what is larger than our own subnet and contains it does not take it along */
	for (size_t i = 0; i < p->ts_local.n && !error; i++)
		for (size_t j = 0; j < remote.n && !error; j++) {
			const struct range *ours = &p->ts_local.ts[i].range;
			struct ts_list one = { .n = 1, .ts = { p->ts_local.ts[i] } };

			if (range_covers(&remote.ts[j].range, ours) &&
				!range_eq(&remote.ts[j].range, ours))
				error = each_prefix(
					k, own, &one, (struct effect_key){ .kind = EFFECT_THROW });
		}
	return error;
}

static int add_rules(
	struct kernel *k, struct policy *own, const struct dp_policy *p, uint8_t family)
{
	struct addr source = source_of(p, family);
	struct ts_list local = { 0 };
	int error;

	for (size_t i = 0; i < p->ts_local.n; i++)
		if (p->ts_local.ts[i].range.first.family == family)
			local.ts[local.n++] = p->ts_local.ts[i];
	if ((error = policy_use(
		     k, own, &(struct effect_key){ EFFECT_RULE_END, .prefix = whole(family) })) ||
		(error = policy_use(k, own,
			 &(struct effect_key){ EFFECT_RULE_OURS, .prefix = whole(family) })) ||
		(error = each_prefix(k, own, &local, (struct effect_key){ .kind = EFFECT_RULE })))
		return error;
	if (family == 4 && addr_is_set(&source))
		error = policy_use(k, own,
			&(struct effect_key){
				EFFECT_RULE_UNBOUND, .prefix = { { .family = 4 }, 32 } });
	return error;
}

bool is_foreign_address(struct kernel *k, const struct addr *a)
{
	struct rd r = rd_from(buf_view(&k->addrs));

	while (k->has_plane && rd_more(&r)) {
		struct addr there = addr_get(&r);

		rd_skip(&r, ADDRESS_NAME_N);
		if (addr_eq(&there, a))
			return true;
	}
	return false;
}

static int add_sources(struct kernel *k, struct policy *own, const struct dp_policy *p)
{
	int error = 0;

	for (size_t i = 0; i < COUNT(p->source) && !error && p->add_source; i++)
		if (addr_is_set(&p->source[i]) && !is_foreign_address(k, &p->source[i]))
			error = policy_use(k, own,
				&(struct effect_key){ EFFECT_ADDRESS,
					.prefix = { p->source[i], addr_bits(p->source[i].family) },
					.oif = device_index(own->device) });
	return error;
}

static int add(
	struct kernel *k, struct policy *own, const struct dp_policy *p, const char **ret_what)
{
	static const uint8_t families[] = { 4, 6 };
	int error;

	if (p->mode == DP_TRANSPORT)
		return k->has_plane ? 0 : flows_add(k, own, p, ret_what);
	*ret_what = "the virtual address";
	error = add_sources(k, own, p);
	/* in the kernel a policy drops by itself, and lets pass; but a wider tunnel's route would
	 * take along what passes */
	for (size_t i = 0; i < COUNT(families) && !error && p->add_routes &&
			   !(k->has_plane && route_kind(p->action) == EFFECT_BLACKHOLE);
		i++) {
		if (!has_family(&p->ts_remote, families[i]) ||
			!has_family(&p->ts_local, families[i]) ||
			(own->device && routed(k, own, p, families[i]).n == 0))
			continue;
		*ret_what = "the tunnel's routes";
		error = add_routes(k, own, p, families[i]);
		if (error)
			break;
		*ret_what = "the tunnel's routing rules";
		error = add_rules(k, own, p, families[i]);
	}
	return error;
}

void policy_decode(const struct policy *p, struct dp_policy *ret)
{
	struct rd r = rd_from(buf_view(&p->dp));

	if (dp_policy_get(&r, ret) != OK)
		abort(); /* we wrote it */
}

static struct buf encode(const struct dp_policy *p)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);
	struct buf b;

	dp_policy_put(&w, p);
	b = buf_from(wr_view(&w));
	free(room);
	return b;
}

struct policy *policy_find(struct kernel *k, uint32_t reqid)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		if (p->reqid == reqid)
			return p;
	return NULL;
}

static void policy_free(struct kernel *k, struct policy *p)
{
	list_remove(&p->node); /* what is under it comes back */
	watch_leave(k, p);
	spd_remove(k, p);
	while (p->n) /* rules before routes before addresses */
		effect_release(k, p->effect[--p->n]);
	device_leave(k, p);
	buf_done(&p->dp);
	free(p);
}

/* The new one is in place before the old one goes: what both need is never away. */
int policy_add(struct kernel *k, const struct dp_policy *p, const char **ret_what)
{
	struct policy *old = policy_find(k, p->reqid), *own = xalloc(sizeof(*own));
	int error = 0;

	watch_rest(k);
	own->reqid = p->reqid;
	own->heard = old ? old->heard : 0;
	own->dp = encode(p);
	list_append(&k->policies, &own->node);
	k->why[0] = '\0';
	k->is_taken = false;
	*ret_what = "the tunnel's device";
	error = device_use(k, own, p);
	if (k->has_plane && !error) {
		*ret_what = "the tunnel's policies";
		error = spd_add(k, own, p, k->why);
		k->is_taken = error == EEXIST;
	}
	if (!error)
		error = add(k, own, p, ret_what);
	if (error)
		policy_free(k, own);
	else if (old)
		policy_free(k, old);
	return error;
}

void policy_del(struct kernel *k, uint32_t reqid)
{
	struct policy *p = policy_find(k, reqid);
	struct dp_policy gone;

	if (!p)
		return;
	policy_decode(p, &gone);
	policy_free(k, p);
	clear_tell(k, &gone);
}

void policies_refresh(struct kernel *k)
{
	uint32_t *reqid = NULL;
	struct policy *p;
	size_t n = 0;

	list_each (p, &k->policies, struct policy, node) {
		reqid = xrealloc(reqid, (n + 1) * sizeof(*reqid));
		reqid[n++] = p->reqid;
	}
	for (size_t i = 0; i < n; i++) {
		const char *what = NULL;
		struct dp_policy dp;

		policy_decode(policy_find(k, reqid[i]), &dp);
		if (policy_add(k, &dp, &what) != 0)
			PROCESS_EMIT(&k->p, kernel_refused, .what = ev_str(what),
				.why = ev_str("the routes to the peer have changed"));
	}
	free(reqid);
}

void policies_flush(struct kernel *k)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		policy_free(k, p);
}

void policies_orphan(struct kernel *k)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		p->is_orphan = true;
}

void policy_adopted(struct kernel *k, uint32_t reqid)
{
	struct policy *p = policy_find(k, reqid);

	if (p)
		p->is_orphan = false;
}

void policies_settle(struct kernel *k)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		if (p->is_orphan) {
			firewall_del(k, p->reqid);
			policy_free(k, p);
		}
}
