/* The file of XAUTH users. Oracles: an issue never holds a piece of a hash; nobody is let in whose
 * line is not there; a lease is one address. Hashes are slow, and so few are computed. */
#include "config/passwd.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char marker[] = "Tr0ub4dor";
	struct bytes text = { data, n };
	struct conf_source src = { read_text, NULL, &text };
	struct passwd *p = passwd_parse(&src, "/etc/ipsec.d/passwd");
	struct conf_conn c = { .name = (char *)(uintptr_t) "office" };
	struct passwd_found found = { 0 };
	const struct conf_issue *issue;

	for (size_t i = 0; i < passwd_issues(p, &issue); i++)
		check(!strstr(issue[i].text, marker) && issue[i].line != 0);
	/* DES and MD5 are quick; "rounds=" of others takes as long as it likes */
	if (n < 256 && !memmem(data, n, "$", 1) &&
		passwd_verify(p, &c, "alice", bytes_str("a"), &found) == OK)
		check(found.line != 0 && memmem(data, n, "alice:", 6));
	passwd_free(p);
	return 0;
}
