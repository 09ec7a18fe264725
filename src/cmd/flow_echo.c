/* Echo requests of our own: raw ICMP sockets, each with an identifier, and what comes back. */
#include "cmd/flow.h"

#include "base/wr.h"

#include <errno.h>
#include <linux/icmpv6.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	MARK = 0xdc220, /* of our own packets, which no tunnel takes (proc/names.h) */
	HEADER4_N = 20,
	HEADER6_N = 40,
	ICMP_HEADER_N = 8,
	PACKET_MAX = 9216,
	ECHOES_MAX = 8,
	DISCARD = 9, /* a port that nothing is sent to: for looking a route up */
};

union sock {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t sock_of(const struct addr *a, uint16_t port, union sock *ret)
{
	struct bytes b = addr_bytes(a);

	memset(ret, 0, sizeof(*ret));
	if (a->family == 4) {
		ret->in.sin_family = AF_INET;
		ret->in.sin_port = htons(port);
		memcpy(&ret->in.sin_addr, b.p, b.n);
		return sizeof(ret->in);
	}
	ret->in6.sin6_family = AF_INET6;
	ret->in6.sin6_port = htons(port);
	memcpy(&ret->in6.sin6_addr, b.p, b.n);
	return sizeof(ret->in6);
}

static struct addr addr_of_sock(const union sock *s)
{
	return s->any.sa_family == AF_INET ? addr_from(bytes_of(&s->in.sin_addr, 4))
					   : addr_from(bytes_of(&s->in6.sin6_addr, 16));
}

static ns_t mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (ns_t)t.tv_sec * NS_S + t.tv_nsec;
}

static void set(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static bool prepare(int fd, const struct addr *from, uint8_t family, unsigned flags)
{
	union sock s;
	socklen_t n;

	if (flags & ECHO_OUTSIDE)
		set(fd, SOL_SOCKET, SO_MARK, MARK);
	if (flags & ECHO_WHOLE) {
		set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
		if (family == 6) {
			set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
			set(fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
		}
	}
	if (flags & ECHO_FOREIGN)
		set(fd, family == 4 ? IPPROTO_IP : IPPROTO_IPV6,
			family == 4 ? IP_TRANSPARENT : IPV6_TRANSPARENT, 1);
	if (!addr_is_set(from))
		return true;
	n = sock_of(from, 0, &s);
	return bind(fd, &s.any, n) == 0;
}

bool echo_open(struct echo *e, const char *way, const struct addr *from, const struct addr *to,
	unsigned flags, uint8_t ttl)
{
	bool v4 = to->family == 4;

	*e = (struct echo){ .way = way, .from = *from, .to = *to, .ttl = ttl };
	e->fd = socket(v4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (e->fd < 0 || getrandom(&e->id, sizeof(e->id), 0) != sizeof(e->id))
		return false;
	if (ttl)
		set(e->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS, ttl);
	if (prepare(e->fd, from, to->family, flags))
		return true;
	echo_close(e);
	return false;
}

void echo_close(struct echo *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

/* Of IPv4; the kernel makes that of ICMPv6. */
static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t build(const struct echo *e, uint8_t *packet, size_t n)
{
	static const char says[] = "ipsec diagnose: a test of this tunnel. ";
	bool v4 = e->to.family == 4;
	struct wr w = wr_to(packet, n);
	uint16_t sum;

	wr_u8(&w, v4 ? 8 : ICMPV6_ECHO_REQUEST);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_u16(&w, e->id);
	wr_u16(&w, (uint16_t)e->sent);
	for (size_t i = 0; ICMP_HEADER_N + i < n; i++)
		wr_u8(&w, (uint8_t)says[i % (sizeof(says) - 1)]);
	sum = checksum(packet, n);
	if (v4) {
		packet[2] = (uint8_t)(sum >> 8);
		packet[3] = (uint8_t)sum;
	}
	return n;
}

void echo_send(struct echo *e, uint32_t octets)
{
	size_t header = e->to.family == 4 ? HEADER4_N : HEADER6_N;
	uint8_t packet[PACKET_MAX];
	union sock to;
	socklen_t to_n = sock_of(&e->to, 0, &to);
	size_t n = build(e, packet,
		MIN(MAX((size_t)octets, header + ICMP_HEADER_N) - header, sizeof(packet)));

	if (!e->sent)
		e->sent_at = mono();
	if (sendto(e->fd, packet, n, 0, &to.any, to_n) < 0)
		e->failed = errno;
	e->sent++;
}

static void take(struct echo *e, struct bytes packet, const union sock *from)
{
	struct icmp_said said;
	enum icmp_kind kind = icmp_read(e->to.family, packet, &said);
	uint32_t bit = said.seq < 32 ? 1u << said.seq : 0;

	if (kind == ICMP_NOT_OURS || said.id != e->id || said.seq >= e->sent)
		return;
	if (kind == ICMP_ERROR) {
		e->is_refused = true;
		e->error = said;
		e->complainant = addr_of_sock(from);
		return;
	}
	if (e->answered_seq & bit)
		return; /* a duplicate */
	e->answered_seq |= bit;
	if (!e->answered++) {
		e->took = mono() - e->sent_at;
		e->by = addr_of_sock(from);
	}
}

static void receive(struct echo *e)
{
	uint8_t packet[PACKET_MAX];
	union sock from;
	ssize_t n;

	for (unsigned i = 0; i < 256; i++) { /* what others' echoes get comes, too */
		socklen_t from_n = sizeof(from);

		n = recvfrom(e->fd, packet, sizeof(packet), 0, &from.any, &from_n);
		if (n < 0)
			return;
		take(e, bytes_of(packet, (size_t)n), &from);
	}
}

static bool is_over(const struct echo *e)
{
	return e->fd < 0 || e->answered >= e->sent || e->is_refused || e->failed;
}

void echo_wait(struct echo *e, unsigned n, int milliseconds)
{
	ns_t until = mono() + milliseconds * NS_MS, now;
	bool is_waiting = true;

	while (is_waiting && (now = mono()) < until) {
		struct pollfd p[ECHOES_MAX];

		for (unsigned i = 0; i < n && i < ECHOES_MAX; i++)
			p[i] = (struct pollfd){ .fd = e[i].fd, .events = POLLIN };
		if (poll(p, MIN(n, (unsigned)ECHOES_MAX), (int)((until - now) / NS_MS) + 1) < 0)
			return;
		is_waiting = false;
		for (unsigned i = 0; i < n; i++) {
			if (e[i].fd >= 0)
				receive(&e[i]);
			is_waiting = is_waiting || !is_over(&e[i]);
		}
	}
}

bool echo_route(const struct addr *from, const struct addr *to, unsigned flags,
	struct addr *ret_source, uint32_t *ret_mtu)
{
	bool v4 = to->family == 4, is_known = false;
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	union sock s;
	socklen_t n = sock_of(to, DISCARD, &s), source_n = sizeof(s), mtu_n = sizeof(mtu);

	if (fd >= 0 && prepare(fd, from, to->family, flags) && connect(fd, &s.any, n) == 0 &&
		getsockname(fd, &s.any, &source_n) == 0) {
		*ret_source = addr_of_sock(&s);
		(void)getsockopt(
			fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &mtu_n);
		*ret_mtu = mtu > 0 ? (uint32_t)mtu : 0;
		is_known = true;
	}
	if (fd >= 0)
		close(fd);
	return is_known;
}
