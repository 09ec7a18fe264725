/* The configuration file: read, reported, compared with what is loaded, loaded. */
#include "proc/parent/parent.h"

#include "config_build.h"
#include "proc/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 8 << 20, RETRY_MS = 30000, EXIT_NO_DEVICE = 39 };

static void report(struct parent *p, uint32_t request, const struct conf *c)
{
	for (size_t i = 0; i < c->n_issue; i++)
		if (c->issue[i].is_error)
			PARENT_EMIT(p, request, config_error, .file = ev_str(c->issue[i].file),
				.at_line = ev_u64(c->issue[i].line),
				.what = ev_str(c->issue[i].text), .name = ev_str(c->issue[i].conn));
		else
			PARENT_EMIT(p, request, config_warning, .file = ev_str(c->issue[i].file),
				.at_line = ev_u64(c->issue[i].line),
				.what = ev_str(c->issue[i].text));
}

struct conf *load_file(struct parent *p, uint32_t request, const char *path)
{
	struct conf_source source = conf_source_files();
	struct conf *c = conf_parse(&source, path);

	report(p, request, c);
	return c;
}

/* NULL: the memory is not what it should be. */
struct conf *load_text(struct parent *p, uint32_t request, int fd)
{
	struct conf_source source = conf_source_files();
	struct conf *c = NULL;
	struct stat st;
	char *text;

	if (fstat(fd, &st) != 0 || st.st_size > TEXT_MAX)
		return NULL;
	text = xalloc((size_t)st.st_size + 1);
	if (pread(fd, text, (size_t)st.st_size, 0) == st.st_size) {
		c = conf_parse_text(&source, "standard input", text, (size_t)st.st_size);
		report(p, request, c);
	}
	free(text);
	return c;
}

void load_setup(struct parent *p, struct conf_setup *setup_take)
{
	conf_setup_done(&p->setup);
	p->setup = *setup_take;
	*setup_take = (struct conf_setup){ 0 };
	if (!p->opt.has_secrets)
		p->opt.secrets = p->setup.secretsfile ? p->setup.secretsfile : SECRETS_FILE;
	p->is_changed = true;
}

struct load_item {
	struct load *load;
	struct conf_conn *file, *resolved;
	bool is_resolved;
};

struct load {
	struct parent *p;
	uint32_t request;
	enum load_after after;
	struct load_item *item;
	size_t n, n_waiting;
	int exit;
	unsigned ike;	    /* the one that it was begun for */
	char *name;	    /* that people asked for by name; NULL */
	bool is_again;	    /* only what is still loaded */
	bool is_first;	    /* of the daemon's start */
	bool without_names; /* for now */
	bool is_foreign;    /* not from our own file: a reload leaves it alone */
	bool asynchronous;  /* of LOAD_UP, as of "up" */
	struct addr remote_host;
	struct msg_command then; /* what is done after it; kind 0: nothing. Its name is name_then */
	char *name_then;
};

/* What changes when it is loaded: as its conf or the person says; what stays as it was is left as
 * people had it. */
static void wish_anew(struct wish *w, const struct load_item *i, bool is_same)
{
	enum load_after after = i->load->after;

	if (!is_same && after != LOAD_WISH) {
		bool is_auto = after == LOAD_AUTO;

		wish_down(w);
		w->up = is_auto && wish_automatic(i->file).up;
		w->routed = is_auto && wish_automatic(i->file).routed;
	}
	w->up = w->up || after == LOAD_UP;
	if (after == LOAD_UP && addr_is_set(&i->load->remote_host))
		wish_add_remote(w, &i->load->remote_host);
	w->routed = w->routed || after == LOAD_ROUTE;
}

static struct loaded *remember(struct parent *p, const struct load_item *i)
{
	struct loaded *l = loaded_find(p, i->file->name);

	if (!l) {
		l = loaded_new(p, conf_conn_copy(i->file));
	} else {
		conf_conn_free(l->conf);
		l->conf = conf_conn_copy(i->file); /* of the same name */
	}
	wish_anew(&l->wish, i, l->sent && conf_conn_eq(l->sent, i->resolved));
	conf_conn_free(l->sent);
	l->sent = conf_conn_copy(i->resolved);
	l->is_unresolved = !i->is_resolved;
	if (i->load->after != LOAD_WISH)
		l->is_foreign = i->load->is_foreign;
	p->is_changed = true;
	return l;
}

/* ---- loading: each connection is resolved, then all go out in order ---- */

