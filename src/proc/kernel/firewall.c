/* What a policy needs of the host's packet filter is in place before the policy is: then no packet
 * goes without it, and no flow begins with a wrong source address, which it would keep. The
 * programs are the parent's. */
#include "proc/kernel/kernel.h"

#include "proc/names.h"

#include <stdlib.h>

struct held {
	struct list node; /* k->held */
	uint32_t number;  /* that the parent answers with */
	uint32_t ask;	  /* that ike waits for */
	struct dp_policy policy;
};

static void held_free(struct held *h)
{
	list_remove(&h->node);
	free(h);
}

static void ask_parent(struct kernel *k, uint32_t number, const struct dp_policy *p)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);
	uint16_t mtu = p->mtu || k->has_plane ? p->mtu : TUN_MTU;

	ts_list_put(&w, &p->ts_local);
	ts_list_put(&w, &p->ts_remote);
	LINE_SEND(&k->p.line[WHO_PARENT], filter, .number = number, .reqid = p->reqid, .add = 1,
		.is_up = p->action == DP_PROTECT, .mss = p->mss, .exempt = p->exempt, .mtu = mtu,
		.overhead = p->overhead, .remote = p->outer_remote,
		.interface = p->device.kind ? p->device.name
			     : k->has_plane ? ""
					    : TUN_NAME,
		.ts = wr_view(&w));
	free(room);
}

/* One that still waits was for nothing: it is replaced, or gone. */
static void drop(struct kernel *k, uint32_t reqid)
{
	struct held *h;

	list_each (h, &k->held, struct held, node)
		if (reqid == 0 || h->policy.reqid == reqid) {
			policy_answer(k, h->ask, OK, "");
			held_free(h);
		}
}

void firewall_before(struct kernel *k, uint32_t ask, const struct dp_policy *p)
{
	struct held *h;

	drop(k, p->reqid);
	if (p->action != DP_PROTECT && p->action != DP_TRAP) {
		firewall_del(k, p->reqid);
		policy_install(k, ask, p);
		return;
	}
	policy_adopted(k, p->reqid); /* it is asked for again, and will be replaced */
	h = xalloc(sizeof(*h));
	h->number = ++k->last_held;
	h->ask = ask;
	h->policy = *p;
	list_append(&k->held, &h->node);
	ask_parent(k, h->number, p);
}

void firewall_take(struct kernel *k, uint32_t number)
{
	struct held *h;

	list_each (h, &k->held, struct held, node)
		if (h->number == number) {
			policy_install(k, h->ask, &h->policy);
			held_free(h);
			settle(k);
			return;
		}
}

void firewall_del(struct kernel *k, uint32_t reqid)
{
	drop(k, reqid);
	settle(k);
	LINE_SEND(&k->p.line[WHO_PARENT], filter, .reqid = reqid);
}

void firewall_unasked(struct kernel *k)
{
	struct held *h;

	list_each (h, &k->held, struct held, node)
		h->ask = 0;
}

void firewall_done(struct kernel *k)
{
	struct held *h;

	list_each (h, &k->held, struct held, node)
		held_free(h);
}
