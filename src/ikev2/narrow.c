/* Traffic selector negotiation (RFC 7296 2.9): see narrow.h. */
#include "ikev2/narrow.h"

static bool has_family(const struct ts_list *l, uint8_t family)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->ts[i].range.first.family == family)
			return true;
	}
	return false;
}

/* No packet has addresses of two families: selectors without a partner on the other side go. */
static void drop_lonely(struct ts_list *l, const struct ts_list *other)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (has_family(other, l->ts[i].range.first.family))
			l->ts[kept++] = l->ts[i];
	}
	l->n = kept;
}

bool v2_ts_has_each(const struct ts_list *l, const struct ts_list *wanted)
{
	for (size_t i = 0; i < wanted->n; i++) {
		bool found = false;

		for (size_t j = 0; j < l->n && !found; j++)
			found = ts_eq(&l->ts[j], &wanted->ts[i]);
		if (!found)
			return false;
	}
	return true;
}

static bool has_first_of(const struct ts_list *l, const struct ts_list *proposed)
{
	const struct ts_list first = { .n = 1, .ts = { proposed->ts[0] } };

	return ts_list_covers(l, &first);
}

/* All that policy allows of what was proposed: with that, where the first selectors are allowed at
 * all, they are in (2.9: MUST), and no narrower choice would serve more traffic. */
enum err v2_narrow(const struct ts_list *tsi, const struct ts_list *tsr,
	const struct ts_list *allowed_i, const struct ts_list *allowed_r, bool may_narrow,
	struct v2_narrowed *ret)
{
	struct v2_narrowed n = { 0 };

	if (!may_narrow && !(v2_ts_has_each(tsi, allowed_i) && v2_ts_has_each(tsr, allowed_r)))
		return ERR_MISMATCH;
	ts_list_overlap(tsi, allowed_i, &n.tsi);
	ts_list_overlap(tsr, allowed_r, &n.tsr);
	drop_lonely(&n.tsi, &n.tsr);
	drop_lonely(&n.tsr, &n.tsi);
	if (n.tsi.n == 0 || n.tsr.n == 0)
		return ERR_MISMATCH;

	n.is_whole = ts_list_covers(&n.tsi, tsi) && ts_list_covers(&n.tsr, tsr);
	n.has_first = has_first_of(&n.tsi, tsi) && has_first_of(&n.tsr, tsr);
	*ret = n;
	return OK;
}

enum err v2_narrow_check(const struct ts_list *offered_i, const struct ts_list *offered_r,
	const struct ts_list *tsi, const struct ts_list *tsr, bool may_narrow)
{
	if (tsi->n == 0 || tsr->n == 0)
		return ERR_VALUE;
	if (!ts_list_covers(offered_i, tsi) || !ts_list_covers(offered_r, tsr))
		return ERR_VALUE;
	if (!may_narrow && !(ts_list_covers(tsi, offered_i) && ts_list_covers(tsr, offered_r)))
		return ERR_MISMATCH;
	return OK;
}

void v2_ts_leased(const struct addr *leased, size_t n, struct ts_list *ret)
{
	struct ts_list l = { 0 };

	for (size_t i = 0; i < n && l.n < TS_LIST_MAX; i++) {
		const struct range one = range_one(&leased[i]);

		l.ts[l.n++] = ts_from_range(&one);
	}
	*ret = l;
}

void v2_ts_substitute(struct ts_list *l, const struct addr *here)
{
	for (size_t i = 0; i < l->n; i++) {
		struct range *r = &l->ts[i].range;

		if (addr_eq(&r->first, &r->last) && r->first.family == here->family)
			*r = range_one(here);
	}
}
