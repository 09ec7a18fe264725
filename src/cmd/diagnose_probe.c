#include "cmd/diagnose_probe.h"

#include "config_build.h"
#include "crypto/prf.h"
#include "dataplane/xfrm/bypass.h"
#include "probe/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MARKER_N = 4, CONTROL_ROOM = 512, ERRORS_MAX = 16, IKE_PORT = 500, FWMARK = 0xdc220 };

union sockaddr_of {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct asking {
	struct probe *probe;
	struct addr peer;
	int fd;
	unsigned packets;
	struct now (*now_is)(void);
	const struct event_sink *out;
	uint8_t room[PROBE_DATAGRAM + MARKER_N];
};

/* ---- addresses ---- */

static socklen_t put(const struct endpoint *e, union sockaddr_of *ret)
{
	*ret = (union sockaddr_of){ 0 };
	if (e->addr.family != 6) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(e->port);
		memcpy(&ret->v4.sin_addr, e->addr.b, sizeof(ret->v4.sin_addr));
		return sizeof(ret->v4);
	}
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(e->port);
	memcpy(&ret->v6.sin6_addr, e->addr.b, sizeof(ret->v6.sin6_addr));
	return sizeof(ret->v6);
}

static struct endpoint get(const union sockaddr_of *s)
{
	struct endpoint e = { 0 };

	if (s->sa.sa_family == AF_INET) {
		e.addr = addr_from(bytes_of(&s->v4.sin_addr, 4));
		e.port = ntohs(s->v4.sin_port);
	} else if (s->sa.sa_family == AF_INET6) {
		e.addr = addr_from(bytes_of(&s->v6.sin6_addr, 16));
		e.port = ntohs(s->v6.sin6_port);
	}
	return e;
}

/* ---- the socket ---- */

/* As the daemon's own: ICMP errors are told, and no tunnel takes its packets. Without the right to
 * say that (not root), it is asked all the same. */
static void options(int fd, bool v4)
{
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6, on = 1, mark = FWMARK;
	uint8_t room[XFRM_BYPASS_ROOM];

	setsockopt(fd, level, v4 ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	for (int is_out = 0; is_out < 2; is_out++) {
		struct bytes bypass = xfrm_bypass(v4 ? 4 : 6, is_out, room);

		setsockopt(fd, level, v4 ? IP_XFRM_POLICY : IPV6_XFRM_POLICY, bypass.p,
			(socklen_t)bypass.n);
	}
}

/* An ephemeral port of the connection's own address, where it has one. -1: none. */
static int socket_of(const struct addr *ours, const struct endpoint *peer, struct endpoint *ret)
{
	bool v4 = peer->addr.family == 4;
	static const uint8_t any[16];
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct endpoint from = { .addr = *ours };
	union sockaddr_of s;
	socklen_t n = sizeof(s);

	if (fd < 0)
		return -1;
	options(fd, v4);
	if (ours->family != peer->addr.family)
		from.addr = addr_from(bytes_of(any, v4 ? 4 : 16));
	if (bind(fd, &s.sa, put(&from, &s)) != 0 || getsockname(fd, &s.sa, &n) != 0) {
		close(fd);
		return -1;
	}
	*ret = get(&s);
	return fd;
}

/* ---- packets ---- */

static void local_error(struct asking *a, const struct endpoint *to, int error)
{
	const struct probe_error e = { .remote = *to, .error = error };

	probe_error(a->probe, a->now_is(), a->out, &e);
}

static void send_all(struct asking *a)
{
	static const uint8_t marker[MARKER_N];
	union sockaddr_of s;
	struct endpoint to;
	struct bytes d;

	while ((d = probe_output(a->probe, a->now_is(), a->out, a->room, PROBE_DATAGRAM, &to)).n) {
		struct iovec iov[] = { { (void *)(uintptr_t)marker, MARKER_N },
			{ (void *)(uintptr_t)d.p, d.n } };
		bool is_marked = to.port == PROBE_PORT_NAT;
		struct msghdr h = { .msg_iov = is_marked ? iov : iov + 1,
			.msg_iovlen = is_marked ? 2 : 1,
			.msg_name = &s,
			.msg_namelen = put(&to, &s) };

		a->packets++;
		if (sendmsg(a->fd, &h, 0) < 0) {
			int error = errno; /* or one that an earlier packet caused, which the queue
					      tells, too */

			if (error == EPERM || error == ENETUNREACH || error == EHOSTUNREACH ||
				error == EINVAL)
				local_error(a, &to, error);
		}
	}
}

static void take(struct asking *a, const struct endpoint *from, struct bytes d)
{
	static const uint8_t marker[MARKER_N];

	if (!addr_eq(&from->addr, &a->peer))
		return;
	if (from->port == PROBE_PORT_NAT) {
		if (d.n < MARKER_N || memcmp(d.p, marker, MARKER_N) != 0)
			return;
		d = bytes_of(d.p + MARKER_N, d.n - MARKER_N);
	}
	probe_input(a->probe, a->now_is(), a->out, from, d);
}

/* Nobody on the link has the next hop's address: this host tells itself so, as a router would. */
static bool is_here(const struct addr *a)
{
	struct endpoint e = { .addr = *a };
	union sockaddr_of s;
	socklen_t n = put(&e, &s);
	int fd = socket(s.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is = fd >= 0 && bind(fd, &s.sa, n) == 0;

	if (fd >= 0)
		close(fd);
	return is;
}

static void take_error(struct asking *a, struct msghdr *h, const struct endpoint *to)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
		bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
		struct probe_error e = { .remote = *to };
		union sockaddr_of by = { 0 };
		struct sock_extended_err ee;

		if ((!v4 && !v6) || c->cmsg_len < CMSG_LEN(sizeof(ee)))
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		e.error = (int)ee.ee_errno;
		if ((ee.ee_origin == SO_EE_ORIGIN_ICMP || ee.ee_origin == SO_EE_ORIGIN_ICMP6) &&
			c->cmsg_len >=
				CMSG_LEN(sizeof(ee) + (v4 ? sizeof(by.v4) : sizeof(by.v6)))) {
			memcpy(&by, CMSG_DATA(c) + sizeof(ee), v4 ? sizeof(by.v4) : sizeof(by.v6));
			e.complainant = get(&by).addr;
			e.local = is_here(&e.complainant) ? e.complainant : e.local;
			e.icmp_type = ee.ee_type;
			e.icmp_code = ee.ee_code;
		}
		probe_error(a->probe, a->now_is(), a->out, &e);
		return;
	}
}

