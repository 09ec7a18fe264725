/* swanctl.conf. Oracle: every section that is listed can be asked for, and has a place. */
#include "foreign/swanctl.h"

#include <stdlib.h>

struct input {
	const uint8_t *p;
	size_t n;
};

/* Whatever is included is the same text: it includes itself. */
static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	const struct input *in = ctx;
	char *t = xalloc(in->n + 1);

	(void)path;
	if (in->n)
		memcpy(t, in->p, in->n);
	*ret_n = in->n;
	return t;
}

static char **glob_files(void *ctx, const char *pattern)
{
	char **ret = xalloc(2 * sizeof(*ret));

	(void)ctx;
	ret[0] = xstrdup(pattern);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = { data, n };
	const struct swanctl_source src = { read_file, glob_files, &in };
	char *wrong;
	struct swanctl *s = swanctl_parse(&src, "/etc/swanctl/swanctl.conf", &wrong);
	const char *name, *file;
	unsigned line;

	for (size_t i = 0; (name = swanctl_section(s, "connections", i)) && i < 32; i++) {
		char *path = xasprintf("connections.%s", name);
		char *value = xasprintf("%s.local.id", path);

		if (!strchr(name, '.') && (!swanctl_place(s, path, &file, &line) || !line))
			abort();
		(void)swanctl_value(s, value);
		free(value);
		free(path);
	}
	(void)swanctl_value(s, "");
	(void)swanctl_section(s, "", 0);
	free(wrong);
	swanctl_free(s);
	return 0;
}