static void send_wish(
	struct parent *p, const struct load *l, const char *name, const struct wish *w)
{
	struct line *ike = &p->child[WHO_IKE].line;
	static const struct addr none = { 0 };

	if (w->routed && l->after != LOAD_UP)
		LINE_SEND(ike, command, .kind = CMD_ROUTE, .request = l->request, .name = name);
	if (!w->up || l->after == LOAD_ROUTE || l->then.kind)
		return;
	for (size_t i = 0; i < MAX(w->n_remote, 1u); i++)
		LINE_SEND(ike, command, .kind = CMD_UP, .request = l->request, .name = name,
			.remote_host = w->n_remote ? w->remote[i] : none,
			.asynchronous = l->asynchronous);
}

static void send_item(struct parent *p, const struct load *l, const struct load_item *i)
{
	static const enum ipc_who whos[] = { WHO_KEYS, WHO_KERNEL,
		WHO_IKE }; /* ike last: it asks */
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);
	const struct wish *wish = &remember(p, i)->wish;
	bool is_auto = l->after == LOAD_AUTO ||
		       (l->after == LOAD_WISH && !l->then.kind && wish_is_automatic(wish, i->file));

	conf_conn_put(&w, i->resolved);
	for (size_t k = 0; k < COUNT(whos) && wr_ok(&w); k++)
		LINE_SEND(&p->child[whos[k]].line, conn_load, .request = l->request,
			.start = is_auto, .conn = wr_view(&w));
	free(room);
	if (!is_auto && l->after != LOAD_ONLY)
		send_wish(p, l, i->file->name, wish);
}

/* Whoever tries again is silent when there is nothing new. A tunnel is not ended because a name or
 * a route cannot be found for a while. */
static bool is_news(struct parent *p, const struct load *l, const struct load_item *i)
{
	const struct loaded *old = loaded_find(p, i->file->name);

	return !l->is_again ||
	       (old && (!old->sent || (i->is_resolved && !conf_conn_eq(old->sent, i->resolved))));
}

static void load_free(struct load *l)
{
	for (size_t i = 0; i < l->n; i++) {
		conf_conn_free(l->item[i].file);
		conf_conn_free(l->item[i].resolved);
	}
	free(l->item);
	free(l->name);
	free(l->name_then);
	free(l);
}

/* A section with subnets= makes NAME/1x1 and more, and without it NAME: what it made before and
 * makes no more goes. */
static void unload_former(struct parent *p, const struct load *l)
{
	size_t n = strlen(l->name);
	struct loaded *old;

	list_each (old, &p->loaded, struct loaded, node) {
		const char *name = old->conf->name;
		bool is_made =
			strncmp(name, l->name, n) == 0 && (name[n] == '\0' || name[n] == '/');

		for (size_t i = 0; i < l->n && is_made; i++)
			is_made = strcmp(l->item[i].file->name, name) != 0;
		if (is_made)
			unload(p, l->request, old);
	}
}

/* What is loaded under that name says something else now. */
static bool has_device(struct load *l, const struct conf_conn *c)
{
	struct loaded *old = loaded_find(l->p, c->name);

	if (plane_has_device(l->p, l->request, c))
		return true;
	if (old)
		unload(l->p, l->request, old);
	l->exit = EXIT_NO_DEVICE;
	return false;
}

static void load_finish(struct load *l)
{
	struct parent *p = l->p;
	bool retry = false, is_first = l->is_first;

	LINE_SEND(&p->child[WHO_IKE].line, request_begin, .request = l->request);
	if (l->name)
		unload_former(p, l);
	for (size_t i = 0; i < l->n; i++) {
		if (is_news(p, l, &l->item[i]) && has_device(l, l->item[i].resolved))
			send_item(p, l, &l->item[i]);
		retry = retry || !l->item[i].is_resolved;
	}
	LINE_SEND(&p->child[WHO_IKE].line, request_end, .request = l->request,
		.exit = (uint8_t)l->exit);
	if (l->then.kind)
		verb_pass(p, &l->then);
	load_free(l);
	if (retry)
		uv_timer_start(&p->retry_timer, load_retry, RETRY_MS, 0);
	if (is_first) {
		parent_loaded(p);
		load_again(p);
	}
}

static void item_resolved(void *ctx, bool is_resolved)
{
	struct load_item *i = ctx;
	struct parent *p = i->load->p;

	i->is_resolved = is_resolved;
	if (--i->load->n_waiting != 0)
		return;
	/* those for whom it was begun may have died meanwhile */
	if (p->state == STATE_RUNNING && i->load->ike == p->ikes && p->child[WHO_IKE].process)
		load_finish(i->load);
	else {
		if (i->load->then.kind) /* who waits for it is told, or asks the next one */
			verb_command(p, &i->load->then);
		load_free(i->load);
	}
}

