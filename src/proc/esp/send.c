/* Sending: many runs with one system call, each run split by the kernel (UDP_SEGMENT). */
#include "proc/esp/socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>

enum { WAIT_MS = 20, TRIES = 4, BATCH = 64 };

struct message {
	union sockaddr_any to;
	_Alignas(size_t) char control[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
				      2 * CMSG_SPACE(sizeof(int))];
	struct iovec iov;
};

static void add(struct msghdr *h, int level, int type, const void *data, size_t n)
{
	char *at = (char *)h->msg_control + h->msg_controllen;
	struct cmsghdr *c = (struct cmsghdr *)(void *)at;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
	h->msg_controllen += CMSG_SPACE(n);
}

/* segment: octets of each datagram; 0: data is one. */
static void fill(struct message *m, struct msghdr *h, const struct socket *s,
	const struct esp_path *path, uint8_t tos, uint16_t segment, struct bytes data)
{
	struct in_pktinfo v4 = { 0 };
	struct in6_pktinfo v6 = { 0 };
	struct endpoint to = path->remote;
	int number = tos;

	if (!s->is_udp)
		to.port = 0;
	*h = (struct msghdr){ .msg_name = &m->to,
		.msg_namelen = sockaddr_put(&to, &m->to),
		.msg_iov = &m->iov,
		.msg_iovlen = 1,
		.msg_control = m->control };
	m->iov = (struct iovec){ (void *)(uintptr_t)data.p, data.n };
	memcpy(&v4.ipi_spec_dst, path->local.addr.b, 4);
	memcpy(&v6.ipi6_addr, path->local.addr.b, 16);
	if (path->local.addr.family == 4)
		add(h, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
	else if (path->local.addr.family == 6)
		add(h, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
	if (tos)
		add(h, s->family == 4 ? IPPROTO_IP : IPPROTO_IPV6,
			s->family == 4 ? IP_TOS : IPV6_TCLASS, &number, sizeof(number));
	if (segment)
		add(h, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof(segment));
	if (!h->msg_controllen)
		h->msg_control = NULL;
}

bool socket_send_one(struct socket *s, const struct esp_path *path, uint8_t tos, struct bytes data)
{
	struct message m = { 0 };
	struct msghdr h;

	fill(&m, &h, s, path, tos, 0, data);
	return sendmsg(s->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

_Static_assert((int)IP_PMTUDISC_DO == (int)IPV6_PMTUDISC_DO &&
		       (int)IP_PMTUDISC_DONT == (int)IPV6_PMTUDISC_DONT,
	"one value serves both families");

/* DF is the socket's property with IPv4; with IPv6 it decides whether the kernel may fragment. */
static void want_df(struct socket *s, bool df)
{
	int v4 = s->family == 4;
	int value = df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT;

	if (atomic_load_explicit(&s->df, memory_order_relaxed) == value)
		return;
	if (setsockopt(s->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		    v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &value, sizeof(value)) == 0)
		atomic_store_explicit(&s->df, value, memory_order_relaxed);
}

/* False: give it up. */
static bool worth_a_try(struct socket *s, unsigned tries)
{
	struct pollfd p = { s->fd, POLLOUT, 0 };

	if (tries >= TRIES)
		return false;
	if (errno == EAGAIN || errno == ENOBUFS)
		poll(&p, 1, WAIT_MS);
	/* What else is reported here may belong to an earlier datagram (IP_RECVERR). */
	return errno != EMSGSIZE && errno != EINVAL;
}

static void send_each(struct socket *s, const struct esp_send *run, const uint8_t *base)
{
	for (size_t i = 0; i < run->count; i++) {
		size_t at = i * run->stride, n = MIN((size_t)run->stride, run->n - at);
		bool sent = false;

		errno = 0;
		for (unsigned t = 0; !sent && (t == 0 || worth_a_try(s, t)); t++)
			sent = socket_send_one(
				s, run->path, run->tos, bytes_of(base + run->at + at, n));
		if (!sent)
			esp_count(&run->sa->dropped[errno == EMSGSIZE ? DROP_too_big
								      : DROP_send_failed],
				1);
	}
}

/* Raw ESP, and UDP without UDP_SEGMENT: as many messages as datagrams. */
static void send_singly(struct socket *s, const struct esp_send *run, uint8_t *base)
{
	struct message m[BATCH];
	struct mmsghdr v[BATCH];
	size_t n = run->count;
	int sent;

	for (size_t i = 0; i < n; i++) {
		size_t at = i * run->stride;

		fill(&m[i], &v[i].msg_hdr, s, run->path, run->tos, 0,
			bytes_of(base + run->at + at, MIN((size_t)run->stride, run->n - at)));
	}
	sent = sendmmsg(s->fd, v, (unsigned)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < (int)n) {
		struct esp_send rest = *run;
		uint32_t skip = (uint32_t)MAX(sent, 0) * run->stride;

		rest.at += skip;
		rest.n -= skip;
		rest.count = (uint16_t)(run->count - MAX(sent, 0));
		send_each(s, &rest, base);
	}
}

/* Runs of one DF setting, with one call. */
static void send_batch(struct socket *s, const struct esp_send *run, size_t n, uint8_t *base)
{
	struct message m[BATCH];
	struct mmsghdr v[BATCH];
	size_t done = 0;
	unsigned tries = 0;

	for (size_t i = 0; i < n; i++)
		fill(&m[i], &v[i].msg_hdr, s, run[i].path, run[i].tos,
			run[i].count > 1 ? run[i].stride : 0, bytes_of(base + run[i].at, run[i].n));
	while (done < n) {
		int sent = sendmmsg(
			s->fd, v + done, (unsigned)(n - done), MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent > 0) {
			done += (size_t)sent;
			tries = 0;
			continue;
		}
		if (errno == EIO) /* no checksum offload there, or XFRM covers the route */
			atomic_store(&s->gso, false);
		if (errno != EIO && worth_a_try(s, ++tries))
			continue;
		send_each(s, &run[done++], base);
		tries = 0;
	}
}

_Static_assert((int)BATCH >= (int)OUTBOX_SENDS && (int)BATCH >= (int)OUTBOX_RUN_MAX, "messages");

void socket_send_runs(struct socket *s, const struct esp_send *run, size_t n, uint8_t *base)
{
	for (size_t i = 0; i < n;) {
		size_t k = 1;

		want_df(s, run[i].df);
		if (s->is_udp && atomic_load_explicit(&s->gso, memory_order_relaxed)) {
			while (i + k < n && run[i + k].df == run[i].df)
				k++;
			send_batch(s, run + i, k, base);
		} else {
			send_singly(s, run + i, base);
		}
		i += k;
	}
}
