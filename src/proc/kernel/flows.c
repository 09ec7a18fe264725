/* Transport mode with our own ESP: of what goes to the peer's address only the flows of the
 * selectors go into ipsec0. Rules name them, and lead to tables that nothing else is led to: a
 * route to the peer in the tunnels' table would take what other hosts send there as well.
 *
 * IP packets are protected whole (RFC 4303 3.1.1), so they must not be cut on their way to the
 * device. TCP is told its size by the device's MTU and by ICMP, as in a tunnel; all else has a
 * route with a locked MTU of its own, and ESP is cut outside.
 *
 * IKE and ESP between the two hosts have a rule of their own besides the mark of our sockets: the
 * system asks rules for the way back of what comes in, which has no mark, and with rp_filter=1
 * drops what did not come from there. It does so with fragments of ESP in UDP, whose ports it does
 * not see: they need rp_filter=2. */
#include "proc/kernel/kernel.h"

#include "proc/names.h"

#include <errno.h>
#include <netinet/in.h>

enum { WHOLE_MTU = 65520 /* the largest that Linux takes */, PORT_END = 65534 /* of a rule */ };

struct flows {
	struct kernel *k;
	struct policy *own;
	struct prefix from, to;
	uint16_t mtu;
	bool is_v4;
};

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

static void set_ports(const struct ts *t, uint16_t ret[2])
{
	bool is_any = t->port_first == 0 && t->port_last == UINT16_MAX;

	if (is_any ||
		t->port_first > t->port_last) /* "opaque": of fragments, which are whole here */
		return;
	ret[0] = MAX(t->port_first, (uint16_t)1);
	ret[1] = MIN(MAX(t->port_last, ret[0]), (uint16_t)PORT_END);
}

static int outside(struct flows *f, uint8_t protocol, uint16_t port)
{
	struct effect_key key = { EFFECT_RULE_OUTSIDE, .prefix = f->from,
		.flow = { f->to.addr, protocol, { port, port }, { 0 } } };

	return policy_use(f->k, f->own, &key);
}

/* What all connections between the two hosts share. */
static int add_base(struct flows *f)
{
	struct prefix all = { { .family = f->from.addr.family }, 0 };
	int error;

	if ((error = policy_use(f->k, f->own, &(struct effect_key){ EFFECT_RULE_END, all })) ||
		(error = policy_use(f->k, f->own, &(struct effect_key){ EFFECT_RULE_OURS, all })) ||
		(error = outside(f, IPPROTO_ESP, 0)) || (error = outside(f, IPPROTO_UDP, 500)))
		return error;
	return outside(f, IPPROTO_UDP, 4500);
}

/* The route, then what leads to it. A program that has not chosen a source gets ours. */
static int add_flow(struct flows *f, uint8_t table, const struct effect_flow *flow)
{
	struct effect_key key = { EFFECT_ROUTE, .prefix = f->to, .source = f->from.addr,
		.mtu = table == IPSEC_TABLE_WHOLE ? WHOLE_MTU : f->mtu, .table = table };
	int error = policy_use(f->k, f->own, &key);

	if (error)
		return error;
	key = (struct effect_key){ EFFECT_RULE_FLOW, f->from, .table = table, .flow = *flow };
	error = policy_use(f->k, f->own, &key);
	if (error || !f->is_v4)
		return error;
	key.kind = EFFECT_RULE_FLOW_UNBOUND;
	key.prefix = (struct prefix){ { .family = 4 }, 32 };
	return policy_use(f->k, f->own, &key);
}

static int add_pair(struct flows *f, const struct ts *local, const struct ts *remote)
{
	struct effect_flow flow = { f->to.addr, MAX(local->protocol, remote->protocol), { 0 },
		{ 0 } };
	int error = add_base(f);

	if (error)
		return error;
	if (flow.protocol == 0) {
		struct effect_flow tcp = { f->to.addr, IPPROTO_TCP, { 0 }, { 0 } };

		error = add_flow(f, IPSEC_TABLE_TCP, &tcp);
		return error ? error : add_flow(f, IPSEC_TABLE_WHOLE, &flow);
	}
	if (has_ports(flow.protocol)) {
		set_ports(local, flow.sport);
		set_ports(remote, flow.dport);
	}
	return add_flow(
		f, flow.protocol == IPPROTO_TCP ? IPSEC_TABLE_TCP : IPSEC_TABLE_WHOLE, &flow);
}

int flows_add(
	struct kernel *k, struct policy *own, const struct dp_policy *p, const char **ret_what)
{
	int error = 0;
	bool found = false;

	*ret_what = "the routes and rules of transport mode";
	for (size_t i = 0; i < p->ts_local.n && !error; i++)
		for (size_t j = 0; j < p->ts_remote.n && !error; j++) {
			const struct ts *l = &p->ts_local.ts[i], *r = &p->ts_remote.ts[j];
			uint8_t family = l->range.first.family;
			struct flows f = { k, own, { l->range.first, addr_bits(family) },
				{ r->range.first, addr_bits(family) }, p->mtu, family == 4 };

			/* the two hosts alone: other packets are not taken (esp/output.c) */
			if (!addr_eq(&l->range.first, &p->outer_local) ||
				!addr_eq(&r->range.first, &p->outer_remote))
				continue;
			found = true;
			error = add_pair(&f, l, r);
		}
	return found ? error : EADDRNOTAVAIL;
}
