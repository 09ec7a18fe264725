/* Merging of inner packets towards the TUN device. Packets merge only when splitting the result
 * gives the same packets again, and only when their checksums are right: a new checksum must not
 * hide an old error. */
#include "esp/coalesce.h"

#include "esp/checksum.h"

enum {
	TCP_SEQ = 4,
	TCP_ACK_AT = 8,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_SUM = 16,
	TCP_URGENT = 18,
	TCP_OPTIONS = 20,
	UDP_LENGTH = 4,
	UDP_SUM = 6
};
enum { FLAG_PSH = 8, FLAG_ACK = 16 };
enum { GROUP_N_MAX = 65535, GROUP_PACKETS_MAX = COALESCE_PARTS - 2 };

/* Octets of headers if this packet may be merged with others at all, else 0. */
static uint16_t mergeable(const struct coalesce *c, const struct packet *k)
{
	size_t n;

	if (k->is_fragment || (k->version == 4 && (k->p[0] & 15) != 5) ||
		(k->version == 6 && k->l4 != 40))
		return 0;
	if (!(k->protocol == PROTO_TCP ? c->tcp : k->protocol == PROTO_UDP && c->udp))
		return 0;
	n = packet_header_n(k);
	if (!n || n >= k->n)
		return 0;
	if (k->protocol == PROTO_TCP && (k->p[k->l4 + TCP_FLAGS] & ~FLAG_PSH) != FLAG_ACK)
		return 0;
	if (k->protocol == PROTO_UDP && (load16(k->p + k->l4 + UDP_LENGTH) != k->n - k->l4 ||
						load16(k->p + k->l4 + UDP_SUM) == 0))
		return 0;
	return (uint16_t)n;
}

static bool same_ip(const struct packet *a, const struct packet *b, uint16_t count)
{
	if (a->version != b->version || a->protocol != b->protocol || a->tos != b->tos ||
		a->ttl != b->ttl || a->df != b->df)
		return false;
	if (a->version == 6)
		return memcmp(a->p, b->p, 4) == 0 && memcmp(a->p + 8, b->p + 8, 32) == 0;
	if (memcmp(a->p + 12, b->p + 12, 8) != 0 || (load16(a->p + 6) ^ load16(b->p + 6)) != 0)
		return false;
	/* With DF the identification means nothing (RFC 6864 4.1). */
	return a->df || (uint16_t)(load16(a->p + 4) + count) == load16(b->p + 4);
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
	return a->protocol == b->protocol && a->src_port == b->src_port &&
	       a->dst_port == b->dst_port && addr_eq(&a->src, &b->src) && addr_eq(&a->dst, &b->dst);
}

static bool same_tcp(const uint8_t *a, const uint8_t *b, size_t header_n)
{
	return memcmp(a + TCP_ACK_AT, b + TCP_ACK_AT, 5) == 0 && /* ACK, offset */
	       memcmp(a + TCP_WINDOW, b + TCP_WINDOW, 2) == 0 &&
	       memcmp(a + TCP_URGENT, b + TCP_URGENT, 2) == 0 &&
	       memcmp(a + TCP_OPTIONS, b + TCP_OPTIONS, header_n - TCP_OPTIONS) == 0;
}

static bool may_append(struct coalesce *c, struct coalesce_group *g, const struct coalesce_item *it)
{
	struct coalesce_item *first = &c->item[g->first];
	const uint8_t *a = first->k.p + first->k.l4, *b = it->k.p + it->k.l4;
	size_t payload = it->k.n - it->header_n;

	if (!g->is_open || !it->header_n || first->header_n != it->header_n || payload > g->size ||
		g->n + payload > GROUP_N_MAX || g->count == GROUP_PACKETS_MAX ||
		!same_ip(&first->k, &it->k, g->count))
		return false;
	if (it->k.protocol == PROTO_TCP &&
		(load32(b + TCP_SEQ) != g->next_seq ||
			!same_tcp(a, b, (size_t)it->header_n - it->k.l4)))
		return false;
	if (!g->is_verified && !packet_sum_ok(&first->k)) {
		g->is_open = false;
		return false;
	}
	g->is_verified = true;
	return packet_sum_ok(&it->k);
}

/* A short packet or PSH ends a group: so does splitting. */
static void after(struct coalesce_group *g, const struct coalesce_item *it)
{
	size_t payload = it->k.n - it->header_n;
	bool psh = it->k.protocol == PROTO_TCP && it->k.p[it->k.l4 + TCP_FLAGS] & FLAG_PSH;

	g->is_open = it->header_n && payload == g->size && !psh;
	g->next_seq += (uint32_t)payload;
}

