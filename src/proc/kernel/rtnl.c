/* rtnetlink messages by libmnl: links, addresses, routes, rules. */
#include "proc/kernel/kernel.h"

#include "proc/link.h"
#include "proc/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

/* What Linux gives an IPv6 route without a metric (linux/ipv6_route.h). */
enum { IP6_RT_PRIO_USER = 1024 };

enum { MESSAGE_ROOM = 1024, ANSWER_ROOM = 32768, GSO_MAX_SIZE = 61440, GSO_MAX_SEGS = 60 };

static uint8_t af_of(const struct addr *a)
{
	return a->family == 6 ? AF_INET6 : AF_INET;
}

static void put_addr(struct nlmsghdr *h, uint16_t type, const struct addr *a)
{
	mnl_attr_put(h, type, addr_bytes(a).n, a->b);
}

/* The attribute of that type from a on; NULL. */
static struct nlattr *attr_in(struct nlattr *a, const char *end, uint16_t type)
{
	for (; mnl_attr_ok(a, (int)(end - (char *)a)); a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == type)
			return a;
	return NULL;
}

/* The same after the offset octets of the message's own header. */
static struct nlattr *attr_of(const struct nlmsghdr *h, size_t offset, uint16_t type)
{
	return attr_in(
		mnl_nlmsg_get_payload_offset(h, offset), mnl_nlmsg_get_payload_tail(h), type);
}

int rtnl_dump(int fd, uint16_t type, uint8_t family, int (*f)(const struct nlmsghdr *h, void *ctx),
	void *ctx)
{
	uint8_t request[MESSAGE_ROOM] = { 0 }, room[ANSWER_ROOM];
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);
	struct rtmsg *r =
		mnl_nlmsg_put_extra_header(h, sizeof(*r)); /* as large as any of the others */
	int more = MNL_CB_OK;

	r->rtm_family = family;
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return errno;
	while (more > MNL_CB_STOP) {
		ssize_t n = recv(fd, room, sizeof(room), 0);

		if (n < 0)
			return errno;
		more = mnl_cb_run(room, (size_t)n, 0, 0, f, ctx);
	}
	return more < 0 ? errno : 0;
}

static struct nlmsghdr *link_message(void *room, unsigned index, unsigned flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	h->nlmsg_type = RTM_NEWLINK;
	i->ifi_index = (int)index;
	i->ifi_flags = i->ifi_change = flags;
	return h;
}

/* Without a link-local address, which would only send multicast into the tunnel. Where IPv6 is off
 * this is refused, and not needed. */
static void no_link_local(int fd, unsigned index)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = link_message(room, index, 0);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *v6 = mnl_attr_nest_start(h, AF_INET6);

	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, v6);
	mnl_attr_nest_end(h, spec);
	link_ask(fd, h, 0);
}

/* Super-packets that still fit one UDP send (65,507 octets, 64 datagrams) when ESP has grown them.
 * Where the kernel cannot limit them, ESP sends them in two parts. */
static void limit_super_packets(int fd, unsigned index)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = link_message(room, index, 0);

	mnl_attr_put_u32(h, IFLA_GSO_MAX_SIZE, GSO_MAX_SIZE);
	mnl_attr_put_u32(h, IFLA_GSO_MAX_SEGS, GSO_MAX_SEGS);
	link_ask(fd, h, 0);
}

int rtnl_link_up(int fd, const char *name, unsigned mtu, unsigned *ret_ifindex)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	unsigned index = if_nametoindex(name);
	struct nlmsghdr *h;

	if (index == 0)
		return errno;
	no_link_local(fd, index);
	limit_super_packets(fd, index);
	h = link_message(room, index, IFF_UP);
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	*ret_ifindex = index;
	return link_ask(fd, h, 0);
}

/* ---- effects ---- */

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
	r->rtm_table = IPSEC_TABLE;
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
		mnl_attr_nest_end(h, metrics);
	}
	return link_ask(fd, h, add ? NLM_F_CREATE | NLM_F_APPEND : 0);
}

/* At IPSEC_TABLE stand the rules that lead into our table; one step before, packets that carry our
 * mark jump to the one after. An inverted match would not do: it inverts "from" as well. */
