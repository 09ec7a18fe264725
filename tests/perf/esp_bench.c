/* One end of a tunnel with static keys: the packet threads without IKE, to be measured.
 *   esp_bench left|right LOCAL REMOTE [gcm|cbc|chacha|null|esn] [plain]
 * Run it in a network namespace; tests/perf/esp_bench.sh does. Prints its counters when it is
 * ended. */
#include "proc/esp/traffic.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_tun(void)
{
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = "ipsec0" };
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, TUNSETIFF, &r) != 0) {
		perror("ipsec0");
		exit(1);
	}
	return fd;
}

static int open_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(4500) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		perror("UDP 4500");
		exit(1);
	}
	return fd;
}

static struct suite suite_named(const char *name)
{
	static const struct {
		const char *name;
		struct suite suite;
	} all[] = {
		{ "gcm", { .encr = ENCR_AES_GCM_16, .key_bits = 128 } },
		{ "esn", { .encr = ENCR_AES_GCM_16, .key_bits = 256, .esn = ESN_YES } },
		{ "chacha", { .encr = ENCR_CHACHA20_POLY1305 } },
		{ "cbc", { .encr = ENCR_AES_CBC,
				 .key_bits = 128,
				 .integ = INTEG_HMAC_SHA2_256_128 } },
		{ "null", { .encr = ENCR_NULL, .integ = INTEG_HMAC_SHA1_96 } },
	};

	for (size_t i = 0; i < COUNT(all); i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].suite;
	fprintf(stderr, "no such suite: %s\n", name);
	exit(2);
}

static struct ts_list net(const char *s)
{
	struct ts_list l = { .n = 1 };
	struct prefix p;

	if (prefix_parse(s, &p))
		exit(2);
	l.ts[0] = ts_from_prefix(&p);
	return l;
}

static void add(struct esp_plane *p, bool left, const char *local, const char *remote,
	struct suite s, bool encap)
{
	struct dp_sa sa = { .serial = 1,
		.reqid = 1,
		.encap = encap,
		.suite = s,
		.replay_window = 2048,
		.local.port = encap ? 4500 : 0,
		.remote.port = encap ? 4500 : 0,
		.ts_local = net(left ? "10.0.1.0/24" : "10.0.2.0/24"),
		.ts_remote = net(left ? "10.0.2.0/24" : "10.0.1.0/24") };
	struct dp_policy policy = {
		.reqid = 1, .action = DP_PROTECT, .ts_local = sa.ts_local, .ts_remote = sa.ts_remote
	};

	sa.encr_key = secret_new(suite_encr_key_n(&s));
	sa.integ_key = secret_new(suite_integ_key_n(&s));
	if (addr_parse(local, &sa.local.addr) || addr_parse(remote, &sa.remote.addr))
		exit(2);
	for (uint8_t dir = DP_IN; dir <= DP_OUT; dir++) {
		bool to_right = (dir == DP_OUT) == left;

		sa.dir = dir;
		sa.spi = to_right ? 0x1000 : 0x2000;
		memset(sa.encr_key.p, to_right ? 1 : 2, sa.encr_key.n);
		if (esp_plane_sa_add(p, &sa))
			exit(1);
	}
	if (esp_plane_policy_add(p, &policy))
		exit(1);
	dp_sa_done(&sa);
}

static void print_drop(void *ctx, const struct dp_notice *n)
{
	(void)ctx;
	printf("dropped %llu %s\n", (unsigned long long)n->count, drop_name(n->reason));
}

int main(int argc, char **argv)
{
	int fd[SOCKETS] = { -1, -1, -1, -1 }, sig;
	struct esp_plane *plane;
	struct dp_counters c;
	struct traffic t;
	bool plain = argc > 5 && strcmp(argv[5], "plain") == 0;
	sigset_t wait;

	if (argc < 4)
		return 2;
	plane = esp_plane_new(0);
	add(plane, strcmp(argv[1], "left") == 0, argv[2], argv[3],
		suite_named(argc > 4 ? argv[4] : "gcm"), !plain);
	fd[SOCKET_UDP4] = open_udp();
	fd[SOCKET_ESP4] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP);
	sigemptyset(&wait);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGINT);
	sigprocmask(SIG_BLOCK, &wait, NULL);
	if (!traffic_init(&t, plane, open_tun(), fd) || !traffic_start(&t))
		return 1;
	fprintf(stderr, "offload: UDP %s, TUN TSO %d USO %d\n",
		socket_offload_works() ? "works" : "broken", t.tun.tso, t.tun.uso);
	sigwait(&wait, &sig);
	traffic_done(&t);
	if (esp_plane_op(plane, &(struct esp_op){ .op = DP_SA_QUERY, .serial = 1 }, &c) == OK)
		printf("%s in %llu packets %llu octets, out %llu packets %llu octets\n", argv[1],
			(unsigned long long)c.in_packets, (unsigned long long)c.in_bytes,
			(unsigned long long)c.out_packets, (unsigned long long)c.out_bytes);
	esp_plane_drops(plane, print_drop, NULL);
	esp_plane_free(plane);
	return 0;
}
