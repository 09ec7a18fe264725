/* What is loaded, and what people wish of it. */
#include "proc/parent/parent.h"

#include <stdlib.h>

struct loaded *loaded_find(struct parent *p, const char *name)
{
	return names_get(&p->loaded_by, name, 0);
}

struct loaded *loaded_new(struct parent *p, struct conf_conn *conf_take)
{
	struct loaded *l = xalloc(sizeof(*l));

	l->conf = conf_take;
	list_append(&p->loaded, &l->node);
	names_add(&p->loaded_by, l->conf->name, strlen(l->conf->name), l);
	return l;
}

void loaded_free(struct parent *p, struct loaded *l)
{
	names_del(&p->loaded_by, l->conf->name, strlen(l->conf->name), l);
	list_remove(&l->node);
	free(l->wish.remote);
	conf_conn_free(l->conf);
	conf_conn_free(l->sent);
	free(l);
}

void unload(struct parent *p, uint32_t request, struct loaded *l)
{
	static const enum ipc_who whos[] = { WHO_IKE, WHO_KEYS, WHO_KERNEL };

	for (size_t i = 0; i < COUNT(whos); i++)
		LINE_SEND(&p->child[whos[i]].line, conn_unload,
			.request = whos[i] == WHO_IKE ? request : 0, .name = l->conf->name);
	loaded_free(p, l);
	p->is_changed = true;
}

/* ---- wishes ---- */

struct wish wish_automatic(const struct conf_conn *c)
{
	return (struct wish){ .up = c->automatic == AUTO_START,
		.routed = c->automatic == AUTO_ONDEMAND };
}

void wish_add_remote(struct wish *w, const struct addr *remote)
{
	for (size_t i = 0; i < w->n_remote; i++)
		if (addr_eq(&w->remote[i], remote))
			return;
	w->remote = xrealloc(w->remote, (w->n_remote + 1) * sizeof(*w->remote));
	w->remote[w->n_remote++] = *remote;
}

void wish_down(struct wish *w)
{
	w->up = false;
	w->n_remote = 0;
}

bool wish_is_automatic(const struct wish *wish, const struct conf_conn *c)
{
	struct wish by_conf = wish_automatic(c);

	return wish->up == by_conf.up && wish->routed == by_conf.routed && wish->n_remote == 0;
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

bool loaded_is_called(const struct loaded *l, const char *name)
{
	return strcmp(l->conf->name, name) == 0 || has_word(l->conf->aliases, name);
}

void load_wish(struct parent *p, const struct msg_command *m)
{
	struct loaded *l;

	list_each (l, &p->loaded, struct loaded, node) {
		if (!loaded_is_called(l, m->name))
			continue;
		if (m->kind == CMD_UP && addr_is_set(&m->remote_host))
			wish_add_remote(&l->wish, &m->remote_host);
		if (m->kind == CMD_DOWN)
			wish_down(&l->wish);
		else if (m->kind == CMD_UP)
			l->wish.up = true;
		else if (m->kind == CMD_ROUTE || m->kind == CMD_UNROUTE)
			l->wish.routed = m->kind == CMD_ROUTE;
		p->is_changed = true;
	}
}

bool unload_conns(struct parent *p, uint32_t request, const char *name)
{
	struct loaded *l;
	bool found = false;

	list_each (l, &p->loaded, struct loaded, node) {
		if (!loaded_is_called(l, name))
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
