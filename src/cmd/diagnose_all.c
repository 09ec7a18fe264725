/* ipsec diagnose without a name: the connection, where there is only one. Of several, what the
 * daemon has found unasked, and which are down: nothing is sent, nothing tried. */
#include "cmd/diagnose.h"

#include <stdlib.h>

enum { DOWN_SHOWN = 10 };

struct all {
	const char **name; /* of tunnels in ipsec.conf that are to be loaded */
	bool *is_up;
	size_t n;
	struct diag diag;
	const struct event_sink *out;
	unsigned found;
};

static bool is_tunnel(const struct conf_conn *c)
{
	return c->automatic != AUTO_IGNORE && (c->type == TYPE_TUNNEL || c->type == TYPE_TRANSPORT);
}

static void list_conns(struct all *a, const struct conf *conf)
{
	a->name = xalloc((conf->n + 1) * sizeof(*a->name));
	a->is_up = xalloc((conf->n + 1) * sizeof(*a->is_up));
	for (size_t i = 0; i < conf->n; i++)
		if (is_tunnel(conf->conn[i]))
			a->name[a->n++] = conf->conn[i]->name;
}

static void note_up(void *ctx, const char *line)
{
	struct all *a = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *event = json_string_value(json_object_get(o, "event"));
	const char *conn = json_string_value(json_object_get(o, "conn"));

	for (size_t i = 0; event && conn && i < a->n; i++)
		a->is_up[i] |=
			strcmp(event, "traffic_status") == 0 && strcmp(conn, a->name[i]) == 0;
	json_decref(o);
}

static void count(void *ctx, const struct event *e)
{
	struct all *a = ctx;

	a->found += e->id == EV_found_finding;
	a->out->take(a->out->ctx, e);
}

/* Gives how many are down. */
static size_t say_which(const struct all *a)
{
	char *list = xstrdup("");
	size_t down = 0;

	for (size_t i = 0; i < a->n; i++) {
		char *more;

		if (a->is_up[i] || ++down > DOWN_SHOWN)
			continue;
		more = xasprintf("%s%s\"%s\"", list, down > 1 ? ", " : " ", a->name[i]);
		free(list);
		list = more;
	}
	DIAGNOSE_STEP(a->out, "connections", "up: %zu; down: %zu%s%s", a->n - down, down, list,
		down > DOWN_SHOWN ? ", ..." : "");
	free(list);
	return down;
}

static int look(struct all *a, const struct cmd *c)
{
	const struct event_sink out = { count, a };
	size_t down;

	(void)request_each(c, "trafficstatus", json_object(), 0, note_up, a);
	down = say_which(a);
	diag_init(&a->diag);
	diagnose_story(c, NULL, &a->diag);
	diag_report(&a->diag, NULL, 0, diagnose_now(), &out);
	diag_done(&a->diag);
	DIAGNOSE_STEP(a->out, "verdict",
		"%s; ipsec diagnose NAME looks at one closely, and tries it when it is down",
		a->found ? "see above" : "nothing was found unasked");
	return a->found ? EXIT_FOUND : down ? EXIT_SEVERAL : 0;
}

int diagnose_all(const struct cmd *c, const struct event_sink *out, char **ret_only)
{
	const struct conf_source files = conf_source_files();
	struct conf *conf = conf_parse(&files, cmd_config(c));
	struct all a = { .out = out };
	int status = 0;

	*ret_only = NULL;
	list_conns(&a, conf);
	if (a.n == 1)
		*ret_only = xstrdup(a.name[0]);
	else if (a.n == 0) {
		out_error(
			"ipsec: %s has no connection that is to be loaded (auto=)", cmd_config(c));
		status = EXIT_UNKNOWN;
	} else if (c->fix || c->html || c->through || c->transforms) {
		out_error("ipsec: %s has %zu connections; say which one: ipsec diagnose %s",
			cmd_config(c), a.n, a.name[0]);
		status = EXIT_SEVERAL;
	} else
		status = daemon_answers(c) ? look(&a, c) : daemon_absent(c);
	free(a.name);
	free(a.is_up);
	conf_free(conf);
	return status;
}
