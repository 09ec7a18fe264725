/* The configuration file: read, reported, compared with what is loaded, loaded. */
#include "proc/parent/parent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 8 << 20, RETRY_MS = 30000 };

static void report(struct parent *p, uint32_t request, const struct conf *c)
{
	for (size_t i = 0; i < c->n_issue; i++)
		if (c->issue[i].is_error)
			PARENT_EMIT(p, request, config_error, .file = ev_str(c->issue[i].file),
				.at_line = ev_u64(c->issue[i].line),
				.what = ev_str(c->issue[i].text));
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
	if (!p->opt.has_secrets && p->setup.secretsfile)
		p->opt.secrets = p->setup.secretsfile;
}

/* ---- what is loaded ---- */

struct loaded *loaded_find(struct parent *p, const char *name)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node)
		if (strcmp(l->conf->name, name) == 0)
			return l;
	return NULL;
}

static void loaded_free(struct loaded *l)
{
	list_remove(&l->node);
	conf_conn_free(l->conf);
	conf_conn_free(l->sent);
	free(l);
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
	bool is_again;	    /* only what is still loaded */
	bool is_first;	    /* of the daemon's start */
	bool without_names; /* for now */
	bool is_foreign;    /* not from our own file: a reload leaves it alone */
	bool asynchronous;  /* of LOAD_UP, as of "up" */
	struct addr remote_host;
};

static void remember(struct parent *p, const struct load_item *i)
{
	struct loaded *l = loaded_find(p, i->file->name);

	if (!l) {
		l = xalloc(sizeof(*l));
		list_append(&p->loaded, &l->node);
	}
	conf_conn_free(l->conf);
	conf_conn_free(l->sent);
	l->conf = conf_conn_copy(i->file);
	l->sent = conf_conn_copy(i->resolved);
	l->is_unresolved = !i->is_resolved;
	if (!i->load->is_again)
		l->is_foreign = i->load->is_foreign;
}

static void unload(struct parent *p, uint32_t request, struct loaded *l)
{
	static const enum ipc_who whos[] = { WHO_IKE, WHO_KEYS, WHO_KERNEL };

	for (size_t i = 0; i < COUNT(whos); i++)
		LINE_SEND(&p->child[whos[i]].line, conn_unload,
			.request = whos[i] == WHO_IKE ? request : 0, .name = l->conf->name);
	loaded_free(l);
}

/* ---- loading: each connection is resolved, then all go out in order ---- */

static void send_item(struct parent *p, const struct load *l, const struct load_item *i)
{
	static const enum ipc_who whos[] = { WHO_KEYS, WHO_KERNEL,
		WHO_IKE }; /* ike last: it asks */
	uint8_t *room = xalloc(IPC_MAX);
	struct wr w = wr_to(room, IPC_MAX);

	conf_conn_put(&w, i->resolved);
	for (size_t k = 0; k < COUNT(whos) && wr_ok(&w); k++)
		LINE_SEND(&p->child[whos[k]].line, conn_load, .request = l->request,
			.start = l->after == LOAD_AUTO, .conn = wr_view(&w));
	free(room);
	remember(p, i);
	if (l->after == LOAD_UP || l->after == LOAD_ROUTE)
		LINE_SEND(&p->child[WHO_IKE].line, command,
			.kind = l->after == LOAD_UP ? CMD_UP : CMD_ROUTE, .request = l->request,
			.name = i->resolved->name, .asynchronous = l->asynchronous,
			.remote_host = l->remote_host);
}

/* Whoever tries again is silent when there is nothing new. A tunnel is not ended because a name or
 * a route cannot be found for a while. */
static bool is_news(struct parent *p, const struct load *l, const struct load_item *i)
{
	const struct loaded *old = loaded_find(p, i->file->name);

	return !l->is_again || (old && i->is_resolved && !conf_conn_eq(old->sent, i->resolved));
}

static void load_finish(struct load *l)
{
	struct parent *p = l->p;
	bool retry = false;

	LINE_SEND(&p->child[WHO_IKE].line, request_begin, .request = l->request);
	for (size_t i = 0; i < l->n; i++) {
		if (is_news(p, l, &l->item[i]))
			send_item(p, l, &l->item[i]);
		retry = retry || !l->item[i].is_resolved;
		conf_conn_free(l->item[i].file);
		conf_conn_free(l->item[i].resolved);
	}
	LINE_SEND(&p->child[WHO_IKE].line, request_end, .request = l->request,
		.exit = (uint8_t)l->exit);
	if (retry)
		uv_timer_start(&p->retry_timer, load_retry, RETRY_MS, 0);
	if (l->is_first && p->state == STATE_RUNNING) {
		parent_loaded(p);
		load_again(p);
	}
	free(l->item);
	free(l);
}

static void item_resolved(void *ctx, bool is_resolved)
{
	struct load_item *i = ctx;

	i->is_resolved = is_resolved;
	if (--i->load->n_waiting == 0)
		load_finish(i->load);
}

static struct load *load_new(struct parent *p, uint32_t request, enum load_after after)
{
	struct load *l = xalloc(sizeof(*l));

	*l = (struct load){ .p = p, .request = request, .after = after };
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
		resolve_conn(&(struct resolve_request){ l->p, l->item[i].resolved, l->request,
			l->without_names, item_resolved, &l->item[i] });
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

/* Blank-separated names. */
static bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; at && (at = strstr(at, word)); at += n)
		if ((at == words || at[-1] == ' ') && (at[n] == '\0' || at[n] == ' '))
			return true;
	return false;
}

bool unload_conns(struct parent *p, uint32_t request, const char *name)
{
	struct loaded *l;
	bool found = false;

	list_each (l, &p->loaded, struct loaded, node) {
		if (strcmp(l->conf->name, name) != 0 && !has_word(l->conf->aliases, name))
			continue;
		if (!found)
			LINE_SEND(&p->child[WHO_IKE].line, request_begin, .request = request);
		found = true;
		unload(p, request, l);
	}
	if (found)
		LINE_SEND(&p->child[WHO_IKE].line, request_end, .request = request);
	return found;
}

/* ---- reload ---- */

static void reload_setup(struct parent *p, struct conf *conf)
{
	load_setup(p, &conf->setup);
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (w == WHO_IKE || w == WHO_CONTROL || w == WHO_ESP)
			children_setup(p, w);
	log_reopen(p);
}

void load_reload(struct parent *p, uint32_t request)
{
	struct conf *conf = load_file(p, request, p->opt.config);
	struct load *load;
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
	reload_setup(p, conf);
	LINE_SEND(&p->child[WHO_IKE].line, request_begin, .request = request);
	list_each (l, &p->loaded, struct loaded, node)
		if (!l->is_foreign && !conf_find(conf, l->conf->name, 0)) {
			unload(p, request, l);
			removed++;
		}
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
			!follows_route(&l->conf->right))
			continue;
		load = load_new(p, 0, LOAD_AUTO);
		load->is_again = true;
		load_add(load, l->conf);
		load_go_take(load);
	}
}

void load_retry(uv_timer_t *t)
{
	struct parent *p = t->data;

	if (p->state == STATE_RUNNING)
		load_again(p);
}

void load_done(struct parent *p)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node)
		loaded_free(l);
	conf_free(p->conf);
	conf_setup_done(&p->setup);
}
