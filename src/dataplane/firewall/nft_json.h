#pragma once
/* What nft -j prints, read: keys, and values in all their forms. */
#include "base/addr.h"
#include "base/text.h"

#include <jansson.h>

enum { FW_VALUES_MAX = 128 };

const char *fw_json_text(const json_t *o, const char *key); /* "": no such text */
bool fw_json_is(const json_t *o, const char *key, const char *value);

/* "10.0.1.1", 500, {"prefix":...}, {"range":[a, b]}, {"set":[...]}, [...] */
struct fw_values {
	char s[FW_VALUES_MAX][RANGE_STR];
	size_t n;
	bool is_partial; /* there are others */
};
/* Of "@name" the elements of that set, of objects, in the table of rule; objects NULL: it is not
 * looked for. */
void fw_json_values(
	const json_t *v, const json_t *objects, const json_t *rule, struct fw_values *ret);
void fw_json_put_values(struct text *x, const struct fw_values *v);
/* The elements of the set or map that kind ("set", "map") and "@name" name; NULL: none. */
const json_t *fw_json_named(
	const json_t *objects, const json_t *rule, const char *kind, const char *at_name);
