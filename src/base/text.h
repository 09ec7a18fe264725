#pragma once
/* Text that grows. Owned by whoever has it: free(t.s). */
#include "base/bytes.h"

struct text {
	char *s; /* NUL-terminated once something was added; NULL before */
	size_t n, room;
};
void text_add(struct text *t, const char *fmt, ...) printf_like(2, 3);
