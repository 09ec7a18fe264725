#pragma once
/* How a condition of a rule relates to a tunnel's traffic. A condition that we do not understand
 * may hold for some of it. */
#include "dataplane/firewall/firewall.h"

enum fw_match { FW_NONE, FW_SOME, FW_ALL };

static inline enum fw_match fw_and(enum fw_match a, enum fw_match b)
{
	return a < b ? a : b;
}
static inline enum fw_match fw_not(enum fw_match m)
{
	return m == FW_ALL ? FW_NONE : m == FW_NONE ? FW_ALL : FW_SOME;
}
/* Of the addresses of one end, which lie in these n ranges? Those of another family do not. */
enum fw_match fw_match_ranges(const struct ts_list *end, const struct range *r, size_t n);
/* A device's name, perhaps with a wildcard character at its end. */
enum fw_match fw_match_interface(const struct fw_question *q, const char *name, char wildcard);
/* Only traffic of that family. */
enum fw_match fw_match_family(const struct fw_question *q, uint8_t family);

/* What a chain does with the traffic. */
enum fw_verdict {
	FW_GOES_ON, /* nothing, for all we know */
	FW_RETURNS, /* back to the chain before, all of it */
	FW_KEPT,    /* all keeps its address */
	FW_ENDS,    /* these rules are left, others follow */
	FW_CAUGHT,
};
