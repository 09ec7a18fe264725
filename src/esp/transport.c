/* RFC 4303 3.1.1, RFC 3948 3.1.2. */
#include "esp/transport.h"

#include "esp/checksum.h"

enum { IP4_N = 20, IP6_N = 40, NEXT_OPTIONS = 60, TTL = 64, DF = 0x4000 };

size_t transport_header_n(const struct packet *k)
{
	if (k->is_fragment)
		return 0;
	if (k->version == 4)
		return k->l4 == IP4_N ? IP4_N : 0;
	if (k->l4 == IP6_N)
		return IP6_N;
	/* destination options alone; packet_parse() has found them whole */
	if (k->p[6] == NEXT_OPTIONS && k->l4 == IP6_N + (k->p[IP6_N + 1] + 1) * 8)
		return IP6_N;
	return 0;
}

/* The number takes the place of the identification: UDP datagrams merge towards the device when
 * theirs follow one another. */
static void put_v4(const struct esp_path *path, uint8_t tos, const struct esp_opened *o, uint8_t *p)
{
	memset(p, 0, IP4_N);
	p[0] = 0x45;
	p[1] = tos;
	store16(p + 2, (uint16_t)(IP4_N + o->n));
	store16(p + 4, (uint16_t)o->seq);
	store16(p + 6, o->next_header == PROTO_TCP ? DF : 0);
	p[8] = TTL;
	p[9] = o->next_header;
	memcpy(p + 12, path->remote.addr.b, 4);
	memcpy(p + 16, path->local.addr.b, 4);
	packet_ip4_sum(p);
}

static void put_v6(const struct esp_path *path, uint8_t tos, const struct esp_opened *o, uint8_t *p)
{
	memset(p, 0, IP6_N);
	p[0] = (uint8_t)(0x60 | tos >> 4);
	p[1] = (uint8_t)(tos << 4);
	store16(p + 4, (uint16_t)o->n);
	p[6] = o->next_header;
	p[7] = TTL;
	memcpy(p + 8, path->remote.addr.b, 16);
	memcpy(p + 24, path->local.addr.b, 16);
}

/* n: octets that the checksum at that place of the upper layer's header covers. */
static void sum_anew(const struct packet *k, size_t at, size_t n)
{
	uint8_t *h = k->p + k->l4;
	uint16_t sum;

	sum_store(h + at, 0);
	sum = (uint16_t)~sum_fold(sum_add(packet_pseudo_sum(k, n), h, n));
	sum_store(h + at, sum || k->protocol != PROTO_UDP ? sum : 0xffff);
}

/* The checksums that cover addresses. One that is no packet of its protocol stays as it is. */
static void fix_sum(const struct packet *k)
{
	enum { TCP_N = 20, TCP_SUM = 16, UDP_N = 8, UDP_LENGTH = 4, UDP_SUM = 6, ICMP_SUM = 2 };
	const uint8_t *h = k->p + k->l4;
	size_t n = k->n - k->l4;

	if (k->protocol == PROTO_TCP && n >= TCP_N) {
		sum_anew(k, TCP_SUM, n);
	} else if (k->protocol == PROTO_UDP && n >= UDP_N) {
		size_t length = load16(h + UDP_LENGTH);

		/* over IPv4 it may have none */
		if (length >= UDP_N && length <= n && (load16(h + UDP_SUM) || k->version == 6))
			sum_anew(k, UDP_SUM, length);
	} else if (k->protocol == PROTO_ICMPV6 && k->version == 6 && n >= 4) {
		sum_anew(k, ICMP_SUM, n);
	}
}

enum drop_reason transport_put(const struct esp_path *path, const struct esp_arrival *a,
	const struct esp_opened *o, uint8_t *to, struct packet *ret)
{
	bool v4 = path->remote.addr.family == 4;
	size_t header_n = v4 ? IP4_N : IP6_N;
	struct packet k;

	if (o->n > UINT16_MAX - header_n)
		return DROP_malformed;
	if (v4)
		put_v4(path, a->tos, o, to);
	else
		put_v6(path, a->tos, o, to);
	memcpy(to + header_n, o->p, o->n);
	if (packet_parse(to, header_n + o->n, &k) || !transport_header_n(&k))
		return DROP_decrypt;
	if (path->encap)
		fix_sum(&k);
	*ret = k;
	return DROP_none;
}
