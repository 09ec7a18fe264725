/* Reassembly. The input is a row of fragments: number, total, next payload, length, octets. Oracle:
 * a plain copy of the fragments that count, joined when the last is here, gives the same. */
#include "ikev2/message.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

struct model {
	uint16_t total;
	struct bytes part[LIMIT_FRAGMENTS];
};

static void model_add(struct model *m, uint16_t number, uint16_t total, struct bytes part)
{
	if (total > m->total)
		*m = (struct model){ .total = total };
	check(m->total == total && m->part[number - 1].n == 0);
	m->part[number - 1] = part;
}

static void compare(const struct model *m, struct bytes whole)
{
	struct rd r = rd_from(whole);

	for (size_t i = 0; i < m->total; i++) {
		struct bytes part = rd_bytes(&r, m->part[i].n);

		check(part.n != 0 && bytes_eq(part, m->part[i]));
	}
	check(rd_end(&r));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	struct v2_fragments f = { 0 };
	struct model m = { 0 };

	while (rd_more(&r)) {
		uint16_t number = rd_u8(&r), total = rd_u8(&r);
		uint8_t next = rd_u8(&r), length = rd_u8(&r), first;
		struct bytes part = rd_bytes(&r, length);
		struct buf whole;
		enum err e = v2_fragments_add(&f, number, total, next, part, &first, &whole);

		if (e == OK || e == ERR_MISSING)
			model_add(&m, number, total, part);
		check(f.have <= f.total && f.total <= LIMIT_FRAGMENTS && f.size <= LIMIT_MESSAGE);
		if (e)
			continue;
		compare(&m, buf_view(&whole));
		check(f.total == 0 && f.size == 0);
		m = (struct model){ 0 };
		buf_done(&whole);
	}
	v2_fragments_done(&f);
	return 0;
}
