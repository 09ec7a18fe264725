/* The real file system: the one file of this folder that does I/O. */
#include "config/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_N = 8 << 20 };

/* All of fd, pipes too; NULL with errno, EFBIG when it is more than a configuration can be. */
static char *read_all(int fd, size_t *ret_n)
{
	size_t n = 0, room = 1 << 16;
	char *text = xalloc(room + 1);
	ssize_t got;

	while ((got = read(fd, text + n, room - n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		n += got > 0 ? (size_t)got : 0;
		if (got < 0 || n > FILE_MAX_N) {
			int e = got < 0 ? errno : EFBIG;

			free(text);
			errno = e;
			return NULL;
		}
		if (n == room)
			text = xrealloc(text, (room *= 2) + 1);
	}
	text[n] = '\0';
	*ret_n = n;
	return text;
}

static char *read_file(void *ctx, const char *path, size_t *ret_n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	int e;

	(void)ctx;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0)
		e = errno;
	else if (S_ISDIR(st.st_mode))
		e = EISDIR;
	else if (S_ISREG(st.st_mode) && st.st_size > FILE_MAX_N)
		e = EFBIG;
	else {
		text = read_all(fd, ret_n);
		e = errno;
	}
	close(fd);
	errno = e;
	return text;
}

static char **glob_files(void *ctx, const char *pattern)
{
	glob_t g = { 0 };
	char **ret = NULL;

	(void)ctx;
	if (glob(pattern, GLOB_BRACE, NULL, &g) == 0) {
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
