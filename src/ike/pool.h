#pragma once
/* Addresses to lend (addresspool=). Two connections with the same range share one pool. A lease is
 * sticky: an identity that comes back gets the address it had, as long as nobody else needed it. */
#include "base/list.h"
#include "ipsec/id.h"

struct pools {
	struct list all; /* of struct pool */
};

struct pool {
	struct list node;
	struct range range;
	struct list leases; /* least recently released first */
	uint64_t n_lent;    /* in use now */
};

struct lease {
	struct list node;
	struct addr addr;
	struct id id;
	unsigned uses; /* 0: free, but remembered */
};

void pools_init(struct pools *p);
void pools_done(struct pools *p);
/* The pool of that range, made when it is new. Another one that overlaps it without being it gives
 * way (its connection has another range now), or ERR_EXISTS: somebody has an address of that. */
enum err must_use pools_get(struct pools *p, const struct range *range, struct pool **ret);
/* An address for id: the one it has, the one it had, a new one, the one released longest ago.
 * wanted (or none) is given when it is free and in range. is_unique (uniqueids=yes): two leases of
 * one identity are the same address; else only for who names it. ERR_EXHAUSTED: all are in use. */
enum err must_use pool_lease(struct pool *p, const struct id *id, const struct addr *wanted,
	bool is_unique, struct addr *ret);
/* That very address and no other, for a user who has one of its own (/etc/ipsec.d/passwd); outside
 * of the pools of all connections it is a pool itself. ERR_EXHAUSTED: somebody else has it. */
enum err must_use pools_lease_own(
	struct pools *p, const struct id *id, const struct addr *own, struct addr *ret);
/* One use less of that address. */
void pool_release(struct pools *p, const struct addr *a);
