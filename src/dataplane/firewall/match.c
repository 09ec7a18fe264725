/* Conditions on addresses, devices and protocols, held against a tunnel's selectors. */
#include "dataplane/firewall/match.h"

enum fw_match fw_match_ranges(const struct ts_list *end, const struct range *r, size_t n)
{
	size_t all = 0;
	bool some = false;

	for (size_t i = 0; i < end->n; i++) {
		bool is_covered = false;

		for (size_t k = 0; k < n; k++) {
			struct range common;

			is_covered |= range_covers(&r[k], &end->ts[i].range);
			some |= range_overlap(&r[k], &end->ts[i].range, &common);
		}
		all += is_covered;
	}
	return end->n && all == end->n ? FW_ALL : some ? FW_SOME : FW_NONE;
}

enum fw_match fw_match_interface(const struct fw_question *q, const char *name, char wildcard)
{
	size_t n = strlen(name);

	if (!q->interface)
		return FW_SOME;
	if (n && name[n - 1] == wildcard)
		return strncmp(q->interface, name, n - 1) == 0 ? FW_ALL : FW_NONE;
	return strcmp(q->interface, name) == 0 ? FW_ALL : FW_NONE;
}

enum fw_match fw_match_family(const struct fw_question *q, uint8_t family)
{
	size_t n = 0;

	for (size_t i = 0; i < q->ts_local->n; i++)
		n += q->ts_local->ts[i].range.first.family == family;
	return n == 0 ? FW_NONE : n == q->ts_local->n ? FW_ALL : FW_SOME;
}
