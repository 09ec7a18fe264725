/* Time as people read it, and the repeatable random source of the tests. */
#include "base/now.h"

#include <inttypes.h>
#include <stdio.h>

char *seconds_text(ns_t ns, int decimals, char *s, size_t n)
{
	size_t end;

	snprintf(s, n, "%" PRId64 ".%06" PRId64, ns / NS_S, ns % NS_S / NS_US);
	if (decimals >= 0)
		return s;
	for (end = strlen(s); s[end - 1] == '0'; end--)
		s[end - 1] = '\0';
	if (s[end - 1] == '.')
		s[end - 1] = '\0';
	return s;
}

static void fill(void *ctx, void *ret, size_t n)
{
	struct rng_seeded *s = ctx;
	uint8_t *p = ret;

	for (size_t i = 0; i < n; i++) {
		uint64_t z = (s->state += 0x9e3779b97f4a7c15u);

		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		p[i] = (uint8_t)(z ^ (z >> 31));
	}
}

struct rng rng_seeded(struct rng_seeded *s, uint64_t seed)
{
	s->state = seed;
	return (struct rng){ fill, s };
}
