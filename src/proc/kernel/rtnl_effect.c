/* Effects as messages of rtnetlink: addresses, routes and rules, and those that are left over. */
#include "proc/kernel/rtnl.h"

#include "proc/link.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <stdlib.h>

/* What Linux gives an IPv6 route without a metric (linux/ipv6_route.h). */
enum { IP6_RT_PRIO_USER = 1024 };

static int address(int fd, const struct effect_key *k, unsigned ifindex, bool add)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct ifaddrmsg *a = mnl_nlmsg_put_extra_header(h, sizeof(*a));

	h->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	a->ifa_family = af_of(&k->prefix.addr);
	a->ifa_prefixlen = k->prefix.bits;
	a->ifa_index = k->oif ? k->oif : ifindex;
	a->ifa_flags = a->ifa_family == AF_INET6 ? IFA_F_NODAD : 0;
	put_addr(h, IFA_LOCAL, &k->prefix.addr);
	put_addr(h, IFA_ADDRESS, &k->prefix.addr);
	mnl_attr_put_u8(h, IFA_PROTO, IPSEC_RTPROTO); /* kernels before 5.18 do not keep it */
	return link_ask(fd, h, add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
}

static int route(int fd, const struct effect_key *k, unsigned ifindex, bool add)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	struct prefix p = prefix_clean(k->prefix);

	h->nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
	r->rtm_family = af_of(&p.addr);
	r->rtm_dst_len = p.bits;
	r->rtm_table = k->table ? k->table : IPSEC_TABLE;
	r->rtm_protocol = IPSEC_RTPROTO;
	r->rtm_scope = k->kind == EFFECT_ROUTE && !addr_is_set(&k->gateway) ? RT_SCOPE_LINK
									    : RT_SCOPE_UNIVERSE;
	r->rtm_type = k->kind == EFFECT_ROUTE	? RTN_UNICAST
		      : k->kind == EFFECT_THROW ? RTN_THROW
						: RTN_BLACKHOLE;
	put_addr(h, RTA_DST, &p.addr);
	if (k->kind == EFFECT_ROUTE)
		mnl_attr_put_u32(h, RTA_OIF, k->oif ? k->oif : ifindex);
	if (addr_is_set(&k->gateway))
		put_addr(h, RTA_GATEWAY, &k->gateway);
	if (addr_is_set(&k->source))
		put_addr(h, RTA_PREFSRC, &k->source);
	if (k->metric)
		mnl_attr_put_u32(h, RTA_PRIORITY, k->metric);
	if (k->mtu) {
		struct nlattr *metrics = mnl_attr_nest_start(h, RTA_METRICS);

		mnl_attr_put_u32(h, RTAX_MTU, k->mtu);
		if (k->table == IPSEC_TABLE_WHOLE)
			mnl_attr_put_u32(h, RTAX_LOCK, 1U << RTAX_MTU);
		mnl_attr_nest_end(h, metrics);
	}
	return link_ask(fd, h, add ? NLM_F_CREATE | NLM_F_APPEND : 0);
}

static void put_ports(struct nlmsghdr *h, uint16_t type, const uint16_t port[2])
{
	struct fib_rule_port_range range = { port[0], port[1] };

	if (port[0])
		mnl_attr_put(h, type, sizeof(range), &range);
}

static void put_flow(struct nlmsghdr *h, struct fib_rule_hdr *r, const struct effect_flow *f)
{
	if (!addr_is_set(&f->to))
		return;
	r->dst_len = addr_bits(f->to.family);
	put_addr(h, FRA_DST, &f->to);
	if (f->protocol)
		mnl_attr_put_u8(h, FRA_IP_PROTO, f->protocol);
	put_ports(h, FRA_SPORT_RANGE, f->sport);
	put_ports(h, FRA_DPORT_RANGE, f->dport);
}

static bool is_unbound(const struct effect_key *k)
{
	return k->kind == EFFECT_RULE_UNBOUND || k->kind == EFFECT_RULE_FLOW_UNBOUND;
}

/* At IPSEC_TABLE stand the rules that lead into our tables; one step before, packets that carry our
 * mark, or stay outside for another reason, jump to the one after. An inverted match would not do:
 * it inverts "from" as well. */
