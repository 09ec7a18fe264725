#pragma once
/* What has names, found by them: any number of owners a name, in order of arrival. Names are
 * copied; owners are not owned. */
#include "base/map.h"

struct names {
	struct map map; /* first struct named of a hash */
};

void names_init(struct names *n, uint64_t seed);
void names_done(struct names *n);
void names_add(struct names *n, const char *name, size_t name_n, void *owner);
/* Harmless when it is not there. */
void names_del(struct names *n, const char *name, size_t name_n, const void *owner);
/* The i-th owner of that name, from 0; NULL after the last. */
void *names_get(const struct names *n, const char *name, size_t i);
