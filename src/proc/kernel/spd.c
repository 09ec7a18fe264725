/* Policies in the kernel. It knows one policy for what a selector matches; several of ours may want
 * the same (a trap and its tunnel, two clients behind one address), and then the last who came has
 * it, until it leaves. */
#include "proc/kernel/kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

enum { NARROW_MAX = 16 };

struct spd_entry {
	struct spd_entry *next; /* of those with the same hash */
	uint64_t hash;
	struct xfrm_sel sel;
	uint8_t dir;		  /* enum xfrm_dir */
	struct dp_extra found_by; /* marks, if_id */
	uint32_t index;
	struct spd_holder {
		struct policy *policy;
		uint8_t action; /* enum dp_action */
	} * holder;		/* the last one has it */
	size_t n;
};

static const struct dp_mark *mark_of(const struct dp_extra *x, enum xfrm_dir d)
{
	return d == XFRM_DIR_OUT ? &x->mark_out : &x->mark_in;
}

static bool found_alike(const struct dp_extra *a, const struct dp_extra *b, enum xfrm_dir d)
{
	return a->if_id == b->if_id && mark_of(a, d)->value == mark_of(b, d)->value &&
	       mark_of(a, d)->mask == mark_of(b, d)->mask;
}

/* FNV-1a over everything that the kernel tells policies apart by. */
uint64_t spd_hash(const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x)
{
	const struct dp_mark *mark = mark_of(x, d);
	uint8_t room[128];
	struct wr w = wr_to(room, sizeof(room));
	uint64_t h = 0xcbf29ce484222325u;

	wr_u8(&w, (uint8_t)d);
	wr_u8(&w, s->protocol);
	addr_put(&w, &s->local.addr);
	wr_u8(&w, s->local.bits);
	addr_put(&w, &s->remote.addr);
	wr_u8(&w, s->remote.bits);
	wr_u16(&w, s->local_port);
	wr_u16(&w, s->local_mask);
	wr_u16(&w, s->remote_port);
	wr_u16(&w, s->remote_mask);
	wr_u32(&w, mark->value);
	wr_u32(&w, mark->mask);
	wr_u32(&w, x->if_id);
	for (size_t i = 0; i < w.n; i++)
		h = (h ^ room[i]) * 0x100000001b3u;
	return h;
}

static bool prefix_eq(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && addr_eq(&a->addr, &b->addr);
}

static bool sel_eq(const struct xfrm_sel *a, const struct xfrm_sel *b)
{
	return a->protocol == b->protocol && prefix_eq(&a->local, &b->local) &&
	       prefix_eq(&a->remote, &b->remote) && a->local_port == b->local_port &&
	       a->local_mask == b->local_mask && a->remote_port == b->remote_port &&
	       a->remote_mask == b->remote_mask;
}

bool spd_is_alike(const struct xfrm_sel *a, const struct dp_extra *found_by,
	const struct xfrm_sel *b, const struct dp_extra *x, enum xfrm_dir d)
{
	return sel_eq(a, b) && found_alike(found_by, x, d);
}

static struct spd_entry *find(
	struct kernel *k, const struct xfrm_sel *s, enum xfrm_dir d, const struct dp_extra *x)
{
	struct spd_entry *e = map_get(&k->spd, spd_hash(s, d, x));

	while (e && !(e->dir == d && spd_is_alike(&e->sel, &e->found_by, s, x, d)))
		e = e->next;
	return e;
}

/* index: of one that is there; 0: a new one. */
static struct spd_entry *entry_new(struct kernel *k, const struct xfrm_sel *s, enum xfrm_dir d,
	const struct dp_extra *x, uint32_t index)
{
	struct spd_entry *e = xalloc(sizeof(*e));

	e->hash = spd_hash(s, d, x);
	e->found_by = *x;
	e->sel = *s;
	e->dir = (uint8_t)d;
	e->index = index ? index : xfrm_own_index(++k->n_index, d);
	e->next = map_get(&k->spd, e->hash);
	map_put(&k->spd, e->hash, e);
	return e;
}