static int rule(int fd, const struct effect_key *k, bool add)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	struct prefix p = prefix_clean(k->prefix);
	uint32_t place = IPSEC_TABLE;

	h->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
	r->family = af_of(&p.addr);
	r->src_len = p.bits;
	if (p.bits)
		put_addr(h, FRA_SRC, &p.addr);
	put_flow(h, r, &k->flow);
	if (k->kind == EFFECT_RULE_OURS || k->kind == EFFECT_RULE_OUTSIDE) {
		place = IPSEC_TABLE - 1;
		r->action = FR_ACT_GOTO;
		mnl_attr_put_u32(h, FRA_GOTO, IPSEC_TABLE + 1);
		if (k->kind == EFFECT_RULE_OURS)
			mnl_attr_put_u32(h, FRA_FWMARK, IPSEC_FWMARK);
	} else if (k->kind == EFFECT_RULE_END) {
		place = IPSEC_TABLE + 1;
		r->action = FR_ACT_NOP;
	} else {
		r->action = FR_ACT_TO_TBL;
		r->table = k->table ? k->table : IPSEC_TABLE;
		if (is_unbound(k))
			mnl_attr_put_strz(h, FRA_IIFNAME, "lo"); /* made on this host */
		else if (r->family == AF_INET6)
			r->flags |= FIB_RULE_FIND_SADDR; /* tries which source it would choose */
	}
	mnl_attr_put_u32(h, FRA_PRIORITY, place);
	mnl_attr_put_u8(h, FRA_PROTOCOL, IPSEC_RTPROTO);
	return link_ask(fd, h, add ? NLM_F_CREATE | NLM_F_EXCL : 0);
}

int rtnl_effect(int fd, const struct effect_key *k, unsigned ifindex, bool add)
{
	switch ((enum effect_kind)k->kind) {
	case EFFECT_ADDRESS:
		return address(fd, k, ifindex, add);
	case EFFECT_ROUTE:
	case EFFECT_THROW:
	case EFFECT_BLACKHOLE:
		return route(fd, k, ifindex, add);
	case EFFECT_RULE:
	case EFFECT_RULE_UNBOUND:
	case EFFECT_RULE_OURS:
	case EFFECT_RULE_END:
	case EFFECT_RULE_FLOW:
	case EFFECT_RULE_FLOW_UNBOUND:
	case EFFECT_RULE_OUTSIDE:
		return rule(fd, k, add);
	}
	return EINVAL;
}

/* ---- leftovers ---- */

struct leftovers {
	struct nlmsghdr **message;
	size_t n;
};

/* Keeps a copy of the message when it is of ours: deleting while the kernel lists would disturb it.
 */
static void keep(struct leftovers *l, const struct nlmsghdr *h)
{
	struct nlmsghdr *copy = xalloc(h->nlmsg_len + MESSAGE_ROOM);

	memcpy(copy, h, h->nlmsg_len);
	l->message = xrealloc(l->message, (l->n + 1) * sizeof(struct nlmsghdr *));
	l->message[l->n++] = copy;
}

static int keep_route(const struct nlmsghdr *h, void *ctx)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type == RTM_NEWROUTE && r->rtm_protocol == IPSEC_RTPROTO)
		keep(ctx, h);
	return MNL_CB_OK;
}

static int keep_rule(const struct nlmsghdr *h, void *ctx)
{
	struct nlattr *a = attr_of(h, sizeof(struct fib_rule_hdr), FRA_PROTOCOL);

	if (a && mnl_attr_get_u8(a) == IPSEC_RTPROTO)
		keep(ctx, h);
	return MNL_CB_OK;
}

static int keep_own_address(const struct nlmsghdr *h, void *ctx)
{
	if (is_own_address(h))
		keep(ctx, h);
	return MNL_CB_OK;
}

static uint16_t opposite(uint16_t type)
{
	return type == RTM_NEWROUTE  ? RTM_DELROUTE
	       : type == RTM_NEWRULE ? RTM_DELRULE
				     : RTM_DELADDR;
}

static uint32_t number_of(const struct nlmsghdr *h, size_t offset, uint16_t type)
{
	struct nlattr *a = attr_of(h, offset, type);

	return a ? mnl_attr_get_u32(a) : 0;
}

static struct addr addr_at(const struct nlmsghdr *h, size_t offset, uint16_t type)
{
	struct nlattr *a = attr_of(h, offset, type);

	return a ? addr_from(bytes_of(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)))
		 : (struct addr){ 0 };
}

static struct prefix prefix_at(
	const struct nlmsghdr *h, size_t offset, uint16_t type, uint8_t family, uint8_t bits)
{
	struct addr a = addr_at(h, offset, type);

	if (!addr_is_set(&a)) /* of only zeroes: not told */
		a = (struct addr){ .family = family == AF_INET6 ? 6 : 4 };
	return (struct prefix){ a, bits };
}

/* Of struct effect_key. */
static uint8_t table_of(uint8_t table)
{
	return table == IPSEC_TABLE ? 0 : table;
}

static struct nlattr *metric_in(struct nlattr *metrics, uint16_t type)
{
	return attr_in(mnl_attr_get_payload(metrics),
		(const char *)metrics + mnl_attr_get_len(metrics), type);
}

