/* Devices of tunnels. One is made for the first policy that goes through it and stays until no
 * policy does and no loaded connection names it: routes that people put on it outlive a tunnel that
 * goes down. What somebody else made is used as it is, and left. */
#include "proc/kernel/kernel.h"

#include "proc/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>

enum { REFUSAL = 240, ADDRESSES_MAX = 16 };

struct device {
	struct list node; /* k->devices */
	struct link_said link;
	unsigned uses;			       /* policies */
	struct effect *address[ADDRESSES_MAX]; /* that we put there */
	size_t n_address;
};

static struct device *find(struct kernel *k, const char *name)
{
	struct device *d;

	list_each (d, &k->devices, struct device, node)
		if (strcmp(d->link.name, name) == 0)
			return d;
	return NULL;
}

static struct device *device_new(struct kernel *k)
{
	struct device *d = xalloc(sizeof(*d));

	list_append(&k->devices, &d->node);
	return d;
}

static void tell(struct kernel *k, const char *done, const struct link_said *l)
{
	char what[64] = "VTI";

	if (l->kind == LINK_XFRM)
		snprintf(what, sizeof(what), "xfrm interface, if_id %u", l->if_id);
	PROCESS_EMIT(&k->p, kernel_device, .done = ev_str(done), .name = ev_str(l->name),
		.what = ev_str(what));
}

/* ---- as it should be, and as it is ---- */

static struct link_said wanted(struct kernel *k, const struct dp_policy *p)
{
	const struct dp_device *d = &p->device;
	struct link_said l = { .kind = d->kind == DP_DEVICE_XFRM ? LINK_XFRM : LINK_VTI };
	struct addr gateway;

	snprintf(l.name, sizeof(l.name), "%s", d->name);
	if (l.kind == LINK_XFRM) {
		l.if_id = p->extra.if_id;
		(void)rtnl_route_to(k->rtnl, &p->outer_remote, &p->outer_local, &l.under, &gateway);
		return l;
	}
	l.ikey = p->extra.mark_in.value;
	l.okey = p->extra.mark_out.value;
	l.local = p->outer_local;
	if (!d->is_shared)
		l.remote = p->outer_remote;
	return l;
}

static bool end_fits(const struct addr *there, const struct addr *wanted, bool is_ours)
{
	return addr_eq(there, wanted) || (!is_ours && !addr_is_set(there));
}

static bool fits(const struct link_said *there, const struct link_said *l)
{
	if (there->kind != l->kind)
		return false;
	if (l->kind == LINK_XFRM)
		return there->if_id == l->if_id;
	return there->ikey == l->ikey && there->okey == l->okey &&
	       end_fits(&there->local, &l->local, there->is_ours) &&
	       end_fits(&there->remote, &l->remote, there->is_ours);
}

/* Is it in nobody's way when the device changes: nobody uses it, or who does is replaced. */
static bool may_change(struct kernel *k, const struct device *d, uint32_t reqid)
{
	struct policy *p;

	list_each (p, &k->policies, struct policy, node)
		if (d && p->device == d && p->reqid != reqid)
			return false;
	return true;
}

/* ---- refusals ---- */

static int refuse(struct kernel *k, int error, const struct link_said *l, const char *text)
{
	snprintf(k->why, sizeof(k->why), "%s: %s", l->name, text);
	return error;
}

static int refuse_unfit(struct kernel *k, const struct link_said *there, const struct link_said *l)
{
	char text[REFUSAL], local[ADDR_STR], remote[ADDR_STR];

	if (l->kind == LINK_XFRM)
		snprintf(text, sizeof(text), "it is no xfrm interface with if_id %u (ip -d link)",
			l->if_id);
	else if (there->is_ours)
		snprintf(text, sizeof(text), "it leads to another peer (vti-shared=yes?)");
	else
		snprintf(text, sizeof(text), "it is no VTI with ikey %u okey %u %s %s (ip -d link)",
			l->ikey, l->okey, addr_format(&l->local, local),
			addr_format(&l->remote, remote));
	return refuse(k, EEXIST, l, text);
}

