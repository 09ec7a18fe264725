/* ICMP errors towards inner senders: RFC 792, 1191, 1122 3.2.2, 4443. */
#include "esp/icmp.h"

#include "esp/checksum.h"

enum { IP4_N = 20, IP6_N = 40, ICMP_N = 8, QUOTE_4_MAX = 576 - IP4_N - ICMP_N, TTL = 64 };

static bool is_unicast(const struct addr *a)
{
	static const uint8_t none[16];

	if (a->family == 4)
		return a->b[0] != 0 && a->b[0] < 224;
	return a->b[0] != 0xff && memcmp(a->b, none, sizeof(none)) != 0;
}

/* Is it an ICMP error itself? Those are never answered. */
static bool is_error(const struct packet *k)
{
	uint8_t type = (uint8_t)(k->src_port >> 8);

	if (k->protocol == PROTO_ICMP && k->has_ports)
		return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
	return k->protocol == PROTO_ICMPV6 && k->has_ports && type < 128;
}

/* The source is the packet's destination: an address of our own would be a martian there. */
static void put_v4(const struct packet *k, uint32_t mtu, struct esp_reply *ret)
{
	size_t quote = MIN(k->n, (size_t)QUOTE_4_MAX), n = IP4_N + ICMP_N + quote;
	uint8_t *p = ret->p + VNET_N, *icmp = p + IP4_N;

	memset(p, 0, IP4_N + ICMP_N);
	p[0] = 0x45;
	p[1] = 0xc0; /* RFC 1812 4.3.2.5: precedence 6 */
	store16(p + 2, (uint16_t)n);
	p[8] = TTL;
	p[9] = PROTO_ICMP;
	memcpy(p + 12, k->dst.b, 4);
	memcpy(p + 16, k->src.b, 4);
	packet_ip4_sum(p);
	icmp[0] = 3;
	icmp[1] = 4;
	store16(icmp + 6, (uint16_t)mtu);
	memcpy(icmp + ICMP_N, k->p, quote);
	sum_store(icmp + 2, (uint16_t)~sum_fold(sum_add(0, icmp, ICMP_N + quote)));
	ret->n = VNET_N + n;
}

static void put_v6(const struct packet *k, uint32_t mtu, struct esp_reply *ret)
{
	size_t quote = MIN(k->n, (size_t)ICMP_PACKET_MAX - IP6_N - ICMP_N);
	uint8_t *p = ret->p + VNET_N, *icmp = p + IP6_N;
	struct packet out = { .p = p, .version = 6, .protocol = PROTO_ICMPV6 };

	memset(p, 0, IP6_N + ICMP_N);
	p[0] = 0x60;
	store16(p + 4, (uint16_t)(ICMP_N + quote));
	p[6] = PROTO_ICMPV6;
	p[7] = TTL;
	memcpy(p + 8, k->dst.b, 16);
	memcpy(p + 24, k->src.b, 16);
	icmp[0] = 2;
	store32(icmp + 4, mtu);
	memcpy(icmp + ICMP_N, k->p, quote);
	sum_store(icmp + 2, (uint16_t)~sum_fold(sum_add(packet_pseudo_sum(&out, ICMP_N + quote),
				    icmp, ICMP_N + quote)));
	ret->n = VNET_N + IP6_N + ICMP_N + quote;
}

void icmp_too_big(const struct packet *k, uint32_t mtu, struct esp_reply *ret)
{
	ret->n = 0;
	if (k->is_later_fragment || is_error(k) || !is_unicast(&k->src) || !is_unicast(&k->dst))
		return;
	memset(ret->p, 0, VNET_N);
	if (k->version == 4)
		put_v4(k, mtu, ret);
	else
		put_v6(k, mtu, ret);
}
