/* Each process dies of what it may not do. Applies the very profiles of src/proc/sandbox.c in a
 * child and then misbehaves; must run as root, as the daemon does. */
#include "base/test.h"
#include "proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void no_events(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}
static const struct event_sink nowhere = { no_events, NULL };

/* ---- what they may not ---- */

static void do_open(void)
{
	(void)!open("/etc/passwd", O_RDONLY);
}
static void do_socket(void)
{
	(void)!socket(AF_INET, SOCK_DGRAM, 0);
}
static void do_connect(void)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	(void)!connect(0, &sa, sizeof(sa));
}
static void do_exec(void)
{
	char *none[] = { NULL };

	execve("/bin/true", none, none);
}
static void do_fork(void)
{
	syscall(SYS_fork);
}
static void do_ptrace(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static void do_kill(void)
{
	kill(1, 0);
}
static void do_code(void)
{
	(void)!mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void do_setuid(void)
{
	(void)!syscall(SYS_setuid, 0);
}
static void do_unlink(void)
{
	unlink("/etc/passwd.never");
}

static const struct {
	const char *name;
	void (*run)(void);
} misdeeds[] = {
	{ "open", do_open },
	{ "socket", do_socket },
	{ "connect", do_connect },
	{ "execve", do_exec },
	{ "fork", do_fork },
	{ "ptrace", do_ptrace },
	{ "kill", do_kill },
	{ "executable memory", do_code },
	{ "setuid", do_setuid },
	{ "unlink", do_unlink },
};

/* Runs f in a process with that sandbox; gives waitpid()'s status. */
static int in_sandbox(enum ipc_who who, void (*f)(void))
{
	char dir[] = "/tmp/sandbox-test-XXXXXX";
	int status = -1;
	pid_t pid;

	assert_non_null(mkdtemp(dir));
	chmod(dir, 0755);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(dir) != 0)
			_exit(99);
		sandbox_enter(who, &nowhere);
		f();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(dir);
	return status;
}

TEST(each_process_dies_of_what_it_may_not_do)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++)
		for (size_t i = 0; i < COUNT(misdeeds); i++) {
			int status = in_sandbox(who, misdeeds[i].run);

			if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
				fail_msg("%s survived %s (status %#x)", ipc_who_name(who),
					misdeeds[i].name, (unsigned)status);
		}
}

/* ---- what they may ---- */

static int ends[2];

static void work(void)
{
	uint8_t octet = 'x';
	struct pollfd p = { .fd = ends[0], .events = POLLIN };
	void *memory = malloc(1 << 22);

	if (!memory || write(ends[1], &octet, 1) != 1 || poll(&p, 1, 1000) != 1 ||
		read(ends[0], &octet, 1) != 1)
		_exit(1);
	free(memory);
}

TEST(each_process_can_work_on_what_it_was_given)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(in_sandbox(who, work), 0);
		close(ends[0]);
		close(ends[1]);
	}
}

/* ---- who they are ---- */

static void wait_for_reader(void)
{
	uint8_t octet;

	(void)!write(ends[1], "r", 1); /* ready to be looked at */
	(void)!read(0, &octet, 1);
}

/* The value of a line of /proc/PID/status. */
static unsigned long long status_of(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	unsigned long long v = ~0ull;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			v = strtoull(line + strlen(key) + 1, NULL, base);
	fclose(f);
	return v;
}

static void look_at(enum ipc_who who, pid_t pid)
{
	const unsigned long long admin = 1ull << 12; /* CAP_NET_ADMIN */
	unsigned long long caps = who == WHO_KERNEL ? admin : 0;

	assert_int_not_equal(status_of(pid, "Uid:", 10), 0);
	assert_int_not_equal(status_of(pid, "Gid:", 10), 0);
	assert_int_equal(status_of(pid, "CapEff:", 16), caps);
	assert_int_equal(status_of(pid, "CapPrm:", 16), caps);
	assert_int_equal(status_of(pid, "CapBnd:", 16), 0);
	assert_int_equal(status_of(pid, "NoNewPrivs:", 10), 1);
	assert_int_equal(status_of(pid, "Seccomp:", 10), 2);
}

TEST(each_process_has_its_own_user_and_no_privileges)
{
	for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
		int hold[2];
		uint8_t octet;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		assert_int_equal(pipe(hold), 0);
		pid = fork();
		if (pid == 0) {
			dup2(hold[0], 0);
			if (chdir("/proc/self/fdinfo") != 0)
				_exit(99);
			sandbox_enter(who, &nowhere);
			wait_for_reader();
			_exit(0);
		}
		assert_int_equal(read(ends[0], &octet, 1), 1);
		look_at(who, pid);
		assert_int_equal(write(hold[1], "q", 1), 1);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		close(ends[0]);
		close(ends[1]);
		close(hold[0]);
		close(hold[1]);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_process_dies_of_what_it_may_not_do),
		cmocka_unit_test(each_process_can_work_on_what_it_was_given),
		cmocka_unit_test(each_process_has_its_own_user_and_no_privileges),
	};

	(void)argv;
	if (argc > 1) { /* for people: what each may call */
		for (enum ipc_who who = WHO_IKE; who < WHO_END; who++) {
			printf("%s:", ipc_who_name(who));
			for (const char *const *c = sandbox_calls(who); *c; c++)
				printf(" %s", *c);
			printf("\n");
		}
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
