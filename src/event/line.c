/* An event as a line for people, with Libreswan's prefix: 002 "name"[1] 192.0.2.1 #15: text */
#include "event/event.h"

#include <inttypes.h>
#include <stdio.h>

/* Appends at *at, never past n - 1. */
static void put(char *s, size_t n, size_t *at, const char *text)
{
	while (*text && *at + 1 < n)
		s[(*at)++] = *text++;
	s[*at] = '\0';
}

static const char *value_text(const struct event_value *v, char *s, size_t n)
{
	switch ((enum event_type)v->type) {
	case EVENT_TYPE_NONE:
		break;
	case EVENT_TYPE_u64:
		snprintf(s, n, "%" PRIu64, v->u64);
		return s;
	case EVENT_TYPE_x32:
		snprintf(s, n, "0x%08" PRIx64, v->u64);
		return s;
	case EVENT_TYPE_str:
		return v->str;
	case EVENT_TYPE_addr:
		return addr_format(&v->addr, s);
	case EVENT_TYPE_ep:
		return endpoint_format(&v->ep, s);
	}
	return "";
}

/* "name"[1] 192.0.2.1 */
static void put_conn(const struct event_about *a, char *s, size_t n, size_t *at)
{
	char t[ADDR_STR + 32];

	if (a->conn) {
		put(s, n, at, "\"");
		put(s, n, at, a->conn);
		put(s, n, at, "\"");
	}
	if (a->instance) {
		snprintf(t, sizeof(t), "[%u]", a->instance);
		put(s, n, at, t);
		if (addr_is_set(&a->peer)) {
			put(s, n, at, " ");
			put(s, n, at, addr_format(&a->peer, t));
		}
	}
}

/* Is the placeholder called that? */
static bool called(const char *name, size_t n, const char *what)
{
	return strlen(what) == n && strncmp(name, what, n) == 0;
}

/* Prints what {name} stands for: a field, {conn} or {sa}. False when it is none of them; *empty
 * when it printed nothing. */
static bool put_placeholder(const struct event *e, const char *name, size_t name_n, char *s,
	size_t n, size_t *at, bool *empty)
{
	const struct event_kind *k = event_kind(e->id);
	size_t before = *at;
	char t[64];

	for (unsigned i = 0; i < k->n; i++)
		if (called(name, name_n, k->field[i].name)) {
			put(s, n, at, value_text(&e->row[i], t, sizeof(t)));
			*empty |= *at == before;
			return true;
		}
	if (called(name, name_n, "conn"))
		put_conn(&e->about, s, n, at);
	else if (called(name, name_n, "sa")) {
		snprintf(t, sizeof(t), "#%u", e->about.serial);
		put(s, n, at, t);
	} else
		return false;
	*empty |= *at == before;
	return true;
}

/* Prints a template; [[what stands here]] is left out when a placeholder in it is empty. */
static void put_text(const struct event *e, char *s, size_t n, size_t *at)
{
	bool empty = false, inside = false;
	size_t mark = 0;

	for (const char *t = event_kind(e->id)->text; *t; t++) {
		const char *close = *t == '{' ? strchr(t, '}') : NULL;
		char one[2] = { *t, '\0' };

		if (close && put_placeholder(e, t + 1, (size_t)(close - t - 1), s, n, at, &empty))
			t = close;
		else if (!inside && t[0] == '[' && t[1] == '[') {
			inside = true;
			empty = false;
			mark = *at;
			t++;
		} else if (inside && t[0] == ']' && t[1] == ']') {
			inside = false;
			if (empty)
				s[ *at = mark] = '\0';
			t++;
		} else
			put(s, n, at, one);
	}
}

static void put_prefix(const struct event *e, char *s, size_t n, size_t *at)
{
	const struct event_about *a = &e->about;
	char t[32];

	put_conn(a, s, n, at);
	if (a->serial) {
		snprintf(t, sizeof(t), "%s#%u", a->conn ? " " : "", a->serial);
		put(s, n, at, t);
	}
	if (a->conn || a->serial)
		put(s, n, at, ": ");
}

char *event_line(const struct event *e, bool with_code, char *s, size_t n)
{
	const struct event_kind *k = event_kind(e->id);
	size_t at = 0;
	char code[16];

	snprintf(code, sizeof(code), "%03u ", k->code);
	s[0] = '\0';
	if (with_code)
		put(s, n, &at, code);
	/* replies carry their whole line: status formats put name and number where they want */
	if (k->level != EVENT_REPLY)
		put_prefix(e, s, n, &at);
	put_text(e, s, n, &at);
	return s;
}

char *event_escape(struct bytes b, char *s, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < b.n && at + 5 < n; i++) {
		uint8_t c = b.p[i];

		if (c >= 0x20 && c < 0x7f && c != '\\' && c != '"')
			s[at++] = (char)c;
		else
			at += (size_t)snprintf(s + at, 5, "\\x%02x", c);
	}
	s[at] = '\0';
	return s;
}
