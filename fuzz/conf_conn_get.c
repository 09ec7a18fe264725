/* A connection as it comes from another process. Oracle: refused, or the same octets when put
 * again, and a copy that is equal. */
#include "config/conf.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct conf_conn *c, *copy, *again;
	uint8_t *room = xalloc(1 << 20);
	struct wr w = wr_to(room, 1 << 20);

	if (conf_conn_get(&r, &c) == OK) {
		conf_conn_put(&w, c);
		check(wr_ok(&w));
		copy = conf_conn_copy(c);
		check(conf_conn_eq(c, copy));
		r = rd_from(wr_view(&w));
		check(conf_conn_get(&r, &again) == OK && rd_end(&r));
		check(conf_conn_eq(c, again));
		conf_conn_free(again);
		conf_conn_free(copy);
		conf_conn_free(c);
	}
	free(room);
	return 0;
}
