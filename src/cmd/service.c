/* start, stop, restart: through systemd where it runs the host, by ourselves elsewhere. */
#include "cmd/cmd.h"
#include "config_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(void)
{
	nanosleep(&(struct timespec){ 0, 50 * 1000 * 1000 }, NULL);
}

/* Runs a program and gives its exit status; EXIT_SERVICE when it cannot be run. */
static int run(char *const argv[])
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		out_error("ipsec: %s: %s", argv[0], strerror(errno));
		fflush(stdout);
		_exit(EXIT_SERVICE);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SERVICE;
}

/* Does systemd run this host, and does it know our unit? A daemon of another run directory is never
 * systemd's. */
static bool by_systemd(const struct cmd *c)
{
	struct stat st;

	if (c->rundir || c->ctlsocket || getenv("IPSEC_RUNDIR"))
		return false;
	return stat("/run/systemd/system", &st) == 0 &&
	       (stat("/lib/systemd/system/ipsec.service", &st) == 0 ||
		       stat("/etc/systemd/system/ipsec.service", &st) == 0);
}

static int systemctl(const char *what)
{
	char *argv[] = { (char *)"systemctl", (char *)what, (char *)"ipsec.service", NULL };

	out_say("Redirecting to: systemctl %s ipsec.service", what);
	return run(argv);
}

static const char *run_dir(const struct cmd *c)
{
	const char *env = getenv("IPSEC_RUNDIR");

	return c->rundir ? c->rundir : env ? env : RUN_DIR;
}

static void ignored(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* Does one run, and not only have a socket that nobody serves any more? Who was killed is heard of
 * for as long as it takes the kernel to take it away. */
static bool runs(const struct cmd *c)
{
	for (int i = 0; i < 10 && daemon_answers(c); i++) {
		int status = request_each(c, "briefstatus", json_object(), 1000, ignored, NULL);

		if (status == 0 || status == EXIT_BUSY)
			return true;
		nap();
	}
	return false; /* or it does not answer, which ipsecd says */
}

static int start_daemon(const struct cmd *c)
{
	const char *dir = getenv("IPSEC_EXECDIR");
	char program[512];
	char *argv[8] = { program };
	int n = 1, status;

	if (geteuid() != 0) {
		out_error("ipsec: start needs root: sudo ipsec start");
		return EXIT_PRIVILEGE;
	}
	if (runs(c)) {
		out_say("ipsec is already running (%s)", cmd_socket(c));
		return 0;
	}
	snprintf(program, sizeof(program), "%s/ipsecd", dir ? dir : LIBEXEC_DIR);
	argv[n++] = (char *)"--config";
	argv[n++] = (char *)cmd_config(c);
	argv[n++] = (char *)"--rundir";
	argv[n++] = (char *)run_dir(c);
	argv[n] = NULL;
	status = run(argv); /* goes to the background once it is ready, or says why it cannot */
	for (int i = 0; status == 0 && !daemon_answers(c); i++) {
		if (i == 200) {
			out_error("ipsec: the daemon was started but does not answer on %s after "
				  "10 s; see its log",
				cmd_socket(c));
			return EXIT_NOT_RUNNING;
		}
		nap();
	}
	return status;
}

int run_start(const struct cmd *c)
{
	if (c->words > 0)
		return run_request(c);
	return by_systemd(c) ? systemctl("start") : start_daemon(c);
}

/* Is the lock on the pid file held, that is: does a daemon of this run directory live? */
static bool lives(const struct cmd *c)
{
	char path[512];
	int fd;
	bool locked;

	snprintf(path, sizeof(path), "%s/pluto.pid", run_dir(c));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	locked = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	close(fd);
	return locked;
}

int run_stop(const struct cmd *c)
{
	int status;

	if (by_systemd(c) && !c->is_whack)
		return systemctl("stop");
	if (!daemon_answers(c)) {
		status = daemon_absent(c);
		return c->is_whack || status == EXIT_PRIVILEGE ? status : 0; /* it is stopped */
	}
	status = request(c, "shutdown", json_object());
	for (int i = 0; i < 200; i++) {
		if (!lives(c) && !daemon_answers(c))
			return 0;
		nap();
	}
	out_error("ipsec: the daemon still runs after 10 s; see its log");
	return status ? status : EXIT_SERVICE;
}

/* Until it answers, for as long as tries take. */
static int request_until(const struct cmd *c, const char *api, bool is_last, int tries)
{
	int status = EXIT_NOT_RUNNING;

	for (int i = 0; i < tries && (status == EXIT_NOT_RUNNING || status == EXIT_BUSY); i++) {
		if (i)
			nap();
		status = request_once(c, api, is_last);
	}
	return status;
}

/* The daemon becomes the program that is installed now; what has come of that is said by who is
 * there afterwards. */
int run_restart(const struct cmd *c)
{
	int status;

	if (!daemon_answers(c))
		return by_systemd(c) ? systemctl("restart") : start_daemon(c);
	status = request_until(c, "restart", false, 60);
	if (status == 0) {
		status = request_until(c, "restarted", true, 400);
		if (status == EXIT_NOT_RUNNING || status == EXIT_BUSY)
			out_error("ipsec: the daemon does not answer on %s after 20 s; see its log",
				cmd_socket(c));
		return status;
	}
	if (status != EXIT_BUSY && status != EXIT_NOT_RUNNING)
		return status;
	/* its processes die one after the other: from the beginning, then */
	if (by_systemd(c))
		return systemctl("restart");
	status = run_stop(c);
	return status ? status : start_daemon(c);
}
