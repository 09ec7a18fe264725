/* The sandboxes of all processes in one file: what each may still do, and how the rest is taken
 * away. Order matters: what needs privileges first, system calls last. */
#include "proc/sandbox.h"

#include "config_build.h"

#include <errno.h>
#include <grp.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Users without a name, for hosts where no _clearswan-<process> exists; inside the range that every
 * container maps. */
enum { UID_BASE = 65400 };

/* ---- profiles ---- */

/* Every process: its loop, its lines, memory without code, time (also where the kernel gives libc
 * no clock to read by itself), its end. */
#define COMMON                                                                                     \
	"read", "write", "close", "dup", "sendmsg", "recvmsg", "sendto", "recvfrom", "poll",       \
		"ppoll", "epoll_wait", "epoll_pwait", "epoll_ctl", "fcntl", "futex", "brk",        \
		"munmap", "mremap", "madvise", "clock_gettime", "clock_getres", "clock_nanosleep", \
		"nanosleep", "gettimeofday", "time", "getpid", "gettid", "tgkill", "rt_sigaction", \
		"rt_sigprocmask", "rt_sigreturn", "sigaltstack", "exit", "exit_group",             \
		"getrandom", "restart_syscall", "newfstatat", "fstat", "sched_getaffinity",        \
		"sched_yield"

struct profile {
	const char *const calls[96];
	rlim_t files;
	bool may_admin_net; /* keeps CAP_NET_ADMIN */
	bool has_threads;
	bool outlives_parent; /* puts in order what is left, then ends by itself */
};

static const struct profile profiles[WHO_END] = {
	[WHO_IKE] = { .calls = { COMMON, "recvmmsg", "sendmmsg", NULL }, .files = 64 },
	[WHO_KEYS] = { .calls = { COMMON, "pread64", "lseek", NULL }, .files = 64 },
	[WHO_KERNEL] = { .calls = { COMMON, "pread64", NULL },
		.files = 64,
		.may_admin_net = true,
		.outlives_parent = true },
	[WHO_CONTROL] = { .calls = { COMMON, "accept4", "accept", "shutdown", "getsockopt",
				  "setsockopt", "getsockname", "getpeername", "writev", "sendfile",
				  "memfd_create", "ftruncate", "lseek", NULL },
		.files = 512 },
	[WHO_ESP] = { .calls = { COMMON, "recvmmsg", "sendmmsg", "readv", "writev", "getsockopt",
			      "setsockopt", "set_robust_list", "rseq", "clone", "sched_setaffinity",
			      "eventfd2", "membarrier", NULL },
		.files = 256,
		.has_threads = true },
};

const char *const *sandbox_calls(enum ipc_who who)
{
	return profiles[who].calls;
}

/* ---- pieces ---- */

static _Noreturn void fail(enum ipc_who who, const char *what)
{
	fprintf(stderr, "ipsec-%s: sandbox: %s: %s; not running without it\n", ipc_who_name(who),
		what, strerror(errno));
	_exit(71); /* EX_OSERR */
}

static void weaker(const struct event_sink *events, enum ipc_who who, const char *what)
{
	const char *why = strerror(errno);
	struct timespec m, w;

	clock_gettime(CLOCK_MONOTONIC, &m);
	clock_gettime(CLOCK_REALTIME, &w);
	EMIT(events, ((struct now){ m.tv_sec * NS_S + m.tv_nsec, w.tv_sec * NS_S + w.tv_nsec }),
		NULL, sandbox_weaker, .process = ev_str(ipc_who_name(who)), .what = ev_str(what),
		.why = ev_str(why));
}

/* Our working directory is an empty one, given by the parent. */
static void close_files(enum ipc_who who, const struct event_sink *events)
{
	struct rlimit files = { profiles[who].files, profiles[who].files }, none = { 0, 0 };

	if (chroot(".") != 0)
		weaker(events, who, "an empty root directory");
	else if (chdir("/") != 0)
		fail(who, "chdir");
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		fail(who, "limits");
}

