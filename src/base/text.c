#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int need;

	va_start(ap, fmt);
	need = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (t->n + (size_t)need + 1 > t->room)
		t->s = xrealloc(t->s, t->room = (t->n + (size_t)need + 1) * 2);
	va_start(ap, fmt);
	t->n += (size_t)vsnprintf(t->s + t->n, t->room - t->n, fmt, ap);
	va_end(ap);
}
