#pragma once
/* Netlink messages as they were recorded (strace -e write=all ip xfrm ...; a socket of our own for
 * what the kernel says), for unit tests of this folder: words of four octets as they stood in the
 * memory of a little-endian machine, runs of equal octets as 0*64 or f*12. Sequence number and
 * sender are zero. */
#include "base/wr.h"
#include "crypto/test_hex.h"

#include <stdlib.h>

static inline struct buf recorded(const char *s)
{
	struct buf b = { xalloc(4096), 0 };

	while (*s) {
		size_t n = strcspn(s, " ");

		if (s[1] == '*') {
			size_t run = strtoul(s + 2, NULL, 10);

			memset(b.p + b.n, s[0] == 'f' ? 0xff : 0, run);
			b.n += run;
		} else {
			for (size_t i = 0; i < n; i += 2)
				b.p[b.n++] = (uint8_t)(hex_digit(s[i]) << 4 | hex_digit(s[i + 1]));
		}
		s += n + (s[n] == ' ');
	}
	return b;
}

static inline void assert_recorded(const struct wr *w, const char *expected)
{
	struct buf e = recorded(expected);

	assert_true(wr_ok(w));
	assert_int_equal(w->n, e.n);
	assert_memory_equal(w->p, e.p, e.n);
	buf_done(&e);
}
