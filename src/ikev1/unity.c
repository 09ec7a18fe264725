/* Networks behind a Cisco-like gateway: as SPLIT_INCLUDE has them, and what they mean for Quick
 * Mode. There is no document of Cisco's; this is what its clients and servers are seen to do. */
#include "ikev1/unity.h"

enum { BARE_N = 8 }; /* some send address and mask only */

static bool prefix_of_mask(uint32_t mask, uint8_t *ret)
{
	*ret = (uint8_t)__builtin_popcount(mask);
	return mask == (*ret ? UINT32_MAX << (32 - *ret) : 0);
}

static void split_one(struct rd *r, struct ts_list *ret)
{
	struct prefix p = { .addr = addr_from(rd_bytes(r, 4)) };
	uint32_t mask = rd_u32(r);

	if (r->failed || ret->n == TS_LIST_MAX || !prefix_of_mask(mask, &p.bits))
		return;
	ret->ts[ret->n++] = ts_from_prefix(&p);
}

void v1_split_parse(struct bytes value, struct ts_list *ret)
{
	struct rd r = rd_from(value);

	ret->n = 0;
	while (rd_more(&r)) {
		struct rd one = rd_sub(&r, value.n == BARE_N ? BARE_N : V1_SPLIT_N);

		split_one(&one, ret);
	}
}

void v1_split_put(struct wr *w, const struct ts_list *l)
{
	struct prefix p;

	for (size_t i = 0; i < l->n; i++) {
		if (l->ts[i].range.first.family != 4 || !range_is_prefix(&l->ts[i].range, &p))
			continue;
		wr_bytes(w, addr_bytes(&p.addr));
		wr_u32(w, p.bits ? UINT32_MAX << (32 - p.bits) : 0);
		wr_zero(w, V1_SPLIT_N - BARE_N);
	}
}

static bool is_everything(const struct ts_list *l)
{
	struct prefix p;

	return l->n == 1 && l->ts[0].range.first.family == 4 &&
	       range_is_prefix(&l->ts[0].range, &p) && p.bits == 0;
}

bool v1_split_narrow(const struct ts_list *wire, const struct ts_list *allowed,
	const struct ts_list *split, struct ts_list *ret)
{
	if (!is_everything(wire))
		return false;
	ts_list_overlap(allowed, split, ret);
	return ret->n != 0;
}
