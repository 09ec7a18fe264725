/* Connection tracking: a flow that was translated when it began is translated until its entry goes,
 * whatever the rules say since (nf_conntrack over netlink, read once, with bounds). */
#include "cmd/local.h"
#include "dataplane/xfrm/nl.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ROOM = 32 << 10, READ_MAX = 1 << 18, SAY_MAX = 8, ALIVE = 600 /* seconds */ };

struct tuple {
	struct addr src, dst;
	uint16_t sport, dport;
	uint8_t protocol;
};

struct entry {
	struct tuple orig, reply;
	uint32_t status, timeout;
	uint8_t tcp_state;
};

struct reading {
	const struct local *l;
	unsigned read, said;
	unsigned tcp_timeout; /* of an established connection that has just had a packet; 0 */
};

/* ---- attributes ---- */

enum { ATTRS_MAX = 64 };
struct attrs {
	struct bytes a[ATTRS_MAX]; /* none: it is not there */
};

static struct attrs attrs_of(struct rd r)
{
	struct attrs all = { { BYTES_NONE } };
	struct bytes v;
	uint16_t type;

	while (nl_attr_next(&r, &type, &v))
		if (type < ATTRS_MAX)
			all.a[type] = v;
	return all;
}

static struct addr addr_of(const struct attrs *ip, unsigned v4, unsigned v6)
{
	struct bytes b = ip->a[v4].n == 4 ? ip->a[v4] : ip->a[v6];

	return b.n == 4 || b.n == 16 ? addr_from(b) : (struct addr){ 0 };
}

static uint8_t octet_of(struct bytes b)
{
	struct rd r = rd_from(b);

	return rd_u8(&r);
}

static uint16_t port_of(struct bytes b)
{
	struct rd r = rd_from(b);

	return rd_u16(&r);
}

static uint32_t number_of(struct bytes b)
{
	struct rd r = rd_from(b);

	return rd_u32(&r);
}

static struct tuple tuple_of(struct bytes nest)
{
	struct attrs t = attrs_of(rd_from(nest)), ip = attrs_of(rd_from(t.a[CTA_TUPLE_IP])),
		     proto = attrs_of(rd_from(t.a[CTA_TUPLE_PROTO]));

	return (struct tuple){ .src = addr_of(&ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC),
		.dst = addr_of(&ip, CTA_IP_V4_DST, CTA_IP_V6_DST),
		.sport = port_of(proto.a[CTA_PROTO_SRC_PORT]),
		.dport = port_of(proto.a[CTA_PROTO_DST_PORT]),
		.protocol = octet_of(proto.a[CTA_PROTO_NUM]) };
}

static struct entry entry_of(struct rd body)
{
	struct attrs all, info, tcp;
	struct nfgenmsg head;

	nl_struct(&body, &head, sizeof(head));
	all = attrs_of(body);
	info = attrs_of(rd_from(all.a[CTA_PROTOINFO]));
	tcp = attrs_of(rd_from(info.a[CTA_PROTOINFO_TCP]));
	return (struct entry){ .orig = tuple_of(all.a[CTA_TUPLE_ORIG]),
		.reply = tuple_of(all.a[CTA_TUPLE_REPLY]),
		.status = number_of(all.a[CTA_STATUS]),
		.timeout = number_of(all.a[CTA_TIMEOUT]),
		.tcp_state = octet_of(tcp.a[CTA_PROTOINFO_TCP_STATE]) };
}

/* ---- what takes packets out of the tunnel ---- */

static bool is_inside(const struct local *l, const struct addr *src, const struct addr *dst)
{
	return ts_list_has(&l->what->our_nets, 0, src, 0) &&
	       ts_list_has(&l->what->their_nets, 0, dst, 0);
}

/* A connection of TCP is remembered for days after its ends are gone. */
static bool is_alive(const struct reading *r, const struct entry *e)
{
	if (e->orig.protocol != IPPROTO_TCP || e->tcp_state < TCP_CONNTRACK_ESTABLISHED)
		return true;
	return e->tcp_state == TCP_CONNTRACK_ESTABLISHED && e->timeout + ALIVE > r->tcp_timeout;
}

