#pragma once
/* A packet on its way through chains: what the two kinds of rules share. */
#include "dataplane/firewall/filter.h"

#include <jansson.h>

enum { FW_DEPTH_MAX = 16 };

struct fw_walk {
	const struct fw_packet *p;
	struct fw_fate here;   /* program, family and table of the base chain */
	struct fw_fate caught; /* of FW_CAUGHT */
	struct fw_fate passed; /* the last rule that let it through for sure */
	struct fw_fate maybe;  /* the first rule that may have stopped it */
	bool is_left;	       /* it may have left this base chain already */
	unsigned depth;
	const json_t *objects; /* of nft */
	const char *saved;     /* from the table's line on */
};

/* ---- conditions ---- */
enum fw_match fw_packet_in(const struct range *end, const struct range *r, size_t n);
enum fw_match fw_packet_device(const char *device, const char *name, char wildcard);
enum fw_match fw_packet_protocol(const struct fw_packet *p, const char *name);
enum fw_match fw_packet_port(uint16_t port, uint16_t first, uint16_t last);
/* A type of ICMPv6 by its number, or by nft's word for it. */
enum fw_match fw_packet_icmp6_type(const struct fw_packet *p, const char *name);
enum fw_match fw_packet_state(const struct fw_packet *p, const char *name);
/* Is the destination an address of this host? */
enum fw_match fw_packet_is_for_us(const struct fw_packet *p);
static inline enum fw_match fw_or(enum fw_match a, enum fw_match b)
{
	return a > b ? a : b;
}

/* ---- what rules do ---- */
/* A verdict of a rule that matches like m; f says which one. */
enum fw_verdict fw_acted(
	struct fw_walk *w, enum fw_match m, enum fw_act a, const struct fw_fate *f);
/* A chain came to v that a rule which matches like m leads to. */
enum fw_verdict fw_jumped(struct fw_walk *w, enum fw_match m, enum fw_verdict v, bool is_goto);

/* ---- the two kinds ---- */
enum fw_verdict fw_nft_chain(struct fw_walk *w, const char *name);
enum fw_verdict fw_saved_chain(struct fw_walk *w, const char *name);
