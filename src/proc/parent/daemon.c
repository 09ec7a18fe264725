/* Background, pid file, guard; and the few words that systemd wants to hear (sd_notify(3)). */
#include "proc/parent/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* How long the processes of a daemon that died may take to end. */
#define LOCK_PATIENCE_MS 8000

static const char *absolute(const char *path)
{
	char cwd[PATH_MAX];

	return path[0] == '/' || !getcwd(cwd, sizeof(cwd)) ? path : xasprintf("%s/%s", cwd, path);
}

void daemon_detach(struct options *o)
{
	unsigned said = o->said >= 0 ? (unsigned)o->said : ~0u;

	o->config = absolute(o->config);
	o->secrets = absolute(o->secrets);
	o->rundir = absolute(o->rundir);
	if (chdir("/") != 0)
		perror("ipsecd: /");
	if (said > 3)
		close_range(3, said - 1, 0);
	if (said != ~0u)
		close_range(said + 1, ~0u, 0);
}

int daemon_background(void)
{
	int fds[2], status = 1;
	uint8_t octet;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		perror("ipsecd: fork");
		exit(3);
	}
	if (pid > 0) { /* the one who was called: waits for the other's word */
		close(fds[1]);
		if (read(fds[0], &octet, 1) == 1)
			status = octet;
		else if (waitpid(pid, &status, 0) == pid)
			status = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
		_exit(status);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

void daemon_started(struct parent *p, int status)
{
	uint8_t octet = (uint8_t)status;
	int null;

	if (p->ready_pipe < 0)
		return;
	if (write(p->ready_pipe, &octet, 1) < 0)
		perror("ipsecd: caller");
	close(p->ready_pipe);
	p->ready_pipe = -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(fd == 2 && p->said[1] >= 0 ? p->said[1] : null, fd);
	if (null > 2)
		close(null);
}

/* ---- pid file ---- */

static bool lock_now(struct parent *p, bool wait)
{
	struct timespec nap = { 0, 20 * 1000 * 1000 };

	for (int ms = 0; flock(p->lock, LOCK_EX | LOCK_NB) != 0; ms += 20) {
		if (!wait || ms >= LOCK_PATIENCE_MS)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

enum lock daemon_lock(struct parent *p)
{
	char *path = xasprintf("%s/pluto.pid", p->opt.rundir), pid[32] = "";
	int n;

	if (p->lock >= 0) { /* of the one before us in this process */
		free(path);
		return LOCK_OURS;
	}
	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (p->lock < 0) {
		fprintf(stderr, "ipsecd: cannot write %s: %s; another place: --rundir DIR\n", path,
			strerror(errno));
		free(path);
		return LOCK_FAILED;
	}
	if (pread(p->lock, pid, sizeof(pid) - 1, 0) < 0)
		pid[0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	/* one who begins anew waits for the processes of the one before; others are told at once */
	if (!lock_now(p, p->opt.again > 0 || (*pid && kill(atoi(pid), 0) != 0))) {
		fprintf(stderr,
			"ipsecd: a daemon already runs on %s (pid %s); stop it with: ipsec stop\n",
			p->opt.rundir, *pid ? pid : "unknown");
		free(path);
		return LOCK_TAKEN;
	}
	free(path);
	n = snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(p->lock, 0) != 0 || pwrite(p->lock, pid, (size_t)n, 0) != n)
		perror("ipsecd: pid file");
	return LOCK_OURS;
}

/* ---- guard: without a service manager, one must notice that the parent itself was killed ---- */

static void guard_ended(uv_process_t *process, int64_t status, int signal)
{
	struct parent *p = process->data;

	(void)status;
	(void)signal;
	uv_close((uv_handle_t *)process, (uv_close_cb)free);
	p->guard.process = NULL;
	if (p->state == STATE_STOPPING)
		return;
	close(p->guard.pipe);
	p->guard.pipe = -1;
	guard_start(p);
}

void guard_start(struct parent *p)
{
	bool has_said = p->said[0] >= 0;
	char times[16];
	char *args[] = { (char *)"ipsec-guard", (char *)"--guard", (char *)"3", (char *)"--config",
		(char *)p->opt.config, (char *)"--rundir", (char *)p->opt.rundir, (char *)"--again",
		times, (char *)"--said", (char *)(has_said ? "4" : "-1"),
		p->opt.has_secrets ? (char *)"--secretsfile" : NULL, (char *)p->opt.secrets, NULL };
	uv_stdio_container_t stdio[5] = { { .flags = UV_INHERIT_FD, .data.fd = 0 },
		{ .flags = UV_INHERIT_FD, .data.fd = 1 }, { .flags = UV_INHERIT_FD, .data.fd = 2 },
		{ .flags = UV_INHERIT_FD }, { .flags = UV_INHERIT_FD, .data.fd = p->said[0] } };
	uv_process_options_t o = { .exit_cb = guard_ended,
		.file = "/proc/self/exe",
		.args = args,
		.stdio = stdio,
		.stdio_count = has_said ? 5 : 4,
		.flags = UV_PROCESS_DETACHED };
	int fds[2];

	if (notify_is_wanted() || pipe2(fds, O_CLOEXEC) != 0)
		return;
	stdio[3].data.fd = fds[0];
	snprintf(times, sizeof(times), "%u", p->restarts);
	p->guard.process = xalloc(sizeof(*p->guard.process));
	p->guard.process->data = p;
	if (uv_spawn(&p->loop, p->guard.process, &o) != 0) {
		uv_close((uv_handle_t *)p->guard.process, (uv_close_cb)free);
		p->guard.process = NULL;
	}
	close(fds[0]);
	p->guard.pipe = fds[1];
}

void guard_dismiss_old(struct parent *p)
{
	if (p->old_guard.pipe < 0)
		return;
	if (write(p->old_guard.pipe, "Q", 1) != 1)
		perror("ipsecd: guard");
	close(p->old_guard.pipe);
	p->old_guard.pipe = -1;
	waitpid(p->old_guard.pid, NULL, 0);
}

void guard_dismiss(struct parent *p)
{
	guard_dismiss_old(p);
	if (p->guard.pipe < 0)
		return;
	if (write(p->guard.pipe, "Q", 1) != 1)
		perror("ipsecd: guard");
	close(p->guard.pipe);
	p->guard.pipe = -1;
	if (!p->guard.process)
		return;
	waitpid(p->guard.process->pid, NULL, 0);
	uv_close((uv_handle_t *)p->guard.process, (uv_close_cb)free);
	p->guard.process = NULL;
}

bool guard_watch(struct options *o)
{
	ns_t from = parent_now().mono;
	uint8_t octet;
	ssize_t n;

	signal(SIGINT, SIG_IGN); /* of the terminal: meant for the daemon, which will tell */
	signal(SIGHUP, SIG_IGN);
	do
		n = read(o->guard, &octet, 1);
	while (n < 0 && errno == EINTR);
	close(o->guard);
	if (parent_now().mono - from > STABLE_TIME)
		o->again = 0;
	return n == 0;
}

/* ---- systemd ---- */

bool notify_is_wanted(void)
{
	return getenv("NOTIFY_SOCKET") != NULL;
}

void notify(const char *what)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd;

	if (!path || strlen(path) >= sizeof(a.sun_path))
		return;
	memcpy(a.sun_path, path, strlen(path));
	if (a.sun_path[0] == '@') /* abstract */
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, what, strlen(what), MSG_NOSIGNAL, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	close(fd);
}

static void on_watchdog(uv_timer_t *t)
{
	(void)t;
	notify("WATCHDOG=1");
}

void notify_watchdog(struct parent *p)
{
	const char *usec = getenv("WATCHDOG_USEC");
	uint64_t every = usec ? strtoull(usec, NULL, 10) / 2000 : 0;

	uv_timer_init(&p->loop, &p->watchdog);
	if (every)
		uv_timer_start(&p->watchdog, on_watchdog, 0, every);
}