bool coalesce_add(struct coalesce *c, const struct packet *k)
{
	struct coalesce_item *it = &c->item[c->n_items];
	struct coalesce_group *g;

	if (c->n_items == COALESCE_PACKETS)
		return false;
	*it = (struct coalesce_item){ *k, mergeable(c, k), 0 };
	for (size_t i = c->n_groups; it->header_n && i-- > 0 && c->n_groups - i <= COALESCE_LOOK;) {
		g = &c->group[i];
		if (!same_flow(&c->item[g->first].k, k))
			continue;
		if (!may_append(c, g, it))
			break; /* only the flow's newest group: order is kept */
		c->item[g->last].next = (uint16_t)c->n_items;
		g->last = (uint16_t)c->n_items++;
		g->count++;
		g->n += (uint32_t)(k->n - it->header_n);
		after(g, it);
		return true;
	}
	g = &c->group[c->n_groups++];
	*g = (struct coalesce_group){ (uint16_t)c->n_items, (uint16_t)c->n_items, 1,
		(uint16_t)(k->n - it->header_n), (uint32_t)k->n, 0, false, false };
	if (it->header_n && k->protocol == PROTO_TCP)
		g->next_seq = load32(k->p + k->l4 + TCP_SEQ);
	c->n_items++;
	after(g, it);
	return true;
}

static void set_ip_n(struct packet *k, size_t n)
{
	if (k->version == 4) {
		store16(k->p + 2, (uint16_t)n);
		packet_ip4_sum(k->p);
	} else {
		store16(k->p + 4, (uint16_t)(n - 40));
	}
}

/* The first packet's headers become those of the whole; its checksum the pseudo-header's sum. */
static struct vnet join_headers(const struct coalesce *c, const struct coalesce_group *g)
{
	const struct coalesce_item *first = &c->item[g->first], *last = &c->item[g->last];
	struct packet k = first->k;
	struct vnet v = { VNET_NEEDS_CSUM, VNET_GSO_UDP_L4, first->header_n, g->size, k.l4,
		UDP_SUM };
	uint8_t *h = k.p + k.l4;

	set_ip_n(&k, g->n);
	if (k.protocol == PROTO_TCP) {
		v.gso_type = k.version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
		v.csum_offset = TCP_SUM;
		h[TCP_FLAGS] |= last->k.p[last->k.l4 + TCP_FLAGS] & FLAG_PSH;
	} else {
		store16(h + UDP_LENGTH, (uint16_t)(g->n - k.l4));
	}
	sum_store(h + v.csum_offset, sum_fold(packet_pseudo_sum(&k, g->n - k.l4)));
	return v;
}

size_t coalesce_parts(
	struct coalesce *c, size_t i, uint8_t *vnet, struct bytes parts[COALESCE_PARTS])
{
	const struct coalesce_group *g = &c->group[i];
	const struct coalesce_item *it = &c->item[g->first];
	struct vnet v = { 0 };
	size_t n = 2;

	if (g->count > 1)
		v = join_headers(c, g);
	vnet_put(vnet, &v);
	parts[0] = bytes_of(vnet, VNET_N);
	parts[1] = bytes_of(it->k.p, it->k.n);
	while (it->next) {
		it = &c->item[it->next];
		parts[n++] = bytes_of(it->k.p + it->header_n, it->k.n - it->header_n);
	}
	return n;
}

void coalesce_split(struct coalesce *c, size_t i)
{
	struct coalesce_group *g = &c->group[i];
	struct coalesce_item *first = &c->item[g->first];
	struct packet *k = &first->k;
	uint8_t *h = k->p + k->l4;
	size_t l4_n = k->n - k->l4, at = k->protocol == PROTO_TCP ? TCP_SUM : UDP_SUM;

	if (g->count == 1)
		return;
	set_ip_n(k, k->n);
	if (k->protocol == PROTO_TCP)
		h[TCP_FLAGS] &= (uint8_t)~FLAG_PSH; /* only a group's last may have it */
	else
		store16(h + UDP_LENGTH, (uint16_t)l4_n);
	sum_store(h + at, 0);
	sum_store(h + at, (uint16_t)~sum_fold(sum_add(packet_pseudo_sum(k, l4_n), h, l4_n)));
}
