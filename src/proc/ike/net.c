/* UDP port 500, and 4500 where the kernel does ESP (else it is esp's): datagrams with both their
 * addresses, and what the system says of those that did not arrive (IP_RECVERR). On port 4500 IKE
 * has a non-ESP marker in front of it (RFC 3948 2.2). */
#include "proc/ike/shell.h"
#include "proc/sockaddr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>

enum { BATCH = 16, CONTROL_ROOM = 512, ERRORS_MAX = 16, MARKER_N = 4 };

static const struct {
	enum ipc_descriptor fd;
	uint8_t family;
	uint16_t port;
} sockets[NET_SOCKETS] = {
	{ DESC_UDP500_V4, 4, 500 },
	{ DESC_UDP500_V6, 6, 500 },
	{ DESC_UDP4500_V4, 4, 4500 },
	{ DESC_UDP4500_V6, 6, 4500 },
};

/* Index of the socket; -1: it is not ours, or there is none. */
static int socket_of(const struct shell *s, uint8_t family, uint16_t port)
{
	for (int i = 0; i < NET_SOCKETS; i++)
		if (sockets[i].family == family && sockets[i].port == port)
			return s->p.fd[sockets[i].fd] >= 0 ? i : -1;
	return -1;
}

bool net_has(const struct shell *s, const struct endpoint *local)
{
	return local->port == 500 || s->has_kernel_plane;
}

/* Our address of a datagram; none when the kernel did not tell. */
static struct addr local_of(struct msghdr *h)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof(v4));
			return addr_from(bytes_of(&v4.ipi_addr, 4));
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof(v6));
			return addr_from(bytes_of(&v6.ipi6_addr, 16));
		}
	}
	return (struct addr){ 0 };
}

/* ---- errors ---- */

static bool error_of(
	struct msghdr *h, const union sockaddr_any *to, uint16_t port, struct net_error *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct sock_extended_err ee;
		union sockaddr_any offender = { 0 };
		bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
		bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;

		if (!v4 && !v6)
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		*ret = (struct net_error){ .remote = sockaddr_get(to),
			.error = (int)ee.ee_errno,
			.local = { .port = port } };
		if (ee.ee_origin == SO_EE_ORIGIN_ICMP || ee.ee_origin == SO_EE_ORIGIN_ICMP6) {
			memcpy(&offender, CMSG_DATA(c) + sizeof(ee),
				v4 ? sizeof(offender.v4) : sizeof(offender.v6));
			ret->offender = sockaddr_get(&offender).addr;
			ret->icmp_type = ee.ee_type;
			ret->icmp_code = ee.ee_code;
			ret->local.addr = local_of(h);
		}
		return true;
	}
	return false;
}

