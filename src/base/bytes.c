/* Bytes that are borrowed, owned, or owned and wiped. */
#include "base/bytes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct bytes bytes_str(const char *s)
{
	return s ? bytes_of(s, strlen(s)) : BYTES_NONE;
}

bool bytes_eq(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool bytes_eq_ct(struct bytes a, struct bytes b)
{
	volatile uint8_t diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
	return diff == 0;
}

void wipe(void *p, size_t n)
{
	if (n != 0)
		explicit_bzero(p, n);
}

void bytes_wipe(struct bytes b)
{
	wipe((void *)(uintptr_t)b.p, b.n);
}

void bytes_hex(struct bytes b, char *ret)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < b.n; i++) {
		*ret++ = digit[b.p[i] >> 4];
		*ret++ = digit[b.p[i] & 15];
	}
	*ret = '\0';
}

/* Sizes are bounded by limits.h: no peer brings us here. Nothing below allocates. */
static void *must(void *p)
{
	if (!p) {
		char said[64];
		int n = snprintf(said, sizeof(said), "%.40s: out of memory\n",
			program_invocation_short_name);

		fwrite(said, 1, (size_t)n, stderr);
		abort();
	}
	return p;
}

void *xalloc(size_t n)
{
	return must(calloc(1, n ? n : 1));
}

void *xrealloc(void *p, size_t n)
{
	return must(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

char *xasprintf(const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return must(s);
}

static uint8_t *copy(struct bytes b)
{
	uint8_t *p = xalloc(b.n);

	if (b.n != 0)
		memcpy(p, b.p, b.n);
	return p;
}

struct buf buf_from(struct bytes b)
{
	return (struct buf){ copy(b), b.n };
}

void buf_done(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ 0 };
}

void buf_set(struct buf *b, struct bytes v)
{
	struct buf fresh = buf_from(v); /* v may lie inside b */

	buf_done(b);
	*b = fresh;
}

struct secret secret_new(size_t n)
{
	return (struct secret){ xalloc(n), n };
}

struct secret secret_from(struct bytes b)
{
	return (struct secret){ copy(b), b.n };
}

void secret_done(struct secret *s)
{
	if (s->p)
		wipe(s->p, s->n);
	free(s->p);
	*s = (struct secret){ 0 };
}

void secret_move(struct secret *to, struct secret *from)
{
	struct secret taken = *from;

	*from = (struct secret){ 0 };
	secret_done(to);
	*to = taken;
}
