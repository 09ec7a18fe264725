#include "cmd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int write_all(int fd, struct bytes b)
{
	while (b.n) {
		ssize_t n = write(fd, b.p, b.n);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			b = bytes_of(b.p + n, b.n - (size_t)n);
	}
	return 0;
}

static int fill(int fd, struct bytes text, const struct stat *like)
{
	int e;

	/* the owner first: that takes set-id bits away */
	if (like && (fchown(fd, like->st_uid, like->st_gid) != 0 ||
			    fchmod(fd, like->st_mode & 07777) != 0))
		return errno;
	e = write_all(fd, text);
	return e ? e : fsync(fd) != 0 ? errno : 0;
}

int file_replace(const char *path, struct bytes text, const struct stat *like)
{
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path + 1) : 0, fd, e;
	struct stat is;
	char *temp;

	if (lstat(path, &is) == 0 && !S_ISREG(is.st_mode) && !S_ISLNK(is.st_mode))
		return S_ISDIR(is.st_mode) ? EISDIR : EEXIST;
	/* hidden: no include=*.conf may find it */
	temp = xasprintf("%.*s.%s.XXXXXX", folder, path, path + folder);
	fd = mkostemp(temp, O_CLOEXEC); /* 0600 */
	if (fd < 0) {
		e = errno;
		free(temp);
		return e;
	}
	e = fill(fd, text, like);
	if (close(fd) != 0 && !e)
		e = errno;
	if (!e && rename(temp, path) != 0)
		e = errno;
	if (e)
		unlink(temp);
	free(temp);
	return e;
}
