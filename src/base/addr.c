/* Addresses as values: see addr.h. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

struct addr addr_v4(uint32_t v)
{
	struct addr a = { .family = 4 };

	for (int i = 3; i >= 0; i--, v >>= 8)
		a.b[i] = (uint8_t)v;
	return a;
}

struct addr addr_from(struct bytes b)
{
	struct addr a = { .family = b.n == 4 ? 4 : b.n == 16 ? 6 : 0 };

	if (a.family)
		memcpy(a.b, b.p, b.n);
	return a;
}

uint8_t addr_bits(uint8_t family)
{
	return family == 4 ? 32 : family == 6 ? 128 : 0;
}

static size_t octets(uint8_t family)
{
	return addr_bits(family) / 8u;
}

struct bytes addr_bytes(const struct addr *a)
{
	return bytes_of(a->b, octets(a->family));
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->b, b->b, sizeof(a->b));
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return (a->family == 4 && a->b[0] == 127) ||
	       (a->family == 6 && memcmp(a->b, one, sizeof(one)) == 0);
}

bool addr_add(const struct addr *a, uint64_t n, struct addr *ret)
{
	struct addr sum = *a;
	uint64_t carry = n;

	for (size_t i = octets(a->family); i-- > 0;) {
		uint64_t v = (carry & 0xff) + sum.b[i];

		sum.b[i] = (uint8_t)v;
		carry = (carry >> 8) + (v >> 8);
	}
	if (carry != 0)
		return false;
	*ret = sum;
	return true;
}

bool addr_next(struct addr *a)
{
	return addr_add(a, 1, a);
}

enum err addr_parse(const char *s, struct addr *ret)
{
	uint8_t b[16];

	if (inet_pton(AF_INET, s, b) == 1) {
		*ret = addr_from(bytes_of(b, 4));
		return OK;
	}
	if (inet_pton(AF_INET6, s, b) == 1) {
		*ret = addr_from(bytes_of(b, 16));
		return OK;
	}
	return ERR_VALUE;
}

char *addr_format(const struct addr *a, char *s)
{
	if (a->family == 0)
		memcpy(s, "%any", sizeof("%any"));
	else
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, s, ADDR_STR);
	return s;
}

bool endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_eq(&a->addr, &b->addr);
}

char *endpoint_format(const struct endpoint *e, char *s)
{
	char a[ADDR_STR];

	snprintf(s, ENDPOINT_STR, e->addr.family == 6 ? "[%s]:%u" : "%s:%u",
		addr_format(&e->addr, a), e->port);
	return s;
}

static bool number(const char *s, unsigned max, unsigned *ret)
{
	unsigned v = 0;

	if (!*s)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return false;
	}
	*ret = v;
	return true;
}

enum err prefix_parse(const char *s, struct prefix *ret)
{
	char host[ADDR_STR];
	const char *slash = strchr(s, '/');
	size_t n = slash ? (size_t)(slash - s) : strlen(s);
	struct prefix p;
	unsigned bits;

	if (n >= sizeof(host))
		return ERR_VALUE;
	memcpy(host, s, n);
	host[n] = '\0';
	if (addr_parse(host, &p.addr))
		return ERR_VALUE;
	bits = addr_bits(p.addr.family);
	if (slash && !number(slash + 1, bits, &bits))
		return ERR_VALUE;
	p.bits = (uint8_t)bits;
	*ret = p;
	return OK;
}

/* The mask of octet i in a prefix of that many bits. */
static uint8_t mask(unsigned bits, size_t i)
{
	unsigned before = (unsigned)i * 8;

	if (bits <= before)
		return 0;
	if (bits >= before + 8)
		return 0xff;
	return (uint8_t)(0xff << (8 - (bits - before)));
}

struct prefix prefix_clean(struct prefix p)
{
	for (size_t i = 0; i < octets(p.addr.family); i++)
		p.addr.b[i] &= mask(p.bits, i);
	return p;
}

bool prefix_is_clean(const struct prefix *p)
{
	struct prefix clean = prefix_clean(*p);

	return addr_eq(&clean.addr, &p->addr);
}

char *prefix_format(const struct prefix *p, char *s)
{
	char a[ADDR_STR];

	snprintf(s, PREFIX_STR, "%s/%u", addr_format(&p->addr, a), p->bits);
	return s;
}

bool prefix_has(const struct prefix *p, const struct addr *a)
{
	struct range r = range_from(p);

	return range_has(&r, a);
}

struct range range_from(const struct prefix *p)
{
	struct prefix clean = prefix_clean(*p);
	struct range r = { clean.addr, clean.addr };

	for (size_t i = 0; i < octets(p->addr.family); i++)
		r.last.b[i] |= (uint8_t)~mask(p->bits, i);
	return r;
}

