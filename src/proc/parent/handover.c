/* A parent restarts itself without an end to anything: its children end and leave everything as it
 * is, and it becomes the program that is installed now, which starts others that take over. What
 * that program needs to know stands in memory that it inherits, sealed: descriptors, what is in
 * force in the packet filter, who was told of tunnels. ike's own memory goes along unread;
 * connections stand in the run directory (remember.c). */
#include "proc/parent/handover.h"

#include "proc/parent/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLE "IPSEC_HANDOVER"

enum { ROOM = 16 << 20, FD_MOST = 4096 };

/* What the next one uses as it is. Requests to the kernel begin anew: answers to those of this one
 * may still come. */
static const enum ipc_descriptor kinds[] = { DESC_UDP500_V4, DESC_UDP500_V6, DESC_UDP4500_V4,
	DESC_UDP4500_V6, DESC_ESP_V4, DESC_ESP_V6, DESC_TUN, DESC_WATCH, DESC_XFRM_NEWS,
	DESC_CONTROL, DESC_STORE };

/* When everything is taken down first, only people's requests wait for the next one. */
static bool is_inherited(const struct parent *p, enum ipc_descriptor kind)
{
	return p->restart == RESTART_LIVE || kind == DESC_CONTROL;
}

static bool inherit(int fd)
{
	return fd < 0 || fcntl(fd, F_SETFD, 0) == 0;
}

void handover_put_text(struct wr *w, const char *s)
{
	wr_u16(w, (uint16_t)strlen(s));
	wr_bytes(w, bytes_str(s));
}

char *handover_get_text(struct rd *r)
{
	struct bytes b = rd_bytes(r, rd_u16(r));

	return xasprintf("%.*s", (int)b.n, (const char *)b.p);
}

static void put(struct wr *w, const struct parent *p)
{
	handover_head_put(w, &(struct handover_head){ .lock = p->lock,
				     .guard_pipe = p->guard.pipe,
				     .guard_pid = p->guard.process ? p->guard.process->pid : 0,
				     .said = p->said[0] });
	wr_u8(w, p->restart == RESTART_LIVE);
	handover_put_text(w, p->restart_why ? p->restart_why : "");
	wr_u8(w, p->has_kernel_plane);
	handover_put_text(w, p->plane_why);
	for (size_t i = 0; i < COUNT(kinds); i++)
		wr_u32(w, is_inherited(p, kinds[i]) ? (uint32_t)(p->fd[kinds[i]] + 1) : 0);
	updown_put(w, p);
	firewall_put(w, p);
}

/* Gives the descriptor; -1: errno. */
static int memory(const struct parent *p)
{
	uint8_t *room = xalloc(ROOM);
	struct wr w = wr_to(room, ROOM);
	int fd = memfd_create("clearswan-handover", MFD_ALLOW_SEALING);

	put(&w, p);
	if (!wr_ok(&w)) {
		errno = EFBIG;
		w.n = 0;
	}
	if (fd >= 0 &&
		(w.n == 0 || write(fd, room, w.n) != (ssize_t)w.n ||
			fcntl(fd, F_ADD_SEALS,
				F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)) {
		close(fd);
		fd = -1;
	}
	free(room);
	return fd;
}

void handover_exec(struct parent *p)
{
	char *file = xasprintf("%s/ipsecd", p->opt.execdir), number[16];
	const char *args[10] = { "ipsecd", "--config", p->opt.config, "--rundir", p->opt.rundir };
	size_t n = 5;
	int fd = memory(p);
	bool ok = fd >= 0 && inherit(p->lock) && inherit(p->guard.pipe) && inherit(p->said[0]);

	for (size_t i = 0; i < COUNT(kinds); i++)
		ok = ok && (!is_inherited(p, kinds[i]) || inherit(p->fd[kinds[i]]));
	if (p->opt.foreground)
		args[n++] = "--nofork";
	if (p->opt.has_secrets) {
		args[n++] = "--secretsfile";
		args[n++] = p->opt.secrets;
	}
	snprintf(number, sizeof(number), "%d", fd);
	if (ok && setenv(VARIABLE, number, 1) == 0)
		execv(file, (char *const *)(void *)args);
	fprintf(stderr, "ipsecd: cannot become %s: %s\n", file, strerror(errno));
	free(file);
}

/* ---- the one that it became ---- */

static void take_head(struct parent *p, const struct handover_head *h)
{
	const int fds[] = { h->lock, h->guard_pipe, h->said };

	for (size_t i = 0; i < COUNT(fds); i++)
		if (fds[i] >= 0)
			fcntl(fds[i], F_SETFD, FD_CLOEXEC);
	p->lock = h->lock;
	p->opt.said = h->said;
	p->old_guard.pipe = h->guard_pipe;
	p->old_guard.pid = h->guard_pid;
	p->is_handed = true;
}

static enum err take_rest(struct parent *p, struct rd *r)
{
	bool is_live = rd_flag(r);
	char *why = handover_get_text(r);
	enum err e;

	if (is_live)
		free(why);
	else
		p->restart_why = why;
	p->has_kernel_plane = rd_flag(r);
	p->plane_why = handover_get_text(r);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		int fd = (int)rd_u32(r) - 1;

		if (fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			p->fd[kinds[i]] = fd;
	}
	if (r->failed)
		return ERR_TRUNCATED;
	if (!is_live)
		return OK;
	if ((e = updown_get(r, p)) || (e = firewall_get(r, p)))
		return e;
	p->is_handing = p->is_taking_over = true;
	return rd_end(r) ? OK : ERR_LENGTH;
}

void handover_refuse(struct parent *p, const char *why)
{
	p->is_handing = p->is_taking_over = false;
	free(p->restart_why);
	p->restart_why = xstrdup(why);
	updown_done(p);
	firewall_done(p);
	for (unsigned i = 0; i < DESC_END; i++)
		if (i != DESC_CONTROL && p->fd[i] >= 0) {
			close(p->fd[i]);
			p->fd[i] = -1;
		}
}

/* What was left open for a purpose that we do not know. */
static void close_unknown(const struct parent *p)
{
	for (int fd = 3; fd < FD_MOST; fd++)
		if (fd != p->lock && fd != p->old_guard.pipe && fd != p->opt.said &&
			fd != p->fd[DESC_CONTROL])
			close(fd);
}

static bool read_all(int fd, uint8_t *to, size_t n)
{
	return pread(fd, to, n, 0) == (ssize_t)n;
}

void handover_open(struct parent *p)
{
	const char *number = getenv(VARIABLE);
	int fd = number ? atoi(number) : -1;
	struct handover_head head;
	struct stat st;
	uint8_t *all;
	struct rd r;
	enum err e;

	unsetenv(VARIABLE);
	if (fd < 3 || fstat(fd, &st) != 0 || st.st_size > ROOM)
		return;
	all = xalloc((size_t)st.st_size + 1);
	r = rd_from(bytes_of(all, (size_t)st.st_size));
	e = read_all(fd, all, (size_t)st.st_size) ? handover_head_get(&r, &head) : ERR_SYSTEM;
	close(fd);
	if (e == OK || e == ERR_UNSUPPORTED) {
		take_head(p, &head);
		e = e ? e : take_rest(p, &r);
		if (e) {
			handover_refuse(p, e == ERR_UNSUPPORTED
						   ? "another version of clearswan left them"
						   : "what was left cannot be read");
			close_unknown(p);
		}
	}
	free(all);
}
