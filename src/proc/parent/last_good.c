/* How connections last worked: a file for each under /var/lib/clearswan, whose octets are
 * control's. They are not looked at here; whoever reads them takes them for a stranger's. */
#include "proc/parent/parent.h"

#include "config_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIR STATE_DIR "/last-good"

enum { RECORD_MAX = 16 << 10, NAME_LEN = 160 };

/* DIR/NAME.json; what a file's name cannot have is written %2F. NULL: too long. */
static char *path_of(const char *conn)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char name[3 * NAME_LEN + 1] = "", *to = name;

	if (strlen(conn) > NAME_LEN / 2)
		return NULL;
	for (const char *s = conn; *s; s++)
		/* no name begins with a dot */
		if (strchr(plain, *s) || (*s == '.' && s > conn))
			*to++ = *s;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*s);
	*to = '\0';
	return xasprintf(DIR "/%s.json", name);
}

static bool write_file(const char *path, struct bytes b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, b.p, b.n) == (ssize_t)b.n;
	return close(fd) == 0 && ok;
}

static bool make_dir(const char *path, mode_t mode)
{
	return mkdir(path, mode) == 0 || errno == EEXIST;
}

/* Only of what is loaded: control cannot fill the disk. */
void last_good_keep(struct parent *p, const struct msg_good_keep *m)
{
	char *path = loaded_find(p, m->conn) ? path_of(m->conn) : NULL, *fresh;
	bool ok;

	if (!path || m->record.n > RECORD_MAX) {
		free(path);
		return;
	}
	fresh = xasprintf("%s.new", path);
	ok = make_dir(STATE_DIR, 0755) && make_dir(DIR, 0700) && write_file(fresh, m->record) &&
	     rename(fresh, path) == 0;
	if (!ok && !p->is_heedless)
		PARENT_EMIT(p, 0, last_good_unwritten, .file = ev_str(path),
			.why = ev_str(strerror(errno)));
	if (!ok)
		unlink(fresh);
	p->is_heedless = !ok;
	free(path);
	free(fresh);
}

/* Whole, when it is root's alone. NULL, or why it is of no use. */
static const char *read_file(int fd, struct buf *ret)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "it is no file";
	if (st.st_uid != 0 || st.st_mode & 022)
		return "others than root can write it";
	if (st.st_size > RECORD_MAX)
		return "it is too large";
	ret->p = xalloc((size_t)st.st_size + 1);
	ret->n = (size_t)st.st_size;
	return read(fd, ret->p, ret->n) == st.st_size ? NULL : "it cannot be read";
}

void last_good_give(struct parent *p, const char *conn)
{
	char *path = loaded_find(p, conn) ? path_of(conn) : NULL;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	struct buf all = { 0 };
	const char *error = NULL;

	if (fd >= 0)
		error = read_file(fd, &all);
	else if (path && errno != ENOENT)
		error = strerror(errno);
	if (path)
		LINE_SEND(&p->child[WHO_CONTROL].line, good_record, .conn = conn, .file = path,
			.error = error ? error : "", .record = error ? BYTES_NONE : buf_view(&all));
	if (fd >= 0)
		close(fd);
	buf_done(&all);
	free(path);
}
