#pragma once
/* Traffic selectors as sets (RFC 7296 2.9, 3.13.1): protocol, ports, addresses. */
#include "base/addr.h"

struct ts {
	uint8_t protocol; /* 0: any */
	uint16_t port_first,
		port_last; /* 0..65535: any; 65535..0: OPAQUE; ICMP: type << 8 | code */
	struct range range;
};

enum { TS_LIST_MAX = 32 };

struct ts_list {
	size_t n;
	struct ts ts[TS_LIST_MAX];
};

struct ts ts_from_range(const struct range *r); /* any protocol, any port */
struct ts ts_from_prefix(const struct prefix *p);
bool ts_eq(const struct ts *a, const struct ts *b);
bool ts_covers(const struct ts *outer, const struct ts *inner);
/* The common part; false when there is none. */
bool ts_overlap(const struct ts *a, const struct ts *b, struct ts *ret);
/* Every pair's common part, without duplicates and parts covered by others. At most TS_LIST_MAX. */
void ts_list_overlap(const struct ts_list *a, const struct ts_list *b, struct ts_list *ret);
bool ts_list_covers(const struct ts_list *outer, const struct ts_list *inner);
bool ts_list_eq(const struct ts_list *a, const struct ts_list *b);
/* Does a packet's end (protocol, address, port) lie inside one of them? */
bool ts_list_has(const struct ts_list *l, uint8_t protocol, const struct addr *a, uint16_t port);
/* "10.0.1.0/24", "10.0.1.0/24/tcp/443" */
#define TS_STR 128
char *ts_format(const struct ts *t, char *s);
/* Libreswan 4.x's form in "established" lines: "10.0.1.0-10.0.1.255:0-65535 0" */
char *ts_format_range(const struct ts *t, char *s);
#define TS_LIST_STR 1024
char *ts_list_format(const struct ts_list *l, char *s); /* comma-separated; cut */
/* "10.0.1.0/24,10.0.3.0/24": as leftsubnets= has them, ranges in as few prefixes as cover them. ""
 * when there are protocols or ports, or too many. */
char *ts_list_subnets(const struct ts_list *l, char *s);
/* The same with protocols and ports, which are numbers: "10.0.1.0/24/6/22"; a port only when it is
 * one. Gives s. */
char *ts_list_selectors(const struct ts_list *l, char *s);
/* The first that is a range and no subnet; NULL. */
const struct ts *ts_list_range(const struct ts_list *l);
/* What theirs is to ours: "same", "wider", "narrower", "overlaps", "apart". Static. */
const char *ts_list_relation(const struct ts_list *theirs, const struct ts_list *ours);
void ts_list_put(struct wr *w, const struct ts_list *l);
enum err must_use ts_list_get(struct rd *r, struct ts_list *ret);