static void entry_free(struct kernel *k, struct spd_entry *e)
{
	struct spd_entry *first = map_take(&k->spd, e->hash), **at = &first;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	if (first)
		map_put(&k->spd, e->hash, first);
	free(e->holder);
	free(e);
}

static int put_one(struct kernel *k, enum xfrm_how how, const struct spd_entry *e,
	const struct dp_policy *dp, char *text)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_said *said = xalloc(sizeof(*said));
	int error;

	xfrm_policy_put(&w, how, dp, &e->sel, (enum xfrm_dir)e->dir);
	xfrm_own_policy(&w, e->index);
	error = xfrm_ask(k->xfrm, &w, said);
	if (error)
		xfrm_error_format(error, said->text, text);
	free(said);
	return error;
}

/* Puts it as dp, whose action stands for the entry's own. A device that does all of ESP needs the
 * policy, too; whether it can is told with its SAs. */
static int put(struct kernel *k, enum xfrm_how how, const struct spd_entry *e,
	const struct dp_policy *dp, char *text)
{
	struct dp_policy own = *dp;
	struct addr gateway;
	unsigned oif = 0;

	if (dp->extra.offload == DP_OFFLOAD_PACKET && dp->action == DP_PROTECT)
		(void)rtnl_route_to(k->rtnl, &dp->outer_remote, &dp->outer_local, &oif, &gateway);
	own.extra.offload_ifindex = oif;
	if (oif && put_one(k, how, e, &own, text) == 0)
		return 0;
	own.extra.offload_ifindex = 0;
	return put_one(k, how, e, &own, text);
}

static int hold(struct kernel *k, struct policy *own, const struct dp_policy *dp,
	const struct xfrm_sel *s, enum xfrm_dir d, char *text)
{
	struct spd_entry *e = find(k, s, d, &dp->extra);
	uint32_t found = e ? 0 : found_policy(&k->found, s, d, &dp->extra);
	bool is_new = !e;
	int error;

	if (is_new)
		e = entry_new(k, s, d, &dp->extra, found);
	error = put(k, is_new && !found ? XFRM_ADD : XFRM_UPDATE, e, dp, text);
	if (error) {
		if (is_new)
			entry_free(k, e);
		return error;
	}
	e->holder = xrealloc(e->holder, (e->n + 1) * sizeof(*e->holder));
	e->holder[e->n++] = (struct spd_holder){ own, dp->action };
	own->spd = xrealloc(own->spd, (own->n_spd + 1) * sizeof(struct spd_entry *));
	own->spd[own->n_spd++] = e;
	return 0;
}

static void take_out(struct kernel *k, struct spd_entry *e)
{
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));

	xfrm_policy_del_put(&w, &e->sel, (enum xfrm_dir)e->dir, &e->found_by);
	xfrm_own_policy(&w, e->index);
	xfrm_ask(k->xfrm, &w, NULL);
	entry_free(k, e);
}

static void restore(struct kernel *k, struct spd_entry *e)
{
	const struct spd_holder *h = &e->holder[e->n - 1];
	char text[XFRM_ERROR_STR];
	struct dp_policy dp;
	int error;

	policy_decode(h->policy, &dp);
	dp.action = h->action;
	error = put(k, XFRM_UPDATE, e, &dp, text);
	if (error)
		PROCESS_EMIT(&k->p, kernel_refused,
			.what = ev_str("a policy that was there before"), .why = ev_str(text));
}

static void let_go(struct kernel *k, struct spd_entry *e, struct policy *own)
{
	size_t i = 0;
	bool had_it;

	while (e->holder[i].policy != own)
		i++;
	had_it = i == e->n - 1;
	memmove(&e->holder[i], &e->holder[i + 1], (e->n - i - 1) * sizeof(*e->holder));
	e->n--;
	if (e->n == 0)
		take_out(k, e);
	else if (had_it)
		restore(k, e);
}

