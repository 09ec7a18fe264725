#pragma once
/* Hexadecimal text as it is printed in RFCs, for unit tests of this folder. */
#include "base/bytes.h"
#include "base/test.h"

static inline unsigned hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c | 0x20);

	assert_non_null(at);
	return (unsigned)(at - digits);
}

/* Owned octets; blanks between them are skipped. */
static inline struct buf hex(const char *s)
{
	struct buf b = { xalloc(strlen(s) / 2), 0 };

	for (; *s; s++) {
		if (*s == ' ')
			continue;
		b.p[b.n++] = (uint8_t)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
		s++;
	}
	return b;
}

static inline void assert_hex(struct bytes got, const char *expected)
{
	struct buf e = hex(expected);

	assert_int_equal(got.n, e.n);
	assert_memory_equal(got.p, e.p, e.n);
	buf_done(&e);
}
