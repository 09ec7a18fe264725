/* Addresses to lend (RFC 7296 3.15, INTERNAL_IP4_ADDRESS and INTERNAL_IP6_ADDRESS). */
#include "ike/pool.h"

#include <stdlib.h>

void pools_init(struct pools *p)
{
	list_init(&p->all);
}

static void lease_free(struct lease *l)
{
	list_remove(&l->node);
	id_done(&l->id);
	free(l);
}

static void pool_free(struct pool *p)
{
	struct lease *l;

	list_each (l, &p->leases, struct lease, node)
		lease_free(l);
	list_remove(&p->node);
	free(p);
}

void pools_done(struct pools *p)
{
	struct pool *pool;

	if (!p->all.next)
		return;
	list_each (pool, &p->all, struct pool, node)
		pool_free(pool);
}

enum err pools_get(struct pools *p, const struct range *range, struct pool **ret)
{
	struct pool *pool;
	struct range common;

	list_each (pool, &p->all, struct pool, node)
		if (range_eq(&pool->range, range)) {
			*ret = pool;
			return OK;
		}
	list_each (pool, &p->all, struct pool, node)
		if (range_overlap(&pool->range, range, &common) && pool->n_lent)
			return ERR_EXISTS;
	list_each (pool, &p->all, struct pool, node)
		if (range_overlap(&pool->range, range, &common))
			pool_free(pool); /* its connection was changed */
	pool = xalloc(sizeof(*pool));
	pool->range = *range;
	list_init(&pool->leases);
	list_append(&p->all, &pool->node);
	*ret = pool;
	return OK;
}

static struct lease *by_addr(struct pool *p, const struct addr *a)
{
	struct lease *l;

	list_each (l, &p->leases, struct lease, node)
		if (addr_eq(&l->addr, a))
			return l;
	return NULL;
}

static struct lease *by_id(struct pool *p, const struct id *id)
{
	struct lease *l;

	list_each (l, &p->leases, struct lease, node)
		if (id_eq(&l->id, id))
			return l;
	return NULL;
}

/* The one that an identity has, or had. Where several may have that identity (uniqueids=no) each
 * has an address of its own, but who names its own keeps it: it authenticates again. */
static struct lease *of_id(
	struct pool *p, const struct id *id, const struct addr *wanted, bool is_unique)
{
	struct lease *l, *free_one = NULL;

	if (is_unique)
		return by_id(p, id);
	list_each (l, &p->leases, struct lease, node) {
		if (!id_eq(&l->id, id))
			continue;
		if (wanted && addr_eq(&l->addr, wanted))
			return l;
		if (l->uses == 0 && !free_one)
			free_one = l;
	}
	return free_one;
}

static struct lease *lease_new(struct pool *p, const struct addr *a)
{
	struct lease *l = xalloc(sizeof(*l));

	l->addr = *a;
	list_append(&p->leases, &l->node);
	return l;
}

/* Leases are made from the start of the range on and never forgotten, so the first address that was
 * never lent is nearly always first + number of leases. */
static struct lease *never_lent(struct pool *p)
{
	struct addr a = p->range.first;
	uint64_t n = 0;

	for (struct list *i = p->leases.next; i != &p->leases; i = i->next)
		n++;
	if (n < range_count(&p->range) && addr_add(&p->range.first, n, &a) && !by_addr(p, &a))
		return lease_new(p, &a);
	for (a = p->range.first; range_has(&p->range, &a) && n > 0; n--) {
		if (!by_addr(p, &a))
			return lease_new(p, &a);
		if (!addr_next(&a))
			break;
	}
	return NULL;
}

static struct lease *released_longest_ago(struct pool *p)
{
	struct lease *l;

	list_each (l, &p->leases, struct lease, node)
		if (l->uses == 0)
			return l;
	return NULL;
}

static void lend(struct pool *p, struct lease *l, const struct id *id, struct addr *ret)
{
	if (!id_eq(&l->id, id)) {
		id_done(&l->id);
		l->id = id_copy(id);
	}
	if (l->uses++ == 0)
		p->n_lent++;
	*ret = l->addr;
}

enum err pool_lease(struct pool *p, const struct id *id, const struct addr *wanted, bool is_unique,
	struct addr *ret)
{
	struct lease *l = of_id(p, id, wanted, is_unique);

	if (!l && wanted && range_has(&p->range, wanted)) {
		l = by_addr(p, wanted);
		if (!l)
			l = lease_new(p, wanted);
		else if (l->uses != 0)
			l = NULL;
	}
	if (!l)
		l = never_lent(p);
	if (!l)
		l = released_longest_ago(p);
	if (!l)
		return ERR_EXHAUSTED;

	lend(p, l, id, ret);
	return OK;
}

static struct pool *pool_of(struct pools *pools, const struct addr *a)
{
	struct pool *p;

	list_each (p, &pools->all, struct pool, node)
		if (range_has(&p->range, a))
			return p;
	return NULL;
}

enum err pools_lease_own(
	struct pools *pools, const struct id *id, const struct addr *own, struct addr *ret)
{
	const struct range one = range_one(own);
	struct pool *p = pool_of(pools, own);
	struct lease *l;
	enum err e;

	if (!p && (e = pools_get(pools, &one, &p)))
		return e;
	l = by_addr(p, own);
	if (!l)
		l = lease_new(p, own);
	else if (l->uses != 0 && !id_eq(&l->id, id))
		return ERR_EXHAUSTED;
	lend(p, l, id, ret);
	return OK;
}

void pool_release(struct pools *pools, const struct addr *a)
{
	struct pool *p;
	struct lease *l;

	list_each (p, &pools->all, struct pool, node) {
		if (!range_has(&p->range, a) || !(l = by_addr(p, a)) || l->uses == 0)
			continue;
		if (--l->uses == 0) {
			p->n_lent--;
			list_remove(&l->node);
			list_append(&p->leases, &l->node);
		}
		return;
	}
}