/* What comes in may come in before anything goes out. */
static int hold_all(struct kernel *k, struct policy *own, const struct dp_policy *dp, char *text)
{
	static const enum xfrm_dir order[] = { XFRM_DIR_IN, XFRM_DIR_FWD, XFRM_DIR_OUT };
	struct xfrm_sel *s = xalloc(XFRM_SEL_MAX * sizeof(*s));
	enum err e;
	int error = 0;
	size_t n;

	e = xfrm_selectors(dp, s, XFRM_SEL_MAX, &n);
	if (e != OK)
		xfrm_error_format(error = e == ERR_LIMIT ? E2BIG : EOPNOTSUPP,
			e == ERR_LIMIT ? "too many prefixes and ports"
				       : "it has no words for these ports",
			text);
	for (size_t d = 0; d < COUNT(order) && !error; d++)
		for (size_t i = 0; i < n && !error; i++)
			if (xfrm_policy_has((enum dp_action)dp->action, order[d]))
				error = hold(k, own, dp, &s[i], order[d], text);
	free(s);
	return error;
}

/* Traffic between hosts of our own subnet stays outside of a tunnel that takes more than that. What
 * goes through a device of the tunnel's own was sent there. */
static int hold_own_subnets(
	struct kernel *k, struct policy *own, const struct dp_policy *p, char *text)
{
	struct dp_policy pass = {
		.reqid = p->reqid, .action = DP_PASS, .mode = p->mode, .extra = p->extra
	};
	int error = 0;

	for (size_t i = 0; i < p->ts_local.n && !error; i++)
		for (size_t j = 0; j < p->ts_remote.n && !error; j++) {
			const struct range *ours = &p->ts_local.ts[i].range;

			if (!range_covers(&p->ts_remote.ts[j].range, ours) ||
				range_eq(&p->ts_remote.ts[j].range, ours))
				continue;
			pass.ts_local.n = pass.ts_remote.n = 1;
			pass.ts_local.ts[0] = pass.ts_remote.ts[0] = ts_from_range(ours);
			error = hold_all(k, own, &pass, text);
		}
	return error;
}

/* May hosts of a wire of this one be in it? Else no policy ever meets what they say to one another
 * about their addresses. */
static bool has_neighbours(const struct dp_policy *p, const struct range *theirs)
{
	enum { LAN_BITS = 64 };
	struct prefix net;

	return range_has(theirs, &p->outer_remote) || !range_is_prefix(theirs, &net) ||
	       net.bits < LAN_BITS;
}

/* The kernel looks for policies for neighbour discovery, too (RFC 4861: it goes over one wire and
 * no farther, so no tunnel is for it): without it nothing is sent on that wire any more. */
static int hold_neighbours(
	struct kernel *k, struct policy *own, const struct dp_policy *p, char *text)
{
	enum { ROUTER_SOLICITATION = 133, REDIRECT = 137 };
	struct dp_policy pass = { .reqid = p->reqid,
		.action = DP_PASS,
		.mode = p->mode,
		.extra = p->extra,
		.priority = p->priority ? MAX(p->priority - 1, 1u) : 0 };
	int error = 0;

	for (size_t i = 0; i < p->ts_local.n && !error; i++)
		for (size_t j = 0; j < p->ts_remote.n && !error; j++) {
			const struct ts *l = &p->ts_local.ts[i], *r = &p->ts_remote.ts[j];

			if (l->range.first.family != 6 || r->range.first.family != 6 ||
				l->protocol || r->protocol || !has_neighbours(p, &r->range))
				continue;
			pass.ts_local.n = pass.ts_remote.n = 1;
			pass.ts_local.ts[0] = ts_from_range(&l->range);
			pass.ts_local.ts[0].protocol = IPPROTO_ICMPV6;
			pass.ts_local.ts[0].port_first = ROUTER_SOLICITATION << 8;
			pass.ts_local.ts[0].port_last = REDIRECT << 8 | UINT8_MAX;
			pass.ts_remote.ts[0] = pass.ts_local.ts[0];
			pass.ts_remote.ts[0].range = r->range;
			error = hold_all(k, own, &pass, text);
		}
	return error;
}

