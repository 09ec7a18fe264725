/* The bounded reader: see rd.h. */
#include "base/rd.h"

void rd_fail(struct rd *r)
{
	*r = (struct rd){ NULL, 0, true };
}

struct bytes rd_bytes(struct rd *r, size_t n)
{
	struct bytes b;

	if (r->failed || n > r->n) {
		rd_fail(r);
		return BYTES_NONE;
	}
	b = bytes_of(r->p, n);
	if (n != 0) {
		r->p += n;
		r->n -= n;
	}
	return b;
}

struct bytes rd_rest(struct rd *r)
{
	return rd_bytes(r, r->n);
}

static uint64_t number(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)number(r, 1);
}

uint8_t rd_u8_max(struct rd *r, uint8_t max)
{
	uint8_t v = rd_u8(r);

	if (v <= max)
		return v;
	rd_fail(r);
	return 0;
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)number(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)number(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return number(r, 8);
}

void rd_copy(struct rd *r, void *ret, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	if (b.n == n && n != 0)
		memcpy(ret, b.p, n);
	else if (n != 0)
		memset(ret, 0, n);
}

void rd_skip(struct rd *r, size_t n)
{
	rd_bytes(r, n);
}

struct rd rd_sub(struct rd *r, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	return (struct rd){ b.p, b.n, r->failed };
}

bool rd_end(const struct rd *r)
{
	return !r->failed && r->n == 0;
}
