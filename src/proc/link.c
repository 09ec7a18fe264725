/* Devices of tunnels: see link.h. Attributes come in the order of iproute2, whose messages are the
 * test's, but for the flag of nested ones. */
#include "proc/link.h"

#include "proc/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* ---- messages ---- */

static struct nlmsghdr *message(void *room, uint16_t type, unsigned index)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);
	struct ifinfomsg *i = mnl_nlmsg_put_extra_header(h, sizeof(*i));

	h->nlmsg_type = type;
	i->ifi_index = (int)index;
	return h;
}

static const char *kind_name(const struct link_said *l)
{
	return l->kind == LINK_XFRM ? "xfrm" : l->local.family == 6 ? "vti6" : "vti";
}

static void put_addr(struct nlmsghdr *h, uint16_t type, const struct addr *a, uint8_t family)
{
	mnl_attr_put(h, type, family == 6 ? 16 : 4, a->b); /* all zero: any */
}

static void put_vti(struct nlmsghdr *h, const struct link_said *l)
{
	mnl_attr_put_u32(h, IFLA_VTI_IKEY, htonl(l->ikey));
	mnl_attr_put_u32(h, IFLA_VTI_OKEY, htonl(l->okey));
	put_addr(h, IFLA_VTI_LOCAL, &l->local, l->local.family);
	put_addr(h, IFLA_VTI_REMOTE, &l->remote, l->local.family);
	mnl_attr_put_u32(h, IFLA_VTI_FWMARK, 0);
}

/* The group goes with the very message that makes it: no moment when it is there and not known to
 * be ours. */
struct nlmsghdr *link_put(void *room, const struct link_said *l)
{
	struct nlmsghdr *h = message(room, RTM_NEWLINK, l->index);
	struct nlattr *info, *data;

	if (!l->index) {
		mnl_attr_put_u32(h, IFLA_GROUP, IPSEC_GROUP);
		mnl_attr_put_strz(h, IFLA_IFNAME, l->name);
	}
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_str(h, IFLA_INFO_KIND, kind_name(l));
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	if (l->kind == LINK_XFRM) {
		mnl_attr_put_u32(h, IFLA_XFRM_IF_ID, l->if_id);
		if (l->under)
			mnl_attr_put_u32(h, IFLA_XFRM_LINK, l->under);
	} else {
		put_vti(h, l);
	}
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return h;
}

struct nlmsghdr *link_up_put(void *room, unsigned index)
{
	struct nlmsghdr *h = message(room, RTM_NEWLINK, index);
	struct ifinfomsg *i = mnl_nlmsg_get_payload(h);

	i->ifi_flags = i->ifi_change = IFF_UP;
	return h;
}

struct nlmsghdr *link_open_put(void *room, unsigned index)
{
	struct nlmsghdr *h = message(room, RTM_NEWLINK, index);
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	struct nlattr *v4 = mnl_attr_nest_start(h, AF_INET);
	struct nlattr *conf = mnl_attr_nest_start(h, IFLA_INET_CONF);

	mnl_attr_put_u32(h, IPV4_DEVCONF_NOPOLICY, 1);
	mnl_attr_put_u32(h, IPV4_DEVCONF_RP_FILTER, 0);
	mnl_attr_nest_end(h, conf);
	mnl_attr_nest_end(h, v4);
	mnl_attr_nest_end(h, spec);
	return h;
}

struct nlmsghdr *link_del_put(void *room, unsigned index)
{
	return message(room, RTM_DELLINK, index);
}

struct nlmsghdr *link_get_put(void *room, const char *name)
{
	struct nlmsghdr *h = message(room, RTM_GETLINK, 0);

	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return h;
}

/* ---- what the kernel says ---- */

static uint32_t u32_of(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) == 4 ? mnl_attr_get_u32(a) : 0;
}

/* Which is none when it is any. */
static struct addr addr_of(const struct nlattr *a)
{
	static const uint8_t any[16];
	struct bytes b = bytes_of(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));

	if (b.n <= sizeof(any) && memcmp(b.p, any, b.n) == 0)
		b.n = 0;
	return addr_from(b);
}

static int data_get(const struct nlattr *a, void *ctx)
{
	uint16_t type = mnl_attr_get_type(a);
	struct link_said *ret = ctx;

	if (ret->kind == LINK_XFRM) {
		if (type == IFLA_XFRM_IF_ID)
			ret->if_id = u32_of(a);
		else if (type == IFLA_XFRM_LINK)
			ret->under = u32_of(a);
	} else if (type == IFLA_VTI_IKEY) {
		ret->ikey = ntohl(u32_of(a));
	} else if (type == IFLA_VTI_OKEY) {
		ret->okey = ntohl(u32_of(a));
	} else if (type == IFLA_VTI_LOCAL) {
		ret->local = addr_of(a);
	} else if (type == IFLA_VTI_REMOTE) {
		ret->remote = addr_of(a);
	}
	return MNL_CB_OK;
}

