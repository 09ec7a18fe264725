/* The line of openssl.cnf, or of what it includes, that says which algorithms may be used. */
#include "proc/policy.h"

#include "crypto/forbidden.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLICY_MAX = 64 << 10 };

/* NUL-terminated, malloc'ed; NULL: it cannot be read, or is longer. */
static char *text_of(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? xalloc(POLICY_MAX) : NULL;
	size_t n = text ? fread(text, 1, POLICY_MAX, f) : 0;

	if (f)
		fclose(f);
	if (n < POLICY_MAX)
		return text;
	free(text);
	return NULL;
}

/* "file:line" of the library's configuration that may forbid algorithms, and what stands there. It
 * is read before the sandbox is closed. */
static bool find(struct policy *ret, const char *file, unsigned depth)
{
	struct crypto_policy p = { 0 };
	char *text = text_of(file), *real;
	bool is_found = text && crypto_policy_in(text, &p);

	free(text);
	if (is_found) {
		real = realpath(file, NULL); /* it is often a link */
		snprintf(ret->where, sizeof(ret->where), "%s:%u", real ? real : file, p.line);
		free(real);
		snprintf(ret->by, sizeof(ret->by), "%s", p.text);
	}
	for (unsigned i = 0; i < p.n_include && !is_found && depth == 0; i++)
		is_found = find(ret, p.include[i], depth + 1);
	return is_found;
}

void policy_find(struct policy *ret)
{
	static const char fips[] = "/proc/sys/crypto/fips_enabled";
	char *file = crypto_config_file(), *text;

	*ret = (struct policy){ .where = "" };
	if (!file || !find(ret, file, 0)) {
		text = text_of(fips);
		if (text && text[0] == '1') {
			snprintf(ret->where, sizeof(ret->where), "%s", fips);
			snprintf(ret->by, sizeof(ret->by), "1");
		}
		free(text);
	}
	free(file);
}