static uid_t user_of(enum ipc_who who)
{
	char name[32];
	const struct passwd *pw;

	snprintf(name, sizeof(name), "_clearswan-%s", ipc_who_name(who));
	pw = getpwnam(name);
	return pw ? pw->pw_uid : (uid_t)(UID_BASE + who);
}

static void change_user(enum ipc_who who, uid_t uid)
{
	if (profiles[who].may_admin_net && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		fail(who, "capabilities over the change of user");
	if (setgroups(0, NULL) != 0 || setresgid(uid, uid, uid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		fail(who, "own user");
}

static void drop_capabilities(enum ipc_who who)
{
	cap_t caps = cap_init();
	cap_value_t admin = CAP_NET_ADMIN;

	if (!caps)
		fail(who, "capabilities");
	if (profiles[who].may_admin_net &&
		(cap_set_flag(caps, CAP_PERMITTED, 1, &admin, CAP_SET) != 0 ||
			cap_set_flag(caps, CAP_EFFECTIVE, 1, &admin, CAP_SET) != 0))
		fail(who, "CAP_NET_ADMIN");
	if (cap_set_proc(caps) != 0)
		fail(who, "capabilities");
	cap_free(caps);
}

/* For good, also over an execve() that seccomp forbids anyway. */
static void drop_bounding(void)
{
	for (cap_value_t c = 0; c <= CAP_LAST_CAP; c++)
		if (cap_get_bound(c) == 1)
			cap_drop_bound(c);
}

/* ---- Landlock: everything it knows is refused ---- */

struct landlock_attr {
	uint64_t fs, net, scoped;
};

/* ABI version in use; 0: this kernel has none. */
static long landlock(enum ipc_who who)
{
	/* by ABI: the file system rights that exist, and how long the struct is */
	static const struct {
		unsigned fs_bits;
		size_t size;
	} known[] = { { 13, 8 }, { 14, 8 }, { 15, 8 }, { 15, 16 }, { 16, 16 }, { 16, 24 } };
	struct landlock_attr a = { 0 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION),
	     fd;
	size_t i;

	if (abi < 1)
		return 0;
	i = MIN((size_t)abi, COUNT(known)) - 1;
	a.fs = (1u << known[i].fs_bits) - 1;
	a.net = known[i].size >= 16 ? 3 : 0;	/* TCP: bind, connect */
	a.scoped = known[i].size >= 24 ? 3 : 0; /* abstract sockets, signals */
	fd = syscall(SYS_landlock_create_ruleset, &a, known[i].size, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		fail(who, "Landlock");
	close((int)fd);
	return abi;
}

/* ---- seccomp ---- */

static int allow(scmp_filter_ctx f, const char *name)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return 0;		/* not on this architecture */
	if (strcmp(name, "clone") == 0) /* threads only */
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
}

/* Calls that are allowed with some arguments only. */
static int allow_some(scmp_filter_ctx f, const struct profile *p)
{
	int e = 0;

	/* memory never becomes code */
	e |= seccomp_rule_add(
		f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	e |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	e |= seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONBIO));
	/* its arguments lie in memory, where no filter sees them: libc then uses clone */
	if (p->has_threads)
		e |= seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return e;
}

static void filter_calls(enum ipc_who who)
{
	const struct profile *p = &profiles[who];
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int e = f ? 0 : -1;

	for (size_t i = 0; e == 0 && p->calls[i]; i++)
		e = allow(f, p->calls[i]);
	if (e == 0)
		e = allow_some(f, p);
	if (e == 0)
		e = seccomp_load(f);
	if (e != 0) {
		errno = e < 0 ? -e : ENOSYS;
		fail(who, "seccomp");
	}
	seccomp_release(f);
}

void sandbox_enter(enum ipc_who who, const struct event_sink *events)
{
	uid_t uid;

	if (!WITH_SANDBOX)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail(who, "no_new_privs");
	uid = user_of(who); /* reads /etc/passwd */
	close_files(who, events);
	drop_bounding();
	change_user(who, uid);
	drop_capabilities(who);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fail(who, "no dumps");
	if (!profiles[who].outlives_parent)
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (landlock(who) == 0) {
		errno = ENOSYS;
		weaker(events, who, "Landlock");
	}
	filter_calls(who);
}