static bool is_kind(const struct nlattr *a, const char *kind)
{
	const char *s = mnl_attr_get_payload(a);
	size_t n = mnl_attr_get_payload_len(a);

	return strnlen(s, n) == strlen(kind) && memcmp(s, kind, strlen(kind)) == 0;
}

static int info_get(const struct nlattr *a, void *ctx)
{
	uint16_t type = mnl_attr_get_type(a);
	struct link_said *ret = ctx;

	if (type == IFLA_INFO_KIND)
		ret->kind = is_kind(a, "xfrm")			      ? LINK_XFRM
			    : is_kind(a, "vti") || is_kind(a, "vti6") ? LINK_VTI
								      : LINK_OTHER;
	else if (type == IFLA_INFO_DATA && ret->kind != LINK_OTHER)
		return mnl_attr_parse_nested(a, data_get, ret);
	return MNL_CB_OK;
}

static int attr_get(const struct nlattr *a, void *ctx)
{
	uint16_t type = mnl_attr_get_type(a);
	struct link_said *ret = ctx;

	if (type == IFLA_IFNAME)
		memcpy(ret->name, mnl_attr_get_payload(a),
			MIN(mnl_attr_get_payload_len(a), sizeof(ret->name) - 1u));
	else if (type == IFLA_GROUP)
		ret->is_ours = u32_of(a) == IPSEC_GROUP;
	else if (type == IFLA_LINKINFO)
		return mnl_attr_parse_nested(a, info_get, ret);
	return MNL_CB_OK;
}

bool link_said_get(const struct nlmsghdr *h, struct link_said *ret)
{
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);

	*ret = (struct link_said){ 0 };
	if (h->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return false;
	ret->index = (unsigned)m->ifi_index;
	ret->is_up = (m->ifi_flags & IFF_UP) != 0;
	mnl_attr_parse(h, sizeof(*m), attr_get, ret);
	ret->is_ours = ret->is_ours && ret->kind != LINK_OTHER;
	return true;
}

/* ---- talking ---- */

static uint32_t next_seq(void)
{
	static uint32_t seq; /* answers of a request that timed out are not the next one's */

	return ++seq;
}

/* Sends h and takes its answer: a message of that kind goes to f, an error is given. */
static int ask(int fd, struct nlmsghdr *h, bool (*f)(const struct nlmsghdr *, struct link_said *),
	struct link_said *ret)
{
	uint8_t room[LINK_ANSWER_ROOM];

	h->nlmsg_seq = next_seq();
	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return errno;
	for (;;) {
		ssize_t n = recv(fd, room, sizeof(room), 0);
		int left = (int)n;

		if (n < 0 && errno != EINTR)
			return errno;
		for (struct nlmsghdr *a = (void *)room; n > 0 && mnl_nlmsg_ok(a, left);
			a = mnl_nlmsg_next(a, &left)) {
			if (a->nlmsg_seq != h->nlmsg_seq)
				continue;
			if (a->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)mnl_nlmsg_get_payload(a))->error;
			if (f && f(a, ret))
				return 0;
		}
	}
}

int link_ask(int fd, struct nlmsghdr *h, uint16_t flags)
{
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	return ask(fd, h, NULL, NULL);
}

int link_find(int fd, const char *name, struct link_said *ret)
{
	uint8_t room[LINK_ROOM] = { 0 };
	struct nlmsghdr *h = link_get_put(room, name);

	h->nlmsg_flags = NLM_F_REQUEST;
	return ask(fd, h, link_said_get, ret);
}

int link_make(int fd, const struct link_said *l)
{
	uint8_t room[LINK_ROOM] = { 0 };

	return link_ask(fd, link_put(room, l), NLM_F_CREATE | NLM_F_EXCL);
}

/* ---- probing ---- */

static int probe(int fd, struct link_said *l)
{
	uint8_t room[LINK_ROOM] = { 0 };
	struct link_said there = { 0 };
	int e;

	if ((e = link_find(fd, "lo", &there)))
		return e;
	l->under = there.index; /* Linux 4.19 wants one */
	if ((e = link_make(fd, l)) || (e = link_find(fd, l->name, &there)))
		return e;
	return link_ask(fd, link_del_put(room, there.index), 0);
}

int link_probe(enum link_kind kind)
{
	struct link_said l = { .name = "ipsec-probe",
		.kind = (uint8_t)kind,
		.if_id = IPSEC_GROUP,
		.ikey = IPSEC_GROUP,
		.okey = IPSEC_GROUP,
		.local = addr_v4(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 3 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), e;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	e = probe(fd, &l);
	close(fd);
	return e == EEXIST ? 0 : e; /* another one of ours is at it: it can */
}
