/* Outer sockets: options, what comes along with a datagram, the error queue. */
#include "proc/esp/socket.h"

#include "esp/packet.h"
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <poll.h>
#include <unistd.h>

static bool on(int fd, int level, int name)
{
	int one = 1;

	return setsockopt(fd, level, name, &one, sizeof(one)) == 0;
}

void socket_init(struct socket *s, int fd, uint8_t family, bool is_udp)
{
	int v4 = family == 4, size = 0;
	socklen_t n = sizeof(size);

	*s = (struct socket){ .fd = fd, .family = family, .is_udp = is_udp };
	atomic_init(&s->df, -1);
	if (fd < 0)
		return;
	on(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO);
	on(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVTOS : IPV6_RECVTCLASS);
	on(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR);
	if (!is_udp)
		return;
	atomic_store(&s->gso, getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &size, &n) == 0);
	s->gro = on(fd, IPPROTO_UDP, UDP_GRO);
}

bool socket_send(struct socket *s, const struct endpoint *local, const struct endpoint *remote,
	struct bytes data)
{
	struct esp_path path = { *local, *remote, true };
	int cut = IP_PMTUDISC_DONT; /* IPv6's has the same value */

	if (socket_send_one(s, &path, 0, data))
		return true;
	if (errno != EMSGSIZE) /* an error of an earlier datagram: this one was not tried */
		return socket_send_one(s, &path, 0, data);
	/* Large IKE messages go in fragments; the packet threads set DF again when they want it. */
	setsockopt(s->fd, s->family == 4 ? IPPROTO_IP : IPPROTO_IPV6,
		s->family == 4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, &cut, sizeof(cut));
	atomic_store(&s->df, -1);
	return socket_send_one(s, &path, 0, data);
}

void socket_info(struct msghdr *h, struct arrival_info *ret)
{
	*ret = (struct arrival_info){ 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		const uint8_t *data = CMSG_DATA(c);
		struct in6_pktinfo v6;
		struct in_pktinfo v4;
		int number;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, data, sizeof(v4));
			ret->local = addr_from(bytes_of(&v4.ipi_addr, 4));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, data, sizeof(v6));
			ret->local = addr_from(bytes_of(&v6.ipi6_addr, 16));
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			ret->tos = data[0];
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
			memcpy(&number, data, sizeof(number));
			ret->tos = (uint8_t)number;
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&number, data, sizeof(number));
			ret->gro_size = (uint16_t)number;
		}
	}
}

static bool error_get(struct cmsghdr *c, struct socket_error *ret)
{
	bool v4 = c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR;
	bool v6 = c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR;
	union sockaddr_any offender = { 0 };
	struct sock_extended_err ee;

	if (!v4 && !v6)
		return false;
	memcpy(&ee, CMSG_DATA(c), sizeof(ee));
	ret->error = ee.ee_errno;
	ret->mtu = ee.ee_errno == EMSGSIZE ? ee.ee_info : 0;
	if (ee.ee_origin == SO_EE_ORIGIN_ICMP || ee.ee_origin == SO_EE_ORIGIN_ICMP6) {
		memcpy(&offender, CMSG_DATA(c) + sizeof(ee),
			v4 ? sizeof(offender.v4) : sizeof(offender.v6));
		ret->offender = sockaddr_get(&offender).addr;
		ret->icmp_type = ee.ee_type;
		ret->icmp_code = ee.ee_code;
	}
	return true;
}

bool socket_take_error(struct socket *s, struct socket_error *ret)
{
	union sockaddr_any to;
	struct arrival_info info;
	uint8_t data[4];
	_Alignas(size_t) char control[2 * SOCKET_CONTROL_ROOM];

	for (;;) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr h = { .msg_name = &to,
			.msg_namelen = sizeof(to),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };
		ssize_t n;

		to = (union sockaddr_any){ 0 };
		n = recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT);
		if (n < 0)
			return false;
		*ret = (struct socket_error){ .remote = sockaddr_get(&to) };
		/* some routers quote no octet of it */
		ret->was_ike = s->is_udp && (n < 4 || load32(data) == 0);
		socket_info(&h, &info);
		ret->local = (struct endpoint){ info.local, s->is_udp ? 4500 : 0 };
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c))
			if (error_get(c, ret))
				return true;
	}
}
