/* ipsec.conf. Oracle: what was parsed, shown as text and parsed again is the same, without errors.
 * A file that includes gets the input itself, so depth and loops are tried, too. */
#include "config/conf.h"
#include "config/show.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

struct input {
	struct bytes text;
	unsigned includes;
};

enum { INCLUDES = 24 };

static char *read_text(void *ctx, const char *path, size_t *n)
{
	const struct input *in = ctx;
	char *text = xalloc(in->text.n + 1);

	(void)path;
	if (in->text.n)
		memcpy(text, in->text.p, in->text.n);
	*n = in->text.n;
	return text;
}

static char **glob_one(void *ctx, const char *pattern)
{
	struct input *in = ctx;
	char **ret;

	if (++in->includes > INCLUDES)
		return NULL;
	ret = xalloc(2 * sizeof(*ret));
	ret[0] = xstrdup(pattern);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = { { data, n }, 0 };
	struct conf_source src = { read_text, glob_one, &in };
	struct conf *c = conf_parse(&src, "/etc/ipsec.conf"), *again;
	char *shown = conf_show(c);

	check(c->n_error != 0 || c->n_issue == 0 || !c->issue[0].is_error);
	for (size_t i = 0; i < c->n_issue; i++)
		check(c->issue[i].file && *c->issue[i].text);
	again = conf_parse_text(&src, "shown", shown, strlen(shown));
	check(again->n == c->n && again->n_error == 0);
	for (size_t i = 0; i < c->n; i++)
		check(conf_conn_eq(c->conn[i], again->conn[i]));
	conf_free(again);
	conf_free(c);
	free(shown);
	return 0;
}