static const char *protocol_name(uint8_t protocol, char *t, size_t n)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "ICMP";
	}
	snprintf(t, n, "protocol %u", protocol);
	return t;
}

static void say(const struct reading *r, const struct entry *e)
{
	char from[ADDR_STR], to[ADDR_STR], as_from[ADDR_STR] = "", as_to[ADDR_STR] = "", name[16];

	if (!addr_eq(&e->reply.dst, &e->orig.src))
		addr_format(&e->reply.dst, as_from);
	if (!addr_eq(&e->reply.src, &e->orig.dst))
		addr_format(&e->reply.src, as_to);
	LOCAL_EMIT(r->l, local_conntrack,
		.protocol = ev_str(protocol_name(e->orig.protocol, name, sizeof(name))),
		.from = ev_str(addr_format(&e->orig.src, from)),
		.to = ev_str(addr_format(&e->orig.dst, to)), .as_from = ev_str(as_from),
		.as_to = ev_str(as_to), .from_port = ev_u64(e->orig.sport),
		.to_port = ev_u64(e->orig.dport),
		.is_answered = ev_u64((e->status & IPS_SEEN_REPLY) != 0),
		.by = ev_str(as_to[0] && r->l->translates ? r->l->translates : ""));
}

/* True: it was enough. */
static bool take_entry(struct reading *r, const struct entry *e)
{
	/* what is still inside is translated on purpose */
	if (is_inside(r->l, &e->orig.src, &e->orig.dst) &&
		!is_inside(r->l, &e->reply.dst, &e->reply.src) && is_alive(r, e)) {
		say(r, e);
		r->said++;
	}
	return ++r->read >= READ_MAX || r->said >= SAY_MAX;
}

/* ---- reading ---- */

/* True: that was the last. */
static bool take(struct reading *r, struct bytes got)
{
	struct rd rest = rd_from(got);
	struct nl_msg m;

	while (nl_next(&rest, &m)) {
		struct entry e;

		if (m.type == NLMSG_DONE || m.type == NLMSG_ERROR)
			return true;
		if (m.type >> 8 != NFNL_SUBSYS_CTNETLINK)
			continue;
		e = entry_of(m.body);
		if (take_entry(r, &e))
			return true;
	}
	return false;
}

static struct bytes question(void *room, uint8_t family)
{
	const struct nfgenmsg m = { .nfgen_family = family, .version = NFNETLINK_V0 };
	struct wr w = wr_to(room, ROOM);
	size_t at = nl_begin(
		&w, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, NLM_F_REQUEST | NLM_F_DUMP);

	wr_bytes(&w, bytes_of(&m, sizeof(m)));
	nl_end(&w, at);
	return wr_view(&w);
}

static void read_family(struct reading *r, uint8_t family)
{
	struct timeval patience = { .tv_sec = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	uint8_t *room = xalloc(ROOM);
	struct bytes q = question(room, family);
	bool is_over = fd < 0 ||
		       setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
		       send(fd, q.p, q.n, 0) < 0;

	while (!is_over) {
		ssize_t n = recv(fd, room, ROOM, 0);

		is_over = n <= 0 || take(r, bytes_of(room, (size_t)n));
	}
	if (fd >= 0)
		close(fd);
	free(room);
}

static unsigned tcp_timeout(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established", "re");
	unsigned n = 0;

	if (f && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

void local_conntrack(const struct local *l)
{
	const struct ts_list *nets = &l->what->their_nets;
	struct reading r = { .l = l, .tcp_timeout = tcp_timeout() };
	bool want[2] = { false, false };

	if (!l->has_no_nat || !l->what->our_nets.n)
		return;
	for (size_t i = 0; i < nets->n; i++)
		want[nets->ts[i].range.first.family == 6] = true;
	if (want[0])
		read_family(&r, AF_INET);
	if (want[1])
		read_family(&r, AF_INET6);
}
