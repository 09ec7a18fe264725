/* leftupdown=: the user's own program, with what is known of the tunnel in PLUTO_* variables. The
 * calls for one connection come one after the other. */
#include "proc/parent/parent.h"

#include "proc/parent/updown_env.h"

#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { UPDOWN_MS = 30000 };

/* A call, waiting or running. */
struct updown {
	struct list node; /* p->updowns */
	struct parent *p;
	uint32_t ask;
	unsigned ike; /* who asked */
	char *conn, *verb, *script;
	char **env;
	bool is_running;
	uv_process_t process;
	uv_timer_t timer;
	unsigned closing;
};

/* Who was told that a tunnel comes is told that it goes, also when its connection is no longer
 * loaded, or is another one by then. */
struct updown_told {
	struct list node; /* p->told */
	char *conn, *script;
	uint32_t reqid;
	unsigned generation;
};

static void told_free(struct updown_told *t)
{
	list_remove(&t->node);
	free(t->conn);
	free(t->script);
	free(t);
}

static void closed(uv_handle_t *h)
{
	struct updown *u = h->data;

	if (--u->closing)
		return;
	free(u->conn);
	free(u->verb);
	free(u->script);
	updown_env_free(u->env);
	free(u);
}

static void run_next(struct parent *p);

static void ended(uv_process_t *process, int64_t status, int signal)
{
	struct updown *u = process->data;
	struct parent *p = u->p;
	char how[64];

	snprintf(how, sizeof(how), signal ? "signal %d" : "exit status %d",
		signal ? signal : (int)status);
	if (status != 0 || signal)
		PARENT_EMIT(p, 0, updown_failed, .verb = ev_str(u->verb), .how = ev_str(how));
	if (u->ask && u->ike == p->ikes)
		LINE_SEND(&p->child[WHO_IKE].line, updown_done, .ask = u->ask,
			.e = status != 0 || signal ? ERR_SYSTEM : OK);
	list_remove(&u->node);
	u->closing = 2;
	uv_close((uv_handle_t *)&u->process, closed);
	uv_close((uv_handle_t *)&u->timer, closed);
	run_next(p);
	if (p->state == STATE_STOPPING || p->state == STATE_PAUSED)
		children_stop(p);
}

static void late(uv_timer_t *t)
{
	struct updown *u = t->data;

	uv_process_kill(&u->process, SIGKILL);
}

static void not_started(uv_timer_t *t)
{
	struct updown *u = t->data;

	ended(&u->process, 127, 0);
}

static void start(struct updown *u)
{
	struct parent *p = u->p;
	char *args[] = { (char *)"sh", (char *)"-c", u->script, NULL };
	uv_stdio_container_t stdio[] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE },
		{ .flags = UV_IGNORE } };
	uv_process_options_t o = { .exit_cb = ended,
		.file = "/bin/sh",
		.args = args,
		.env = u->env,
		.stdio = stdio,
		.stdio_count = 3 };

	u->is_running = true;
	uv_timer_init(&p->loop, &u->timer);
	PARENT_EMIT(p, 0, updown_run, .verb = ev_str(u->verb), .program = ev_str(u->script));
	if (uv_spawn(&p->loop, &u->process, &o) == 0)
		uv_timer_start(&u->timer, late, UPDOWN_MS, 0);
	else
		uv_timer_start(&u->timer, not_started, 0, 0);
}

static bool must_wait(const struct parent *p, const struct updown *u)
{
	struct updown *before;

	list_each (before, &p->updowns, struct updown, node) {
		if (before == u)
			break;
		if (strcmp(before->conn, u->conn) == 0)
			return true;
	}
	return false;
}

static void run_next(struct parent *p)
{
	struct updown *u;

	list_each (u, &p->updowns, struct updown, node)
		if (!u->is_running && !must_wait(p, u))
			start(u);
}

/* ---- whose script ---- */

static const char *script_of(struct parent *p, const char *conn)
{
	struct loaded *l = loaded_find(p, conn);

	if (!l || !l->sent)
		return NULL;
	return l->sent->local_is_left ? l->sent->left.updown : l->sent->right.updown;
}

static struct updown_told *told_find(struct parent *p, const struct msg_updown *m)
{
	struct updown_told *t;

	list_each (t, &p->told, struct updown_told, node) {
		if (t->generation != p->generation)
			told_free(t);
		else if (t->reqid == m->reqid && strcmp(t->conn, m->conn) == 0)
			return t;
	}
	return NULL;
}

static void told_new(struct parent *p, const struct msg_updown *m, const char *script)
{
	struct updown_told *t = xalloc(sizeof(*t));

	t->conn = xstrdup(m->conn);
	t->script = xstrdup(script);
	t->reqid = m->reqid;
	t->generation = p->generation;
	list_append(&p->told, &t->node);
}

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

/* To be freed; NULL: none. */
static char *script_for(struct parent *p, const struct msg_updown *m)
{
	struct updown_told *t = told_find(p, m);
	const char *loaded = script_of(p, m->conn);
	char *script;

	if (!t && !loaded)
		return NULL;
	script = xstrdup(t ? t->script : loaded);
	if (begins(m->verb, "unroute-") && t)
		told_free(t);
	else if (!t)
		told_new(p, m, script);
	return script;
}

/* "up-client-v6": the user's program may put it into a command. */
static bool is_verb(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz-0123456789")] == '\0';
}

void updown_run(struct parent *p, const struct msg_updown *m)
{
	char interface[IF_NAMESIZE];
	struct loaded *l;
	struct updown *u;
	char *script;

	if (!is_verb(m->verb)) {
		uv_process_kill(p->child[WHO_IKE].process, SIGKILL); /* no ike of ours says that */
		return;
	}
	script = script_for(p, m);
	if (!script) {
		if (m->ask)
			LINE_SEND(&p->child[WHO_IKE].line, updown_done, .ask = m->ask);
		return;
	}
	u = xalloc(sizeof(*u));
	u->p = p;
	u->ask = m->ask;
	u->ike = p->ikes;
	u->conn = xstrdup(m->conn);
	u->verb = xstrdup(m->verb);
	u->script = script;
	l = loaded_find(p, m->conn);
	u->env = updown_env(
		m, &(struct updown_about){ .conf = l ? l->sent : NULL,
			   .interface = interface_of(&m->local.addr, interface) ? interface : NULL,
			   .has_kernel_plane = p->has_kernel_plane });
	u->process.data = u->timer.data = u;
	list_append(&p->updowns, &u->node);
	run_next(p);
}

void updown_done(struct parent *p)
{
	struct updown_told *t;

	list_each (t, &p->told, struct updown_told, node)
		told_free(t);
}

void updown_put(struct wr *w, const struct parent *p)
{
	const struct updown_told *t;
	uint32_t n = 0;

	list_each (t, &p->told, struct updown_told, node)
		n += t->generation == p->generation;
	wr_u32(w, n);
	list_each (t, &p->told, struct updown_told, node) {
		if (t->generation != p->generation)
			continue;
		wr_u32(w, t->reqid);
		handover_put_text(w, t->conn);
		handover_put_text(w, t->script);
	}
}

enum err updown_get(struct rd *r, struct parent *p)
{
	uint32_t n = rd_u32(r);

	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct updown_told *t = xalloc(sizeof(*t));

		t->reqid = rd_u32(r);
		t->conn = handover_get_text(r);
		t->script = handover_get_text(r);
		t->generation = p->generation;
		list_append(&p->told, &t->node);
	}
	return r->failed ? ERR_TRUNCATED : OK;
}
