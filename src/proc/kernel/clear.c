/* What becomes of a tunnel's traffic when its last policy goes: does a way lead it out as it is? */
#include "proc/kernel/kernel.h"

enum { LOOPBACK_IFINDEX = 1 }; /* in every network namespace (net/net_namespace.h) */

/* Another policy of ours has all that this one had: a trap, a wider tunnel, or one that drops. */
static bool is_covered(struct kernel *k, const struct dp_policy *gone)
{
	struct dp_policy dp;
	struct policy *p;

	list_each (p, &k->policies, struct policy, node) {
		policy_decode(p, &dp);
		if (dp.action != DP_PASS && ts_list_covers(&dp.ts_local, &gone->ts_local) &&
			ts_list_covers(&dp.ts_remote, &gone->ts_remote))
			return true;
	}
	return false;
}

/* The first host of it; of everything, what is as far away as the peer. */
static struct addr somebody_in(const struct range *r, const struct addr *peer)
{
	struct prefix p;
	struct addr a = r->first;

	if (range_is_prefix(r, &p) && p.bits == 0)
		return *peer;
	if (range_count(r) > 1)
		addr_add(&r->first, 1, &a);
	return a;
}

void clear_tell(struct kernel *k, const struct dp_policy *gone)
{
	struct dp_notice n = { .kind = DP_CLEAR, .reqid = gone->reqid };
	struct addr to, none = { 0 };
	unsigned oif = 0;

	if ((gone->action != DP_PROTECT && gone->action != DP_TRAP) || !gone->ts_local.n ||
		!gone->ts_remote.n || is_covered(k, gone))
		return;
	n.ts_local = gone->ts_local.ts[0];
	n.ts_remote = gone->ts_remote.ts[0];
	to = somebody_in(&n.ts_remote.range, &gone->outer_remote);
	if (addr_is_set(&to) && rtnl_route_to(k->rtnl, &to, &none, &oif, &n.remote.addr) == 0 &&
		oif != LOOPBACK_IFINDEX && oif != k->ifindex)
		plane_tell(k, &n);
}