/* One of what came, or of what was complained about. */
static bool receive(struct asking *a, int queue)
{
	uint8_t control[CONTROL_ROOM];
	union sockaddr_of s = { 0 };
	struct iovec iov = { a->room, sizeof(a->room) };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_name = &s,
		.msg_namelen = sizeof(s),
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(a->fd, &h, queue);
	struct endpoint other = get(&s);

	if (n < 0) /* an error of the queue is told once more here */
		return errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH;
	if (queue)
		take_error(a, &h, &other);
	else if (!(h.msg_flags & MSG_TRUNC))
		take(a, &other, bytes_of(a->room, (size_t)n));
	return true;
}

static int wait_of(struct asking *a)
{
	ns_t left = probe_due(a->probe) - a->now_is().mono;

	/* the clock may be set meanwhile */
	return left <= 0 ? 0 : (int)(MIN(left, PROBE_WAIT) / NS_MS) + 1;
}

static ns_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (ns_t)t.tv_sec * NS_S + t.tv_nsec;
}

static void ask_all(struct asking *a)
{
	ns_t end = monotonic() + PROBE_TIME;

	while (!probe_is_over(a->probe) && monotonic() < end) {
		struct pollfd p = { .fd = a->fd, .events = POLLIN };

		send_all(a);
		if (probe_is_over(a->probe) || poll(&p, 1, wait_of(a)) <= 0)
			continue;
		for (unsigned i = 0;
			i < ERRORS_MAX && p.revents & POLLERR && receive(a, MSG_ERRQUEUE); i++)
			;
		for (unsigned i = 0; i < ERRORS_MAX && receive(a, 0); i++)
			;
	}
}

/* ---- what the connection offers ---- */

/* IKEv1 has no integrity algorithm of its own in ike=, in IKEv2 it follows from the PRF. */
static void in_version(const struct proposals *from, uint8_t version, struct proposals *ret)
{
	proposals_copy(ret, from);
	for (size_t i = 0; i < ret->n; i++) {
		struct proposal *p = &ret->p[i];
		const struct alg *encr = NULL;
		uint8_t n = 0, was;

		for (size_t k = 0; k < p->n; k++) {
			if (p->t[k].type == TT_ENCR)
				encr = alg_find(TT_ENCR, p->t[k].id);
			if (p->t[k].type != TT_INTEG)
				p->t[n++] = p->t[k];
		}
		was = p->n = n;
		for (size_t k = 0; k < was && version == 2 && encr && !encr->is_aead; k++)
			if (p->t[k].type == TT_PRF && p->n < TRANSFORMS_MAX)
				p->t[p->n++] = (struct transform){ .type = TT_INTEG,
					.id = integ_of_prf(p->t[k].id) };
	}
}

unsigned diagnose_ask(
	const struct probe_for *what, struct now (*now_is)(void), const struct event_sink *out)
{
	struct asking *a = xalloc(sizeof(*a));
	struct probe_for f = *what;
	unsigned packets = 0;

	*a = (struct asking){ .peer = f.remote.addr, .now_is = now_is, .out = out };
	a->fd = addr_is_set(&f.remote.addr) ? socket_of(&what->local.addr, &f.remote, &f.local)
					    : -1;
	if (a->fd >= 0) {
		a->probe = probe_new(&f, now_is().mono);
		ask_all(a);
		packets = a->packets;
		probe_free(a->probe);
		close(a->fd);
	}
	free(a);
	return packets;
}

unsigned diagnose_probe(const struct conf_conn *c, bool is_refused, bool with_transforms,
	struct now (*now_is)(void), const struct event_sink *out)
{
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	uint16_t port = theirs->ikeport ? theirs->ikeport : IKE_PORT;
	struct proposals *other = xalloc(sizeof(*other));
	bool is_v1 = c->version == VERSION_IKEV1;
	struct probe_for f = { .conn = c->name,
		.local = { conf_host(ours), 0 },
		.remote = { conf_host(theirs), port },
		.version = is_v1 ? 1 : 2,
		.v1 = !WITH_IKEV1	? NULL
		      : is_v1 && c->ike ? c->ike
					: proposals_default_ike_v1(),
		.v2 = !is_v1 && c->ike ? c->ike : proposals_default_ike(),
		.auth = ours->xauthclient   ? PROBE_XAUTH_CLIENT
			: ours->xauthserver ? PROBE_XAUTH_SERVER
					    : PROBE_PSK,
		.is_refused = is_refused,
		.with_transforms = with_transforms,
		.rng = rng_system() };
	unsigned packets;

	if (c->ike && WITH_IKEV1) {
		in_version(c->ike, is_v1 ? 2 : 1, other);
		*(is_v1 ? &f.v2 : &f.v1) = other;
	}
	packets = diagnose_ask(&f, now_is, out);
	free(other);
	return packets;
}