/* Takes what the error queue holds, at most ERRORS_MAX. */
static size_t take_errors(const struct shell *s, int socket, struct net_error *ret)
{
	int fd = s->p.fd[sockets[socket].fd];
	size_t n = 0;

	while (n < ERRORS_MAX) {
		union sockaddr_any to = { 0 };
		uint8_t data[1], control[CONTROL_ROOM];
		struct iovec iov = { data, sizeof(data) };
		struct msghdr h = { .msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };

		if (recvmsg(fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		n += error_of(&h, &to, sockets[socket].port, &ret[n]);
	}
	return n;
}

static void report(struct shell *s, struct net_error *e, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		e[i].interface = net_interface(s, &e[i].local.addr);
		ike_net_error(s->ike, process_now(), &e[i]);
		shell_output(s);
	}
}

const char *net_interface(const struct shell *s, const struct addr *local)
{
	for (size_t i = 0; i < s->n_addrs; i++)
		if (addr_eq(&s->addrs[i].addr, local))
			return s->addrs[i].interface;
	return "";
}

/* ---- sending ---- */

static bool send_once(int fd, const struct datagram *d, bool is_keepalive)
{
	static const uint8_t marker[MARKER_N];
	union sockaddr_any to;
	union {
		char b[CMSG_SPACE(sizeof(struct in6_pktinfo))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov[] = { { (void *)(uintptr_t)marker, MARKER_N },
		{ (void *)(uintptr_t)d->data.p, d->data.n } };
	size_t skip = d->local.port == 4500 && !is_keepalive ? 0 : 1;
	struct msghdr h = { .msg_name = &to,
		.msg_namelen = sockaddr_put(&d->remote, &to),
		.msg_iov = iov + skip,
		.msg_iovlen = COUNT(iov) - skip };
	struct cmsghdr *c = &control.align;

	if (addr_is_set(&d->local.addr)) {
		struct in_pktinfo v4 = { 0 };
		struct in6_pktinfo v6 = { 0 };
		bool is_v4 = d->local.addr.family == 4;
		size_t n = is_v4 ? sizeof(v4) : sizeof(v6);

		memcpy(&v4.ipi_spec_dst, d->local.addr.b, 4);
		memcpy(&v6.ipi6_addr, d->local.addr.b, 16);
		c->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
		c->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(n);
		memcpy(CMSG_DATA(c), is_v4 ? (void *)&v4 : (void *)&v6, n);
		h.msg_control = control.b;
		h.msg_controllen = CMSG_SPACE(n);
	}
	return sendmsg(fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

/* An earlier datagram's error makes the next send fail once: it is taken, and the send repeated.
 * d's views die with the report, which therefore comes last. */
void net_send(struct shell *s, const struct datagram *d, bool is_keepalive)
{
	int i = socket_of(s, d->remote.addr.family, d->local.port);
	struct net_error e[ERRORS_MAX + 1];
	int error = EAFNOSUPPORT;
	size_t n = 0;

	if (i >= 0) {
		int fd = s->p.fd[sockets[i].fd];

		if (send_once(fd, d, is_keepalive))
			return;
		error = errno;
		n = take_errors(s, i, e);
		if (n != 0)
			error = send_once(fd, d, is_keepalive) ? 0 : errno;
	}
	if (error != 0 && error != EAGAIN)
		e[n++] = (struct net_error){
			.local = d->local, .remote = d->remote, .error = error
		};
	report(s, e, n);
}

/* ---- receiving ---- */

/* False: it is no IKE message. */
static bool strip_marker(uint16_t port, struct bytes *data)
{
	static const uint8_t marker[MARKER_N];

	if (port != 4500)
		return true;
	if (data->n < MARKER_N || memcmp(data->p, marker, MARKER_N) != 0)
		return false; /* the kernel took ESP and keepalives out */
	*data = bytes_of(data->p + MARKER_N, data->n - MARKER_N);
	return true;
}

static void receive(struct shell *s, int socket)
{
	int fd = s->p.fd[sockets[socket].fd];
	struct mmsghdr m[BATCH] = { 0 };
	struct iovec iov[BATCH];
	union sockaddr_any from[BATCH];
	uint8_t control[BATCH][CONTROL_ROOM];
	int n;

	for (unsigned i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ s->room + (size_t)i * LIMIT_MESSAGE, LIMIT_MESSAGE };
		m[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
			.msg_control = control[i],
			.msg_controllen = sizeof(control[i]) };
	}
	n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct datagram d = { .remote = sockaddr_get(&from[i]),
			.local = { local_of(&m[i].msg_hdr), sockets[socket].port },
			.data = bytes_of(iov[i].iov_base, m[i].msg_len) };

		if (m[i].msg_hdr.msg_flags & MSG_TRUNC || !addr_is_set(&d.local.addr) ||
			!strip_marker(sockets[socket].port, &d.data))
			continue;
		ike_input(s->ike, process_now(), &d);
		shell_output(s);
	}
}

static void on_udp(uv_poll_t *poll, int status, int events)
{
	struct shell *s = poll->data;
	int socket = (int)(poll - s->udp);
	struct net_error e[ERRORS_MAX];

	(void)events;
	report(s, e, take_errors(s, socket, e));
	if (status !=
		0) /* libuv stops on POLLERR, which here only says that the queue had something */
		uv_poll_start(poll, UV_READABLE, on_udp);
	receive(s, socket);
}

void net_watch(struct shell *s)
{
	s->room = xalloc((size_t)BATCH * LIMIT_MESSAGE);
	for (unsigned i = 0; i < NET_SOCKETS; i++) {
		int fd = s->p.fd[sockets[i].fd];

		if (fd < 0)
			continue;
		uv_poll_init(&s->p.loop, &s->udp[i], fd);
		s->udp[i].data = s;
		uv_poll_start(&s->udp[i], UV_READABLE, on_udp);
	}
}

void net_done(struct shell *s)
{
	free(s->room);
	free(s->addrs);
}