static struct load *load_new(struct parent *p, uint32_t request, enum load_after after)
{
	struct load *l = xalloc(sizeof(*l));

	*l = (struct load){ .p = p, .request = request, .after = after, .ike = p->ikes };
	return l;
}

static void load_add(struct load *l, const struct conf_conn *c)
{
	l->item = xrealloc(l->item, (l->n + 1) * sizeof(*l->item));
	l->item[l->n++] = (struct load_item){
		.load = l, .file = conf_conn_copy(c), .resolved = conf_conn_copy(c)
	};
}

static void load_go_take(struct load *l)
{
	l->n_waiting = l->n;
	if (l->n == 0) {
		load_finish(l);
		return;
	}
	for (size_t i = 0, n = l->n; i < n; i++)
		resolve_conn(&(struct resolve_request){ l->p, l->item[i].resolved,
			l->then.kind ? l->then.request : l->request, l->without_names, l->is_again,
			item_resolved, &l->item[i] });
}

bool load_named(struct parent *p, const struct load_request *r, const struct conf *conf)
{
	struct load *l = load_new(p, r->request, r->after);
	const struct conf_conn *c;

	l->is_foreign = r->is_foreign;
	l->asynchronous = r->asynchronous;
	l->remote_host = r->remote_host;
	for (size_t i = 0; (c = conf_find(conf, r->name, i)); i++)
		load_add(l, c);
	if (l->n == 0) {
		free(l);
		return false;
	}
	l->name = xstrdup(r->name);
	load_go_take(l);
	return true;
}

void load_all(struct parent *p, const struct load_request *r, const struct conf *conf)
{
	struct load *l = load_new(p, r->request, LOAD_AUTO);

	l->is_foreign = r->is_foreign;
	for (size_t i = 0; i < conf->n; i++)
		if (conf->conn[i]->automatic != AUTO_IGNORE)
			load_add(l, conf->conn[i]);
	load_go_take(l);
}

/* Names come later: the daemon has started without waiting for DNS. */
void load_first(struct parent *p, const struct conf *conf)
{
	struct load *l = load_new(p, 0, LOAD_AUTO);

	l->is_first = l->without_names = true;
	for (size_t i = 0; i < conf->n; i++)
		if (conf->conn[i]->automatic != AUTO_IGNORE)
			load_add(l, conf->conn[i]);
	load_go_take(l);
}

void load_restore(struct parent *p)
{
	struct load *l = load_new(p, 0, LOAD_WISH);
	struct loaded *i;

	l->is_first = l->without_names = true;
	list_each (i, &p->loaded, struct loaded, node)
		load_add(l, i->conf);
	if (!p->has_run)
		PARENT_EMIT(p, 0, service_revived, .n = ev_u64(l->n));
	load_go_take(l);
}

void load_take_over(struct parent *p)
{
	struct line *ike = &p->child[WHO_IKE].line;
	struct load wishes = { .after = LOAD_WISH, .asynchronous = true };
	struct loaded *l;

	load_into(p, WHO_IKE);
	LINE_SEND(ike, take_over, );
	list_each (l, &p->loaded, struct loaded, node)
		if (!l->sent)
			continue;
		else if (!wish_is_automatic(&l->wish, l->conf))
			send_wish(p, &wishes, l->conf->name, &l->wish);
		else if (l->wish.up || l->wish.routed)
			LINE_SEND(ike, command, .kind = CMD_AUTO, .name = l->conf->name);
	LINE_SEND(ike, command, .kind = CMD_SETTLE, .request = REQUEST_SETTLE);
}

void load_into(struct parent *p, enum ipc_who who)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node) {
		struct wr w = wr_to(room, IPC_MAX);

		if (!l->sent)
			continue; /* it comes when its hosts are known */
		conf_conn_put(&w, l->sent);
		LINE_SEND(&p->child[who].line, conn_load, .conn = wr_view(&w));
	}
	free(room);
}

/* What stays as it was stays up, and what ipsec.conf wants to be up comes up. */
void load_handed(struct parent *p)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node) {
		struct wish by_conf = wish_automatic(l->conf);

		l->wish.up = l->wish.up || by_conf.up;
		l->wish.routed = l->wish.routed || by_conf.routed;
	}
	load_into(p, WHO_KEYS);
	load_into(p, WHO_KERNEL);
	if (p->child[WHO_IKE].is_ready)
		load_take_over(p);
}

