/* Hash map with linear probing and tombstones: see map.h. */
#include "base/map.h"

#include "base/bytes.h"
#include <stdlib.h>

struct map_slot {
	uint64_t key;
	void *value; /* NULL: free; &tomb: was taken */
};

static char tomb;

void map_init(struct map *m, uint64_t seed)
{
	*m = (struct map){ .seed = seed };
}

void map_done(struct map *m)
{
	free(m->slot);
	*m = (struct map){ 0 };
}

static size_t place(const struct map *m, uint64_t key)
{
	uint64_t z = (key ^ m->seed) * 0x9e3779b97f4a7c15u;

	z ^= z >> 29;
	z *= 0xbf58476d1ce4e5b9u;
	z ^= z >> 32;
	return (size_t)z & (m->room - 1);
}

static struct map_slot *find(const struct map *m, uint64_t key)
{
	if (m->room == 0)
		return NULL;
	for (size_t i = place(m, key);; i = (i + 1) & (m->room - 1)) {
		struct map_slot *s = &m->slot[i];

		if (!s->value)
			return NULL;
		if (s->value != &tomb && s->key == key)
			return s;
	}
}

void *map_get(const struct map *m, uint64_t key)
{
	struct map_slot *s = find(m, key);

	return s ? s->value : NULL;
}

static void insert(struct map *m, uint64_t key, void *value)
{
	size_t i = place(m, key);

	while (m->slot[i].value && m->slot[i].value != &tomb)
		i = (i + 1) & (m->room - 1);
	if (m->slot[i].value == &tomb)
		m->dead--;
	m->slot[i] = (struct map_slot){ key, value };
	m->n++;
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->room = MAX((size_t)16, m->n * 4);
	while (m->room & (m->room - 1))
		m->room &= m->room - 1; /* down to a power of two */
	m->slot = xalloc(m->room * sizeof(*m->slot));
	m->n = m->dead = 0;
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i].value && old.slot[i].value != &tomb)
			insert(m, old.slot[i].key, old.slot[i].value);
	free(old.slot);
}

void map_put(struct map *m, uint64_t key, void *value)
{
	struct map_slot *s = find(m, key);

	if (s) {
		s->value = value;
		return;
	}
	if ((m->n + m->dead + 1) * 4 > m->room * 3)
		grow(m);
	insert(m, key, value);
}

void *map_take(struct map *m, uint64_t key)
{
	struct map_slot *s = find(m, key);
	void *value;

	if (!s)
		return NULL;
	value = s->value;
	s->value = &tomb;
	m->n--;
	m->dead++;
	return value;
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->room) {
		void *value = m->slot[(*at)++].value;

		if (value && value != &tomb)
			return value;
	}
	return NULL;
}
