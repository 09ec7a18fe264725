/* Explanations of a peer, authenticated or anybody: what is taken is of a known class, printable,
 * and written as it came; and no octets are both. */
#include "ipsec/explain.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if (*s <= ' ' || *s > '~' || strchr("\"'\\#$`", *s))
			return false;
	return true;
}

static bool takes(struct bytes data, enum explain_stage stage)
{
	uint8_t room[EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));
	struct explain x;

	if (explain_parse(data, stage, &x) != OK)
		return false;
	check(explain_name(x.class, 1)[0] || explain_name(x.class, 2)[0]);
	check((x.field != 0) == (explain_field_name(&x, 1)[0] != '\0'));
	check(is_printable(x.theirs) && is_printable(x.ours));
	explain_put(&w, &x);
	check(wr_ok(&w) && bytes_eq(wr_view(&w), data));
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	bool is_proven = takes(bytes_of(p, n), EXPLAIN_PROVEN);

	check(!takes(bytes_of(p, n), EXPLAIN_UNPROVEN) || !is_proven);
	return 0;
}
