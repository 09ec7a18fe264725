/* The test of a tunnel that is for one UDP port of the peer: echo requests would not go through it.
 */
#include "cmd/flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 1000, UNREACHABLE = 3, PORT = 3 };

union sockaddr_of {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t put(const struct addr *a, uint16_t port, union sockaddr_of *ret)
{
	*ret = (union sockaddr_of){ 0 };
	if (a->family == 6) {
		ret->v6.sin6_family = AF_INET6;
		ret->v6.sin6_port = htons(port);
		memcpy(&ret->v6.sin6_addr, a->b, sizeof(ret->v6.sin6_addr));
		return sizeof(ret->v6);
	}
	ret->v4.sin_family = AF_INET;
	ret->v4.sin_port = htons(port);
	memcpy(&ret->v4.sin_addr, a->b, sizeof(ret->v4.sin_addr));
	return sizeof(ret->v4);
}

/* Another port than the tunnel's would go past it: then there is none (-1). */
static int socket_of(
	const struct addr *ours, uint16_t our_port, const struct addr *theirs, uint16_t their_port)
{
	union sockaddr_of from, to;
	socklen_t n_from = put(ours, our_port, &from), n_to = put(theirs, their_port, &to);
	int fd = socket(from.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, &from.sa, n_from) == 0 && connect(fd, &to.sa, n_to) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool is_refused(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c = 0;

	/* the ICMP error of the peer, or of nobody */
	return send(fd, &c, sizeof(c), 0) == sizeof(c) && poll(&p, 1, WAIT_MS) > 0 &&
	       recv(fd, &c, sizeof(c), 0) < 0 && errno == ECONNREFUSED;
}

const char *flow_port(const struct flow_for *what, const struct addr *ours, uint16_t our_port,
	uint16_t their_port, const struct event_sink *out)
{
	const struct event_about about = { .conn = what->conn };
	char from[ADDR_STR], to[ADDR_STR];
	int fd = socket_of(ours, our_port, &what->theirs, their_port);
	bool refuses;

	if (fd < 0)
		return "none: another program has the port of this end";
	addr_format(ours, from);
	addr_format(&what->theirs, to);
	EMIT(out, what->now(), &about, flow_sent, .way = ev_str("l2tp"), .from = ev_str(from),
		.to = ev_str(to), .count = ev_u64(1), .octets = ev_u64(1));
	refuses = is_refused(fd);
	close(fd);
	if (!refuses)
		return "a datagram to the peer's port: it does not say that nobody has it";
	EMIT(out, what->now(), &about, flow_error, .way = ev_str("l2tp"), .complainant = ev_str(to),
		.icmp_type = ev_u64(UNREACHABLE), .icmp_code = ev_u64(PORT), .mtu = ev_str(""),
		.text = ev_str("nobody has that UDP port"));
	return "a datagram to the peer's port: nobody has it, says the peer";
}
