/* Everything that children are given and may not open themselves. */
#include "proc/parent/parent.h"

#include "config_build.h"
#include "proc/names.h"
#include "proc/xfrm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SOCKET_BUFFER (4 << 20)

static void close_one(struct parent *p, unsigned kind)
{
	if (p->fd[kind] >= 0)
		close(p->fd[kind]);
	p->fd[kind] = -1;
}

static void option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* Both addresses of each packet, its errors, and a mark that keeps it out of our own tunnels. */
static void packet_options(int fd, int family)
{
	bool v4 = family == AF_INET;
	int size = SOCKET_BUFFER;

	option(fd, SOL_SOCKET, SO_MARK, IPSEC_FWMARK);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		option(fd, SOL_SOCKET, SO_RCVBUF, size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		option(fd, SOL_SOCKET, SO_SNDBUF, size);
	option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
	option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR, 1);
	if (!v4)
		option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

/* ESP that comes in UDP is the kernel's. IKE stays outside of tunnels between the two hosts: there
 * is a policy for this socket alone, which goes before all others. */
static bool kernel_options(int fd, int family, uint16_t port)
{
	bool v4 = family == AF_INET;
	struct xfrm_userpolicy_info bypass = { .action = XFRM_POLICY_ALLOW,
		.sel.family = (uint16_t)family };
	static const uint8_t directions[] = { XFRM_POLICY_IN, XFRM_POLICY_OUT };
	int encap = UDP_ENCAP_ESPINUDP;

	for (size_t i = 0; i < COUNT(directions); i++) {
		bypass.dir = directions[i];
		if (setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
			    v4 ? IP_XFRM_POLICY : IPV6_XFRM_POLICY, &bypass, sizeof(bypass)) != 0)
			return false;
	}
	return port != 4500 || setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &encap, sizeof(encap)) == 0;
}

/* -1 and errno when it cannot be. */
static int udp_open(const struct parent *p, int family, uint16_t port)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} a = { 0 };
	const struct addr *on = &p->setup.listen;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), e;

	if (fd < 0)
		return -1;
	packet_options(fd, family);
	a.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		a.v4.sin_port = htons(port);
		memcpy(&a.v4.sin_addr, on->b, on->family == 4 ? 4 : 0);
	} else {
		a.v6.sin6_port = htons(port);
		memcpy(&a.v6.sin6_addr, on->b, on->family == 6 ? 16 : 0);
	}
	if ((!p->has_kernel_plane || kernel_options(fd, family, port)) &&
		bind(fd, &a.sa, family == AF_INET ? sizeof(a.v4) : sizeof(a.v6)) == 0)
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

/* The processes of a daemon that was killed let go of the lock and of what they have in an order
 * that nobody promises. False: that was long enough, or there was none. */
static bool wait_for_old(const struct parent *p, unsigned *naps)
{
	if (p->restarts == 0 || ++*naps > 150)
		return false;
	nanosleep(&(struct timespec){ 0, 20 * 1000 * 1000 }, NULL);
	return true;
}

static bool open_udp(struct parent *p)
{
	static const struct {
		enum ipc_descriptor kind;
		int family;
		uint16_t port;
	} all[] = {
		{ DESC_UDP500_V4, AF_INET, 500 },
		{ DESC_UDP4500_V4, AF_INET, 4500 },
		{ DESC_UDP500_V6, AF_INET6, 500 },
		{ DESC_UDP4500_V6, AF_INET6, 4500 },
	};

	unsigned naps = 0;

	for (size_t i = 0; i < COUNT(all); i++) {
		uint8_t family = all[i].family == AF_INET ? 4 : 6;
		int e;

		if (p->fd[all[i].kind] >= 0 ||
			(addr_is_set(&p->setup.listen) && p->setup.listen.family != family))
			continue;
		do {
			p->fd[all[i].kind] = udp_open(p, all[i].family, all[i].port);
			e = errno;
		} while (p->fd[all[i].kind] < 0 && e == EADDRINUSE && wait_for_old(p, &naps));
		if (p->fd[all[i].kind] >= 0 || (family == 6 && e == EAFNOSUPPORT))
			continue;
		fprintf(stderr, "ipsecd: cannot listen on UDP port %u (IPv%u): %s%s\n", all[i].port,
			family, strerror(e),
			e == EADDRINUSE ? "; another IKE daemon runs? See: ss -ulpn" : "");
		return false;
	}
	return true;
}

/* ESP without UDP. Absent where the system has no such protocol: esp then does UDP only. */
static void open_raw(struct parent *p)
{
	for (unsigned i = 0; i < 2; i++) {
		int family = i == 0 ? AF_INET : AF_INET6;
		int *fd = &p->fd[i == 0 ? DESC_ESP_V4 : DESC_ESP_V6];

		if (*fd >= 0)
			continue;
		*fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP);
		if (*fd >= 0)
			packet_options(*fd, family);
	}
}

static bool open_tun(struct parent *p)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
	unsigned naps = 0;
	bool done = false;
	int fd;

	if (p->fd[DESC_TUN] >= 0)
		return true;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	snprintf(r.ifr_name, sizeof(r.ifr_name), TUN_NAME);
	do
		done = fd >= 0 && ioctl(fd, TUNSETIFF, &r) == 0;
	while (!done && fd >= 0 && errno == EBUSY && wait_for_old(p, &naps));
	if (done) {
		p->fd[DESC_TUN] = fd;
		return true;
	}
	if (fd < 0)
		fprintf(stderr,
			"ipsecd: cannot open /dev/net/tun: %s; try: modprobe tun (in a container: "
			"give it that device)\n",
			strerror(errno));
	else
		fprintf(stderr, "ipsecd: cannot make interface %s: %s%s\n", TUN_NAME,
			strerror(errno),
			errno == EBUSY ? "; another program has one of that name" : "");
	if (fd >= 0)
		close(fd);
	return false;
}