static int rule(int fd, const struct effect_key *k, bool add)
{
	uint8_t room[MESSAGE_ROOM] = { 0 };
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct fib_rule_hdr *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	struct prefix p = prefix_clean(k->prefix);
	uint32_t place = IPSEC_TABLE;

	h->nlmsg_type = add ? RTM_NEWRULE : RTM_DELRULE;
	r->family = af_of(&p.addr);
	if (k->kind == EFFECT_RULE_OURS) {
		place = IPSEC_TABLE - 1;
		r->action = FR_ACT_GOTO;
		mnl_attr_put_u32(h, FRA_GOTO, IPSEC_TABLE + 1);
		mnl_attr_put_u32(h, FRA_FWMARK, IPSEC_FWMARK);
	} else if (k->kind == EFFECT_RULE_END) {
		place = IPSEC_TABLE + 1;
		r->action = FR_ACT_NOP;
	} else {
		r->action = FR_ACT_TO_TBL;
		r->table = IPSEC_TABLE;
		r->src_len = p.bits;
		if (p.bits)
			put_addr(h, FRA_SRC, &p.addr);
		if (k->kind == EFFECT_RULE_UNBOUND)
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

static bool is_own_address(const struct nlmsghdr *h)
{
	struct nlattr *a = attr_of(h, sizeof(struct ifaddrmsg), IFA_PROTO);

	return a && mnl_attr_get_u8(a) == IPSEC_RTPROTO;
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
		.metric = number_of(h, sizeof(*r), RTA_PRIORITY) };

	if (k.kind == EFFECT_ROUTE)
		k.oif = number_of(h, sizeof(*r), RTA_OIF);
	if (k.oif == ifindex)
		k.oif = 0;
	if (r->rtm_family == AF_INET6 && k.metric == IP6_RT_PRIO_USER)
		k.metric = 0;
	if (metrics)
		mtu = attr_in(mnl_attr_get_payload(metrics),
			(const char *)metrics + mnl_attr_get_len(metrics), RTAX_MTU);
	if (mtu)
		k.mtu = (uint16_t)mnl_attr_get_u32(mtu);
	return k;
}

static struct effect_key rule_key(const struct nlmsghdr *h)
{
	const struct fib_rule_hdr *r = mnl_nlmsg_get_payload(h);
	struct effect_key k = { .kind = r->action == FR_ACT_GOTO  ? EFFECT_RULE_OURS
					: r->action == FR_ACT_NOP ? EFFECT_RULE_END
								  : EFFECT_RULE,
		.prefix = prefix_at(h, sizeof(*r), FRA_SRC, r->family, r->src_len) };

	if (attr_of(h, sizeof(*r), FRA_IIFNAME))
		k.kind = EFFECT_RULE_UNBOUND;
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

/* ---- addresses ---- */

struct addresses {
	unsigned except;
	struct buf list;
	struct interface {
		int index;
		char name[IFNAMSIZ];
	} * interface;
	size_t n;
};

static int keep_interface(const struct nlmsghdr *h, void *ctx)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct nlattr *a = attr_of(h, sizeof(*m), IFLA_IFNAME);
	struct addresses *l = ctx;
	struct interface *i;

	l->interface = xrealloc(l->interface, (l->n + 1) * sizeof(*l->interface));
	i = &l->interface[l->n++];
	*i = (struct interface){ .index = m->ifi_index };
	if (a)
		memcpy(i->name, mnl_attr_get_payload(a),
			MIN(mnl_attr_get_payload_len(a), sizeof(i->name) - 1u));
	return MNL_CB_OK;
}

static const char *interface_name(const struct addresses *l, unsigned index)
{
	for (size_t i = 0; i < l->n; i++)
		if ((unsigned)l->interface[i].index == index)
			return l->interface[i].name;
	return NULL;
}

static int keep_address(const struct nlmsghdr *h, void *ctx)
{
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	struct addresses *l = ctx;
	uint8_t one[ADDR_STR];
	struct wr w = wr_to(one, sizeof(one));
	const char *name = interface_name(l, m->ifa_index);
	struct addr a = { 0 };
	/* IFA_ADDRESS is the other end of a point-to-point link, where IFA_LOCAL is ours */
	struct nlattr *at = attr_of(h, sizeof(*m), IFA_LOCAL);

	at = at ? at : attr_of(h, sizeof(*m), IFA_ADDRESS);
	if (at)
		a = addr_from(bytes_of(mnl_attr_get_payload(at), mnl_attr_get_payload_len(at)));
	if (!addr_is_set(&a) || m->ifa_index == l->except || !name || is_own_address(h))
		return MNL_CB_OK;
	addr_put(&w, &a);
	wr_bytes(&w, bytes_of(name, IFNAMSIZ));
	l->list.p = xrealloc(l->list.p, l->list.n + w.n);
	memcpy(l->list.p + l->list.n, w.p, w.n);
	l->list.n += w.n;
	return MNL_CB_OK;
}

struct buf rtnl_addresses(int fd, unsigned except)
{
	struct addresses l = { .except = except };

	rtnl_dump(fd, RTM_GETLINK, AF_UNSPEC, keep_interface, &l);
	rtnl_dump(fd, RTM_GETADDR, AF_UNSPEC, keep_address, &l);
	free(l.interface);
	return l.list;
}

/* ---- changes ---- */

struct changes {
	unsigned ours;
	bool is_any, is_route;
};

static int on_change(const struct nlmsghdr *h, void *ctx)
{
	struct changes *c = ctx;
	const struct rtmsg *r = mnl_nlmsg_get_payload(h);
	const struct ifaddrmsg *a = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) {
		bool is_default = r->rtm_dst_len == 0 && r->rtm_protocol != IPSEC_RTPROTO;

		c->is_route = c->is_route || is_default;
		c->is_any = c->is_any || is_default;
	} else if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR) {
		c->is_any = c->is_any || a->ifa_index != c->ours;
	} else {
		c->is_any = true;
	}
	return MNL_CB_OK;
}

