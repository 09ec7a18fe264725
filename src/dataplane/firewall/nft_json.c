/* Values in what nft -j prints (libnftables-json(5)). */
#include "dataplane/firewall/nft_json.h"

#include <stdio.h>
#include <string.h>

const char *fw_json_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

bool fw_json_is(const json_t *o, const char *key, const char *value)
{
	return strcmp(fw_json_text(o, key), value) == 0;
}

/* A text, a number, a truth; "": none of them. */
static const char *scalar(const json_t *v, char t[static RANGE_STR])
{
	if (json_is_string(v))
		snprintf(t, RANGE_STR, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(t, RANGE_STR, "%lld", (long long)json_integer_value(v));
	else
		snprintf(t, RANGE_STR, "%s",
			json_is_true(v)	   ? "exists"
			: json_is_false(v) ? "missing"
					   : "");
	return t;
}

static void read_one(const json_t *v, struct fw_values *ret)
{
	const json_t *p = json_object_get(v, "prefix"), *ends = json_object_get(v, "range");
	char a[RANGE_STR], b[RANGE_STR], *s = ret->s[ret->n];

	if (scalar(v, a)[0] && a[0] != '@')
		snprintf(s, RANGE_STR, "%s", a);
	else if (p)
		snprintf(s, RANGE_STR, "%.60s/%d", fw_json_text(p, "addr"),
			(int)json_integer_value(json_object_get(p, "len")));
	else if (scalar(json_array_get(ends, 0), a)[0] && scalar(json_array_get(ends, 1), b)[0])
		snprintf(s, RANGE_STR, "%.45s-%.45s", a, b);
	else
		ret->is_partial = true;
	ret->n += !ret->is_partial;
}

const json_t *fw_json_named(
	const json_t *objects, const json_t *rule, const char *kind, const char *at_name)
{
	for (size_t i = 0; at_name && *at_name == '@' && i < json_array_size(objects); i++) {
		const json_t *o = json_object_get(json_array_get(objects, i), kind);

		if (o && fw_json_is(o, "name", at_name + 1) &&
			fw_json_is(o, "table", fw_json_text(rule, "table")) &&
			fw_json_is(o, "family", fw_json_text(rule, "family")))
			return json_object_get(o, "elem");
	}
	return NULL;
}

void fw_json_values(
	const json_t *v, const json_t *objects, const json_t *rule, struct fw_values *ret)
{
	const json_t *set = json_object_get(v, "set");

	ret->n = 0;
	ret->is_partial = false;
	if (json_is_array(v))
		set = v;
	else if (json_is_string(v) && objects)
		set = fw_json_named(objects, rule, "set", json_string_value(v));
	if (!set)
		read_one(v, ret);
	for (size_t i = 0; i < json_array_size(set) && !ret->is_partial; i++) {
		const json_t *e = json_array_get(set, i), *in = json_object_get(e, "elem");

		ret->is_partial = ret->n == FW_VALUES_MAX;
		if (!ret->is_partial)
			read_one(in ? json_object_get(in, "val") : e, ret);
	}
}

void fw_json_put_values(struct text *x, const struct fw_values *v)
{
	bool is_set = v->n != 1 || v->is_partial;

	text_add(x, is_set ? " {" : "");
	for (size_t i = 0; i < v->n; i++)
		text_add(x, "%s%s", i ? ", " : " ", v->s[i]);
	text_add(x, v->is_partial ? " ..." : "");
	text_add(x, is_set ? " }" : "");
}
