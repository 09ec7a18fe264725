/* Segmentation of what the TUN device gives (virtio 1.2, 5.1.6.4; RFC 9293, RFC 768). */
#include "esp/segment.h"

#include "esp/checksum.h"

enum { TCP_SEQ = 4, TCP_FLAGS = 13, TCP_SUM = 16, UDP_LENGTH = 4, UDP_SUM = 6 };
enum { TCP_FIN = 1, TCP_PSH = 8, TCP_CWR = 0x80 };

/* The field holds the pseudo-header's sum; the rest is ours to add. What packet_parse() has read,
 * addresses and ports, must not change under it. */
static enum err finish_sum(const struct packet *k, const struct vnet *v)
{
	uint8_t *p = k->p;
	size_t at = (size_t)v->csum_start + v->csum_offset, n = k->n;
	uint16_t sum;

	if (v->csum_start < k->l4 || v->csum_start >= n || at < (size_t)k->l4 + 4 || at + 2 > n)
		return ERR_LENGTH;
	sum = (uint16_t)~sum_fold(sum_add(0, p + v->csum_start, n - v->csum_start));
	sum_store(p + at, sum ? sum : 0xffff);
	return OK;
}

static bool gso_fits(const struct packet *k, uint8_t type)
{
	switch (type) {
	case VNET_GSO_TCPV4:
		return k->version == 4 && k->protocol == PROTO_TCP;
	case VNET_GSO_TCPV6:
		return k->version == 6 && k->protocol == PROTO_TCP;
	case VNET_GSO_UDP_L4:
		return k->protocol == PROTO_UDP;
	default:
		return false;
	}
}

enum err segments_parse(uint8_t *frame, size_t n, struct segments *ret)
{
	struct segments s = { .count = 1 };
	struct vnet v;
	uint8_t type;
	enum err e;

	if (n < VNET_N)
		return ERR_TRUNCATED;
	v = vnet_get(frame);
	type = v.gso_type & (uint8_t)~VNET_GSO_ECN;
	if ((e = packet_parse(frame + VNET_N, n - VNET_N, &s.k)))
		return e;
	if (type == VNET_GSO_NONE) {
		if (v.flags & VNET_NEEDS_CSUM && (e = finish_sum(&s.k, &v)))
			return e;
		*ret = s;
		return OK;
	}
	/* hdr_len is not to be trusted for forwarded packets: the headers themselves tell. */
	s.header_n = packet_header_n(&s.k);
	if (!gso_fits(&s.k, type) || s.k.is_fragment || !s.header_n || v.gso_size == 0)
		return ERR_VALUE;
	s.size = v.gso_size;
	s.count = MAX((s.k.n - s.header_n + s.size - 1) / s.size, (size_t)1);
	*ret = s;
	return OK;
}

size_t segments_n(const struct segments *s, size_t i)
{
	size_t payload = s->k.n - s->header_n;

	if (!s->header_n)
		return s->k.n;
	return s->header_n + (i + 1 < s->count ? s->size : payload - i * s->size);
}

static void put_ip(const struct segments *s, size_t i, uint8_t *to, size_t n)
{
	if (s->k.version == 4) {
		store16(to + 2, (uint16_t)n);
		store16(to + 4, (uint16_t)(load16(to + 4) + i));
		packet_ip4_sum(to);
	} else {
		store16(to + 4, (uint16_t)(n - 40));
	}
}

static void put_tcp(const struct segments *s, size_t i, uint8_t *h)
{
	store32(h + TCP_SEQ, load32(h + TCP_SEQ) + (uint32_t)(i * s->size));
	if (i + 1 < s->count)
		h[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (i > 0)
		h[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
}

void segments_put(const struct segments *s, size_t i, size_t skip, uint8_t *to)
{
	size_t n = segments_n(s, i), l4_n = n - s->k.l4, head_n = s->header_n - skip;
	uint8_t *h = to + s->k.l4 - skip, *field;
	uint16_t sum;

	if (!s->header_n) {
		memcpy(to, s->k.p + skip, n - skip);
		return;
	}
	memcpy(to, s->k.p + skip, head_n);
	memcpy(to + head_n, s->k.p + s->header_n + i * s->size, n - s->header_n);
	if (!skip)
		put_ip(s, i, to, n);
	if (s->k.protocol == PROTO_TCP) {
		put_tcp(s, i, h);
		field = h + TCP_SUM;
	} else {
		store16(h + UDP_LENGTH, (uint16_t)l4_n);
		field = h + UDP_SUM;
	}
	sum_store(field, 0);
	sum = (uint16_t)~sum_fold(sum_add(packet_pseudo_sum(&s->k, l4_n), h, l4_n));
	sum_store(field, sum || s->k.protocol == PROTO_TCP ? sum : 0xffff);
}
