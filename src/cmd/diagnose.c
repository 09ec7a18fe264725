/* ipsec diagnose: walks from the configuration outwards, shows each step, and names the cause. What
 * a step sees are events; with those that the daemon kept they are the story that the rules judge.
 */
#include "cmd/cmd.h"
#include "cmd/local.h"
#include "cmd/verify.h"
#include "config/conf.h"
#include "config/facts.h"
#include "diag/diag.h"
#include "diag/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* An attempt that has not decided itself by then is judged as it stands. */
#define ATTEMPT_TIME 4000 /* ms */

struct ladder {
	const struct cmd *cmd;
	const char *name; /* of the connection */
	struct conf *conf;
	const struct conf_conn *conn; /* NULL: not in the file */
	struct diag diag;
	bool is_up, is_running;
	unsigned found, seen;
};

static struct now now_is(void)
{
	struct timespec wall;
	ns_t t;

	clock_gettime(CLOCK_REALTIME, &wall);
	t = (ns_t)wall.tv_sec * NS_S + wall.tv_nsec;
	/* events come with wall time only */
	return (struct now){ .mono = t, .wall = t };
}

static void show(const struct event *e)
{
	static char t[64 << 10];

	if (out_is_json() && event_json(e, t, sizeof(t)))
		out_event(t, -1);
	else if (!out_is_json())
		puts(event_line(e, false, t, sizeof(t)));
	fflush(stdout);
}

/* A step: shown. */
static void shown(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	l->found += e->id == EV_found_finding;
	show(e);
}

/* The same, and what the rules judge. */
static void told(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	show(e);
	diag_take(&l->diag, e);
}

/* Not shown one by one. */
static void kept(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	diag_take(&l->diag, e);
	l->seen++;
}

#define STEP(l, what, ...)                                                                         \
	do {                                                                                       \
		const struct event_sink out_ = { shown, (l) };                                     \
		char *result_ = xasprintf(__VA_ARGS__);                                            \
		EMIT(&out_, now_is(), NULL, diag_step, .step = ev_str(what),                       \
			.result = ev_str(result_));                                                \
		free(result_);                                                                     \
	} while (0)

/* ---- configuration ---- */

static bool look_at_config(struct ladder *l)
{
	const struct conf_source files = conf_source_files();
	const char *file = cmd_config(l->cmd);
	const struct event_sink in = { told, l };
	struct addr local[LOCALS_MAX];

	l->conf = conf_parse(&files, file);
	facts_resolve(l->conf, local, facts_locals(local));
	for (size_t i = 0; i < l->conf->n_issue; i++) {
		const struct conf_issue *is = &l->conf->issue[i];
		struct event_about about = { .conn = l->name };

		if (is->is_error && (!is->conn || strcmp(is->conn, l->name) == 0))
			EMIT(&in, now_is(), &about, config_error, .file = ev_str(is->file),
				.at_line = ev_u64(is->line), .what = ev_str(is->text),
				.name = ev_str(l->name));
	}
	l->conn = conf_find(l->conf, l->name, 0);
	if (l->conn)
		STEP(l, "configuration", "%s:%u has the connection", l->conn->file, l->conn->line);
	else
		STEP(l, "configuration", "%s has no connection named \"%s\"", file, l->name);
	return l->conn != NULL;
}

/* ---- what the daemon knows ---- */

static void heard(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK)
		diag_take(&l->diag, &e);
	json_decref(o);
}

static void ignored(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static void note_up(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(o, "event"));

	l->is_up = l->is_up || (name && strcmp(name, "traffic_status") == 0);
	json_decref(o);
}

static json_t *about_it(const struct ladder *l)
{
	return json_pack("{s:s}", "name", l->name);
}

static bool is_up(struct ladder *l)
{
	l->is_up = false;
	(void)request_each(l->cmd, "trafficstatus", about_it(l), 0, note_up, l);
	return l->is_up;
}