static bool open_netlink(struct parent *p)
{
	struct sockaddr_nl watch = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK |
			     RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };
	struct sockaddr_nl none = { .nl_family = AF_NETLINK };

	p->fd[DESC_RTNL] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (p->fd[DESC_RTNL] >= 0 &&
		bind(p->fd[DESC_RTNL], (struct sockaddr *)&none, sizeof(none)) == 0 &&
		p->fd[DESC_WATCH] >= 0)
		return true;
	p->fd[DESC_WATCH] =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (p->fd[DESC_RTNL] >= 0 && p->fd[DESC_WATCH] >= 0 &&
		bind(p->fd[DESC_WATCH], (struct sockaddr *)&watch, sizeof(watch)) == 0)
		return true;
	fprintf(stderr, "ipsecd: rtnetlink: %s\n", strerror(errno));
	return false;
}

static bool open_xfrm(struct parent *p)
{
	if (p->fd[DESC_XFRM_NEWS] < 0)
		p->fd[DESC_XFRM_NEWS] = xfrm_open(true);
	p->fd[DESC_XFRM] = xfrm_open(false);
	if (p->fd[DESC_XFRM] >= 0 && p->fd[DESC_XFRM_NEWS] >= 0)
		return true;
	fprintf(stderr, "ipsecd: XFRM: %s\n", strerror(errno));
	return false;
}

static bool open_control(struct parent *p)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd, n = snprintf(a.sun_path, sizeof(a.sun_path), "%s/pluto.ctl", p->opt.rundir);

	if (n < 0 || (size_t)n >= sizeof(a.sun_path)) {
		fprintf(stderr, "ipsecd: %s: too long for a socket's name\n", p->opt.rundir);
		return false;
	}
	unlink(a.sun_path); /* we hold the lock: it is nobody's */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(fd, 128) != 0) {
		fprintf(stderr, "ipsecd: %s: %s\n", a.sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	p->fd[DESC_CONTROL] = fd;
	return true;
}

static int open_syslog(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void log_open(struct parent *p)
{
	const char *file = p->setup.logfile;
	bool is_fresh =
		!p->has_run && p->opt.again == 0 && !p->is_handed; /* else the log is in use */

	if (file && *file) {
		p->fd[DESC_LOGFILE] = open(file,
			O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
				(is_fresh && !p->setup.logappend ? O_TRUNC : 0),
			0600);
		if (p->fd[DESC_LOGFILE] < 0)
			fprintf(stderr, "ipsecd: cannot write logfile=%s: %s; using syslog\n", file,
				strerror(errno));
	}
	if (p->fd[DESC_LOGFILE] < 0)
		p->fd[DESC_SYSLOG] = open_syslog();
	if (p->fd[DESC_LOGFILE] >= 0 || p->fd[DESC_SYSLOG] >= 0)
		return;
	if (p->opt.foreground)
		p->fd[DESC_TERMINAL] = dup(2);
	else
		fprintf(stderr,
			"ipsecd: no syslog here (/dev/log): write logfile=/var/log/pluto.log into "
			"\"config setup\" to have a log\n");
}

void log_reopen(struct parent *p)
{
	static const enum ipc_descriptor kinds[] = { DESC_LOGFILE, DESC_SYSLOG, DESC_TERMINAL };

	for (size_t i = 0; i < COUNT(kinds); i++)
		close_one(p, kinds[i]);
	log_open(p);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (p->fd[kinds[i]] >= 0)
			LINE_SEND_FD(&p->child[WHO_CONTROL].line, p->fd[kinds[i]], descriptor,
				.kind = (uint8_t)kinds[i]);
}

bool sockets_open_ours(struct parent *p)
{
	if (p->fd[DESC_CONTROL] < 0 && !open_control(p))
		return false;
	log_open(p);
	export_forget(p); /* of a parent that was killed */
	/* absent where the kernel counts no failures */
	p->fd[DESC_XFRM_STAT] = open("/proc/net/xfrm_stat", O_RDONLY | O_CLOEXEC);
	return true;
}

/* The interface goes with its last descriptor, and takes its addresses and routes along; nothing
 * that was meant for those who died waits in the others. */
void sockets_forget(struct parent *p)
{
	for (unsigned k = DESC_UDP500_V4; k <= DESC_XFRM_NEWS; k++)
		close_one(p, k);
}

bool sockets_again(struct parent *p)
{
	close_one(p, DESC_RTNL);
	close_one(p, DESC_XFRM);
	return open_netlink(p) && (!p->has_kernel_plane || open_xfrm(p));
}

bool sockets_open(struct parent *p)
{
	p->listening = p->setup.listen;
	if (!open_udp(p) || !open_netlink(p))
		return false;
	if (p->has_kernel_plane)
		return open_xfrm(p);
	open_raw(p);
	return open_tun(p);
}

void sockets_close(struct parent *p)
{
	char *path = xasprintf("%s/pluto.ctl", p->opt.rundir);

	if (p->fd[DESC_CONTROL] >= 0) {
		unlink(path);
		export_forget(p);
	}
	free(path);
	for (unsigned k = 0; k < DESC_END; k++)
		close_one(p, k);
}
