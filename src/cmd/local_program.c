/* Programs of the host whose words are read: argument vectors, no shell. One that hangs (it waits
 * for a lock, for a kernel that is busy) is given up, and is not asked again. */
#include "cmd/local.h"
#include "cmd/patience.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAYS_MAX = 16 << 20, CHUNK = 64 << 10 };
#define DOES_TIME (10 * NS_S)

static void become(const char *const *argv, int out, int err)
{
	int none = open("/dev/null", O_RDONLY);

	setpgid(0, 0); /* Ctrl-C is for who has to take back what it does */
	signal(SIGPIPE, SIG_DFL);
	dup2(none, 0);
	dup2(out, 1);
	dup2(err, 2);
	clearenv();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("LC_ALL", "C", 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

struct stream {
	int fd;
	char *s;
	size_t n;
};

/* False: it is over. */
static bool read_some(struct stream *t)
{
	ssize_t got;

	if (t->n > SAYS_MAX)
		return false;
	t->s = xrealloc(t->s, t->n + CHUNK + 1);
	got = read(t->fd, t->s + t->n, CHUNK);
	if (got > 0)
		t->n += (size_t)got;
	t->s[t->n] = '\0';
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Both until their ends. False: it took too long, or said too much. */
static bool read_all(struct stream t[2], ns_t end)
{
	bool is_open[2] = { true, true };

	while (is_open[0] || is_open[1]) {
		struct pollfd p[2] = { { .fd = is_open[0] ? t[0].fd : -1, .events = POLLIN },
			{ .fd = is_open[1] ? t[1].fd : -1, .events = POLLIN } };

		if (patience_left(end) == 0 ||
			(poll(p, 2, patience_left(end)) < 0 && errno != EINTR))
			return false;
		for (unsigned i = 0; i < 2; i++)
			if (p[i].revents)
				is_open[i] = read_some(&t[i]);
	}
	return t[0].n <= SAYS_MAX && t[1].n <= SAYS_MAX;
}

/* Who hangs is killed with all that it has started; what hangs in the kernel cannot even be killed,
 * and is not waited for either. */
static void end_of(pid_t pid, bool is_read, int *ret)
{
	const struct timespec some = { .tv_nsec = 10 * NS_MS };
	unsigned tries = is_read ? 0 : 20;
	pid_t is;

	if (!is_read) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
	}
	while ((is = waitpid(pid, ret, tries ? WNOHANG : 0)) != pid) {
		if (is < 0 && errno != EINTR)
			return;
		if (tries && --tries == 0)
			return;
		if (tries)
			nanosleep(&some, NULL);
	}
}

/* *ret_late: it was given up. */
static char *says(const char *const *argv, ns_t end, char **ret_why, bool *ret_late)
{
	struct stream t[2] = { { .fd = -1 }, { .fd = -1 } };
	int out[2], err[2], status = -1;
	bool is_read;
	pid_t pid;

	if (ret_why)
		*ret_why = NULL;
	if (pipe2(out, O_CLOEXEC) != 0)
		return NULL;
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return NULL;
	}
	pid = fork();
	if (pid == 0)
		become(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	t[0].fd = out[0];
	t[1].fd = err[0];
	is_read = pid > 0 && read_all(t, end);
	*ret_late = pid > 0 && !is_read && t[0].n <= SAYS_MAX && t[1].n <= SAYS_MAX;
	close(out[0]);
	close(err[0]);
	if (pid > 0)
		end_of(pid, is_read, &status);
	if (is_read && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		free(t[1].s);
		return t[0].s;
	}
	free(t[0].s);
	if (ret_why)
		*ret_why = t[1].s;
	else
		free(t[1].s);
	return NULL;
}

char *program_says(const char *const *argv, char **ret_why)
{
	bool is_late = false;
	char *said;

	if (patience_is_given_up(argv[0])) {
		if (ret_why)
			*ret_why = xasprintf("%s does not end", argv[0]);
		return NULL;
	}
	said = says(argv, patience_end(), ret_why, &is_late);
	if (is_late)
		patience_give_up(argv[0]);
	return said;
}

char *program_does(const char *const *argv, char **ret_why)
{
	bool is_late = false;

	return says(argv, patience_now() + DOES_TIME, ret_why, &is_late);
}
