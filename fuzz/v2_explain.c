/* Explanations of a peer: what is taken is of a known class, printable, and written as it came. */
#include "ikev2/explain.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t room[V2_EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));
	struct v2_explain x;

	if (v2_explain_parse(bytes_of(p, n), &x) != OK)
		return 0;
	check(v2_explain_name(x.class)[0] != '\0');
	check(is_printable(x.theirs) && is_printable(x.ours));
	v2_explain_put(&w, &x);
	check(wr_ok(&w) && bytes_eq(wr_view(&w), bytes_of(p, n)));
	return 0;
}
