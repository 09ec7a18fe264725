/* What is kept of an IKE SA, as another process reads it. Oracle: refused, or every view lies
 * inside the input and every number is one that an SA can have. */
#include "ikev2/record.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_inside(struct bytes part, struct bytes all)
{
	return part.n == 0 || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes all = bytes_of(data, n);
	struct v2_record r = { 0 };

	if (v2_record_get(all, &r) == OK) {
		check(r.n_conn > 0);
		for (size_t i = 0; i < V2_RECORD_KEYS; i++)
			check(is_inside(r.key[i], all));
		check(is_inside(r.request, all) && is_inside(r.response, all));
		for (size_t i = 0; i < r.n_conn; i++)
			check(is_inside(r.conn[i].name, all) && is_inside(r.conn[i].domains, all));
		for (size_t i = 0; i < r.n_child; i++)
			check(r.child[i].conn < r.n_conn && r.child[i].serial != 0);
	}
	v2_record_done(&r);
	return 0;
}
