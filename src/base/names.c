/* A hash map of chains: see names.h. */
#include "base/names.h"

#include "base/bytes.h"
#include <stdlib.h>

struct named {
	struct named *next; /* of the same hash */
	void *owner;
	size_t n;
	char name[];
};

/* FNV-1a; the map mixes it with its seed. */
static uint64_t hash_of(const char *name, size_t n)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)name[i]) * 0x100000001b3u;
	return h;
}

static bool is_called(const struct named *e, const char *name, size_t n)
{
	return e->n == n && memcmp(e->name, name, n) == 0;
}

void names_init(struct names *n, uint64_t seed)
{
	map_init(&n->map, seed);
}

void names_done(struct names *n)
{
	size_t at = 0;

	for (struct named *e, *next; (e = map_next(&n->map, &at));)
		for (; e; e = next) {
			next = e->next;
			free(e);
		}
	map_done(&n->map);
}

void names_add(struct names *n, const char *name, size_t name_n, void *owner)
{
	struct named *e = xalloc(sizeof(*e) + name_n), *last;
	uint64_t hash = hash_of(name, name_n);

	e->owner = owner;
	e->n = name_n;
	memcpy(e->name, name, name_n);
	last = map_get(&n->map, hash);
	if (!last) {
		map_put(&n->map, hash, e);
		return;
	}
	while (last->next)
		last = last->next;
	last->next = e;
}

void names_del(struct names *n, const char *name, size_t name_n, const void *owner)
{
	uint64_t hash = hash_of(name, name_n);
	struct named *first = map_get(&n->map, hash), **at = &first, *e;

	while (*at && !((*at)->owner == owner && is_called(*at, name, name_n)))
		at = &(*at)->next;
	if (!(e = *at))
		return;
	*at = e->next;
	free(e);
	if (first)
		map_put(&n->map, hash, first);
	else
		map_take(&n->map, hash);
}

void *names_get(const struct names *n, const char *name, size_t i)
{
	size_t name_n = strlen(name);
	struct named *e = map_get(&n->map, hash_of(name, name_n));

	for (; e; e = e->next)
		if (is_called(e, name, name_n) && i-- == 0)
			return e->owner;
	return NULL;
}
