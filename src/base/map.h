#pragma once
/* Hash map from a 64-bit key to a pointer. Open addressing; grows; does not own what it points to.
 * Peers choose SPIs, so the key is mixed with a random seed that the owner hands in. */
#include "base/base.h"

struct map {
	struct map_slot *slot;
	size_t n, room, dead;
	uint64_t seed;
};

void map_init(struct map *m, uint64_t seed);
void map_done(struct map *m);
void *map_get(const struct map *m, uint64_t key);
/* Replaces what the key had. value must not be NULL. */
void map_put(struct map *m, uint64_t key, void *value);
/* What was there, NULL if nothing. */
void *map_take(struct map *m, uint64_t key);
/* All values, in no order: *at is 0 at first; NULL after the last. Nothing may be put meanwhile. */
void *map_next(const struct map *m, size_t *at);
