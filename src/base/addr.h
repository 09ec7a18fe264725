#pragma once
/* IPv4 and IPv6 addresses, endpoints, prefixes and ranges as values. */
#include "base/rd.h"
#include "base/wr.h"

struct addr {
	uint8_t family; /* 4, 6, or 0: none (also %any) */
	uint8_t b[16];	/* network order; the rest zero, so that memcmp compares */
};

struct endpoint {
	struct addr addr;
	uint16_t port; /* host order */
};

struct prefix {
	struct addr addr;
	uint8_t bits;
};

struct range {
	struct addr first, last; /* both included, same family */
};

#define ADDR_STR     46 /* with NUL */
#define ENDPOINT_STR 56 /* [v6]:port */
#define PREFIX_STR   50
#define RANGE_STR    93

struct addr addr_v4(uint32_t host_order);
/* n is 4 or 16, anything else gives family 0. */
struct addr addr_from(struct bytes b);
struct bytes addr_bytes(const struct addr *a); /* 4 or 16 octets, or none; a view of *a */
static inline bool addr_is_set(const struct addr *a)
{
	return a->family != 0;
}
bool addr_eq(const struct addr *a, const struct addr *b);
int addr_cmp(const struct addr *a, const struct addr *b); /* family first */
bool addr_is_loopback(const struct addr *a);
uint8_t addr_bits(uint8_t family); /* 32, 128, or 0 */
/* The next one; false, unchanged, at the last of the family. */
bool addr_next(struct addr *a);
/* a + n; false when that leaves the family's space. */
bool addr_add(const struct addr *a, uint64_t n, struct addr *ret);
/* Numeric text only. ERR_VALUE when it is not an address. */
enum err must_use addr_parse(const char *s, struct addr *ret);
/* Writes text to s (ADDR_STR bytes) and gives s; "%any" for family 0. */
char *addr_format(const struct addr *a, char *s);

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b);
char *endpoint_format(const struct endpoint *e, char *s); /* 192.0.2.1:500, [2001:db8::1]:500 */

/* "10.0.0.0/24"; without a slash a single address. Bits after the length are kept:
 * prefix_is_clean tells whether there are any, prefix_clean clears them. */
enum err must_use prefix_parse(const char *s, struct prefix *ret);
bool prefix_is_clean(const struct prefix *p);
struct prefix prefix_clean(struct prefix p);
char *prefix_format(const struct prefix *p, char *s);
bool prefix_has(const struct prefix *p, const struct addr *a);

struct range range_from(const struct prefix *p);
static inline struct range range_one(const struct addr *a)
{
	return (struct range){ *a, *a };
}
/* "A-B", "net/bits" or "A". ERR_VALUE when it is none of these or runs backwards. */
enum err must_use range_parse(const char *s, struct range *ret);
bool range_has(const struct range *r, const struct addr *a);
bool range_eq(const struct range *a, const struct range *b);
bool range_covers(const struct range *outer, const struct range *inner);
bool range_overlap(const struct range *a, const struct range *b, struct range *ret);
/* Addresses in it, UINT64_MAX when they do not fit. */
uint64_t range_count(const struct range *r);
/* Is it exactly one prefix? Then *ret is. */
bool range_is_prefix(const struct range *r, struct prefix *ret);
/* As few prefixes as cover exactly r, at most max; gives how many, 0 when max is too few. */
size_t range_prefixes(const struct range *r, struct prefix *ret, size_t max);
/* "net/bits" where it is one, else "A-B". */
char *range_format(const struct range *r, char *s);

/* Between our processes: family octet, then 16 octets; endpoint: then the port. */
void addr_put(struct wr *w, const struct addr *a);
struct addr addr_get(struct rd *r);
void endpoint_put(struct wr *w, const struct endpoint *e);
struct endpoint endpoint_get(struct rd *r);
