#pragma once
/* An inner IP packet: what the plane must know of it. Views into the caller's buffer. Loads and
 * stores here are at offsets that packet_parse() has checked: the packet path has no room for
 * rd.h's calls. */
#include "base/addr.h"

enum {
	PROTO_ICMP = 1,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ESP = 50,
	PROTO_ICMPV6 = 58,
	PROTO_NONE = 59, /* IPv6 no next header; ESP's dummy packets (RFC 4303 2.6) */
};

struct packet {
	uint8_t *p;
	size_t n;	  /* as its header says: what followed is cut */
	uint8_t version;  /* 4, 6 */
	uint8_t protocol; /* upper layer, behind extension headers */
	uint8_t tos;	  /* DSCP and ECN */
	uint8_t ttl;
	bool df; /* IPv4's bit; always with IPv6 (RFC 8200 5) */
	bool is_fragment;
	bool is_later_fragment; /* not the first: the upper layer's header is elsewhere */
	bool has_ports;
	uint16_t l4;		     /* offset of the upper layer's header; n when there is none */
	uint16_t src_port, dst_port; /* ICMP: type << 8 | code, in both */
	struct addr src, dst;
};

static inline uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}
static inline uint32_t load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void store16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
static inline void store32(uint8_t *p, uint32_t v)
{
	store16(p, (uint16_t)(v >> 16));
	store16(p + 2, (uint16_t)v);
}

/* ERR_TRUNCATED, ERR_LENGTH, ERR_VALUE: not an IP packet that can be judged. */
enum err must_use packet_parse(uint8_t *p, size_t n, struct packet *ret);
/* Octets before the upper layer's payload, for TCP and UDP; 0 when that header is cut or absent. */
size_t packet_header_n(const struct packet *p);
/* Of its ends and protocol: all packets of a flow have the same. */
uint32_t packet_hash(const struct packet *p);
/* IPv4: recompute the header checksum. */
void packet_ip4_sum(uint8_t *p);
/* The pseudo-header's sum (RFC 9293 3.1, RFC 8200 8.1) for an upper layer of n octets. */
uint64_t packet_pseudo_sum(const struct packet *p, size_t n);
/* Is the TCP or UDP checksum right? A UDP packet over IPv4 may have none. */
bool packet_sum_ok(const struct packet *p);
/* Change DSCP and ECN where it stands. */
void packet_set_tos(struct packet *p, uint8_t tos);
