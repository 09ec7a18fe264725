/* The repeatable random source of the tests. */
#include "base/now.h"

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
