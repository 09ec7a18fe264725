/* Session keys for a person who captures (ipsec capture --keys): ike writes them straight into a
 * file of root's in the run directory. Neither control, through which the request came, nor we ever
 * hold one. It ends with the process that asked, and the file with it. */
#include "proc/parent/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOK_MS = 200, EXIT_NOT_ALLOWED = 32, PROGRAM_MAX = 64 };
#define MOST (3600 * NS_S)

static char *path_of(const struct parent *p)
{
	return xasprintf("%s/session-keys", p->opt.rundir);
}

/* One line of /proc of that process, escaped; "": unknown. */
static void proc_line(uint32_t pid, const char *name, char *ret, size_t n)
{
	char file[64], text[PROGRAM_MAX];
	ssize_t got = -1;
	int fd;

	snprintf(file, sizeof(file), "/proc/%u/%s", (unsigned)pid, name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, text, sizeof(text));
		close(fd);
	}
	if (got > 0 && text[got - 1] == '\n')
		got--;
	event_escape(bytes_of(text, got > 0 ? (size_t)got : 0), ret, n);
}

/* Overwritten, since pages of a file in memory are given to others as they are. */
static void wipe_file(int fd)
{
	static const uint8_t zeros[4096];
	struct stat st;
	off_t at = 0;

	if (fstat(fd, &st) != 0)
		return;
	while (at < st.st_size) {
		ssize_t n = pwrite(fd, zeros, MIN((size_t)(st.st_size - at), sizeof(zeros)), at);

		if (n <= 0)
			return;
		at += n;
	}
}

/* What may be there under that name was left by a parent that was killed. */
static void remove_file(const struct parent *p)
{
	char *path = path_of(p);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd >= 0) {
		wipe_file(fd);
		close(fd);
	}
	unlink(path);
	free(path);
}

void export_forget(struct parent *p)
{
	if (p->fd[DESC_KEYLOG] >= 0) {
		LINE_SEND(&p->child[WHO_IKE].line, export_end, );
		close(p->fd[DESC_KEYLOG]);
		close(p->export.process);
		PARENT_EMIT(p, 0, export_over, .pid = ev_u64(p->export.pid));
	}
	p->fd[DESC_KEYLOG] = p->export.process = -1;
	remove_file(p);
}

static void look(uv_timer_t *t)
{
	struct parent *p = t->data;
	struct pollfd end = { .fd = p->export.process, .events = POLLIN };

	if (poll(&end, 1, 0) == 0 && parent_now().mono < p->export.until)
		return;
	uv_timer_stop(t);
	export_forget(p);
}

/* NULL: it is under way. Else why not. */
static const char *begin(struct parent *p, const char *path, uint32_t pid)
{
	int process, fd;

	if (!p->setup.export_keys)
		return "ipsec.conf does not allow it; write export-keys=yes into \"config setup\", "
		       "then: ipsec reload";
	if (p->fd[DESC_KEYLOG] >= 0)
		return "somebody else has them written down already";
	process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (process < 0)
		return strerror(errno);
	remove_file(p);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		close(process);
		return strerror(errno);
	}
	p->fd[DESC_KEYLOG] = fd;
	p->export.process = process;
	p->export.pid = pid;
	p->export.until = parent_now().mono + MOST;
	uv_timer_start(&p->export_timer, look, LOOK_MS, LOOK_MS);
	LINE_SEND_FD(&p->child[WHO_IKE].line, fd, descriptor, .kind = DESC_KEYLOG);
	return NULL;
}

void export_begin(struct parent *p, uint32_t request, uint32_t pid)
{
	char program[4 * PROGRAM_MAX + 1], login[4 * PROGRAM_MAX + 1], *path = path_of(p);
	const char *why;

	proc_line(pid, "comm", program, sizeof(program));
	proc_line(pid, "loginuid", login, sizeof(login));
	if (strcmp(login, "4294967295") == 0) /* nobody logged in: a service */
		login[0] = '\0';
	why = begin(p, path, pid);
	if (why)
		PARENT_EMIT(p, request, export_refused, .program = ev_str(program),
			.pid = ev_u64(pid), .login = ev_str(login), .why = ev_str(why));
	else
		PARENT_EMIT(p, request, export_begun, .file = ev_str(path),
			.program = ev_str(program), .pid = ev_u64(pid), .login = ev_str(login));
	verb_done(p, request, why ? EXIT_NOT_ALLOWED : 0);
	free(path);
}
