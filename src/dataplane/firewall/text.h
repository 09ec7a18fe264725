#pragma once
/* Text that grows. */
#include "base/bytes.h"

struct fw_text {
	char *s; /* NUL-terminated once something was added */
	size_t n, room;
};
void fw_add(struct fw_text *t, const char *fmt, ...) printf_like(2, 3);
