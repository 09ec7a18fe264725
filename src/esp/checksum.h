#pragma once
/* The Internet checksum (RFC 1071) over memory order: sums are added, folded once and stored as
 * they are, so byte order never matters. */
#include "base/base.h"

/* sum and the n octets at p. Only the last piece of a sum may have an odd length. */
uint64_t sum_add(uint64_t sum, const void *p, size_t n);
/* A 16-bit number as it stands on the wire, added. */
uint64_t sum_add16(uint64_t sum, uint16_t host_order);
/* The 16 bits, not complemented, in memory order: copy them as they are. */
uint16_t sum_fold(uint64_t sum);

/* Store a checksum field. */
static inline void sum_store(uint8_t *field, uint16_t memory_order)
{
	memcpy(field, &memory_order, sizeof(memory_order));
}
