/* Who else changes the kernel's IPsec. The news of a change carry what its sender wrote into his
 * message (struct nlmsghdr, nlmsg_pid; Linux net/xfrm/xfrm_user.c, struct km_event): his process,
 * as strongSwan has it, or the number of his socket, which is his process' for the first one, or
 * nothing. That may be wrong, or mean another container's process; so a program is named only when
 * /proc has an XFRM socket of that number, and a process that may change the kernel's IPsec. Of a
 * process that has ended nothing is known. */
#include "proc/parent/cgroup.h"
#include "proc/parent/parent.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PID_LAST = 1 << 22, NAME_MAX_ = 64, TEXT_MAX = 4096, NETLINK_LINE = 256 };

struct writer {
	char program[4 * NAME_MAX_ + 1], pid[16], unit[UNIT_MAX];
};

/* A file of /proc of that process, as far as it goes into ret; false: it cannot be read. */
static bool proc_text(uint32_t pid, const char *name, char *ret, size_t n)
{
	char file[64];
	ssize_t got = -1;
	int fd;

	snprintf(file, sizeof(file), "/proc/%" PRIu32 "/%s", pid, name);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, ret, n - 1);
		close(fd);
	}
	ret[got > 0 ? got : 0] = '\0';
	return got >= 0;
}

/* Has our network an XFRM socket of that number? sk Eth Pid Groups ... */
static bool has_socket(uint32_t number)
{
	FILE *f = fopen("/proc/net/netlink", "re");
	char line[NETLINK_LINE];
	unsigned protocol;
	uint32_t pid;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %u %" SCNu32, &protocol, &pid) == 2 &&
			protocol == NETLINK_XFRM && pid == number;
	if (f)
		fclose(f);
	return found;
}

/* A program, neither the kernel's own nor the first process, which may change the kernel's IPsec.
 */
static bool may_write(uint32_t pid)
{
	char text[TEXT_MAX], *caps;

	if (pid <= 1 || !proc_text(pid, "cmdline", text, sizeof(text)) || !text[0] ||
		!proc_text(pid, "status", text, sizeof(text)))
		return false;
	caps = strstr(text, "\nCapEff:");
	return caps && (strtoull(caps + strlen("\nCapEff:"), NULL, 16) & 1ull << CAP_NET_ADMIN);
}

static void read_program(uint32_t pid, char *ret, size_t n)
{
	char raw[NAME_MAX_];

	proc_text(pid, "comm", raw, sizeof(raw));
	raw[strcspn(raw, "\n")] = '\0';
	event_escape(bytes_str(raw), ret, n); /* a process names itself */
}

static uint32_t parent_of(uint32_t pid)
{
	char text[TEXT_MAX], *at;

	proc_text(pid, "stat", text, sizeof(text));
	at = strrchr(text, ')'); /* pid (name) state parent */
	return at && strlen(at) > 4 ? (uint32_t)strtoul(at + 4, NULL, 10) : 0;
}

/* What ends with the unit, and is not merely started by it, as by cron or NetworkManager: the
 * service's own process, or strongSwan's under its starter. Nor is it our own. */
static void read_unit(uint32_t pid, char ret[UNIT_MAX])
{
	char text[TEXT_MAX], ours[UNIT_MAX], starter[NAME_MAX_];
	uint32_t above = parent_of(pid);

	ret[0] = '\0';
	if (above > 1) {
		read_program(above, starter, sizeof(starter));
		if (strcmp(starter, "starter") != 0)
			return;
	}
	if (!proc_text(pid, "cgroup", text, sizeof(text)) || !cgroup_unit(text, ret))
		return;
	if (proc_text((uint32_t)getpid(), "cgroup", text, sizeof(text)) &&
		cgroup_unit(text, ours) && strcmp(ours, ret) == 0)
		ret[0] = '\0';
}

static bool is_gone(uint32_t pid)
{
	char text[2];

	return pid < PID_LAST && !proc_text(pid, "comm", text, sizeof(text));
}

static struct writer writer_of(uint32_t number)
{
	struct writer w = { .program = "" };

	if (is_gone(number)) {
		snprintf(w.pid, sizeof(w.pid), "%" PRIu32, number);
	} else if (number < PID_LAST && has_socket(number) && may_write(number)) {
		snprintf(w.pid, sizeof(w.pid), "%" PRIu32, number);
		read_program(number, w.program, sizeof(w.program));
		read_unit(number, w.unit);
	}
	return w;
}

void writer_tell(struct parent *p, const struct msg_taken_out *m)
{
	struct writer w = writer_of(m->pid);

	if (m->spi[0])
		PARENT_EMIT(p, 0, kernel_sa_lost, .spi = ev_str(m->spi), .dst = ev_str(m->dst),
			.program = ev_str(w.program), .pid = ev_str(w.pid), .unit = ev_str(w.unit));
	else
		PARENT_EMIT(p, 0, kernel_flushed, .what = ev_str(m->what),
			.what_now = ev_str(m->what_now), .program = ev_str(w.program),
			.pid = ev_str(w.pid), .unit = ev_str(w.unit));
}
