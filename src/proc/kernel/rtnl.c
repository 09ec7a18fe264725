/* rtnetlink messages by libmnl: links, addresses, what changes, the way to a peer. */
#include "proc/kernel/rtnl.h"

#include "proc/link.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>

enum { ANSWER_ROOM = 32768, GSO_MAX_SIZE = 61440, GSO_MAX_SEGS = 60 };

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
