/* Requests of people that need the configuration file or other processes: see ipsec(8). */
#include "proc/parent/parent.h"

#include <stdlib.h>
#include <unistd.h>

enum { EXIT_CONFIG = 3, EXIT_UNKNOWN = 21, EXIT_LOCAL = 32, TEXTS_MAX = 16 };

/* A configuration that came as text, for a verb that follows. */
struct verb_text {
	struct list node;
	uint32_t request;
	int fd;
};

static void text_free(struct parent *p, struct verb_text *t)
{
	p->n_texts--;
	list_remove(&t->node);
	close(t->fd);
	free(t);
}

void verb_text_take(struct parent *p, uint32_t request, int fd)
{
	struct verb_text *t = xalloc(sizeof(*t));

	if (p->n_texts == TEXTS_MAX) /* its verb never came: control died between the two */
		text_free(p, list_item(p->texts.next, struct verb_text, node));
	p->n_texts++;
	t->request = request;
	t->fd = fd;
	list_append(&p->texts, &t->node);
}

/* -1 when there is none. The caller owns it. */
static int text_of(struct parent *p, uint32_t request)
{
	struct verb_text *t;
	int fd = -1;

	list_each (t, &p->texts, struct verb_text, node)
		if (t->request == request) {
			fd = dup(t->fd);
			text_free(p, t);
		}
	return fd;
}

void verb_done(struct parent *p, uint32_t request, int exit)
{
	if (request)
		PARENT_EMIT(p, request, request_done, .exit = ev_u64((uint64_t)exit));
}

/* The configuration that the verb is about: text, another file, or ours. */
static struct conf *conf_of(struct parent *p, const struct msg_verb *m, bool *ret_is_foreign)
{
	int fd = text_of(p, m->request);
	struct conf *c;

	*ret_is_foreign = fd >= 0 || (m->config[0] && strcmp(m->config, p->opt.config) != 0);
	if (fd < 0)
		return load_file(p, m->request, m->config[0] ? m->config : p->opt.config);
	c = load_text(p, m->request, fd);
	close(fd);
	return c;
}

/* Why is a conn of that name not among the valid ones? */
static void explain(struct parent *p, const struct msg_verb *m, const struct conf *c)
{
	for (size_t i = 0; i < c->n_issue; i++)
		if (c->issue[i].is_error && c->issue[i].conn &&
			strcmp(c->issue[i].conn, m->name) == 0) {
			PARENT_EMIT(p, m->request, load_lost, .name = ev_str(m->name));
			verb_done(p, m->request, EXIT_CONFIG);
			return;
		}
	PARENT_EMIT(p, m->request, load_unknown, .name = ev_str(m->name),
		.file = ev_str(m->config[0] ? m->config : p->opt.config),
		.nearest = ev_str(conf_nearest(c, m->name)));
	verb_done(p, m->request, c->n_error ? EXIT_CONFIG : EXIT_UNKNOWN);
}

static void load(struct parent *p, const struct msg_verb *m, enum load_after after)
{
	struct load_request r = { .request = m->request,
		.after = after,
		.asynchronous = m->asynchronous,
		.remote_host = m->remote_host };
	struct conf *c = conf_of(p, m, &r.is_foreign);

	if (!c) {
		PARENT_EMIT(p, m->request, verb_failed, .verb = ev_str(m->verb),
			.why = ev_str("the text could not be read"));
		verb_done(p, m->request, EXIT_CONFIG);
		return;
	}
	r.name = m->name;
	if (!m->name[0])
		load_all(p, &r, c);
	else if (!load_named(p, &r, c))
		explain(p, m, c);
	conf_free(c);
}

static void verb_add(struct parent *p, const struct msg_verb *m)
{
	load(p, m, LOAD_ONLY);
}

static void verb_start(struct parent *p, const struct msg_verb *m)
{
	load(p, m, LOAD_UP);
}

static void verb_ondemand(struct parent *p, const struct msg_verb *m)
{
	load(p, m, LOAD_ROUTE);
}

static void verb_delete(struct parent *p, const struct msg_verb *m)
{
	if (unload_conns(p, m->request, m->name))
		return;
	PARENT_EMIT(p, m->request, conn_unknown, .name = ev_str(m->name), .nearest = ev_str(""));
	verb_done(p, m->request, EXIT_UNKNOWN);
}

