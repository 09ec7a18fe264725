/* Packets of hosts behind the peer for hosts behind this one, while the test flow runs: how they
 * leave this host, decrypted, and whether anything comes back. Nothing is sent for it: who has
 * packets under way is looked at, over their shoulder. */
#include "cmd/flow_run.h"

#include "cmd/local.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SEEN_OCTETS = 128,  /* of each packet */
	READ_MAX = 1 << 16, /* packets: a wire may bring more than can be read */
	BUFFER = 8 << 20,   /* for what passes meanwhile; when it overflows nothing is told */
	ASKED_MIN = 3,	    /* fewer may be answered yet */
	SAY_MAX = 2,
};

static bool is_everything(const struct ts_list *nets)
{
	struct prefix p;

	for (size_t i = 0; i < nets->n; i++)
		if (range_is_prefix(&nets->ts[i].range, &p) && p.bits == 0)
			return true;
	return false;
}

void lan_open(struct lan *l, const struct flow_for *what)
{
	static struct sock_filter cut[] = { BPF_STMT(BPF_RET | BPF_K, SEEN_OCTETS) };
	static const struct sock_fprog program = { COUNT(cut), cut };
	const int room = BUFFER;

	*l = (struct lan){ .fd = -1, .since = what->now().mono };
	/* what is everybody's is not of the tunnel */
	if (is_everything(&what->their_nets))
		return;
	l->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL));
	if (l->fd < 0)
		return;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
	(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
}

static struct lan_pair *pair_of(struct lan *l, const struct addr *from, const struct addr *to)
{
	struct lan_pair *p;

	for (unsigned i = 0; i < l->n; i++)
		if (addr_eq(&l->pair[i].from, from) && addr_eq(&l->pair[i].to, to))
			return &l->pair[i];
	if (l->n == COUNT(l->pair))
		return NULL;
	p = &l->pair[l->n++];
	*p = (struct lan_pair){ .from = *from, .to = *to };
	return p;
}

/* To a host behind this one it leaves by a wire; the answer comes in by one, whichever. */
static void take(struct lan *l, const struct flow_for *what, const struct sockaddr_ll *at,
	struct bytes packet)
{
	struct ip_seen k;
	struct lan_pair *p;

	/* others' first octets may look like those of IP */
	if ((at->sll_protocol != htons(ETH_P_IP) && at->sll_protocol != htons(ETH_P_IPV6)) ||
		!ip_see(packet, &k))
		return;
	if (at->sll_pkttype == PACKET_OUTGOING && k.is_asking &&
		at->sll_ifindex != (int)if_nametoindex(what->device) &&
		ts_list_has(&what->their_nets, 0, &k.src, 0) &&
		ts_list_has(&what->our_nets, 0, &k.dst, 0)) {
		p = pair_of(l, &k.src, &k.dst);
		if (p) {
			p->asked++;
			p->ifindex = at->sll_ifindex;
		}
	} else if (at->sll_pkttype == PACKET_HOST && ts_list_has(&what->our_nets, 0, &k.src, 0) &&
		   ts_list_has(&what->their_nets, 0, &k.dst, 0)) {
		p = pair_of(l, &k.dst, &k.src);
		if (p)
			p->answered++;
	}
}

/* False: some were missed, and could be the answers. */
static bool is_whole(int fd)
{
	struct tpacket_stats s = { 0 };
	socklen_t n = sizeof(s);

	return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &s, &n) == 0 && s.tp_drops == 0;
}

static void read_all(struct lan *l, const struct flow_for *what)
{
	uint8_t room[SEEN_OCTETS];
	struct sockaddr_ll at;
	unsigned read = 0;
	ssize_t n = 0;

	for (; n >= 0 && read < READ_MAX; read++) {
		socklen_t size = sizeof(at);

		n = recvfrom(l->fd, room, sizeof(room), 0, (struct sockaddr *)&at, &size);
		if (n > 0)
			take(l, what, &at, bytes_of(room, (size_t)n));
	}
	if (read == READ_MAX || !is_whole(l->fd))
		l->n = 0;
}

/* What it says to this host, whose address is of that wire: nobody but the peer is asked unless a
 * person says so. */
static const char *asked_by_us(struct run *r, const struct addr *to)
{
	struct addr none = { 0 };
	struct echo e;

	if (!r->f.what->asks_lan || !echo_open(&e, "lan", &none, to, 0, 0))
		return "";
	run_send(r, &e, ECHO_OCTETS);
	run_send(r, &e, ECHO_OCTETS);
	echo_wait(&e, 1, ANSWER_MS / 2);
	echo_close(&e);
	return e.answered ? "answered" : "unanswered";
}

static void say(struct run *r, const struct lan_pair *p, unsigned others)
{
	char from[ADDR_STR], to[ADDR_STR], device[IF_NAMESIZE] = "";

	(void)if_indextoname((unsigned)p->ifindex, device);
	FLOW_EMIT(&r->f, flow_lan, .from = ev_str(addr_format(&p->from, from)),
		.to = ev_str(addr_format(&p->to, to)), .device = ev_str(device),
		.asked = ev_u64(p->asked), .answered = ev_u64(p->answered),
		.others = ev_u64(others), .own = ev_str(asked_by_us(r, &p->to)));
}

void lan_close(struct lan *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void lan_say(struct run *r)
{
	struct lan *l = &r->lan;
	unsigned answered = 0, said = 0;
	ns_t listened = r->f.what->now().mono - l->since;

	if (l->fd < 0)
		return;
	if (listened < r->f.what->listens)
		echo_wait(NULL, 0, (int)((r->f.what->listens - listened) / NS_MS));
	read_all(l, r->f.what);
	/* whoever sends anything: what a host here begins itself comes in as answers do */
	for (unsigned i = 0; i < l->n; i++)
		answered += l->pair[i].answered != 0;
	for (unsigned i = 0; i < l->n && said < SAY_MAX; i++)
		if (l->pair[i].asked >= ASKED_MIN && !l->pair[i].answered) {
			say(r, &l->pair[i], answered);
			said++;
		}
}
