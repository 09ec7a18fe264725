/* The DNS servers that the peer named: each that the tunnel takes is asked one small question. What
 * the tunnel does not take would leave in the clear: it is not sent. */
#include "cmd/flow_run.h"

#include "base/wr.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { DNS_PORT = 53, TRIES = 2, TRY_MS = 1000, QUESTION_N = 17, ANSWER_MAX = 1500 };

static ns_t mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (ns_t)t.tv_sec * NS_S + t.tv_nsec;
}

static socklen_t sock_of(const struct addr *a, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = a->family == 6 ? AF_INET6 : AF_INET;
	if (a->family == 6) {
		v6->sin6_port = htons(port);
		memcpy(&v6->sin6_addr, a->b, 16);
		return sizeof(*v6);
	}
	v4->sin_port = htons(port);
	memcpy(&v4->sin_addr, a->b, 4);
	return sizeof(*v4);
}

static int opened(const struct addr *from, const struct addr *to)
{
	struct sockaddr_storage a;
	socklen_t n = sock_of(from, 0, &a);
	int fd = socket(a.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&a, n) == 0) {
		n = sock_of(to, DNS_PORT, &a);
		if (connect(fd, (struct sockaddr *)&a, n) == 0)
			return fd;
	}
	close(fd);
	return -1;
}

/* Who serves the root (RFC 1035 4.1): whatever is answered, somebody is there. */
static void question(uint8_t text[QUESTION_N], uint16_t id)
{
	struct wr w = wr_to(text, QUESTION_N);

	wr_u16(&w, id);
	wr_u16(&w, 0x0100); /* recursion desired */
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u16(&w, 0);
	wr_u16(&w, 0);
	wr_u8(&w, 0);
	wr_u16(&w, 2); /* NS */
	wr_u16(&w, 1); /* IN */
}

/* Within the time: 1 an answer, -1 an error that ICMP told of, 0 neither. */
static int wait_answer(int fd, uint16_t id)
{
	ns_t until = mono() + TRY_MS * NS_MS, now;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t text[ANSWER_MAX];
	ssize_t n;

	while ((now = mono()) < until) {
		if (poll(&p, 1, (int)((until - now) / NS_MS) + 1) <= 0)
			continue;
		n = recv(fd, text, sizeof(text), 0);
		if (n < 0 && errno == ECONNREFUSED)
			return -1;
		if (n > 0 && dns_is_answer(bytes_of(text, (size_t)n), id))
			return 1;
	}
	return 0;
}

static const char *ask(struct run *r, const struct addr *from, const struct addr *to, char took[24])
{
	int fd = opened(from, to), came = 0;
	uint8_t text[QUESTION_N];
	uint16_t id;
	ns_t sent;

	took[0] = '\0';
	if (fd < 0 || getrandom(&id, sizeof(id), 0) != sizeof(id)) {
		if (fd >= 0)
			close(fd);
		return "";
	}
	question(text, id);
	for (unsigned i = 0; i < TRIES && !came && r->f.packets < FLOW_PACKETS_MAX; i++) {
		sent = mono();
		r->f.packets++;
		if (send(fd, text, sizeof(text), 0) < 0 && errno == ECONNREFUSED)
			came = -1;
		else
			came = wait_answer(fd, id);
		if (came > 0)
			snprintf(took, 24, "%.1f", (double)(mono() - sent) / (double)NS_MS);
	}
	close(fd);
	return came > 0 ? "answered" : came < 0 ? "refused" : "unanswered";
}

/* One that answers helps who asks it. That is no fault of the tunnel: a word is enough. */
static void tell_unused(const struct run *r, const char *server)
{
	char line[256], keyword[32], value[ADDR_STR + 16], text[256];
	const char *device = r->f.what->device;
	FILE *f = fopen("/etc/resolv.conf", "re");
	bool is_used = !f;

	while (f && !is_used && fgets(line, sizeof(line), f))
		is_used = sscanf(line, "%31s %61s", keyword, value) == 2 &&
			  strcmp(keyword, "nameserver") == 0 && strcmp(value, server) == 0;
	if (f)
		fclose(f);
	snprintf(text, sizeof(text),
		"the DNS server %s that the peer named answers, and /etc/resolv.conf does not name "
		"it; so that names of the other end are asked there: resolvectl dns %s %s",
		server, device[0] ? device : "DEVICE", server);
	if (!is_used)
		run_step(r, text);
}

void run_dns(struct run *r)
{
	const struct flow_for *what = r->f.what;

	for (size_t i = 0; i < what->n_dns; i++) {
		const struct addr *to = &what->dns[i];
		struct addr from = run_inner(what, to->family);
		char server[ADDR_STR], ours[ADDR_STR] = "", took[24] = "";
		const char *came = "outside";

		if (ts_list_has(&what->sa_nets, 17, to, DNS_PORT)) {
			if (!addr_is_set(&from))
				continue;
			addr_format(&from, ours);
			came = ask(r, &from, to, took);
		}
		if (came[0])
			FLOW_EMIT(&r->f, flow_dns, .server = ev_str(addr_format(to, server)),
				.from = ev_str(ours), .came = ev_str(came),
				.milliseconds = ev_str(took));
		if (strcmp(came, "answered") == 0)
			tell_unused(r, server);
	}
}
