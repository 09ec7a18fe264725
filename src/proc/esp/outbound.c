/* The outbound thread: TUN device to sockets. */
#include "proc/esp/traffic.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { READS_MAX = 64, FLUSH_N = 32 * 1024, FLUSH_SENDS = OUTBOX_SENDS / 2 };

struct outbound {
	struct traffic *t;
	struct esp_worker *w;
	struct esp_outbox box;
	struct esp_reply reply;
	uint32_t told; /* notices that control was woken for */
	uint8_t frame[VNET_N + 65536];
	uint8_t room[OUTBOX_ROOM];
};

static void flush(struct outbound *o)
{
	struct esp_outbox *b = &o->box;

	for (size_t i = 0; i < b->n_sends;) {
		struct socket *s = traffic_socket(o->t, b->send[i].path);
		size_t k = 1;

		while (i + k < b->n_sends && traffic_socket(o->t, b->send[i + k].path) == s)
			k++;
		if (s)
			socket_send_runs(s, b->send + i, k, b->p);
		for (size_t n = i; !s && n < i + k; n++)
			esp_count(&b->send[n].sa->dropped[DROP_send_failed], b->send[n].count);
		i += k;
	}
	outbox_reset(b);
}

/* What the device has now, up to READS_MAX. False: it has nothing more. */
static bool batch(struct outbound *o)
{
	bool more = true;

	esp_enter(o->w, traffic_now());
	for (unsigned i = 0; i < READS_MAX; i++) {
		size_t n = tun_read(&o->t->tun, o->frame, sizeof(o->frame));

		if (!n) {
			more = false;
			break;
		}
		(void)esp_output(o->w, o->frame, n, &o->box, &o->reply);
		if (o->reply.n && !tun_write(&o->t->tun, o->reply.p, o->reply.n))
			esp_count(&o->w->dropped[DROP_send_failed], 1);
		if (o->box.n > FLUSH_N || o->box.n_sends > FLUSH_SENDS)
			flush(o);
	}
	flush(o);
	esp_leave(o->w);
	return more;
}

void *traffic_outbound(void *traffic)
{
	struct outbound *o = xalloc(sizeof(*o));
	struct traffic *t = traffic;
	uint64_t one = 1;

	o->t = t;
	o->w = esp_plane_worker(t->plane, ESP_OUTBOUND);
	o->box.p = o->room;
	for (;;) {
		struct pollfd p[2] = { { t->tun.fd, POLLIN, 0 }, { t->stop, POLLIN, 0 } };
		bool more = batch(o);
		uint32_t put = atomic_load_explicit(&o->w->put, memory_order_relaxed);

		if (put != o->told && write(t->attention, &one, sizeof(one)) > 0)
			o->told = put;
		poll(p, 2, more ? 0 : -1);
		if (p[1].revents)
			break;
		if (p[0].revents & (POLLERR | POLLNVAL) && !(p[0].revents & POLLIN))
			poll(p + 1, 1, 100); /* the device is down: no spinning */
	}
	wipe(o, sizeof(*o));
	free(o);
	return NULL;
}
