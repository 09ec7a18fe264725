/* Policies are held against loaded connections: see bounds.h. */
#include "proc/kernel/bounds.h"

#include <stdlib.h>

struct bound {
	struct list node;
	struct conf_conn *conn;
};

void bounds_init(struct bounds *b)
{
	list_init(&b->conns);
	names_init(&b->names, 0);
}

static void bound_free(struct bounds *b, struct bound *i)
{
	names_del(&b->names, i->conn->name, strlen(i->conn->name), i);
	list_remove(&i->node);
	conf_conn_free(i->conn);
	free(i);
}

void bounds_done(struct bounds *b)
{
	struct bound *i;

	list_each (i, &b->conns, struct bound, node)
		bound_free(b, i);
	names_done(&b->names);
}

void bounds_del(struct bounds *b, const char *name)
{
	struct bound *i = names_get(&b->names, name, 0);

	if (i)
		bound_free(b, i);
}

void bounds_add_take(struct bounds *b, struct conf_conn *conn_take)
{
	struct bound *i = xalloc(sizeof(*i));

	bounds_del(b, conn_take->name);
	i->conn = conn_take;
	list_append(&b->conns, &i->node);
	names_add(&b->names, conn_take->name, strlen(conn_take->name), i);
}

/* An end without a subnet is one host: itself, or the address that it is leased. */
static bool range_allowed(const struct range *r, const struct conf_end *e)
{
	bool is_host = e->subnet.n == 0 || e->modecfgclient || e->n_pool || e->n_sourceip;

	for (size_t i = 0; i < e->subnet.n; i++)
		if (range_covers(&e->subnet.ts[i].range, r))
			return true;
	for (size_t i = 0; i < e->n_pool; i++)
		if (range_covers(&e->pool[i], r))
			return true;
	return is_host && addr_eq(&r->first, &r->last);
}

static bool ts_allowed(const struct ts_list *l, const struct conf_end *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!range_allowed(&l->ts[i].range, e))
			return false;
	return l->n != 0;
}

static bool device_allowed(
	const struct conf_conn *c, const struct conf_end *ours, const struct dp_policy *p)
{
	const struct prefix *address = c->if_id ? &ours->interface_ip : &ours->vti;
	char name[CONF_DEVICE_NAME];

	if (!conf_device_name(c, name))
		return p->device.kind == DP_DEVICE_NONE && p->extra.if_id == 0;
	return p->device.kind == (c->if_id ? DP_DEVICE_XFRM : DP_DEVICE_VTI) &&
	       strcmp(p->device.name, name) == 0 && p->extra.if_id == c->if_id &&
	       p->device.address.bits == address->bits &&
	       addr_eq(&p->device.address.addr, &address->addr);
}

static bool covers(const struct conf_conn *c, bool ours_is_left, const struct dp_policy *p)
{
	const struct conf_end *ours = ours_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = ours_is_left ? &c->right : &c->left;

	return ts_allowed(&p->ts_local, ours) && ts_allowed(&p->ts_remote, theirs) &&
	       device_allowed(c, ours, p);
}

bool bounds_allow(const struct bounds *b, const struct dp_policy *p)
{
	struct bound *i;

	list_each (i, &b->conns, struct bound, node) {
		const struct conf_conn *c = i->conn;
		bool left = !c->oriented || c->local_is_left,
		     right = !c->oriented || !c->local_is_left;

		if ((left && covers(c, true, p)) || (right && covers(c, false, p)))
			return true;
	}
	return false;
}

bool bounds_name_device(const struct bounds *b, const char *name)
{
	char device[CONF_DEVICE_NAME];
	struct bound *i;

	list_each (i, &b->conns, struct bound, node)
		if (conf_device_name(i->conn, device) && strcmp(device, name) == 0)
			return true;
	return false;
}
