/* Who has our UDP ports: /proc/net/udp, and the processes that hold its sockets. */
#include "cmd/local.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SOCKETS_MAX = 16 };

/* Has this process the socket? */
static bool holds(const char *pid, const char *link)
{
	char path[300], to[64];
	bool found = false;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, to, sizeof(to) - 1);

		if (n > 0) {
			to[n] = '\0';
			found = strcmp(to, link) == 0;
		}
	}
	if (d)
		closedir(d);
	return found;
}

static void read_command(const char *pid, char *ret, size_t n)
{
	char path[64], raw[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(raw, sizeof(raw), f))
		raw[strcspn(raw, "\n")] = '\0';
	if (f)
		fclose(f);
	event_escape(bytes_str(raw), ret, n); /* a process names itself */
}

/* Our own before others: descriptors are passed on. */
static void owner(unsigned long inode, char pid[16], char *command, size_t n, bool *is_ours)
{
	char link[64], name[64];
	struct dirent *e;
	DIR *d = opendir("/proc");

	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	while (d && !*is_ours && (e = readdir(d))) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9' || !holds(e->d_name, link))
			continue;
		read_command(e->d_name, name, sizeof(name));
		*is_ours = strcmp(name, "ipsecd") == 0 || strncmp(name, "ipsec-", 6) == 0;
		snprintf(pid, 16, "%.15s", e->d_name);
		snprintf(command, n, "%s", name);
	}
	if (d)
		closedir(d);
}

/* Eight hexadecimal digits of a word in the host's order, once or four times. */
static struct addr address_of(const char *hex)
{
	uint32_t word[4] = { 0 };
	size_t n = strlen(hex) / 8;

	for (size_t i = 0; i < n && i < 4; i++) {
		char one[9] = "";

		memcpy(one, hex + 8 * i, 8);
		word[i] = (uint32_t)strtoul(one, NULL, 16);
	}
	return addr_from(bytes_of(word, n == 4 ? 16 : n == 1 ? 4 : 0));
}

static bool is_none(const struct addr *a)
{
	static const struct addr none;

	return memcmp(a->b, none.b, sizeof(none.b)) == 0;
}

static void say_socket(
	const struct local *l, const struct addr *a, unsigned port, unsigned long inode, void *ctx)
{
	char pid[16] = "", command[80] = "the kernel, or a process of another container",
	     t[ADDR_STR];
	bool is_ours = false;

	(void)ctx;
	owner(inode, pid, command, sizeof(command), &is_ours);
	if (!pid[0])
		return; /* nothing is known of it */
	LOCAL_EMIT(l, local_socket, .port = ev_u64(port), .address = ev_str(addr_format(a, t)),
		.command = ev_str(command), .pid = ev_str(pid), .is_ours = ev_u64(is_ours));
}

/* UDP sockets at one of these two ports of an address of ours. */
static void read_file(const struct local *l, const char *file, const unsigned want[2],
	void (*take)(const struct local *l, const struct addr *a, unsigned port,
		unsigned long inode, void *ctx),
	void *ctx)
{
	FILE *f = fopen(file, "re");
	char line[512], hex[64];
	unsigned n = 0;

	while (f && n < SOCKETS_MAX && fgets(line, sizeof(line), f)) {
		unsigned port;
		unsigned long inode;
		struct addr a;

		if (sscanf(line, " %*u: %63[0-9A-F]:%x %*s %*s %*s %*s %*s %*u %*u %lu", hex, &port,
			    &inode) != 3)
			continue;
		a = address_of(hex);
		if ((port != want[0] && port != want[1]) ||
			(!is_none(&a) && !addr_eq(&a, &l->what->ours) && !addr_eq(&a, &l->source)))
			continue;
		take(l, &a, port, inode, ctx);
		n++;
	}
	if (f)
		fclose(f);
}

void local_sockets(const struct local *l)
{
	const unsigned want[] = { l->what->our_port ? l->what->our_port : 500, 4500 };

	read_file(l, "/proc/net/udp", want, say_socket, NULL);
	read_file(l, "/proc/net/udp6", want, say_socket, NULL);
}

/* ---- the port of a tunnel that is for one protocol (L2TP) ---- */

struct holder {
	bool is_there;
	char pid[16], command[80];
};

static void take_holder(
	const struct local *l, const struct addr *a, unsigned port, unsigned long inode, void *ctx)
{
	struct holder *h = ctx;
	bool is_ours = false;

	(void)l;
	(void)a;
	(void)port;
	h->is_there = true;
	owner(inode, h->pid, h->command, sizeof(h->command), &is_ours);
}

/* PPP devices: what L2TP is for. */
static unsigned ppp_devices(void)
{
	enum { ARPHRD_PPP_ = 512 };
	DIR *d = opendir("/sys/class/net");
	const struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d))) {
		char path[320];
		unsigned type = 0;
		FILE *f;

		snprintf(path, sizeof(path), "/sys/class/net/%.200s/type", e->d_name);
		f = fopen(path, "re");
		n += f && fscanf(f, "%u", &type) == 1 && type == ARPHRD_PPP_;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return n;
}

void local_port(const struct local *l)
{
	const unsigned want[] = { l->what->udp_port, l->what->udp_port };
	struct holder h = { .command = "" };

	if (!l->what->udp_port)
		return;
	read_file(l, "/proc/net/udp", want, take_holder, &h);
	read_file(l, "/proc/net/udp6", want, take_holder, &h);
	if (h.is_there && !h.command[0])
		snprintf(h.command, sizeof(h.command),
			"the kernel, or a process of another container");
	LOCAL_EMIT(l, local_port, .port = ev_u64(l->what->udp_port), .command = ev_str(h.command),
		.pid = ev_str(h.pid), .nobody = ev_str(h.is_there ? "" : "nobody has it"),
		.in = ev_u64(l->what->octets_in), .out = ev_u64(l->what->octets_out),
		.ppp = ev_u64(ppp_devices()));
}
