#pragma once
/* Time and randomness are values that are handed in: nothing outside proc/ and cmd/ reads a clock.
 */
#include "base/bytes.h"

typedef int64_t ns_t; /* nanoseconds */

#define NS_US	 ((ns_t)1000)
#define NS_MS	 ((ns_t)1000 * 1000)
#define NS_S	 ((ns_t)1000 * 1000 * 1000)
#define NS_NEVER INT64_MAX

struct now {
	ns_t mono; /* monotonic: every timer counts in this */
	ns_t wall; /* since 1970: for people and add_time= only */
};

/* "8.142607": seconds with that many decimals, six, or for decimals below 0 without trailing
 * zeroes. Gives s. */
char *seconds_text(ns_t ns, int decimals, char *s, size_t n);

/* A source of random bytes. fill must not fail (a source that cannot deliver aborts). */
struct rng {
	void (*fill)(void *ctx, void *ret, size_t n);
	void *ctx;
};

static inline void rng_fill(const struct rng *r, void *ret, size_t n)
{
	r->fill(r->ctx, ret, n);
}
static inline uint32_t rng_u32(const struct rng *r)
{
	uint32_t v;

	rng_fill(r, &v, sizeof(v));
	return v;
}
static inline uint64_t rng_u64(const struct rng *r)
{
	uint64_t v;

	rng_fill(r, &v, sizeof(v));
	return v;
}

/* A repeatable source for tests and fuzzers (splitmix64). Never for keys in production. */
struct rng_seeded {
	uint64_t state;
};
struct rng rng_seeded(struct rng_seeded *s, uint64_t seed);
