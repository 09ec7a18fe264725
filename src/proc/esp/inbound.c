/* The inbound thread: sockets to TUN device; IKE and errors to the control thread. */
#include "proc/esp/traffic.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGES = 64, MESSAGES_GRO = 16, MESSAGE_ROOM = 65536, ROUNDS_MAX = 32, ERRORS_MAX = 32 };

struct inbound {
	struct traffic *t;
	struct esp_worker *w;
	uint32_t told;
	struct coalesce merge;
	struct mmsghdr v[MESSAGES];
	struct iovec iov[MESSAGES];
	union sockaddr_any from[MESSAGES];
	_Alignas(size_t) char control[MESSAGES][SOCKET_CONTROL_ROOM];
	uint8_t room[MESSAGES][MESSAGE_ROOM];
};

/* When control does not keep up the datagram is lost, as it would be in a socket's buffer. */
static void send_up(struct inbound *in, const struct traffic_up *up, struct bytes data)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)up, sizeof(*up) },
		{ (void *)(uintptr_t)data.p, data.n } };
	struct msghdr h = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg(in->t->up[1], &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		esp_count(&in->w->dropped[DROP_no_buffer], 1);
}

static void write_all(struct inbound *in)
{
	size_t lost = tun_write_groups(&in->t->tun, &in->merge);

	if (lost)
		esp_count(&in->w->dropped[DROP_send_failed], lost);
	coalesce_reset(&in->merge);
	esp_input_let_go(in->w);
}

static void take_esp(struct inbound *in, const struct esp_arrival *a, uint8_t *p, size_t n)
{
	struct packet k;

	if (!esp_input_has_room(in->w))
		write_all(in);
	if (esp_input(in->w, a, p, n, &k) || !k.n)
		return;
	if (!coalesce_add(&in->merge, &k)) {
		write_all(in);
		(void)coalesce_add(&in->merge, &k); /* it is empty now */
	}
}

static void take_udp(struct inbound *in, const struct esp_arrival *a, uint8_t *p, size_t n)
{
	struct traffic_up up = { .local = a->local, .remote = a->remote };

	switch (esp_udp_kind(p, n)) {
	case ESP_UDP_ESP:
		take_esp(in, a, p, n);
		return;
	case ESP_UDP_IKE:
		send_up(in, &up, bytes_of(p + 4, n - 4));
		return;
	case ESP_UDP_KEEPALIVE:
		return;
	case ESP_UDP_NONE:
		esp_count(&in->w->dropped[DROP_malformed], 1);
		return;
	}
}

/* IPv4 raw sockets give the IP header too. */
static void take_raw(
	struct inbound *in, const struct socket *s, struct esp_arrival *a, uint8_t *p, size_t n)
{
	size_t skip = s->family == 4 && n ? (size_t)(p[0] & 15) * 4 : 0;

	if (skip > n || (s->family == 4 && n < 20))
		return;
	if (s->family == 4)
		a->tos = p[1];
	take_esp(in, a, p + skip, n - skip);
}

static void take_message(struct inbound *in, const struct socket *s, size_t i)
{
	struct esp_arrival a = { .remote = sockaddr_get(&in->from[i]), .encap = s->is_udp };
	size_t n = in->v[i].msg_len, size;
	struct arrival_info info;
	uint8_t *p = in->room[i];

	if (in->v[i].msg_hdr.msg_flags & MSG_TRUNC) {
		esp_count(&in->w->dropped[DROP_malformed], 1);
		return;
	}
	socket_info(&in->v[i].msg_hdr, &info);
	a.local = (struct endpoint){ info.local, s->is_udp ? 4500 : 0 };
	a.tos = info.tos;
	if (!s->is_udp) {
		take_raw(in, s, &a, p, n);
		return;
	}
	size = info.gro_size ? info.gro_size : n;
	for (size_t at = 0; at < n; at += size)
		take_udp(in, &a, p + at, MIN(size, n - at));
}

/* False: nothing more was there. */
static bool receive(struct inbound *in, struct socket *s)
{
	unsigned most = s->gro ? MESSAGES_GRO : MESSAGES;
	int n;

	for (unsigned i = 0; i < most; i++) {
		in->iov[i] = (struct iovec){ in->room[i], MESSAGE_ROOM };
		in->v[i].msg_hdr = (struct msghdr){ .msg_name = &in->from[i],
			.msg_namelen = sizeof(in->from[i]),
			.msg_iov = &in->iov[i],
			.msg_iovlen = 1,
			.msg_control = in->control[i],
			.msg_controllen = sizeof(in->control[i]) };
	}
	n = recvmmsg(s->fd, in->v, most, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return n < 0 && errno != EAGAIN &&
		       errno != EINTR; /* an error that was waiting: again */
	esp_enter(in->w, traffic_now());
	for (size_t i = 0; i < (size_t)n; i++)
		take_message(in, s, i);
	write_all(in);
	esp_leave(in->w);
	return (unsigned)n == most;
}

static void take_errors(struct inbound *in, struct socket *s)
{
	struct traffic_up up = { .is_error = true };
	int error;
	socklen_t n = sizeof(error);

	/* cleared by reading it: else poll() would say so for ever */
	(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	for (unsigned i = 0; i < ERRORS_MAX && socket_take_error(s, &up.error); i++) {
		up.local = up.error.local;
		up.remote = up.error.remote;
		send_up(in, &up, BYTES_NONE);
	}
}

static void wake_control(struct inbound *in)
{
	uint32_t put = atomic_load_explicit(&in->w->put, memory_order_relaxed);
	uint64_t one = 1;

	if (put != in->told && write(in->t->attention, &one, sizeof(one)) > 0)
		in->told = put;
}

void *traffic_inbound(void *traffic)
{
	struct inbound *in = xalloc(sizeof(*in));
	struct traffic *t = traffic;
	struct pollfd p[SOCKETS + 1] = { [SOCKETS] = { t->stop, POLLIN, 0 } };

	in->t = t;
	in->w = esp_plane_worker(t->plane, ESP_INBOUND);
	in->merge.tcp = t->tun.tso;
	in->merge.udp = t->tun.uso;
	for (unsigned i = 0; i < SOCKETS; i++)
		p[i] = (struct pollfd){ t->socket[i].fd, POLLIN, 0 };
	while (!p[SOCKETS].revents) {
		if (poll(p, SOCKETS + 1, -1) < 0)
			continue;
		for (unsigned i = 0; i < SOCKETS; i++) {
			if (p[i].revents & POLLERR)
				take_errors(in, &t->socket[i]);
			for (unsigned k = 0; p[i].revents & POLLIN && k < ROUNDS_MAX; k++)
				if (!receive(in, &t->socket[i]))
					break;
		}
		wake_control(in);
	}
	wipe(in, sizeof(*in));
	free(in);
	return NULL;
}
