/* One's complement sums, 32 octets a turn. */
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

uint64_t sum_add(uint64_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t a = sum, b = 0, last = 0;

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

	return sum_add(sum, b, sizeof(b));
}

uint16_t sum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}