static void verb_reload(struct parent *p, const struct msg_verb *m)
{
	load_reload(p, m->request);
}

static void verb_rereadsecrets(struct parent *p, const struct msg_verb *m)
{
	secrets_begin(p, m->request);
}

/* Our sockets listen on every address, new ones too; what is left to do is to look again at names
 * and routes. */
static void verb_listen(struct parent *p, const struct msg_verb *m)
{
	PARENT_EMIT(p, m->request, service_ready, );
	load_again(p);
	verb_done(p, m->request, 0);
}

static void verb_shutdown(struct parent *p, const struct msg_verb *m)
{
	PARENT_EMIT(p, m->request, service_stopping, );
	p->shutdown_request = m->request;
	parent_stop(p, 0);
}

static void verb_restart(struct parent *p, const struct msg_verb *m)
{
	restart_begin(p, m->request);
}

static void verb_restarted(struct parent *p, const struct msg_verb *m)
{
	restart_wait(p, m->request);
}

static void verb_export_keys(struct parent *p, const struct msg_verb *m)
{
	export_begin(p, m->request, m->pid);
}

static const struct {
	const char *name;
	void (*run)(struct parent *p, const struct msg_verb *m);
} verbs[] = {
	{ "add", verb_add },
	{ "replace", verb_add },
	{ "start", verb_start },
	{ "ondemand", verb_ondemand },
	{ "delete", verb_delete },
	{ "reload", verb_reload },
	{ "rereadsecrets", verb_rereadsecrets },
	{ "listen", verb_listen },
	{ "shutdown", verb_shutdown },
	{ "restart", verb_restart },
	{ "restarted", verb_restarted },
	{ "export-keys", verb_export_keys },
};

/* Nothing can be asked of those who do not run; whoever asks is told when they will. */
static bool is_busy(struct parent *p, uint32_t request)
{
	uint64_t due = uv_timer_get_due_in(&p->pause_timer);

	if (p->state == STATE_RUNNING && p->is_loaded)
		return false;
	if (p->state == STATE_STOPPING)
		PARENT_EMIT(p, request, request_busy, );
	else if (p->is_taking_over)
		PARENT_EMIT(p, request, service_taking_over, .why = ev_str(p->paused_by));
	else
		PARENT_EMIT(p, request, service_waiting,
			.why = ev_str(p->paused_by ? p->paused_by : "the daemon was killed"),
			.seconds = ev_u64((due + 999) / 1000));
	verb_done(p, request, EXIT_LOCAL);
	return true;
}

void verb_command(struct parent *p, const struct msg_command *m)
{
	if (is_busy(p, m->request))
		return;
	/* a name is looked up before each attempt */
	if (m->kind != CMD_UP || !load_names_before(p, m))
		verb_pass(p, m);
}

void verb_pass(struct parent *p, const struct msg_command *m)
{
	load_wish(p, m);
	line_send_fd(
		&p->child[WHO_IKE].line, &(struct msg){ .id = MSG_command, .command = *m }, -1);
}

void verb_take(struct parent *p, const struct msg_verb *m)
{
	bool is_shutdown = strcmp(m->verb, "shutdown") == 0 && p->state != STATE_STOPPING;
	bool waits = strcmp(m->verb, "restarted") == 0 && !p->has_run;
	bool joins = strcmp(m->verb, "restart") == 0 &&
		     (p->state == STATE_STOPPING ? p->restart : p->is_handed && !p->has_run);

	if (joins) {
		restart_join(p, m->request);
		return;
	}
	if (!is_shutdown && !waits && is_busy(p, m->request))
		return;
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, m->verb) == 0) {
			verbs[i].run(p, m);
			return;
		}
	PARENT_EMIT(p, m->request, verb_failed, .verb = ev_str(m->verb), .why = ev_str("unknown"));
	verb_done(p, m->request, 2);
}

void verbs_done(struct parent *p)
{
	struct verb_text *t;

	list_each (t, &p->texts, struct verb_text, node)
		text_free(p, t);
}
