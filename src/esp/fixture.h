#pragma once
/* For tests and fuzzing of the plane: packets to order, and a pair of planes that protect one for
 * the other. */
#include "esp/checksum.h"
#include "esp/input.h"
#include "esp/output.h"
#include "esp/segment.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIXTURE_FRAME = VNET_N + 65536 };

struct fixture {
	struct esp_plane *left, *right; /* left sends */
	struct esp_worker *out, *in;
	struct esp_outbox box;
	struct esp_reply reply;
	uint8_t frame[FIXTURE_FRAME];
	uint8_t room[OUTBOX_ROOM];
};

static inline struct addr fixture_addr(const char *s)
{
	struct addr a = { 0 };

	if (addr_parse(s, &a))
		abort();
	return a;
}

static inline struct ts_list fixture_ts(const char *s)
{
	struct ts_list l = { .n = 1 };
	struct prefix p;

	if (prefix_parse(s, &p))
		abort();
	l.ts[0] = ts_from_prefix(&p);
	return l;
}

/* One direction of an SA from left (10.0.1.0/24, 2001:db8:1::/64) to right (…2…), keys all alike.
 */
static inline struct dp_sa fixture_sa(enum dp_dir dir, const struct suite *suite)
{
	struct ts_list l = fixture_ts("10.0.1.0/24"), r = fixture_ts("10.0.2.0/24");
	struct dp_sa sa = { .dir = (uint8_t)dir,
		.serial = 7,
		.reqid = 1,
		.spi = 0x12345678,
		.local = { fixture_addr("192.0.2.1"), 4500 },
		.remote = { fixture_addr("198.51.100.1"), 4500 },
		.encap = true,
		.suite = *suite,
		.replay_window = 128 };

	l.ts[l.n++] = fixture_ts("2001:db8:1::/64").ts[0];
	r.ts[r.n++] = fixture_ts("2001:db8:2::/64").ts[0];
	sa.encr_key = secret_new(suite_encr_key_n(suite));
	sa.integ_key = secret_new(suite_integ_key_n(suite));
	for (size_t i = 0; i < sa.encr_key.n; i++)
		sa.encr_key.p[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sa.integ_key.n; i++)
		sa.integ_key.p[i] = (uint8_t)(i * 5 + 3);
	sa.ts_local = dir == DP_OUT ? l : r;
	sa.ts_remote = dir == DP_OUT ? r : l;
	if (dir == DP_IN) {
		struct endpoint e = sa.local;

		sa.local = sa.remote;
		sa.remote = e;
	}
	return sa;
}

static inline struct dp_policy fixture_policy(void)
{
	struct suite none = { .encr = ENCR_NULL };
	struct dp_sa sa = fixture_sa(DP_OUT, &none);
	struct dp_policy p = {
		.reqid = 1, .action = DP_PROTECT, .ts_local = sa.ts_local, .ts_remote = sa.ts_remote
	};

	dp_sa_done(&sa);
	return p;
}

static const struct suite fixture_gcm = { .encr = ENCR_AES_GCM_16, .key_bits = 128 };

/* A frame in f->frame, as the TUN device would give it; gives its octets. sport, dport also make
 * the payload. size: payload of one segment when it is a super-packet, else 0. */
struct fixture_packet {
	const char *src, *dst;
	uint8_t protocol, tos, tcp_flags;
	bool df;
	uint16_t id, size;
	uint32_t seq;
	size_t payload;
};

static inline size_t fixture_ip(uint8_t *p, const struct fixture_packet *o, size_t l4_n)
{
	struct addr src = fixture_addr(o->src), dst = fixture_addr(o->dst);

	if (src.family == 4) {
		memset(p, 0, 20);
		p[0] = 0x45;
		p[1] = o->tos;
		store16(p + 2, (uint16_t)(20 + l4_n));
		store16(p + 4, o->id);
		store16(p + 6, o->df ? 0x4000 : 0);
		p[8] = 64;
		p[9] = o->protocol;
		memcpy(p + 12, src.b, 4);
		memcpy(p + 16, dst.b, 4);
		packet_ip4_sum(p);
		return 20;
	}
	memset(p, 0, 40);
	p[0] = (uint8_t)(0x60 | o->tos >> 4);
	p[1] = (uint8_t)(o->tos << 4);
	store16(p + 4, (uint16_t)l4_n);
	p[6] = o->protocol;
	p[7] = 64;
	memcpy(p + 8, src.b, 16);
	memcpy(p + 24, dst.b, 16);
	return 40;
}

