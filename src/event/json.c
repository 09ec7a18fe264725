/* An event as one line of JSON. Written by hand, since it runs in processes that need no JSON
 * library otherwise; strings are escaped here and nowhere else. */
#include "event/event.h"

#include <inttypes.h>
#include <stdio.h>

struct out {
	char *s;
	size_t n, at;
	bool full;
};

static void raw(struct out *o, const char *t)
{
	size_t n = strlen(t);

	if (o->full || n >= o->n - o->at) {
		o->full = true;
		return;
	}
	memcpy(o->s + o->at, t, n + 1);
	o->at += n;
}

/* Is p the start of a valid UTF-8 sequence? Gives its length, 0 when it is not. */
static size_t utf8(const char *p)
{
	const uint8_t *u = (const uint8_t *)p;
	size_t n = u[0] < 0x80			 ? 1
		   : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
		   : u[0] >= 0xe0 && u[0] < 0xf0 ? 3
		   : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
						 : 0;

	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] >= 0xa0)))
		return 0;
	if (n == 4 && ((u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] >= 0x90)))
		return 0;
	return n;
}

static void string(struct out *o, const char *t)
{
	raw(o, "\"");
	while (*t) {
		uint8_t c = (uint8_t)*t;
		size_t n = utf8(t);
		char one[8];

		if (n == 0 || c < 0x20 || c == 0x7f)
			snprintf(one, sizeof(one), "\\u%04x", n == 0 ? 0xfffdu : c);
		else if (c == '"' || c == '\\')
			snprintf(one, sizeof(one), "\\%c", c);
		else
			snprintf(one, sizeof(one), "%.*s", (int)n, t);
		raw(o, one);
		t += n ? n : 1;
	}
	raw(o, "\"");
}

static void key(struct out *o, const char *name)
{
	if (o->at > 1)
		raw(o, ",");
	string(o, name);
	raw(o, ":");
}

static void number(struct out *o, const char *name, uint64_t v)
{
	char t[24];

	key(o, name);
	snprintf(t, sizeof(t), "%" PRIu64, v);
	raw(o, t);
}

static void text(struct out *o, const char *name, const char *v)
{
	key(o, name);
	string(o, v);
}

static void value(struct out *o, const char *name, const struct event_value *v)
{
	char t[ENDPOINT_STR];

	switch ((enum event_type)v->type) {
	case EVENT_TYPE_NONE:
		break;
	case EVENT_TYPE_u64:
		number(o, name, v->u64);
		break;
	case EVENT_TYPE_x32:
		snprintf(t, sizeof(t), "0x%08" PRIx64, v->u64);
		text(o, name, t);
		break;
	case EVENT_TYPE_str:
		text(o, name, v->str);
		break;
	case EVENT_TYPE_addr:
		if (addr_is_set(&v->addr))
			text(o, name, addr_format(&v->addr, t));
		break;
	case EVENT_TYPE_ep:
		text(o, name, endpoint_format(&v->ep, t));
		break;
	}
}

static const char *const levels[] = {
	[EVENT_DEBUG] = "debug",
	[EVENT_INFO] = "info",
	[EVENT_WARN] = "warning",
	[EVENT_FAIL] = "fail",
	[EVENT_REPLY] = "reply",
};

bool event_json(const struct event *e, char *s, size_t n)
{
	const struct event_kind *k = event_kind(e->id);
	struct out o = { s, n, 0, false };
	char t[4096];

	raw(&o, "{");
	text(&o, "event", k->name);
	number(&o, "code", k->code);
	text(&o, "level", levels[k->level]);
	key(&o, "time");
	snprintf(t, sizeof(t), "%" PRId64 ".%06" PRId64, e->at.wall / NS_S,
		e->at.wall % NS_S / NS_US);
	raw(&o, t);
	if (e->seq)
		number(&o, "seq", e->seq);
	if (e->about.conn)
		text(&o, "conn", e->about.conn);
	if (e->about.instance)
		number(&o, "instance", e->about.instance);
	if (addr_is_set(&e->about.peer))
		text(&o, "peer", addr_format(&e->about.peer, t));
	if (e->about.serial)
		number(&o, "sa", e->about.serial);
	if (e->about.request)
		number(&o, "request", e->about.request);
	if (k->text[0])
		text(&o, "line", event_line(e, true, t, sizeof(t)));
	for (unsigned i = 0; i < k->n; i++)
		value(&o, k->field[i].name, &e->row[i]);
	raw(&o, "}");
	return !o.full;
}
