/* Pieces of a line: names, addresses, lists. */
#include "foreign/line.h"

#include <ctype.h>
#include <stdlib.h>

const char *line_keep(struct line *n, const char *from, size_t len)
{
	char *to = n->room + n->used;

	if (len >= sizeof(n->room) - n->used)
		return "";
	memcpy(to, from, len);
	to[len] = '\0';
	n->used += len + 1;
	return to;
}

const char *line_until(struct line *n, const char *s, const char *ends)
{
	return line_keep(n, s, strcspn(s, ends));
}

const char *line_between(struct line *n, const char *s, const char *open, const char *close)
{
	const char *a = strstr(s, open), *b;

	if (!a)
		return "";
	a += strlen(open);
	b = strstr(a, close);
	return b ? line_keep(n, a, (size_t)(b - a)) : "";
}

void line_copy(char *to, size_t room, const char *from)
{
	size_t len = strlen(from);

	if (len >= room)
		len = room - 1;
	memmove(to, from, len);
	to[len] = '\0';
}

uint64_t number_read(const char *s)
{
	s += strcspn(s, "0123456789");
	return strtoull(s, NULL, 10);
}

/* ":500", ":UDP/500", "[500]", " port 500" behind an address */
static uint16_t port_read(const char **s)
{
	static const char *const before[] = { ":UDP/", ":", "[", " port " };

	for (size_t i = 0; i < COUNT(before); i++) {
		size_t n = strlen(before[i]), digits;

		if (strncmp(*s, before[i], n) != 0)
			continue;
		digits = strspn(*s + n, "0123456789");
		if (digits && digits < 6) {
			uint16_t port = (uint16_t)strtoul(*s + n, NULL, 10);

			*s += n + digits;
			return port;
		}
	}
	return 0;
}

const char *endpoint_read(const char *s, struct endpoint *ret)
{
	static const char hex[] = "0123456789abcdefABCDEF.:";

	while (*s) {
		size_t n = strspn(s, hex);
		char t[ADDR_STR];

		/* a v4 address ends where its port begins */
		if (n && memchr(s, '.', n))
			n = strspn(s, "0123456789.");
		while (n && (s[n - 1] == '.' || s[n - 1] == ':'))
			n--;
		if (n > 2 && n < sizeof(t)) {
			const char *end = s + n;

			memcpy(t, s, n);
			t[n] = '\0';
			if (addr_parse(t, &ret->addr) == OK) {
				end += *end == ']' && end[1] == ':';
				ret->port = port_read(&end);
				return end;
			}
		}
		s += MAX(n, (size_t)1);
		while (*s && isalnum((unsigned char)s[-1]) && isalnum((unsigned char)*s))
			s++;
	}
	return NULL;
}

enum { KIND_DH = 3 };
static const char *const kinds[] = { "ENCR", "PRF", "INTEG", "DH", "ESN" };

/* The kind of a transform by its name; NULL: none of these. */
static const char *kind_of(const char *s, size_t n)
{
	static const struct {
		const char *begins;
		int kind;
	} names[] = { { "AES_XCBC", 2 }, { "AES_CMAC", 2 }, { "AES", 0 }, { "3DES", 0 },
		{ "CAMELLIA", 0 }, { "CHACHA", 0 }, { "NULL", 0 }, { "DES", 0 }, { "PRF", 1 },
		{ "HMAC", 2 }, { "MODP", 3 }, { "ECP", 3 }, { "CURVE", 3 }, { "DH", 3 },
		{ "NO_EXT_SEQ", 4 }, { "EXT_SEQ", 4 } };

	for (size_t i = 0; i < COUNT(names); i++)
		if (strlen(names[i].begins) <= n &&
			strncmp(s, names[i].begins, strlen(names[i].begins)) == 0)
			return kinds[names[i].kind];
	return NULL;
}

static const char *next_transform(const char **s, size_t *n)
{
	static const char ends[] = "/;,+- ";
	const char *t;

	*s += strspn(*s, ends);
	for (const char *p = *s; *p && !strchr(ends, *p); p++)
		if (*p == ':' || *p == '=') /* "1:IKE:ENCR=AES_CBC_256" */
			*s = p + 1;
	t = *s;
	*n = strcspn(t, ends);
	*s += *n;
	return *n ? t : NULL;
}

static bool has_transform(const char *list, const char *transform, size_t len)
{
	const char *t;
	size_t n;

	while ((t = next_transform(&list, &n)))
		if (n == len && strncmp(t, transform, n) == 0)
			return true;
	return false;
}

const char *proposals_differ(const char *a, const char *b)
{
	for (size_t i = 0; *a && *b && i < COUNT(kinds); i++) {
		bool is_there = false, is_common = false;
		const char *list = a, *t;
		size_t n;

		while ((t = next_transform(&list, &n)))
			if (kind_of(t, n) == kinds[i]) {
				is_there = true;
				is_common |= has_transform(b, t, n);
			}
		/* a group is for PFS, which one end has and the other has not */
		for (list = b; i == KIND_DH && !is_there && (t = next_transform(&list, &n));)
			is_there = kind_of(t, n) == kinds[i];
		if (is_there && !is_common)
			return kinds[i];
	}
	return *a && *b ? "their combination" : "";
}

uint64_t errno_of(const char *what)
{
	static const struct {
		const char *what;
		uint64_t number;
	} known[] = { { "Operation not permitted", 1 }, { "Permission denied", 13 },
		{ "Invalid argument", 22 }, { "Message too long", 90 },
		{ "Cannot assign requested address", 99 }, { "Network is unreachable", 101 },
		{ "Connection refused", 111 }, { "No route to host", 113 } };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strstr(what, known[i].what))
			return known[i].number;
	return 0;
}

bool is_unsupported(const char *why)
{
	return strstr(why, "not implemented") || strstr(why, "not supported");
}
