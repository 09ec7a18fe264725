/* ipsec up: the daemon names a cause as soon as packets, or silence, allow it. When it cannot be
 * certain, what this host itself does may make it so: the command looks, and says what is new. */
#include "cmd/diagnose.h"
#include "cmd/verify.h"
#include "diag/diag.h"
#include "diag/recorded.h"

#include <string.h>

struct up {
	const struct cmd *cmd;
	const char *name;
	bool is_due; /* to look, once all that belongs to the verdict was shown */
	struct diag diag;
};

static void kept(void *ctx, const struct event *e)
{
	diag_take(ctx, e);
}

static void note_certain(void *ctx, const struct event *e)
{
	bool *is_certain = ctx;

	if (e->id == EV_found_finding && FIELDS(e, found_finding)->rank.u64 == 1)
		*is_certain = strcmp(FIELDS(e, found_finding)->certainty.str, "certain") == 0;
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

static void look(struct up *u)
{
	const struct event_sink out = { shown, NULL };
	bool is_certain = false;
	const struct event_sink note = { note_certain, &is_certain };

	diag_init(&u->diag);
	diagnose_story(u->cmd, u->name, &u->diag);
	if (look_at_host(u)) {
		diag_report(&u->diag, u->name, 0, diagnose_now(), &note);
		if (is_certain) {
			DIAGNOSE_STEP(&out, "this host",
				"its routes, packet filters, policies and sockets say more:");
			diag_report(&u->diag, u->name, 0, diagnose_now(), &out);
		}
	}
	diag_done(&u->diag);
}

static bool is_text(const json_t *o, const char *key, const char *text)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t && strcmp(t, text) == 0;
}

static void take(void *ctx, const char *line)
{
	struct up *u = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;
	bool is_event = o && event_of_json(o, &e) == OK;

	if (is_event && e.id == EV_diag_finding) {
		if (json_integer_value(json_object_get(o, "rank")) == 1)
			u->is_due = !is_text(o, "certainty", "certain");
	} else if (u->is_due && is_event && strncmp(event_kind(e.id)->name, "diag_", 5) != 0) {
		u->is_due = false;
		look(u);
	}
	json_decref(o);
	request_show(line);
}

int request_up(const struct cmd *c, const char *name, json_t *args_take)
{
	struct up u = { .cmd = c, .name = name };

	return request_told(c, "up", args_take, take, &u);
}
