/* ipsec up: the daemon names a cause as soon as packets, or silence, allow it. When it cannot be
 * certain, what this host itself does may make it so: the command looks, and says what is new. */
#include "cmd/diagnose.h"
#include "cmd/verify.h"
#include "diag/diag.h"
#include "diag/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a look changes is held back: an address that is none of this host's may have been one that
 * the provider has changed since. */
static const char held_class[] = "not-oriented";
enum { HELD_MAX = 32 };

struct up {
	const struct cmd *cmd;
	const char *name;
	bool is_due; /* to look, once all that belongs to the verdict was shown */
	bool has_verdict;
	bool is_certain;	   /* the verdict of the daemon */
	char class[32], found[32]; /* what it said, what the look says */
	char *held[HELD_MAX];	   /* lines of the daemon's verdict */
	unsigned n_held;
	struct diag diag;
};

static void kept(void *ctx, const struct event *e)
{
	diag_take(ctx, e);
}

static void note_first(void *ctx, const struct event *e)
{
	const union ev_found_finding *f = FIELDS(e, found_finding);
	struct up *u = ctx;

	if (e->id == EV_found_finding && f->rank.u64 == 1)
		snprintf(u->found, sizeof(u->found), "%s",
			strcmp(f->certainty.str, "certain") == 0 ? f->class.str : "");
}

static void shown(void *ctx, const struct event *e)
{
	(void)ctx;
	diagnose_show(e);
}

static bool look_at_host(struct up *u)
{
	const struct conf_source files = conf_source_files();
	const struct event_sink in = { kept, &u->diag };
	struct conf *conf = conf_parse(&files, cmd_config(u->cmd));
	struct addr local[LOCALS_MAX];
	char own[CONF_DEVICE_NAME];
	const struct conf_conn *c;

	facts_resolve(conf, u->name, local, facts_locals(local));
	c = conf_find(conf, u->name, 0);
	if (c) {
		const struct local_for what = diagnose_local(c, own);

		local_look(&what, diagnose_now(), &in);
	}
	conf_free(conf);
	return c != NULL;
}

/* Nothing but what is certain, and is not what the daemon was certain of, is news. */
static bool is_news(const struct up *u)
{
	return u->found[0] && !(u->is_certain && strcmp(u->found, u->class) == 0);
}

static void look(struct up *u)
{
	const struct event_sink out = { shown, NULL }, note = { note_first, u };

	u->is_due = false;
	u->found[0] = '\0';
	diag_init(&u->diag);
	diagnose_story(u->cmd, u->name, &u->diag);
	if (look_at_host(u))
		diag_report(&u->diag, u->name, 0, diagnose_now(), &note);
	for (unsigned i = 0; i < u->n_held; i++) {
		if (!is_news(u))
			request_show(u->held[i]);
		free(u->held[i]);
	}
	u->n_held = 0;
	if (is_news(u)) {
		DIAGNOSE_STEP(&out, "this host",
			"its routes, packet filters, policies and sockets say more:");
		diag_report(&u->diag, u->name, 0, diagnose_now(), &out);
	}
	diag_done(&u->diag);
}

static bool is_text(const json_t *o, const char *key, const char *text)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t && strcmp(t, text) == 0;
}

static void note_verdict(struct up *u, const json_t *o)
{
	const char *class = json_string_value(json_object_get(o, "class"));

	u->has_verdict = true;
	u->is_certain = is_text(o, "certainty", "certain");
	snprintf(u->class, sizeof(u->class), "%s", class ? class : "");
	u->is_due = !u->is_certain || strcmp(u->class, held_class) == 0;
}

static void take(void *ctx, const char *line)
{
	struct up *u = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(o, "event"));
	bool is_verdict = name && strncmp(name, "diag_", 5) == 0;
	bool is_failure = name && strcmp(name, "request_done") == 0 &&
			  json_integer_value(json_object_get(o, "exit")) != 0;

	if (is_verdict && strcmp(name, "diag_finding") == 0 &&
		json_integer_value(json_object_get(o, "rank")) == 1)
		note_verdict(u, o);
	else if (name && !is_verdict && (u->is_due || (is_failure && !u->has_verdict)))
		look(u);
	json_decref(o);
	if (is_verdict && u->is_due && strcmp(u->class, held_class) == 0 && u->n_held < HELD_MAX)
		u->held[u->n_held++] = xstrdup(line);
	else
		request_show(line);
}

int request_up(const struct cmd *c, const char *name, json_t *args_take)
{
	struct up u = { .cmd = c, .name = name };
	int status = request_told(c, "up", args_take, take, &u);

	if (u.n_held) /* the daemon went away in the middle of it */
		look(&u);
	return status;
}
