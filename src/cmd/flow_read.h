#pragma once
/* The pure part of the test flow: ICMP messages, counters of /proc as text, sizes to try. */
#include "base/addr.h"

/* ---- ICMP (RFC 792, RFC 4443) as a raw socket gives it ---- */

enum icmp_kind {
	ICMP_NOT_OURS,
	ICMP_ANSWER, /* an echo reply */
	ICMP_ERROR,  /* to an echo request, whose id and sequence it quotes */
};
struct icmp_said {
	uint16_t id, seq;
	uint8_t type, code;
	uint32_t mtu;	  /* of "too big"; 0: it does not tell */
	struct addr from; /* IPv4 only: the packet's source */
};
/* A whole IPv4 packet; of IPv6 the ICMPv6 message alone. */
enum icmp_kind icmp_read(uint8_t family, struct bytes packet, struct icmp_said *ret);
/* Is it "too big" (or "fragmentation needed")? */
bool icmp_is_too_big(uint8_t family, const struct icmp_said *said);

/* ---- DNS (RFC 1035 4.1.1) ---- */

/* An answer to the question with that id, whatever it says. */
bool dns_is_answer(struct bytes message, uint16_t id);

/* ---- ESP on the wire ---- */

/* With a cipher of 16-octet blocks (RFC 3602), from SPI to ICV there are 8 octets, an IV of 16,
 * blocks, and the ICV: so the length tells an ICV of 12 from one of 16 octets, without a key. */
struct esp_said {
	struct addr from;
	uint32_t spi;
	uint32_t n; /* octets, from SPI to ICV */
};
/* The beginning of an IP packet (IPv6: without extension headers): ESP, or ESP in UDP port 4500.
 * False: it is something else, or a fragment. */
bool esp_read(uint8_t family, struct bytes packet, struct esp_said *ret);

enum { ESP_SPIS = 8 };
struct esp_seen {
	unsigned n;
	struct esp_of_spi {
		uint32_t spi;
		uint64_t count, length, cut_12, cut_16; /* length: of the last */
	} spi[ESP_SPIS];
};
void esp_seen_take(struct esp_seen *e, const struct esp_said *said);

/* ---- others' packets, as they pass by ---- */

struct ip_seen {
	struct addr src, dst;
	bool is_asking; /* an echo request, or the beginning of a connection of TCP */
};
/* A packet from its header on, perhaps cut off; false: it is none. Fragments other than the first
 * ask nothing. */
bool ip_see(struct bytes packet, struct ip_seen *ret);

/* ---- counters ---- */

enum { COUNTERS_MAX = 96, COUNTER_NAME = 48 };
struct counters {
	unsigned n;
	struct counter {
		char name[COUNTER_NAME];
		uint64_t value;
	} counter[COUNTERS_MAX];
};
/* /proc/net/snmp and netstat: a line of names, then one of values, with the same first word, which
 * becomes the beginning of the name: "IpInAddrErrors". Those that tell of lost packets are added.
 */
void counters_pairs(struct bytes text, struct counters *c);
/* /proc/net/xfrm_stat and snmp6: a name and a value a line. */
void counters_lines(struct bytes text, struct counters *c);
/* 0: it is not there. */
uint64_t counter_of(const struct counters *c, const char *name);
/* Does a line begin with this word, as those of /proc/net/arp do with an address? */
bool lines_have(struct bytes text, const char *word);
/* /proc/net/udp, udp6, raw, raw6: the last column of those whose local port (of raw sockets: the
 * protocol) is this, together. */
uint64_t sockets_dropped(struct bytes text, unsigned port);
/* What was added; one that went back began anew. */
uint64_t counter_added(uint64_t before, uint64_t after);
/* The same of one for which that says nothing: another thread's. 0: it went back. */
uint64_t counter_grown(uint64_t before, uint64_t after);

/* ---- the largest size that passes ---- */

enum { BISECT_STEP = 8 };
struct bisect {
	uint32_t passes; /* the largest known to */
	uint32_t lost;	 /* the smallest known not to; 0: none */
	uint32_t top;
	uint32_t told; /* by an ICMP error; 0: nobody told */
	bool lost_once;
};
/* Sizes from bottom, which passes, to top. */
struct bisect bisect_from(uint32_t bottom, uint32_t top);
/* The next size to try; 0: it is found. */
uint32_t bisect_next(const struct bisect *b);
enum bisect_saw { BISECT_PASSES, BISECT_LOST, BISECT_TOO_BIG };
/* mtu: that "too big" told; 0. */
void bisect_take(struct bisect *b, uint32_t size, enum bisect_saw saw, uint32_t mtu);
