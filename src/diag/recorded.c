#include "diag/recorded.h"

#include <stdlib.h>

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static uint64_t number_of(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n > 0 ? (uint64_t)n : 0;
}

/* "192.0.2.1:500", "[2001:db8::1]:500" */
static enum err endpoint_of(const char *s, struct endpoint *ret)
{
	const char *colon = strrchr(s, ':');
	char host[ADDR_STR] = "";
	size_t n = colon ? (size_t)(colon - s) : 0;

	if (!n || n > sizeof(host) + 1)
		return ERR_VALUE;
	if (s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return ERR_VALUE;
	memcpy(host, s, n);
	ret->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return addr_parse(host, &ret->addr);
}

static enum err value_of(const json_t *v, uint8_t type, struct event_value *ret)
{
	const char *s = json_string_value(v);

	ret->type = type;
	switch ((enum event_type)type) {
	case EVENT_TYPE_u64:
		ret->u64 = (uint64_t)json_integer_value(v);
		return !v || json_is_integer(v) ? OK : ERR_VALUE;
	case EVENT_TYPE_x32:
		ret->u64 = s ? strtoul(s, NULL, 16) : 0;
		return !v || s ? OK : ERR_VALUE;
	case EVENT_TYPE_str:
		ret->str = s ? s : "";
		return !v || s ? OK : ERR_VALUE;
	case EVENT_TYPE_addr:
		return !v ? OK : s ? addr_parse(s, &ret->addr) : ERR_VALUE;
	case EVENT_TYPE_ep:
		return !v ? OK : s ? endpoint_of(s, &ret->ep) : ERR_VALUE;
	case EVENT_TYPE_NONE:
		break;
	}
	return ERR_VALUE;
}

enum err event_of_json(const json_t *o, struct event *ret)
{
	const char *name = text_of(o, "event"), *peer = text_of(o, "peer");
	struct event e = { .id = name ? event_by_name(name) : EV_NONE };
	const struct event_kind *k = event_kind(e.id);
	enum err err;

	if (e.id == EV_NONE)
		return ERR_VALUE;
	e.about.conn = text_of(o, "conn");
	e.about.instance = (uint32_t)number_of(o, "instance");
	e.about.serial = (uint32_t)number_of(o, "sa");
	e.about.request = (uint32_t)number_of(o, "request");
	e.seq = number_of(o, "seq");
	e.at.wall = e.at.mono =
		(ns_t)(json_number_value(json_object_get(o, "time")) * (double)NS_S);
	if (peer && (err = addr_parse(peer, &e.about.peer)))
		return err;
	for (unsigned i = 0; i < k->n; i++)
		if ((err = value_of(
			     json_object_get(o, k->field[i].name), k->field[i].type, &e.row[i])))
			return err;
	*ret = e;
	return OK;
}
