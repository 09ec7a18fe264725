/* Inner packets: RFC 791, RFC 8200, RFC 9293, RFC 768. */
#include "esp/packet.h"

#include "esp/checksum.h"

enum {
	IP4_MIN = 20,
	IP6_N = 40,
	EXT_MAX = 8, /* IPv6 extension headers that are followed */
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_OPTIONS = 60,
};

static void ports(struct packet *k)
{
	const uint8_t *h = k->p + k->l4;
	size_t left = k->n - k->l4;

	if (k->is_later_fragment)
		return;
	switch (k->protocol) {
	case PROTO_TCP:
	case PROTO_UDP:
	case 33:  /* DCCP */
	case 132: /* SCTP */
	case 136: /* UDP-Lite */
		if (left < 4)
			return;
		k->src_port = load16(h);
		k->dst_port = load16(h + 2);
		k->has_ports = true;
		return;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		if (left < 2)
			return;
		k->src_port = k->dst_port = load16(h); /* RFC 4301 4.4.1.1: type and code */
		k->has_ports = true;
		return;
	default:
		return;
	}
}

static enum err parse_v4(uint8_t *p, size_t n, struct packet *k)
{
	size_t header_n, total;
	uint16_t frag;

	if (n < IP4_MIN)
		return ERR_TRUNCATED;
	header_n = (size_t)(p[0] & 15) * 4;
	total = load16(p + 2);
	if (header_n < IP4_MIN || total < header_n)
		return ERR_LENGTH;
	if (total > n)
		return ERR_TRUNCATED;
	frag = load16(p + 6);
	k->n = total;
	k->version = 4;
	k->tos = p[1];
	k->ttl = p[8];
	k->protocol = p[9];
	k->df = frag & 0x4000;
	k->is_fragment = frag & 0x3fff;
	k->is_later_fragment = frag & 0x1fff;
	k->l4 = (uint16_t)header_n;
	k->src.family = k->dst.family = 4;
	memcpy(k->src.b, p + 12, 4);
	memcpy(k->dst.b, p + 16, 4);
	return OK;
}

/* Follows extension headers to the upper layer (RFC 8200 4). */
static enum err walk_v6(struct packet *k, uint8_t next)
{
	size_t at = IP6_N;

	for (unsigned i = 0; i < EXT_MAX; i++) {
		size_t n = 8;

		if (next != NEXT_HOP_BY_HOP && next != NEXT_ROUTING && next != NEXT_FRAGMENT &&
			next != NEXT_OPTIONS) {
			k->protocol = next;
			k->l4 = (uint16_t)at;
			return OK;
		}
		if (k->n - at < 8)
			return ERR_TRUNCATED;
		if (next == NEXT_FRAGMENT) {
			uint16_t frag = load16(k->p + at + 2);

			k->is_fragment = frag & 0xfff9;
			k->is_later_fragment = frag & 0xfff8;
		} else {
			n = ((size_t)k->p[at + 1] + 1) * 8;
		}
		if (k->n - at < n)
			return ERR_TRUNCATED;
		next = k->p[at];
		at += n;
		if (k->is_later_fragment) {
			k->protocol = next;
			k->l4 = (uint16_t)at;
			return OK;
		}
	}
	return ERR_LIMIT;
}

static enum err parse_v6(uint8_t *p, size_t n, struct packet *k)
{
	size_t total;

	if (n < IP6_N)
		return ERR_TRUNCATED;
	total = IP6_N + (size_t)load16(p + 4);
	if (total > n || total > UINT16_MAX)
		return ERR_TRUNCATED;
	k->n = total;
	k->version = 6;
	k->tos = (uint8_t)(load16(p) >> 4);
	k->ttl = p[7];
	k->df = true;
	k->src.family = k->dst.family = 6;
	memcpy(k->src.b, p + 8, 16);
	memcpy(k->dst.b, p + 24, 16);
	return walk_v6(k, p[6]);
}

enum err packet_parse(uint8_t *p, size_t n, struct packet *ret)
{
	struct packet k = { .p = p };
	enum err e;

	if (n == 0)
		return ERR_TRUNCATED;
	if (p[0] >> 4 == 4)
		e = parse_v4(p, n, &k);
	else if (p[0] >> 4 == 6)
		e = parse_v6(p, n, &k);
	else
		return ERR_VALUE;
	if (e)
		return e;
	ports(&k);
	*ret = k;
	return OK;
}

size_t packet_header_n(const struct packet *k)
{
	size_t left = k->n - k->l4, n = 8;

	if (k->is_later_fragment)
		return 0;
	if (k->protocol == PROTO_TCP) {
		if (left < 20)
			return 0;
		n = (size_t)(k->p[k->l4 + 12] >> 4) * 4;
		if (n < 20)
			return 0;
	} else if (k->protocol != PROTO_UDP) {
		return 0;
	}
	return n <= left ? k->l4 + n : 0;
}

uint32_t packet_hash(const struct packet *k)
{
	uint32_t h = load32(k->src.b) ^ load32(k->src.b + 12),
		 g = load32(k->dst.b) ^ load32(k->dst.b + 12);

	h = h * UINT32_C(0x85ebca6b) + g;
	return h * UINT32_C(0xc2b2ae35) + ((uint32_t)k->src_port << 16 | k->dst_port) + k->protocol;
}

void packet_ip4_sum(uint8_t *p)
{
	store16(p + 10, 0);
	sum_store(p + 10, (uint16_t)~sum_fold(sum_add(0, p, (size_t)(p[0] & 15) * 4)));
}

uint64_t packet_pseudo_sum(const struct packet *k, size_t n)
{
	uint64_t sum = k->version == 4 ? sum_add(0, k->p + 12, 8) : sum_add(0, k->p + 8, 32);

	return sum_add16(sum_add16(sum, k->protocol), (uint16_t)n);
}

bool packet_sum_ok(const struct packet *k)
{
	size_t n = k->n - k->l4;

	if (k->protocol == PROTO_UDP && k->version == 4 && load16(k->p + k->l4 + 6) == 0)
		return true;
	return sum_fold(sum_add(packet_pseudo_sum(k, n), k->p + k->l4, n)) == 0xffff;
}

void packet_set_tos(struct packet *k, uint8_t tos)
{
	if (tos == k->tos)
		return;
	k->tos = tos;
	if (k->version == 4) {
		k->p[1] = tos;
		packet_ip4_sum(k->p);
	} else {
		k->p[0] = (uint8_t)(0x60 | tos >> 4);
		k->p[1] = (uint8_t)(tos << 4 | (k->p[1] & 15));
	}
}
