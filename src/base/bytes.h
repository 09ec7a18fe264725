#pragma once
/* The type tells who owns: struct bytes is borrowed, struct buf owned, struct secret owned and
 * wiped, and nothing prints it. A parameter whose name ends in _take gives ownership away. */
#include "base/err.h"

struct bytes {
	const uint8_t *p;
	size_t n;
};

struct buf {
	uint8_t *p;
	size_t n;
};

struct secret {
	uint8_t *p;
	size_t n;
};

#define BYTES_NONE ((struct bytes){ NULL, 0 })
/* Borrow an array. */
#define BYTES(array) ((struct bytes){ (array), sizeof(array) })

static inline struct bytes bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

/* Borrow a C string without its NUL; NULL gives nothing. */
struct bytes bytes_str(const char *s);
bool bytes_eq(struct bytes a, struct bytes b);
/* Equal in time that depends on the lengths only. For MACs and secrets. */
bool bytes_eq_ct(struct bytes a, struct bytes b);
/* Wipe what the compiler would otherwise drop. */
void wipe(void *p, size_t n);
/* The same of borrowed octets whose owner can do without them: what came in is a secret. */
void bytes_wipe(struct bytes b);
/* In small hexadecimal digits; ret has room for 2 * b.n + 1. A secret stays one: wipe ret. */
void bytes_hex(struct bytes b, char *ret);

/* Allocation aborts on failure, with a message: sizes are bounded by limits.h, so no peer chooses
 * them, and an error path that cannot be tested is not written. */
void *xalloc(size_t n); /* zeroed */
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xasprintf(const char *fmt, ...) printf_like(1, 2);

struct buf buf_from(struct bytes b);
void buf_done(struct buf *b); /* leaves zero */
static inline struct bytes buf_view(const struct buf *b)
{
	return (struct bytes){ b->p, b->n };
}
/* Replace the content. */
void buf_set(struct buf *b, struct bytes v);

/* n zero bytes, to be filled in. */
struct secret secret_new(size_t n);
struct secret secret_from(struct bytes b);
void secret_done(struct secret *s); /* wipes; leaves zero */
/* *to (its old content wiped) becomes *from, which becomes zero. */
void secret_move(struct secret *to, struct secret *from);
static inline struct bytes secret_view(const struct secret *s)
{
	return (struct bytes){ s->p, s->n };
}