static inline size_t fixture_frame(struct fixture *f, const struct fixture_packet *o)
{
	bool tcp = o->protocol == PROTO_TCP, udp = o->protocol == PROTO_UDP;
	size_t head = tcp ? 20 : 8, l4_n = head + o->payload;
	uint8_t *p = f->frame + VNET_N, *h = p + fixture_ip(p, o, l4_n);
	size_t l4 = (size_t)(h - p);
	struct vnet v = { .flags = VNET_NEEDS_CSUM,
		.csum_start = (uint16_t)l4,
		.csum_offset = tcp ? 16 : 6,
		.hdr_len = (uint16_t)(l4 + head),
		.gso_size = o->size };
	struct packet k;

	memset(h, 0, head);
	store16(h, 4321);
	store16(h + 2, 80);
	if (tcp) {
		store32(h + 4, o->seq);
		store32(h + 8, 99);
		h[12] = 0x50;
		h[13] = o->tcp_flags;
		store16(h + 14, 501);
	} else if (udp) {
		store16(h + 4, (uint16_t)l4_n);
	}
	for (size_t i = 0; i < o->payload; i++)
		h[head + i] = (uint8_t)(i * 31 + (i >> 8) + o->seq);
	if (packet_parse(p, l4 + l4_n, &k))
		abort();
	if (!tcp && !udp)
		v = (struct vnet){ 0 };
	else
		sum_store(h + v.csum_offset, sum_fold(packet_pseudo_sum(&k, l4_n)));
	if (o->size)
		v.gso_type = udp	      ? VNET_GSO_UDP_L4
			     : k.version == 4 ? VNET_GSO_TCPV4
					      : VNET_GSO_TCPV6;
	vnet_put(f->frame, &v);
	return VNET_N + l4 + l4_n;
}

/* A pair of planes; change is applied to both directions' SA before they are added. */
static inline struct fixture *fixture_new(const struct suite *suite, void (*change)(struct dp_sa *))
{
	struct fixture *f = xalloc(sizeof(*f));
	struct dp_policy policy = fixture_policy();
	struct dp_sa out = fixture_sa(DP_OUT, suite), in = fixture_sa(DP_IN, suite);

	f->left = esp_plane_new(0);
	f->right = esp_plane_new(0);
	if (change) {
		change(&out);
		change(&in);
	}
	if (esp_plane_sa_add(f->left, &out) || esp_plane_sa_add(f->right, &in) ||
		esp_plane_policy_add(f->left, &policy))
		abort();
	dp_sa_done(&out);
	dp_sa_done(&in);
	f->out = esp_plane_worker(f->left, ESP_OUTBOUND);
	f->in = esp_plane_worker(f->right, ESP_INBOUND);
	f->box.p = f->room;
	return f;
}

static inline void fixture_free(struct fixture *f)
{
	esp_plane_free(f->left);
	esp_plane_free(f->right);
	free(f);
}

/* Sends a frame that lies in f->frame: what stands in f->box stays until fixture_done(). */
static inline enum drop_reason fixture_send(struct fixture *f, size_t n)
{
	outbox_reset(&f->box);
	esp_enter(f->out, NS_S);
	return esp_output(f->out, f->frame, n, &f->box, &f->reply);
}
static inline void fixture_done(struct fixture *f)
{
	esp_leave(f->out);
}

static inline size_t fixture_count(const struct fixture *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->box.n_sends; i++)
		n += f->box.send[i].count;
	return n;
}

/* Datagram i of the box. */
static inline struct bytes fixture_datagram(const struct fixture *f, size_t i)
{
	for (size_t k = 0; k < f->box.n_sends; k++) {
		const struct esp_send *s = &f->box.send[k];
		size_t at = i * s->stride;

		if (i < s->count)
			return bytes_of(
				f->box.p + s->at + at, MIN((size_t)s->stride, (size_t)s->n - at));
		i -= s->count;
	}
	return BYTES_NONE;
}

static inline enum drop_reason fixture_receive(
	struct fixture *f, size_t i, uint8_t outer_tos, struct packet *ret)
{
	struct bytes d = fixture_datagram(f, i);
	struct esp_arrival a = { .local = { fixture_addr("198.51.100.1"), 4500 },
		.remote = { fixture_addr("192.0.2.1"), 4500 },
		.tos = outer_tos,
		.encap = true };
	enum drop_reason why;

	*ret = (struct packet){ 0 };
	esp_enter(f->in, NS_S);
	why = esp_input(f->in, &a, (uint8_t *)(uintptr_t)d.p, d.n, ret);
	esp_leave(f->in);
	return why;
}
