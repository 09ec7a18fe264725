/* Lines between processes: sockets, descriptors, queues. A message that does not parse or is not
 * permitted ends this process: whoever sent it is no longer what we started. */
#include "proc/line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct line_item {
	struct list node;
	struct buf data;
	int fd; /* -1: none; ours */
};

/* So many messages at once, then others get their turn. */
#define BURST 64

static void on_poll(uv_poll_t *poll, int status, int events);

void line_init(struct line *l, enum ipc_who self, enum ipc_who peer, enum ipc_phase *phase)
{
	*l = (struct line){ .self = self, .peer = peer, .phase = phase, .fd = -1 };
	list_init(&l->queue);
}

static void free_handle(uv_handle_t *h)
{
	free(h);
}

void line_close(struct line *l)
{
	if (l->poll) {
		uv_poll_stop(l->poll);
		uv_close((uv_handle_t *)l->poll, free_handle);
		l->poll = NULL;
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void item_free(struct line *l, struct line_item *i)
{
	list_remove(&i->node);
	l->n_queue -= i->data.n;
	wipe(i->data.p, i->data.n); /* keys of SAs travel here */
	buf_done(&i->data);
	if (i->fd >= 0)
		close(i->fd);
	free(i);
}

void line_forget(struct line *l)
{
	struct line_item *i;

	list_each (i, &l->queue, struct line_item, node)
		item_free(l, i);
}

void line_done(struct line *l)
{
	line_close(l);
	line_forget(l);
	if (l->room)
		wipe(l->room, IPC_MAX);
	free(l->room);
	l->room = NULL;
}

/* The other end misbehaves: end, saying so. */
static void refuse(const struct line *l, enum msg_id id, const char *why)
{
	fprintf(stderr, "ipsec-%s: message %s from %s: %s; ending\n", ipc_who_name(l->self),
		ipc_name(id), ipc_who_name(l->peer), why);
	_exit(70); /* EX_SOFTWARE */
}

/* ---- sending ---- */

static bool send_now(const struct line *l, struct bytes data, int fd)
{
	struct iovec iov = { (void *)(uintptr_t)data.p, data.n };
	union {
		char b[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		h.msg_control = control.b;
		h.msg_controllen = sizeof(control.b);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(l->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

static void watch(struct line *l)
{
	if (l->poll)
		uv_poll_start(
			l->poll, UV_READABLE | (list_empty(&l->queue) ? 0 : UV_WRITABLE), on_poll);
}

static void flush(struct line *l)
{
	struct line_item *i;

	list_each (i, &l->queue, struct line_item, node) {
		if (l->fd < 0 || !send_now(l, buf_view(&i->data), i->fd))
			return; /* EPIPE: the reader finds out */
		item_free(l, i);
	}
}

void line_send_fd(struct line *l, const struct msg *m, int fd)
{
	uint8_t *room = xrealloc(NULL, IPC_MAX); /* not zeroed: most messages are short */
	struct wr w = wr_to(room, IPC_MAX);
	struct line_item *i;

	if (l->fd < 0 && l->is_lossy) {
		free(room);
		return;
	}
	ipc_put(&w, m);
	if (!wr_ok(&w)) {
		fprintf(stderr, "ipsec-%s: message %s to %s is too long; not sent\n",
			ipc_who_name(l->self), ipc_name(m->id), ipc_who_name(l->peer));
		free(room);
		return;
	}
	if (!list_empty(&l->queue) || l->fd < 0 || !send_now(l, wr_view(&w), fd)) {
		i = xalloc(sizeof(*i));
		i->data = buf_from(wr_view(&w));
		i->fd = fd >= 0 ? dup(fd) : -1;
		l->n_queue += i->data.n;
		list_append(&l->queue, &i->node);
		watch(l);
	}
	wipe(room, w.n);
	free(room);
}

bool line_send_event(struct line *l, const struct event *e)
{
	uint8_t room[16384];
	struct wr w = wr_to(room, sizeof(room));

	event_put(&w, e);
	if (!wr_ok(&w)) {
		fprintf(stderr, "ipsec-%s: event %s is too long\n", ipc_who_name(l->self),
			event_kind(e->id)->name);
		return false;
	}
	LINE_SEND(l, event, .event = wr_view(&w));
	return true;
}

void line_drain(struct line *l, int milliseconds)
{
	while (l->fd >= 0 && !list_empty(&l->queue)) {
		struct pollfd p = { .fd = l->fd, .events = POLLOUT };

		if (poll(&p, 1, milliseconds) <= 0 || (p.revents & (POLLERR | POLLHUP)))
			return;
		flush(l);
	}
}

/* ---- receiving ---- */

/* The descriptor in h, -1 for none; *n says how many there were. */
static int descriptor_of(struct msghdr *h, size_t *n)
{
	int fd = -1;

	*n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		size_t have = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*n += have;
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	}
	return fd;
}

bool line_receive(struct line *l)
{
	struct iovec iov;
	union {
		char b[CMSG_SPACE(sizeof(int) * IPC_DESCRIPTORS_MAX)];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.b,
		.msg_controllen = sizeof(control.b) };
	struct msg m = { .id = MSG_NONE };
	size_t n_fds;
	ssize_t n;
	int fd;

	if (l->fd < 0)
		return false;
	if (!l->room)
		l->room = xalloc(IPC_MAX);
	iov = (struct iovec){ l->room, IPC_MAX };
	n = recvmsg(l->fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		line_close(l);
		l->gone(l->ctx, l);
		return false;
	}
	fd = descriptor_of(&h, &n_fds);
	if (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		refuse(l, m.id, "truncated");
	if (ipc_get(bytes_of(l->room, (size_t)n), &m) != OK)
		refuse(l, (enum msg_id)(n > 1 ? l->room[1] : 0), "malformed");
	if (!ipc_permits(m.id, l->peer, l->self, *l->phase, n_fds))
		refuse(l, m.id, "not permitted");
	l->take(l->ctx, l, &m, fd);
	return true;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct line *l = poll->data;

	if (events & UV_WRITABLE) {
		flush(l);
		watch(l);
	}
	if (status == 0 && !(events & UV_READABLE))
		return;
	for (int i = 0; i < BURST && l->poll == poll; i++)
		if (!line_receive(l))
			return;
}

void line_hold_take(struct line *l, int fd)
{
	line_close(l);
	l->fd = fd;
	flush(l);
}

void line_attach(struct line *l, uv_loop_t *loop)
{
	if (l->fd < 0 || l->poll)
		return;
	l->poll = xalloc(sizeof(*l->poll));
	l->poll->data = l;
	uv_poll_init(loop, l->poll, l->fd);
	flush(l);
	watch(l);
}

void line_attach_take(struct line *l, uv_loop_t *loop, int fd)
{
	line_hold_take(l, fd);
	line_attach(l, loop);
}

static void *zeroed(size_t n, size_t size)
{
	return xalloc(size != 0 && n > SIZE_MAX / size ? SIZE_MAX : n * size);
}

void loop_begin(uv_loop_t *loop)
{
	uv_replace_allocator(xalloc, xrealloc, zeroed, free);
	uv_loop_init(loop);
}

static void close_handle(uv_handle_t *h, void *ctx)
{
	(void)ctx;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

void loop_done(uv_loop_t *loop)
{
	uv_walk(loop, close_handle, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
}

bool line_pair(int ret[2])
{
	/* a message must fit as one skb; FORCE may exceed net.core.wmem_max, plain is enough by
	 * default */
	int size = 4 * IPC_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ret) != 0)
		return false;
	for (int i = 0; i < 2; i++)
		if (setsockopt(ret[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
			setsockopt(ret[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return true;
}