static struct effect_key route_key(const struct nlmsghdr *h, unsigned ifindex)
{
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	struct nlattr *metrics = attr_of(h, sizeof(*r), RTA_METRICS), *mtu = NULL;
	struct effect_key k = { .kind = r->rtm_type == RTN_THROW       ? EFFECT_THROW
					: r->rtm_type == RTN_BLACKHOLE ? EFFECT_BLACKHOLE
								       : EFFECT_ROUTE,
		.prefix = prefix_at(h, sizeof(*r), RTA_DST, r->rtm_family, r->rtm_dst_len),
		.source = addr_at(h, sizeof(*r), RTA_PREFSRC),
		.gateway = addr_at(h, sizeof(*r), RTA_GATEWAY),
		.metric = number_of(h, sizeof(*r), RTA_PRIORITY),
		.table = table_of(r->rtm_table) };

	if (k.kind == EFFECT_ROUTE)
		k.oif = number_of(h, sizeof(*r), RTA_OIF);
	if (k.oif == ifindex)
		k.oif = 0;
	if (r->rtm_family == AF_INET6 && k.metric == IP6_RT_PRIO_USER)
		k.metric = 0;
	if (metrics)
		mtu = metric_in(metrics, RTAX_MTU);
	if (mtu)
		k.mtu = (uint16_t)mnl_attr_get_u32(mtu);
	return k;
}

static void ports_at(const struct nlmsghdr *h, uint16_t type, uint16_t ret[2])
{
	struct nlattr *a = attr_of(h, sizeof(struct fib_rule_hdr), type);
	struct fib_rule_port_range range;

	if (!a || mnl_attr_get_payload_len(a) < sizeof(range))
		return;
	memcpy(&range, mnl_attr_get_payload(a), sizeof(range));
	ret[0] = range.start;
	ret[1] = range.end;
}

static struct effect_key rule_key(const struct nlmsghdr *h)
{
	const struct fib_rule_hdr *r = mnl_nlmsg_get_payload(h);
	struct nlattr *protocol = attr_of(h, sizeof(*r), FRA_IP_PROTO);
	bool is_unbound = attr_of(h, sizeof(*r), FRA_IIFNAME) != NULL, has_flow = r->dst_len != 0;
	struct effect_key k = { .kind = EFFECT_RULE,
		.prefix = prefix_at(h, sizeof(*r), FRA_SRC, r->family, r->src_len),
		.flow.to = addr_at(h, sizeof(*r), FRA_DST),
		.flow.protocol = protocol ? mnl_attr_get_u8(protocol) : 0 };

	ports_at(h, FRA_SPORT_RANGE, k.flow.sport);
	ports_at(h, FRA_DPORT_RANGE, k.flow.dport);
	if (r->action == FR_ACT_GOTO) {
		k.kind = has_flow ? EFFECT_RULE_OUTSIDE : EFFECT_RULE_OURS;
	} else if (r->action == FR_ACT_NOP) {
		k.kind = EFFECT_RULE_END;
	} else {
		k.table = table_of(r->table);
		if (has_flow)
			k.kind = is_unbound ? EFFECT_RULE_FLOW_UNBOUND : EFFECT_RULE_FLOW;
		else if (is_unbound)
			k.kind = EFFECT_RULE_UNBOUND;
	}
	return k;
}

static struct effect_key address_key(const struct nlmsghdr *h, unsigned ifindex)
{
	const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);

	return (struct effect_key){ .kind = EFFECT_ADDRESS,
		.prefix = prefix_at(h, sizeof(*a), IFA_ADDRESS, a->ifa_family, a->ifa_prefixlen),
		.oif = a->ifa_index == ifindex ? 0 : a->ifa_index };
}

/* Of what rtnl_effect() has done. */
static struct effect_key key_of(const struct nlmsghdr *h, unsigned ifindex)
{
	return h->nlmsg_type == RTM_NEWROUTE  ? route_key(h, ifindex)
	       : h->nlmsg_type == RTM_NEWRULE ? rule_key(h)
					      : address_key(h, ifindex);
}

unsigned rtnl_flush(int fd, struct kernel *k)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct leftovers l = { 0 };
	unsigned removed = 0;

	for (size_t i = 0; i < COUNT(families); i++) {
		rtnl_dump(fd, RTM_GETROUTE, families[i], keep_route, &l);
		rtnl_dump(fd, RTM_GETRULE, families[i], keep_rule, &l);
		rtnl_dump(fd, RTM_GETADDR, families[i], keep_own_address, &l);
	}
	for (size_t i = 0; i < l.n; i++) {
		struct nlmsghdr *h = l.message[i];
		struct effect_key key = key_of(h, k ? k->ifindex : 0);

		if (k && effects_have(k, &key)) {
			free(h);
			continue;
		}
		h->nlmsg_type = opposite(h->nlmsg_type);
		h->nlmsg_pid = 0;
		removed += link_ask(fd, h, 0) == 0;
		free(h);
	}
	free(l.message);
	return removed;
}
