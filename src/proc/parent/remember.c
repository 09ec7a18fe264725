/* What is loaded and how people want it, written to the run directory whenever it changes: a parent
 * that starts after ours was killed goes on with that. It is no secret's place: conns name none. */
#include "proc/parent/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define STR_(x) #x
#define STR(x)	STR_(x)

/* Another format may put a conn differently; the last number is of what stands around it here. */
static const char magic[] = "clearswan connections " STR(CONF_FORMAT) ".1\n";

enum { UP = 1, ROUTED = 2, FOREIGN = 4, SENT = 8, UNRESOLVED = 16, FILE_MAX = 1 << 30 };

static char *path_of(const struct parent *p, const char *end)
{
	return xasprintf("%s/pluto.conns%s", p->opt.rundir, end);
}

/* ---- writing ---- */

static void put_conn(struct wr *w, const struct loaded *l)
{
	wr_u8(w, (uint8_t)((l->wish.up ? UP : 0) | (l->wish.routed ? ROUTED : 0) |
			   (l->is_foreign ? FOREIGN : 0) | (l->sent ? SENT : 0) |
			   (l->is_unresolved ? UNRESOLVED : 0)));
	wr_u32(w, (uint32_t)l->wish.n_remote);
	for (size_t i = 0; i < l->wish.n_remote; i++)
		addr_put(w, &l->wish.remote[i]);
	conf_conn_put(w, l->conf);
	if (l->sent)
		conf_conn_put(w, l->sent);
}

/* One part: its length, then the part. */
static void write_part(FILE *f, const struct wr *w)
{
	uint8_t length[4];
	struct wr n = wr_to(length, sizeof(length));

	wr_u32(&n, wr_ok(w) ? (uint32_t)w->n : 0);
	fwrite(length, 1, sizeof(length), f);
	if (wr_ok(w))
		fwrite(w->p, 1, w->n, f);
}

static bool write_all(const struct parent *p, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	uint8_t *room = xalloc(IPC_MAX);
	const struct loaded *l;
	struct wr w = wr_to(room, IPC_MAX);
	bool ok;

	if (!f) {
		if (fd >= 0)
			close(fd);
		free(room);
		return false;
	}
	fwrite(magic, 1, sizeof(magic), f);
	wr_bytes(&w, bytes_str(p->opt.config));
	write_part(f, &w);
	w = wr_to(room, IPC_MAX);
	conf_setup_put(&w, &p->setup);
	write_part(f, &w);
	list_each (l, &p->loaded, struct loaded, node) {
		w = wr_to(room, IPC_MAX);
		put_conn(&w, l);
		write_part(f, &w);
	}
	free(room);
	ok = ferror(f) == 0;
	return fclose(f) == 0 && ok;
}

bool remember_write(struct parent *p)
{
	char *path = path_of(p, ""), *fresh = path_of(p, ".new");
	bool ok = write_all(p, fresh) && rename(fresh, path) == 0;

	if (!ok && !p->is_forgetful)
		PARENT_EMIT(p, 0, service_forgetful, .file = ev_str(path),
			.why = ev_str(strerror(errno)));
	p->is_forgetful = !ok;
	p->is_changed = false;
	if (!ok) { /* an old one would bring back what people have changed */
		unlink(fresh);
		unlink(path);
	}
	free(path);
	free(fresh);
	return ok;
}

static void on_turn(uv_prepare_t *h)
{
	struct parent *p = h->data;

	if (p->is_changed && p->state != STATE_STOPPING)
		remember_write(p);
}

void remember_init(struct parent *p)
{
	uv_prepare_init(&p->loop, &p->remember);
	p->remember.data = p;
	uv_prepare_start(&p->remember, on_turn);
}

void remember_forget(struct parent *p)
{
	char *path = path_of(p, "");

	unlink(path);
	free(path);
}

/* ---- reading ---- */

static bool get_conn(struct parent *p, struct rd r)
{
	uint8_t flags = rd_u8(&r);
	uint32_t n = rd_u32(&r);
	struct wish wish = { .up = flags & UP, .routed = flags & ROUTED };
	struct conf_conn *conf = NULL, *sent = NULL;
	struct loaded *l;

	for (uint32_t i = 0; i < n && rd_more(&r); i++) {
		struct addr a = addr_get(&r);

		wish_add_remote(&wish, &a);
	}
	if (conf_conn_get(&r, &conf) != OK || (flags & SENT && conf_conn_get(&r, &sent) != OK)) {
		conf_conn_free(conf);
		free(wish.remote);
		return false;
	}
	l = loaded_new(p, conf);
	l->wish = wish;
	l->is_foreign = flags & FOREIGN;
	l->is_unresolved = flags & UNRESOLVED || !sent;
	l->sent = sent;
	return rd_end(&r);
}

/* As it was written, by ourselves: of the same version, for the same file. */
static bool get_all(struct parent *p, struct bytes all)
{
	struct rd r = rd_from(all), part;
	struct conf_setup setup = { 0 };
	struct bytes config;

	if (!bytes_eq(rd_bytes(&r, sizeof(magic)), bytes_of(magic, sizeof(magic))))
		return false;
	config = rd_bytes(&r, rd_u32(&r));
	part = rd_from(rd_bytes(&r, rd_u32(&r)));
	if (!bytes_eq(config, bytes_str(p->opt.config)) || conf_setup_get(&part, &setup) != OK ||
		!rd_end(&part))
		return false;
	load_setup(p, &setup);
	while (rd_more(&r))
		if (!get_conn(p, rd_from(rd_bytes(&r, rd_u32(&r)))))
			return false;
	return rd_end(&r);
}

bool remember_read(struct parent *p)
{
	char *path = path_of(p, "");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf all = { 0 };
	struct stat st;
	bool ok = false;

	free(path);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & 077) &&
		st.st_size < FILE_MAX) {
		all.p = xalloc((size_t)st.st_size);
		all.n = (size_t)st.st_size;
		ok = read(fd, all.p, all.n) == st.st_size && get_all(p, buf_view(&all));
		if (!ok)
			load_done(p);
	}
	buf_done(&all);
	close(fd);
	return ok;
}
