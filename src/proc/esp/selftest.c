/* Some kernels corrupt or refuse segmented UDP: seen before the first packet, not after. */
#include "proc/esp/socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

enum { PIECE = 100, PIECES = 4, LAST = 37, TOTAL = PIECE * (PIECES - 1) + LAST };

static bool send_segmented(int fd, const union sockaddr_any *to, uint8_t *data)
{
	_Alignas(size_t) char control[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct iovec iov = { data, TOTAL };
	struct msghdr h = { .msg_name = (void *)(uintptr_t)to,
		.msg_namelen = sizeof(to->v4),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	uint16_t size = PIECE;
	struct cmsghdr *c;

	c = CMSG_FIRSTHDR(&h);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
	return sendmsg(fd, &h, MSG_NOSIGNAL) == TOTAL;
}

/* Whole or in pieces, the octets must be the same ones in the same order. */
static bool receive_all(int fd, const uint8_t *data)
{
	uint8_t got[TOTAL];
	size_t n = 0;

	while (n < TOTAL) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t more;

		if (poll(&p, 1, 200) != 1)
			return false;
		more = recv(fd, got + n, TOTAL - n, 0);
		if (more <= 0)
			return false;
		n += (size_t)more;
	}
	return memcmp(got, data, TOTAL) == 0;
}

bool socket_offload_works(void)
{
	union sockaddr_any a = { .v4 = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a.v4);
	int from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int to = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	uint8_t data[TOTAL];
	bool ok = true;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + 5);
	if (from >= 0 && to >= 0 && bind(to, &a.sa, n) == 0 && getsockname(to, &a.sa, &n) == 0 &&
		setsockopt(to, IPPROTO_UDP, UDP_GRO, &one, sizeof(one)) == 0) {
		if (send_segmented(from, &a, data))
			ok = receive_all(to, data);
		else
			ok = errno == ENETUNREACH || errno == EADDRNOTAVAIL; /* loopback is down */
	}
	close(from);
	close(to);
	return ok;
}
