/* What /proc and /lib/modules tell. */
#include "cmd/verify.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

char *proc_read(const char *path, size_t *ret_n)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t n;

	if (!in)
		return NULL;
	text = xalloc(PROC_FILE_MAX + 1);
	n = fread(text, 1, PROC_FILE_MAX, in);
	fclose(in);
	text[n] = '\0';
	if (ret_n)
		*ret_n = n;
	return text;
}

bool proc_flag(const char *path)
{
	char *text = proc_read(path, NULL);
	bool is_set = text && atoi(text) != 0;

	free(text);
	return is_set;
}

/* Name and parent of a process: "pid (name) state ppid ..." */
static bool read_process(unsigned pid, unsigned daemon, struct process *ret)
{
	char path[64], *text, *open, *close;
	unsigned parent = 0;
	char state;
	bool ok;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	text = proc_read(path, NULL);
	open = text ? strchr(text, '(') : NULL;
	close = open ? strrchr(open, ')') : NULL;
	ok = close && sscanf(close + 1, " %c %u", &state, &parent) == 2;
	if (ok) {
		*ret = (struct process){ .pid = pid,
			.is_ours = daemon && (pid == daemon || parent == daemon) };
		snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(close - open - 1), open + 1);
	}
	free(text);
	return ok;
}

static bool is_here(unsigned pid)
{
	char path[64], here[64] = "", there[64] = "";

	snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	return readlink("/proc/self/ns/net", here, sizeof(here) - 1) > 0 &&
	       readlink(path, there, sizeof(there) - 1) > 0 && strcmp(here, there) == 0;
}

static void take_fds(struct facts *f, const struct process *p)
{
	char path[64], link[64];
	struct dirent *e;
	uint64_t inode;
	ssize_t n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%u/fd", p->pid);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = '\0';
		if (sscanf(link, "socket:[%" SCNu64, &inode) != 1)
			continue;
		/* a socket that was handed on is of several processes */
		for (size_t i = 0; i < f->n_socket; i++)
			if (f->socket[i].inode == inode && !f->socket[i].owner.is_ours)
				f->socket[i].owner = *p;
	}
	if (d)
		closedir(d);
}

static void take_process(struct facts *f, unsigned pid, unsigned daemon)
{
	struct process p;

	if (!read_process(pid, daemon, &p))
		return;
	if (f->n_socket)
		take_fds(f, &p);
	if (!p.is_ours && facts_rival(p.name) && is_here(pid) && f->n_rival < RIVALS_MAX)
		f->rival[f->n_rival++] = p;
}

void facts_processes(struct facts *f, unsigned daemon)
{
	static const char *const tables[] = { "/proc/net/udp", "/proc/net/udp6" };
	DIR *d = opendir("/proc");
	struct dirent *e;

	for (size_t i = 0; i < COUNT(tables); i++) {
		size_t n = 0;
		char *text = proc_read(tables[i], &n);

		if (text)
			facts_udp(f, bytes_of(text, n));
		free(text);
	}
	while (d && (e = readdir(d)))
		if (atoi(e->d_name) > 0)
			take_process(f, (unsigned)atoi(e->d_name), daemon);
	if (d)
		closedir(d);
}

bool facts_has_module(const char *name)
{
	static const char *const lists[] = { "modules.builtin", "modules.dep" };
	char path[256], want[64];
	struct utsname u;
	bool found;

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	found = access(path, F_OK) == 0;
	snprintf(want, sizeof(want), "/%s.ko", name);
	for (size_t i = 0; i < COUNT(lists) && !found && uname(&u) == 0; i++) {
		char *text;

		snprintf(path, sizeof(path), "/lib/modules/%s/%s", u.release, lists[i]);
		text = proc_read(path, NULL);
		found = text && strstr(text, want);
		free(text);
	}
	return found;
}
