#pragma once
/* The bounded reader: the only pointer arithmetic on bytes from outside. Errors are sticky: after
 * one, every read gives zero, so a parser reads straight down the page and asks once, rd_end(). */
#include "base/bytes.h"

struct rd {
	const uint8_t *p;
	size_t n; /* bytes left */
	bool failed;
};

static inline struct rd rd_from(struct bytes b)
{
	return (struct rd){ b.p, b.n, false };
}

/* Network byte order. Zero after failure. */
uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
/* An octet that may be at most max: more fails. */
uint8_t rd_u8_max(struct rd *r, uint8_t max);
/* An octet that is 0 or 1. */
static inline bool rd_flag(struct rd *r)
{
	return rd_u8_max(r, 1) == 1;
}
/* A view of the next n bytes; empty after failure. */
struct bytes rd_bytes(struct rd *r, size_t n);
/* A view of all that is left. */
struct bytes rd_rest(struct rd *r);
/* Copy n bytes to ret, zeroes after failure. */
void rd_copy(struct rd *r, void *ret, size_t n);
void rd_skip(struct rd *r, size_t n);
/* A reader of the next n bytes, which this reader steps over. The child cannot leave its parent;
 * it is born failed when the parent is. */
struct rd rd_sub(struct rd *r, size_t n);
/* Mark as failed: a value was read that makes the rest meaningless. */
void rd_fail(struct rd *r);
/* Nothing failed and nothing is left. */
bool rd_end(const struct rd *r);
static inline bool rd_more(const struct rd *r)
{
	return !r->failed && r->n != 0;
}
