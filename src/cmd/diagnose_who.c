/* Whose connection is it? "ipsec diagnose ADDRESS": by the configuration and by what the daemon
 * knows; of a stranger, what our responder has seen of it. */
#include "cmd/diagnose.h"
#include "cmd/name.h"
#include "cmd/verify.h"
#include "config/conf.h"
#include "diag/diag.h"
#include "diag/recorded.h"

#include <stdlib.h>

enum { ADDRESSES_MAX = 16, NAMES_MAX = 32, SEEN_MAX = 12 };

struct who {
	const char *word;
	struct addr addr[ADDRESSES_MAX]; /* that the word has */
	size_t n;
	char *name[NAMES_MAX]; /* of connections with such a peer */
	size_t n_name;
	struct diag diag;
};

static bool has_addr(const struct who *w, const struct addr *a)
{
	for (size_t i = 0; addr_is_set(a) && i < w->n; i++)
		if (addr_eq(a, &w->addr[i]))
			return true;
	return false;
}

static void add_addr(struct who *w, struct addr a)
{
	if (addr_is_set(&a) && !has_addr(w, &a) && w->n < ADDRESSES_MAX)
		w->addr[w->n++] = a;
}

static void add_name(struct who *w, const char *name)
{
	for (size_t i = 0; i < w->n_name; i++)
		if (strcmp(w->name[i], name) == 0)
			return;
	if (w->n_name < NAMES_MAX)
		w->name[w->n_name++] = xstrdup(name);
}

static void look_up(struct who *w)
{
	struct name_found found;
	struct addr a;

	if (addr_parse(w->word, &a) == OK) {
		add_addr(w, a);
		return;
	}
	name_look_up(w->word, &found);
	for (size_t i = 0; i < found.n; i++)
		add_addr(w, found.addr[i]);
}

/* ---- the configuration ---- */

static bool is_it(const struct who *w, const struct conf_end *e)
{
	struct addr a = conf_host(e);

	return has_addr(w, &a) || (e->host_kind == HOST_NAME && strcmp(e->host_name, w->word) == 0);
}

/* Where neither end is known to be this host, either may be the peer. */
static void ask_config(struct who *w, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n; i++) {
		const struct conf_conn *c = conf->conn[i];
		bool is_left = is_it(w, &c->left), is_right = is_it(w, &c->right);

		if (c->oriented ? (c->local_is_left ? is_right : is_left) : is_left || is_right)
			add_name(w, c->name);
	}
}

/* ---- the daemon ---- */

/* Is it what a connection is, and its other end one of these? */
static bool is_conn_of(const struct who *w, const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);
	struct addr a;

	for (unsigned i = 0; e->id == EV_conn_facts && i < k->n; i++)
		if (strcmp(k->field[i].name, "theirs") == 0)
			return addr_parse(e->row[i].str, &a) == OK && has_addr(w, &a);
	return false;
}

static void heard(void *ctx, const char *line)
{
	struct who *w = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK) {
		diag_take(&w->diag, &e);
		if (e.about.conn && (has_addr(w, &e.about.peer) || is_conn_of(w, &e)))
			add_name(w, e.about.conn);
	}
	json_decref(o);
}

/* ---- the answer ---- */

static int say_several(const struct who *w, const struct event_sink *out)
{
	char *list = xstrdup("");

	for (size_t i = 0; i < w->n_name; i++) {
		char *more = xasprintf("%s%s\"%s\"", list, i ? ", " : "", w->name[i]);

		free(list);
		list = more;
	}
	DIAGNOSE_STEP(out, "peer",
		"%s is the peer of %zu connections: %s; say which one: ipsec diagnose %s", w->word,
		w->n_name, list, w->name[0]);
	free(list);
	return EXIT_SEVERAL;
}

struct counted {
	const struct event_sink *out;
	unsigned found;
};

static void count(void *ctx, const struct event *e)
{
	struct counted *c = ctx;

	c->found += e->id == EV_found_finding;
	c->out->take(c->out->ctx, e);
}

static int say_stranger(struct who *w, const struct event_sink *out)
{
	struct counted counted = { out, 0 };
	const struct event_sink sink = { count, &counted };
	unsigned seen = 0;

	DIAGNOSE_STEP(out, "peer", "no connection has the peer %s", w->word);
	for (size_t i = 0; i < w->n; i++) {
		struct story *s = diag_stranger(&w->diag, &w->addr[i], diagnose_now());
		char line[2048];

		for (unsigned k = s && s->n > SEEN_MAX ? s->n - SEEN_MAX : 0; s && k < s->n; k++) {
			DIAGNOSE_STEP(out, "seen", "%s",
				event_line(&s->event[k], false, line, sizeof(line)));
			seen++;
		}
		free(s);
		diag_report_stranger(&w->diag, &w->addr[i], diagnose_now(), &sink);
	}
	if (!seen)
		DIAGNOSE_STEP(out, "peer", "nothing was heard of it either");
	return counted.found ? EXIT_FOUND : EXIT_UNKNOWN;
}

/* Also one that is lost by a mistake in it. */
static bool is_conn(const struct conf *conf, const char *word)
{
	for (size_t i = 0; i < conf->n_issue; i++)
		if (conf->issue[i].conn && strcmp(conf->issue[i].conn, word) == 0)
			return true;
	return conf_find(conf, word, 0) != NULL;
}

int diagnose_who(const struct cmd *c, const char *word, const struct event_sink *out, char **ret)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	struct addr local[LOCALS_MAX];
	struct who w = { .word = word };
	int status = 0;

	*ret = NULL;
	diag_init(&w.diag);
	if (!is_conn(conf, word))
		look_up(&w);
	if (w.n) {
		facts_resolve(conf, NULL, local, facts_locals(local));
		ask_config(&w, conf);
		if (daemon_answers(c))
			(void)request_each(c, "story", json_object(), 0, heard, &w);
		status = w.n_name > 1	 ? say_several(&w, out)
			 : w.n_name == 0 ? say_stranger(&w, out)
					 : 0;
	}
	if (!status) {
		*ret = xstrdup(w.n ? w.name[0] : word);
		if (w.n)
			DIAGNOSE_STEP(out, "peer", "%s is the peer of \"%s\"", word, *ret);
	}
	for (size_t i = 0; i < w.n_name; i++)
		free(w.name[i]);
	diag_done(&w.diag);
	conf_free(conf);
	return status;
}
