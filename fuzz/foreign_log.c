/* Logs of other daemons. Oracle: every event has the fields that the catalogue says, and its
 * strings are printable; time does not go back. */
#include "foreign/foreign.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void take(void *ctx, const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);
	ns_t *last = ctx;

	check(event_check(e) && e->at.mono >= *last);
	*last = e->at.mono;
	for (unsigned i = 0; i < k->n; i++)
		for (const char *s = e->row[i].type == EVENT_TYPE_str ? e->row[i].str : ""; *s; s++)
			check(*s >= ' ' && *s <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct foreign_log *l = foreign_new();
	ns_t last = 0;
	const struct event_sink out = { take, &last };

	while (n) {
		const uint8_t *end = memchr(data, '\n', n);
		size_t len = end ? (size_t)(end - data) : n;

		foreign_line(l, bytes_of(data, len), &out);
		len += end != NULL;
		data += len;
		n -= len;
	}
	foreign_free(l);
	return 0;
}
