#pragma once
/* A line that grows in the room it has, for what is decoded. */
#include "base/rd.h"

struct line {
	char *s;
	size_t n, room;
};
void line_add(struct line *to, const char *fmt, ...) printf_like(2, 3);
/* An IKE message in plain words. */
void line_ike(struct line *to, struct bytes message);
