/* ipsec.secrets. Oracle: an issue never holds a piece of a quoted secret; what is found for two
 * ends has a place in a file, its variants are other secrets, and so are other entries; all that
 * is counted can be listed. */
#include "config/secrets.h"
#include "ipsec/limits.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static char *read_text(void *ctx, const char *path, size_t *n)
{
	const struct bytes *b = ctx;
	char *text = xalloc(b->n + 1);

	(void)path;
	if (b->n)
		memcpy(text, b->p, b->n);
	*n = b->n;
	return text;
}

static char **glob_none(void *ctx, const char *pattern)
{
	(void)ctx;
	(void)pattern;
	return NULL;
}

/* What a peer may have instead. */
static void instead(const struct secrets *s, const struct secrets_where *w, struct bytes found,
	const struct id *ours, const struct addr *addr)
{
	struct secret made = { 0 };
	struct secrets_where other;
	struct bytes value;
	size_t at = 0;

	for (unsigned v = VARIANT_NONE; v <= VARIANT_END; v++)
		if (secrets_variant(s, w->entry, (enum secret_variant)v, &made)) {
			check(made.n != 0 && !bytes_eq(secret_view(&made), found));
			secret_done(&made);
		}
	while (secrets_other(s, &at, w->entry, ours, addr, &value, &other))
		check(value.n != 0 && other.entry != w->entry && other.line != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char marker[] = "Tr0ub4dor";
	struct bytes text = { data, n }, found;
	struct conf_source src = { read_text, glob_none, &text };
	struct secrets *s = secrets_parse(&src, "/etc/ipsec.secrets");
	struct addr a = addr_v4(0xc0000201), b = addr_v4(0xc6336401);
	struct id ours = id_from_addr(&a), theirs = id_from_addr(&b);
	struct secrets_where where;
	const struct conf_issue *issue;
	char line[4096];
	size_t listed = 0;

	for (size_t i = 0; i < secrets_issues(s, &issue); i++)
		check(!strstr(issue[i].text, marker));
	if (secrets_psk(s, &ours, &theirs, &a, &b, &found, &where) == OK) {
		check(found.n != 0 && where.line != 0 &&
			strcmp(where.file, "/etc/ipsec.secrets") == 0);
		instead(s, &where, found, &ours, &a);
	}
	if (secrets_xauth(s, "alice", &found, &where) == OK)
		check(found.n != 0 && found.n <= LIMIT_XAUTH_PASSWORD && where.line != 0);
	while (secrets_list(s, listed, line, sizeof(line)))
		listed++;
	check(listed == secrets_count(s));
	id_done(&ours);
	id_done(&theirs);
	secrets_free(s);
	return 0;
}