/* An attempt now says more than the memory of an old one. */
static void look_at_daemon(struct ladder *l)
{
	l->is_running = daemon_answers(l->cmd);
	if (!l->is_running) {
		const struct event_sink in = { kept, l };
		struct event_about about = { .conn = l->name };

		STEP(l, "daemon", "it does not run");
		EMIT(&in, now_is(), &about, local_daemon, .socket = ev_str(cmd_socket(l->cmd)));
		return;
	}
	if (is_up(l)) {
		STEP(l, "tunnel", "it is up");
	} else {
		STEP(l, "tunnel", "it is down: trying now");
		(void)request_each(l->cmd, "up", about_it(l), ATTEMPT_TIME, ignored, l);
		STEP(l, "tunnel", "%s", is_up(l) ? "it came up" : "it did not come up");
	}
	(void)request_each(l->cmd, "story", about_it(l), 0, heard, l);
}

/* ---- this host ---- */

/* The device that packets for the tunnel take; "": the kernel's policies find them. */
static const char *device_of(const struct conf_conn *c, char *own)
{
	if (conf_device_name(c, own))
		return own;
	/* userspace ESP has this one */
	return access("/sys/class/net/ipsec0/tun_flags", F_OK) == 0 ? "ipsec0" : "";
}

static void look_at_host(struct ladder *l)
{
	const struct conf_conn *c = l->conn;
	const struct event_sink in = { kept, l };
	bool is_left = c->local_is_left || !c->oriented;
	const struct conf_end *ours = is_left ? &c->left : &c->right;
	const struct conf_end *theirs = is_left ? &c->right : &c->left;
	char own[CONF_DEVICE_NAME], ours_text[ADDR_STR];
	struct local_for what;

	if (!l->is_running) /* else it has told */
		conf_facts(c, &(struct event_about){ .conn = l->name }, now_is(), &in);
	what = (struct local_for){ .conn = c->name,
		.ours = conf_host(ours),
		.theirs = conf_host(theirs),
		.our_port = ours->ikeport,
		.their_port = theirs->ikeport,
		.our_nets = ours->subnet,
		.their_nets = theirs->subnet,
		.device = device_of(c, own),
		.flow = "",
		.own_flow = "",
		.is_initiator = addr_is_set(&theirs->host) };
	l->seen = 0;
	local_look(&what, now_is(), &in);
	STEP(l, "this host",
		"routes, packet filters, NAT, policies and sockets around %s: %u facts",
		addr_is_set(&what.ours) ? addr_format(&what.ours, ours_text) : "it", l->seen);
}

/* ---- the verdict ---- */

static int conclude(struct ladder *l)
{
	const struct event_sink out = { shown, l };

	diag_report(&l->diag, l->name, 0, now_is(), &out);
	if (l->found)
		return EXIT_FOUND;
	if (l->is_up) {
		STEP(l, "verdict", "nothing is wrong with it, as far as can be seen from here");
		return 0;
	}
	STEP(l, "verdict", "it is down, and what was seen does not say why");
	return EXIT_UNSURE;
}

int run_diagnose(const struct cmd *c)
{
	struct ladder l = { .cmd = c, .name = c->word[0] };
	int status;

	if (c->log)
		return diagnose_log(c->log, c->words ? c->word[0] : NULL);
	if (!c->words) {
		out_error("usage: ipsec diagnose %s", c->verb->args);
		return EXIT_USAGE;
	}
	diag_init(&l.diag);
	if (!look_at_config(&l)) {
		const struct event_sink out = { shown, &l };

		diag_report(&l.diag, l.name, 0, now_is(), &out);
		status = l.found ? EXIT_FOUND : EXIT_UNKNOWN;
	} else {
		look_at_daemon(&l);
		look_at_host(&l);
		status = conclude(&l);
	}
	diag_done(&l.diag);
	conf_free(l.conf);
	return status;
}
