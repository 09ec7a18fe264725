/* One's complement sums, 32 octets a turn, or 64 with AVX2: the second cost of the packet path
 * after copying, once encryption is paid for. */
#include "esp/checksum.h"

static uint64_t add_carry(uint64_t a, uint64_t b)
{
	uint64_t s = a + b;

	return s + (s < a);
}

static uint64_t word(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#ifdef __x86_64__
typedef uint64_t lanes __attribute__((vector_size(32)));

enum { WIDE = 64, WIDE_FROM = 256 };

/* Halves of words are added apart, so that no carry is lost: room for 2^32 of them. *p and *n move
 * on. */
__attribute__((target("avx2"))) static uint64_t add_wide(uint64_t sum, const uint8_t **p, size_t *n)
{
	lanes a = { 0 }, b = { 0 }, v, w;

	for (; *n >= WIDE; *p += WIDE, *n -= WIDE) {
		memcpy(&v, *p, sizeof(v));
		memcpy(&w, *p + sizeof(v), sizeof(w));
		a += (v & 0xffffffff) + (w & 0xffffffff);
		b += (v >> 32) + (w >> 32);
	}
	/* 2^32 is 1 modulo 2^16 - 1: the upper halves weigh as much as the lower */
	for (unsigned i = 0; i < 4; i++)
		sum = add_carry(add_carry(sum, a[i]), b[i]);
	return sum;
}

static uint64_t add_most(uint64_t sum, const uint8_t **p, size_t *n)
{
	return *n >= WIDE_FROM && __builtin_cpu_supports("avx2") ? add_wide(sum, p, n) : sum;
}
#else
static uint64_t add_most(uint64_t sum, const uint8_t **p, size_t *n)
{
	(void)p, (void)n;
	return sum;
}
#endif

uint64_t sum_add(uint64_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t a = add_most(sum, &p, &n), b = 0, last = 0;

	for (; n >= 32; p += 32, n -= 32) {
		a = add_carry(a, word(p));
		b = add_carry(b, word(p + 8));
		a = add_carry(a, word(p + 16));
		b = add_carry(b, word(p + 24));
	}
	for (; n >= 8; p += 8, n -= 8)
		a = add_carry(a, word(p));
	if (n)
		memcpy(&last, p, n);
	return add_carry(add_carry(a, b), last);
}

uint64_t sum_add16(uint64_t sum, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };
	uint16_t in_memory;

	memcpy(&in_memory, b, sizeof(in_memory));
	return add_carry(sum, in_memory);
}

uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