/* ---- reload ---- */

static void reload_setup(struct parent *p, uint32_t request, struct conf *conf)
{
	/* our sockets are in other processes' hands */
	if (!addr_eq(&conf->setup.listen, &p->listening))
		PARENT_EMIT(p, request, setup_later, .keyword = ev_str("listen"));
	if (conf->setup.dataplane != p->wants_plane)
		PARENT_EMIT(p, request, setup_later, .keyword = ev_str("dataplane"));
	load_setup(p, &conf->setup);
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (w == WHO_IKE || w == WHO_CONTROL || (w == WHO_ESP && plane_needs(p, w)))
			children_setup(p, w);
	log_reopen(p);
}

void load_reload(struct parent *p, uint32_t request)
{
	struct conf *conf = load_file(p, request, p->opt.config);
	struct load *load;
	struct names names;
	struct loaded *l;
	size_t removed = 0;

	if (conf->n_error) {
		PARENT_EMIT(p, request, load_failed, .file = ev_str(p->opt.config),
			.errors = ev_u64(conf->n_error),
			.consequence = ev_str("nothing was changed, everything runs on as before"));
		verb_done(p, request, 3);
		conf_free(conf);
		return;
	}
	reload_setup(p, request, conf);
	names_init(&names, 0);
	for (size_t i = 0; i < conf->n; i++)
		names_add(&names, conf->conn[i]->name, strlen(conf->conn[i]->name), conf->conn[i]);
	LINE_SEND(&p->child[WHO_IKE].line, request_begin, .request = request);
	list_each (l, &p->loaded, struct loaded, node)
		if (!l->is_foreign && !names_get(&names, l->conf->name, 0)) {
			unload(p, request, l);
			removed++;
		}
	names_done(&names);
	load = load_new(p, request, LOAD_AUTO);
	for (size_t i = 0; i < conf->n; i++) {
		const struct conf_conn *c = conf->conn[i];

		l = loaded_find(p, c->name);
		if (l ? !conf_conn_eq(l->conf, c) : c->automatic != AUTO_IGNORE)
			load_add(load, c);
	}
	PARENT_EMIT(p, request, load_done, .file = ev_str(p->opt.config), .loaded = ev_u64(conf->n),
		.changed = ev_u64(load->n), .removed = ev_u64(removed));
	load_go_take(load);
	conf_free(conf);
}

/* ---- trying again ---- */

static bool follows_route(const struct conf_end *e)
{
	return e->host_kind == HOST_DEFAULTROUTE || e->host_kind == HOST_IFACE;
}

/* Each by itself: none waits for the other's name. */
void load_again(struct parent *p)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node) {
		struct load *load;

		if (!l->is_unresolved && !follows_route(&l->conf->left) &&
			!follows_route(&l->conf->right) && (!l->sent || l->sent->oriented))
			continue;
		if (resolve_is_asking(p, l->conf->name))
			continue; /* routes and ends are looked at when it ends */
		load = load_new(p, 0, LOAD_WISH);
		load->is_again = true;
		load_add(load, l->conf);
		load_go_take(load);
	}
}

static bool has_name(const struct conf_conn *c)
{
	return c->left.host_kind == HOST_NAME || c->right.host_kind == HOST_NAME;
}

void load_names(struct parent *p, const char *name)
{
	struct loaded *l = loaded_find(p, name);
	struct load *load;

	if (!l || !has_name(l->conf) || resolve_is_asking(p, name))
		return;
	load = load_new(p, 0, LOAD_WISH);
	load->is_again = true;
	load_add(load, l->conf);
	load_go_take(load);
}

bool load_names_before(struct parent *p, const struct msg_command *m)
{
	struct load *load = load_new(p, 0, LOAD_WISH);
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node)
		if (loaded_is_called(l, m->name) && has_name(l->conf))
			load_add(load, l->conf);
	if (load->n == 0) {
		load_free(load);
		return false;
	}
	load->is_again = true;
	load->then = *m;
	load->then.name = load->name_then = xstrdup(m->name);
	load_go_take(load);
	return true;
}

void load_retry(uv_timer_t *t)
{
	struct parent *p = t->data;

	if (p->state == STATE_RUNNING && p->is_loaded)
		load_again(p);
}

void load_done(struct parent *p)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node)
		loaded_free(p, l);
	names_done(&p->loaded_by);
	conf_free(p->conf);
	conf_setup_done(&p->setup);
}