enum err range_parse(const char *s, struct range *ret)
{
	char first[ADDR_STR];
	const char *dash = strchr(s, '-');
	struct prefix p;
	struct range r;

	if (!dash) {
		if (prefix_parse(s, &p))
			return ERR_VALUE;
		*ret = range_from(&p);
		return OK;
	}
	if ((size_t)(dash - s) >= sizeof(first))
		return ERR_VALUE;
	memcpy(first, s, (size_t)(dash - s));
	first[dash - s] = '\0';
	if (addr_parse(first, &r.first) || addr_parse(dash + 1, &r.last))
		return ERR_VALUE;
	if (r.first.family != r.last.family || addr_cmp(&r.first, &r.last) > 0)
		return ERR_VALUE;
	*ret = r;
	return OK;
}

bool range_has(const struct range *r, const struct addr *a)
{
	return a->family == r->first.family && addr_cmp(&r->first, a) <= 0 &&
	       addr_cmp(a, &r->last) <= 0;
}

bool range_eq(const struct range *a, const struct range *b)
{
	return addr_eq(&a->first, &b->first) && addr_eq(&a->last, &b->last);
}

bool range_covers(const struct range *outer, const struct range *inner)
{
	return range_has(outer, &inner->first) && range_has(outer, &inner->last);
}

bool range_overlap(const struct range *a, const struct range *b, struct range *ret)
{
	struct range r;

	if (a->first.family != b->first.family)
		return false;
	r.first = addr_cmp(&a->first, &b->first) > 0 ? a->first : b->first;
	r.last = addr_cmp(&a->last, &b->last) < 0 ? a->last : b->last;
	if (addr_cmp(&r.first, &r.last) > 0)
		return false;
	*ret = r;
	return true;
}

uint64_t range_count(const struct range *r)
{
	uint64_t d = 0;
	int borrow = 0;
	uint8_t diff[16];

	for (size_t i = sizeof(diff); i-- > 0;) {
		int v = r->last.b[i] - r->first.b[i] - borrow;

		borrow = v < 0;
		diff[i] = (uint8_t)v;
	}
	if (r->first.family == 4)
		memmove(diff + 12, diff, 4), memset(diff, 0, 12);
	for (size_t i = 0; i < 8; i++)
		if (diff[i])
			return UINT64_MAX;
	for (size_t i = 8; i < 16; i++)
		d = d << 8 | diff[i];
	return d == UINT64_MAX ? d : d + 1;
}

bool range_is_prefix(const struct range *r, struct prefix *ret)
{
	return range_prefixes(r, ret, 1) == 1;
}

/* The largest prefix that starts at first and does not pass last. */
static struct prefix largest(const struct range *r)
{
	struct prefix p = { r->first, addr_bits(r->first.family) };

	while (p.bits > 0) {
		struct prefix wider = { p.addr, (uint8_t)(p.bits - 1) };
		struct range w = range_from(&wider);

		if (!addr_eq(&w.first, &r->first) || addr_cmp(&w.last, &r->last) > 0)
			break;
		p = wider;
	}
	return p;
}

size_t range_prefixes(const struct range *r, struct prefix *ret, size_t max)
{
	struct range left = *r;
	size_t n = 0;

	while (n < max) {
		struct range done;

		ret[n] = largest(&left);
		done = range_from(&ret[n]);
		n++;
		if (addr_eq(&done.last, &left.last))
			return n;
		left.first = done.last;
		addr_next(&left.first);
	}
	return 0;
}

char *range_format(const struct range *r, char *s)
{
	char a[ADDR_STR], b[ADDR_STR];
	struct prefix p;

	if (range_is_prefix(r, &p))
		return prefix_format(&p, s);
	snprintf(s, RANGE_STR, "%s-%s", addr_format(&r->first, a), addr_format(&r->last, b));
	return s;
}

void addr_put(struct wr *w, const struct addr *a)
{
	wr_u8(w, a->family);
	wr_bytes(w, BYTES(a->b));
}

struct addr addr_get(struct rd *r)
{
	struct addr a = { .family = rd_u8(r) };

	rd_copy(r, a.b, sizeof(a.b));
	if (a.family != 0 && a.family != 4 && a.family != 6)
		rd_fail(r);
	for (size_t i = octets(a.family); i < sizeof(a.b); i++)
		if (a.b[i] != 0)
			rd_fail(r);
	if (r->failed)
		a = (struct addr){ 0 };
	return a;
}

void endpoint_put(struct wr *w, const struct endpoint *e)
{
	addr_put(w, &e->addr);
	wr_u16(w, e->port);
}

struct endpoint endpoint_get(struct rd *r)
{
	struct endpoint e;

	e.addr = addr_get(r);
	e.port = rd_u16(r);
	return e;
}
