/* The kernel's XFRM over netlink: see xfrm.h. */
#include "proc/xfrm.h"

#include "crypto/prf.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_ROOM = 32768, ANSWER_SECONDS = 5, NEWS_BUFFER = 4 << 20 };

static bool watch(int fd)
{
	static const int groups[] = { XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_SA,
		XFRMNLGRP_POLICY, XFRMNLGRP_MAPPING };
	int size = NEWS_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (size_t i = 0; i < COUNT(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			    sizeof(groups[i])) != 0)
			return false;
	return true;
}

int xfrm_open(bool news)
{
	struct sockaddr_nl none = { .nl_family = AF_NETLINK };
	struct timeval patience = { .tv_sec = ANSWER_SECONDS };
	int fd = socket(
		    AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (news ? SOCK_NONBLOCK : 0), NETLINK_XFRM),
	    yes = 1, e;

	if (fd < 0)
		return -1;
	/* refusals do not repeat our keys, and say in words what they mind */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof(yes));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof(yes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&none, sizeof(none)) == 0 && (!news || watch(fd)))
		return fd;
	e = errno;
	close(fd);
	errno = e;
	return -1;
}

static ssize_t receive(int fd, uint8_t *room, size_t n)
{
	ssize_t got;

	do
		got = recv(fd, room, n, 0);
	while (got < 0 && errno == EINTR);
	return got;
}

static uint32_t sender;

void xfrm_sign(uint32_t number)
{
	sender = number;
}

static int send_one(int fd, struct wr *w, uint32_t *ret_seq)
{
	static uint32_t seq; /* answers to a request that timed out are not the next one's */
	struct nlmsghdr h;
	int e = 0;

	if (!wr_ok(w) || w->n < sizeof(h))
		return EMSGSIZE;
	*ret_seq = ++seq;
	memcpy(w->p + offsetof(struct nlmsghdr, nlmsg_seq), ret_seq, sizeof(*ret_seq));
	memcpy(w->p + offsetof(struct nlmsghdr, nlmsg_pid), &sender, sizeof(sender));
	if (send(fd, w->p, w->n, 0) < 0)
		e = errno;
	wipe(w->p, w->n);
	return e;
}

/* Takes answers to seq until take() says that it was the last one. */
static int answers(
	int fd, uint32_t seq, bool (*take)(void *ctx, const struct xfrm_said *s), void *ctx)
{
	uint8_t *room = xalloc(ANSWER_ROOM);
	struct xfrm_said *s = xalloc(sizeof(*s));
	bool is_last = false;
	int error = 0;

	while (!is_last && !error) {
		ssize_t n = receive(fd, room, ANSWER_ROOM);
		struct rd r = rd_from(bytes_of(room, n > 0 ? (size_t)n : 0));

		if (n < 0)
			error = errno == EAGAIN ? ETIMEDOUT : errno;
		while (!is_last && xfrm_said_get(&r, s) == OK) {
			if (s->seq != seq)
				continue;
			is_last = take(ctx, s);
			error = s->kind == XFRM_SAID_ACK || s->kind == XFRM_SAID_DONE ? s->error
										      : 0;
		}
	}
	wipe(room, ANSWER_ROOM); /* SAs are told with their keys */
	free(room);
	free(s);
	return error;
}

static bool take_one(void *ctx, const struct xfrm_said *s)
{
	struct xfrm_said *ret = ctx;

	if (ret) {
		*ret = *s;
		ret->sa.encr_key = ret->sa.integ_key = BYTES_NONE;
	}
	return true;
}

int xfrm_ask(int fd, struct wr *w, struct xfrm_said *ret)
{
	uint32_t seq;
	int e = send_one(fd, w, &seq);

	if (ret)
		*ret = (struct xfrm_said){ 0 };
	return e ? e : answers(fd, seq, take_one, ret);
}

struct each {
	void (*f)(void *ctx, const struct xfrm_said *s);
	void *ctx;
};

static bool take_each(void *ctx, const struct xfrm_said *s)
{
	const struct each *e = ctx;

	if (s->kind == XFRM_SAID_ACK || s->kind == XFRM_SAID_DONE)
		return true;
	e->f(e->ctx, s);
	return false;
}

int xfrm_each(
	int fd, enum xfrm_list what, void (*f)(void *ctx, const struct xfrm_said *s), void *ctx)
{
	struct each each = { f, ctx };
	uint8_t room[64];
	struct wr w = wr_to(room, sizeof(room));
	uint32_t seq;
	int e;

	xfrm_list_put(&w, what);
	e = send_one(fd, &w, &seq);
	return e ? e : answers(fd, seq, take_each, &each);
}

int xfrm_news(int fd, void (*f)(void *ctx, const struct xfrm_said *s), void *ctx)
{
	uint8_t *room = xalloc(ANSWER_ROOM);
	struct xfrm_said *s = xalloc(sizeof(*s));
	int error = 0;
	ssize_t n;

	while ((n = receive(fd, room, ANSWER_ROOM)) > 0 || (n < 0 && errno == ENOBUFS)) {
		struct rd r = rd_from(bytes_of(room, n > 0 ? (size_t)n : 0));

		if (n < 0)
			error = ENOBUFS;
		while (xfrm_said_get(&r, s) == OK)
			f(ctx, s);
	}
	wipe(room, ANSWER_ROOM);
	free(room);
	free(s);
	return error;
}

/* ---- probing ---- */

static struct addr loopback(uint8_t family)
{
	struct addr a = { .family = family };

	if (family == 6)
		a.b[15] = 1;
	else
		memcpy(a.b, (const uint8_t[4]){ 127, 0, 0, 1 }, 4);
	return a;
}

int xfrm_probe(int fd, uint8_t family, const struct suite *s, char *text)
{
	struct rng rng = rng_system();
	struct endpoint here = { .addr = loopback(family) };
	struct dp_sa sa = { .dir = DP_IN,
		.spi = rng_u32(&rng) | 0x80000000u,
		.local = here,
		.remote = here,
		.suite = *s,
		.encr_key = secret_new(suite_encr_key_n(s)),
		.integ_key = secret_new(suite_integ_key_n(s)) };
	struct xfrm_id_of_sa id = xfrm_sa_id(&sa);
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room)), away = wr_to(room, sizeof(room));
	struct xfrm_said *said = xalloc(sizeof(*said));
	int e;

	/* a key of only zeroes is weak to some algorithms */
	rng_fill(&rng, sa.encr_key.p, sa.encr_key.n);
	rng_fill(&rng, sa.integ_key.p, sa.integ_key.n);
	e = xfrm_sa_put(&w, XFRM_ADD, &sa, NULL) == OK ? 0 : ENOSYS;
	if (!e) {
		xfrm_own_sa(&w, sa.spi);
		e = xfrm_sa_errno(xfrm_ask(fd, &w, said));
	}
	if (!e) {
		xfrm_sa_del_put(&away, &id);
		xfrm_ask(fd, &away, NULL);
	} else {
		xfrm_error_format(e, said->text, text);
	}
	dp_sa_done(&sa);
	free(said);
	return e;
}