static int refuse_made(struct kernel *k, int error, const struct link_said *l)
{
	char text[REFUSAL];
	bool is_xfrm = l->kind == LINK_XFRM;

	if (is_xfrm)
		snprintf(text, sizeof(text),
			"another device has if_id %u (ip -d link show type xfrm)", l->if_id);
	return refuse(k, error, l,
		error == EOPNOTSUPP && is_xfrm
			? "this kernel has no xfrm interfaces (modprobe xfrm_interface)"
		: error == EOPNOTSUPP ? "this kernel has no VTI (modprobe ip_vti ip6_vti)"
		: error != EEXIST     ? strerror(error)
		: is_xfrm	      ? text
				      : "another VTI has the same two ends, and there can be one");
}

/* ---- making ---- */

static int change(struct kernel *k, const struct link_said *l, unsigned index)
{
	uint8_t room[LINK_ROOM] = { 0 };
	struct link_said changed = *l;

	changed.index = index;
	return link_ask(k->rtnl, link_put(room, &changed), 0);
}

static int make(struct kernel *k, const struct link_said *l, struct link_said *ret)
{
	uint8_t open[LINK_ROOM] = { 0 }, up[LINK_ROOM] = { 0 }, away[LINK_ROOM] = { 0 };
	int e = link_make(k->rtnl, l);

	if (e)
		return refuse_made(k, e, l);
	if ((e = link_find(k->rtnl, l->name, ret)))
		return refuse(k, e, l, strerror(e));
	if (l->kind == LINK_VTI)
		e = link_ask(k->rtnl, link_open_put(open, ret->index), 0);
	if (!e)
		e = link_ask(k->rtnl, link_up_put(up, ret->index), 0);
	if (!e) {
		tell(k, "made", l);
		return 0;
	}
	link_ask(k->rtnl, link_del_put(away, ret->index), 0);
	return refuse(k, e, l, strerror(e));
}

/* The device in the kernel, made or found. */
static int have(struct kernel *k, const struct dp_policy *p, struct link_said *ret)
{
	uint8_t up[LINK_ROOM] = { 0 };
	struct link_said l = wanted(k, p);
	int e = link_find(k->rtnl, l.name, ret);

	if (e == ENODEV && p->device.is_unmanaged)
		return refuse(
			k, e, &l, "it is not there, and ipsec-interface-managed=no: make it first");
	if (e == ENODEV)
		return make(k, &l, ret);
	if (!e && !fits(ret, &l)) {
		if (!ret->is_ours || ret->kind != l.kind ||
			!may_change(k, find(k, l.name), p->reqid))
			return refuse_unfit(k, ret, &l);
		if ((e = change(k, &l, ret->index)))
			return refuse_made(k, e, &l);
	}
	if (!e && !ret->is_up && !ret->is_ours)
		return refuse(k, ENETDOWN, &l, "it is not ours, and down: ip link set it up first");
	if (!e && !ret->is_up)
		e = link_ask(k->rtnl, link_up_put(up, ret->index), 0);
	return e ? refuse(k, e, &l, strerror(e)) : 0;
}

static bool has_address(const struct device *d, const struct addr *a)
{
	for (size_t i = 0; i < d->n_address; i++)
		if (addr_eq(&d->address[i]->key.prefix.addr, a))
			return true;
	return false;
}

static int add_address(struct kernel *k, struct device *d, const struct prefix *p)
{
	struct effect_key key = { EFFECT_ADDRESS, .prefix = *p, .oif = d->link.index };
	int e = E2BIG;

	if (!addr_is_set(&p->addr) || has_address(d, &p->addr) || is_foreign_address(k, &p->addr))
		return 0;
	if (d->n_address < ADDRESSES_MAX)
		e = effect_use(k, &key, &d->address[d->n_address]);
	if (e)
		return refuse(k, e, &d->link, strerror(e));
	d->n_address++;
	return 0;
}

