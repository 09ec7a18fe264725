/* One end of a tunnel with static keys: the packet threads without IKE, to be measured.
 *   esp_bench left|right LOCAL REMOTE [gcm|cbc|chacha|null|esn] [udp|plain|rekey]
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
#include <time.h>
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

static void roomy(int fd)
{
	int size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
}

static int open_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(4500) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	roomy(fd);
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

struct end {
	struct esp_plane *plane;
	bool is_left, encap;
	const char *local, *remote;
	struct suite suite;
};

/* The SAs of a period, one direction; both ends make the same of the same number. */
static void add_sa(const struct end *e, enum dp_dir dir, uint32_t period)
{
	bool to_right = (dir == DP_OUT) == e->is_left;
	struct dp_sa sa = { .dir = (uint8_t)dir,
		.serial = period,
		.reqid = 1,
		.encap = e->encap,
		.suite = e->suite,
		.replay_window = 2048,
		.spi = (to_right ? 0x10000000u : 0x20000000u) + period,
		.local.port = e->encap ? 4500 : 0,
		.remote.port = e->encap ? 4500 : 0,
		.ts_local = net(e->is_left ? "10.0.1.0/24" : "10.0.2.0/24"),
		.ts_remote = net(e->is_left ? "10.0.2.0/24" : "10.0.1.0/24") };

	sa.encr_key = secret_new(suite_encr_key_n(&sa.suite));
	sa.integ_key = secret_new(suite_integ_key_n(&sa.suite));
	memset(sa.encr_key.p, (int)(2 * period + to_right), sa.encr_key.n);
	if (addr_parse(e->local, &sa.local.addr) || addr_parse(e->remote, &sa.remote.addr))
		exit(2);
	if (esp_plane_sa_add(e->plane, &sa))
		fprintf(stderr, "period %u: SA refused\n", period);
	dp_sa_done(&sa);
}

static void add_policy(const struct end *e)
{
	struct dp_policy policy = { .reqid = 1,
		.action = DP_PROTECT,
		.ts_local = net(e->is_left ? "10.0.1.0/24" : "10.0.2.0/24"),
		.ts_remote = net(e->is_left ? "10.0.2.0/24" : "10.0.1.0/24") };

	if (esp_plane_policy_add(e->plane, &policy))
		exit(1);
}

/* A rekey each second, as two IKE ends would do it: receive first, then send, then forget. */
static void rekey(const struct end *e, uint32_t period)
{
	struct esp_op del = { .op = DP_SA_DEL, .serial = period - 2 };
	struct dp_counters c;

	add_sa(e, DP_IN, period + 1);
	add_sa(e, DP_OUT, period);
	if (esp_plane_op(e->plane, &del, &c) == ERR_NOT_FOUND)
		fprintf(stderr, "period %u was gone\n", period - 2);
}

static void print_drop(void *ctx, const struct dp_notice *n)
{
	(void)ctx;
	printf("dropped %llu %s\n", (unsigned long long)n->count, drop_name(n->reason));
}

/* Until a signal comes. */
static uint32_t live(const struct end *e, bool rekeys, uint32_t period)
{
	struct timespec second = { 1, 0 }, now;
	sigset_t wait;

	sigemptyset(&wait);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGINT);
	if (!rekeys) {
		while (sigtimedwait(&wait, NULL, &second) < 0)
			;
		return period;
	}
	for (;;) {
		clock_gettime(CLOCK_REALTIME, &now);
		second = (struct timespec){ 0, 1000000000 - now.tv_nsec };
		if (sigtimedwait(&wait, NULL, &second) >= 0)
			return period;
		clock_gettime(CLOCK_REALTIME, &now);
		while (period < (uint32_t)now.tv_sec % 1000000 + 1000)
			rekey(e, ++period);
	}
}

int main(int argc, char **argv)
{
	bool plain = argc > 5 && strcmp(argv[5], "plain") == 0;
	bool rekeys = argc > 5 && strcmp(argv[5], "rekey") == 0;
	uint32_t period = rekeys ? (uint32_t)time(NULL) % 1000000 + 1000 : 1000;
	int fd[SOCKETS] = { -1, -1, -1, -1 };
	struct dp_counters c;
	struct traffic t;
	struct end e;
	sigset_t wait;

	if (argc < 4)
		return 2;
	e = (struct end){ esp_plane_new(0), strcmp(argv[1], "left") == 0, !plain, argv[2], argv[3],
		suite_named(argc > 4 ? argv[4] : "gcm") };
	add_policy(&e);
	for (uint32_t i = period - (rekeys ? 1 : 0); i <= period + (rekeys ? 1 : 0); i++) {
		add_sa(&e, DP_IN, i);
		if (i <= period)
			add_sa(&e, DP_OUT, i);
	}
	fd[SOCKET_UDP4] = open_udp();
	fd[SOCKET_ESP4] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ESP);
	roomy(fd[SOCKET_ESP4]);
	sigemptyset(&wait);
	sigaddset(&wait, SIGTERM);
	sigaddset(&wait, SIGINT);
	sigprocmask(SIG_BLOCK, &wait, NULL);
	if (!traffic_init(&t, e.plane, open_tun(), fd) || !traffic_start(&t))
		return 1;
	fprintf(stderr, "offload: UDP %s, TUN TSO %d USO %d\n",
		socket_offload_works() ? "works" : "broken", t.tun.tso, t.tun.uso);
	period = live(&e, rekeys, period);
	traffic_done(&t);
	if (esp_plane_op(e.plane, &(struct esp_op){ .op = DP_SA_QUERY, .serial = period }, &c) ==
		OK)
		printf("%s in %llu packets %llu octets, out %llu packets %llu octets\n", argv[1],
			(unsigned long long)c.in_packets, (unsigned long long)c.in_bytes,
			(unsigned long long)c.out_packets, (unsigned long long)c.out_bytes);
	esp_plane_drops(e.plane, print_drop, NULL);
	esp_plane_free(e.plane);
	return 0;
}