int spd_add(struct kernel *k, struct policy *own, const struct dp_policy *p, char *text)
{
	bool takes = p->action == DP_PROTECT || p->action == DP_TRAP;
	int error = 0;

	if (takes && p->device.kind == DP_DEVICE_NONE)
		error = hold_own_subnets(k, own, p, text);
	if (!error && takes && p->device.kind == DP_DEVICE_NONE)
		error = hold_neighbours(k, own, p, text);
	return error ? error : hold_all(k, own, p, text);
}

/* Where each has a place to itself: what somebody else wants there is not disturbed. */
static bool is_free(struct kernel *k, const struct xfrm_sel *s, const struct dp_extra *x)
{
	return !find(k, s, XFRM_DIR_OUT, x) && !found_policy(&k->found, s, XFRM_DIR_OUT, x);
}

void spd_narrow(struct kernel *k, struct policy *narrow, const struct dp_policy *p)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_ICMP, IPPROTO_ICMPV6 };
	struct xfrm_sel s[NARROW_MAX], one;
	char text[XFRM_ERROR_STR];
	struct dp_policy dp;
	size_t n;

	if (p->action != DP_PROTECT || xfrm_selectors(p, s, COUNT(s), &n) != OK)
		return;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < COUNT(protocols); j++)
			if (xfrm_policy_narrow(p, &s[i], protocols[j], &dp, &one) &&
				is_free(k, &one, &dp.extra))
				(void)hold(k, narrow, &dp, &one, XFRM_DIR_OUT, text);
}

static uint64_t used(struct kernel *k, const struct policy *own, bool is_out, uint8_t protocol)
{
	struct xfrm_said *said = xalloc(sizeof(*said));
	uint64_t last = 0;

	for (size_t i = 0; i < own->n_spd; i++) {
		const struct spd_entry *e = own->spd[i];
		uint8_t room[XFRM_ROOM];
		struct wr w = wr_to(room, sizeof(room));

		if ((is_out && e->dir != XFRM_DIR_OUT) || (protocol && e->sel.protocol != protocol))
			continue;
		xfrm_policy_get_put(&w, &e->sel, (enum xfrm_dir)e->dir, &e->found_by);
		xfrm_own_policy(&w, e->index);
		if (xfrm_ask(k->xfrm, &w, said) == 0 && said->kind == XFRM_SAID_POLICY)
			last = MAX(last, said->policy.used);
	}
	free(said);
	return last;
}

uint64_t spd_used(struct kernel *k, const struct policy *own)
{
	return used(k, own, false, 0);
}

uint64_t spd_used_out(struct kernel *k, const struct policy *own, uint8_t protocol)
{
	return used(k, own, true, protocol);
}

void spd_remove(struct kernel *k, struct policy *own)
{
	while (own->n_spd)
		let_go(k, own->spd[--own->n_spd], own);
	free(own->spd);
	own->spd = NULL;
}

bool spd_has(struct kernel *k, const struct xfrm_policy_said *p)
{
	struct dp_mark mark = { p->mark, p->mark_mask };
	struct dp_extra x = { .mark_in = mark, .mark_out = mark, .if_id = p->if_id };
	struct spd_entry *e =
		p->dir < XFRM_DIR_END ? find(k, &p->sel, (enum xfrm_dir)p->dir, &x) : NULL;

	return e && e->index == p->index;
}

void spd_restore(struct kernel *k)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		for (size_t i = 0; i < p->n_spd; i++)
			if (p->spd[i]->holder[p->spd[i]->n - 1].policy == p)
				restore(k, p->spd[i]);
}

void spd_done(struct kernel *k)
{
	map_done(&k->spd);
}