static void forget_addresses(struct kernel *k, struct device *d)
{
	while (d->n_address)
		effect_release(k, d->address[--d->n_address]);
}

int device_use(struct kernel *k, struct policy *own, const struct dp_policy *p)
{
	struct link_said there;
	struct device *d;
	int e;

	if (p->device.kind == DP_DEVICE_NONE)
		return 0;
	if ((e = have(k, p, &there)))
		return e;
	d = find(k, there.name);
	if (!d)
		d = device_new(k);
	if (d->link.index != there.index) /* it was made anew */
		forget_addresses(k, d);
	d->link = there;
	d->uses++;
	own->device = d;
	return add_address(k, d, &p->device.address);
}

unsigned device_index(const struct device *d)
{
	return d ? d->link.index : 0;
}

void device_leave(struct kernel *k, struct policy *own)
{
	if (!own->device)
		return;
	own->device->uses--;
	own->device = NULL;
	devices_sweep(k);
}

bool devices_lost(struct kernel *k)
{
	bool is_any = false;
	struct device *d;

	list_each (d, &k->devices, struct device, node) {
		struct link_said there;
		int e = link_find(k->rtnl, d->link.name, &there);

		if (!d->link.is_ours || d->uses == 0 || (!e && there.index == d->link.index) ||
			(e && e != ENODEV))
			continue;
		is_any = true;
		PROCESS_EMIT(&k->p, kernel_flushed, .what = ev_str(d->link.name),
			.what_now = ev_str("it is made anew"), .program = ev_str(""),
			.pid = ev_str(""), .unit = ev_str(""));
	}
	return is_any;
}

/* ---- going ---- */

static int take_out(int fd, unsigned index)
{
	uint8_t room[LINK_ROOM] = { 0 };

	return link_ask(fd, link_del_put(room, index), 0);
}

static void device_free(struct kernel *k, struct device *d)
{
	forget_addresses(k, d);
	if (d->link.is_ours && take_out(k->rtnl, d->link.index) == 0)
		tell(k, "removed", &d->link);
	list_remove(&d->node);
	free(d);
}

void devices_sweep(struct kernel *k)
{
	struct device *d;

	list_each (d, &k->devices, struct device, node)
		if (d->uses == 0 && !bounds_name_device(&k->bounds, d->link.name))
			device_free(k, d);
}

struct links {
	struct link_said *link;
	size_t n;
};

static int keep(const struct nlmsghdr *h, void *ctx)
{
	struct links *f = ctx;
	struct link_said l;

	if (!link_said_get(h, &l) || !l.is_ours)
		return MNL_CB_OK;
	f->link = xrealloc(f->link, (f->n + 1) * sizeof(*f->link));
	f->link[f->n++] = l;
	return MNL_CB_OK;
}

static struct links all_ours(int fd)
{
	struct links f = { 0 };

	rtnl_dump(fd, RTM_GETLINK, 0, keep, &f);
	return f;
}

/* What a connection names without using it stays, and goes with it. */
void devices_settle(struct kernel *k)
{
	struct links f = all_ours(k->rtnl);

	for (size_t i = 0; i < f.n; i++)
		if (!find(k, f.link[i].name))
			device_new(k)->link = f.link[i];
	free(f.link);
	devices_sweep(k);
}

unsigned devices_flush(int fd)
{
	struct links f = all_ours(fd);
	unsigned removed = 0;

	for (size_t i = 0; i < f.n; i++)
		removed += take_out(fd, f.link[i].index) == 0;
	free(f.link);
	return removed;
}

void devices_done(struct kernel *k)
{
	struct device *d;

	list_each (d, &k->devices, struct device, node)
		device_free(k, d);
}
