/* The real file system: the one file of this folder that does I/O. */
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_N = 8 << 20 };

static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	size_t n = 0;
	ssize_t got = 0;

	(void)ctx;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode) || st.st_size > FILE_MAX_N) {
		int e = errno;

		e = S_ISDIR(st.st_mode) ? EISDIR : st.st_size > FILE_MAX_N ? EFBIG : e;
		close(fd);
		errno = e;
		return NULL;
	}
	text = xalloc((size_t)st.st_size + 4097);
	while (n < (size_t)st.st_size + 4096 &&
		(got = read(fd, text + n, (size_t)st.st_size + 4096 - n)) > 0)
		n += (size_t)got;
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*ret_n = n;
	return text;
}

static char **glob_files(void *ctx, const char *pattern)
{
	glob_t g = { 0 };
	char **ret = NULL;

	(void)ctx;
	if (glob(pattern, 0, NULL, &g) == 0) {
		ret = xalloc((g.gl_pathc + 1) * sizeof(*ret));
		for (size_t i = 0; i < g.gl_pathc; i++)
			ret[i] = xstrdup(g.gl_pathv[i]);
	}
	globfree(&g);
	return ret;
}

struct conf_source conf_source_files(void)
{
	return (struct conf_source){ read_file, glob_files, NULL };
}