bool rtnl_changes(int fd, unsigned ours, bool *ret_any)
{
	struct changes c = { .ours = ours };
	uint8_t room[ANSWER_ROOM];
	ssize_t n;

	while ((n = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0 ||
		(n < 0 && errno == ENOBUFS)) {
		if (n < 0)
			c.is_any = c.is_route = true; /* some were lost */
		else
			mnl_cb_run(room, (size_t)n, 0, 0, on_change, &c);
	}
	*ret_any = c.is_any;
	return c.is_route;
}

/* ---- ways ---- */

struct way {
	unsigned oif;
	struct addr gateway;
};

static int take_way(const struct nlmsghdr *h, void *ctx)
{
	struct nlattr *oif = attr_of(h, sizeof(struct rtmsg), RTA_OIF),
		      *gateway = attr_of(h, sizeof(struct rtmsg), RTA_GATEWAY);
	struct way *w = ctx;

	if (h->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	if (oif)
		w->oif = mnl_attr_get_u32(oif);
	if (gateway)
		w->gateway = addr_from(
			bytes_of(mnl_attr_get_payload(gateway), mnl_attr_get_payload_len(gateway)));
	return MNL_CB_STOP;
}

int rtnl_route_to(int fd, const struct addr *dst, const struct addr *src, unsigned *ret_oif,
	struct addr *ret_gateway)
{
	uint8_t request[MESSAGE_ROOM] = { 0 }, room[ANSWER_ROOM];
	struct nlmsghdr *h = mnl_nlmsg_put_header(request);
	struct rtmsg *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));
	struct way w = { 0 };
	ssize_t n;

	r->rtm_family = af_of(dst);
	r->rtm_dst_len = addr_bits(dst->family);
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = UINT32_MAX; /* no other request has it */
	put_addr(h, RTA_DST, dst);
	if (addr_is_set(src)) {
		r->rtm_src_len = addr_bits(src->family);
		put_addr(h, RTA_SRC, src);
	}
	mnl_attr_put_u32(h, RTA_MARK, IPSEC_FWMARK);
	if (send(fd, h, h->nlmsg_len, 0) < 0 || (n = recv(fd, room, sizeof(room), 0)) < 0)
		return errno;
	if (mnl_cb_run(room, (size_t)n, 0, 0, take_way, &w) < 0)
		return errno;
	*ret_oif = w.oif;
	*ret_gateway = w.gateway;
	return w.oif ? 0 : ENETUNREACH;
}
