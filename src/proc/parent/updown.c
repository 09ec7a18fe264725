/* leftupdown=: the user's own program, with what is known of the tunnel in PLUTO_* variables.
 * Nothing that a peer sent goes through a shell unchecked: identities are escaped, the rest are
 * numbers. */
#include "proc/parent/parent.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { UPDOWN_MS = 30000 };

struct updown {
	struct parent *p;
	uint32_t ask;
	unsigned generation;
	char *verb;
	uv_process_t process;
	uv_timer_t timer;
	unsigned closing;
};

static void closed(uv_handle_t *h)
{
	struct updown *u = h->data;

	if (--u->closing)
		return;
	free(u->verb);
	free(u);
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
	struct updown *u = process->data;
	char how[64];

	snprintf(how, sizeof(how), signal ? "signal %d" : "exit status %d",
		signal ? signal : (int)status);
	if (status != 0 || signal)
		PARENT_EMIT(u->p, 0, updown_failed, .verb = ev_str(u->verb), .how = ev_str(how));
	if (u->ask && u->generation == u->p->generation)
		LINE_SEND(&u->p->child[WHO_IKE].line, updown_done, .ask = u->ask,
			.e = status != 0 || signal ? ERR_SYSTEM : OK);
	u->p->n_updowns--;
	if (u->p->state == STATE_STOPPING || u->p->state == STATE_PAUSED)
		children_stop(u->p);
	u->closing = 2;
	uv_close((uv_handle_t *)&u->process, closed);
	uv_close((uv_handle_t *)&u->timer, closed);
}

static void late(uv_timer_t *t)
{
	struct updown *u = t->data;

	uv_process_kill(&u->process, SIGKILL);
}

static void put(char ***env, size_t *n, const char *name, const char *value)
{
	*env = xrealloc(*env, (*n + 2) * sizeof(**env));
	(*env)[(*n)++] = xasprintf("%s=%s", name, value);
	(*env)[*n] = NULL;
}

static void put_id(char ***env, size_t *n, const char *name, const struct ipc_id *i)
{
	struct id id = { 0 };
	char text[ID_STR], clean[4 * ID_STR];

	if (ipc_id_take(i, &id) == OK)
		put(env, n, name,
			event_escape(bytes_str(id_format(&id, text, sizeof(text))), clean,
				sizeof(clean)));
	id_done(&id);
}

static void put_net(char ***env, size_t *n, const char *who, const struct ts *ts)
{
	char name[64], text[RANGE_STR];

	snprintf(name, sizeof(name), "PLUTO_%s_CLIENT", who);
	put(env, n, name, range_format(&ts->range, text));
	snprintf(name, sizeof(name), "PLUTO_%s_CLIENT_NET", who);
	put(env, n, name, addr_format(&ts->range.first, text));
	snprintf(name, sizeof(name), "PLUTO_%s_PROTOCOL", who);
	snprintf(text, sizeof(text), "%u", ts->protocol);
	put(env, n, name, text);
	snprintf(name, sizeof(name), "PLUTO_%s_PORT", who);
	snprintf(text, sizeof(text), "%u", ts->port_first);
	put(env, n, name, text);
}

static char **environment(const struct msg_updown *m)
{
	char **env = NULL, text[64];
	size_t n = 0;
	struct rd r = rd_from(m->ts);
	struct ts_list ts = { 0 };

	put(&env, &n, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
	put(&env, &n, "PLUTO_VERB", m->verb);
	put(&env, &n, "PLUTO_CONNECTION", m->conn);
	put(&env, &n, "PLUTO_ME", addr_format(&m->local.addr, text));
	put(&env, &n, "PLUTO_PEER", addr_format(&m->remote.addr, text));
	put_id(&env, &n, "PLUTO_MY_ID", &m->ours);
	put_id(&env, &n, "PLUTO_PEER_ID", &m->theirs);
	if (addr_is_set(&m->source))
		put(&env, &n, "PLUTO_MY_SOURCEIP", addr_format(&m->source, text));
	snprintf(text, sizeof(text), "%" PRIu32, m->reqid);
	put(&env, &n, "PLUTO_SA_REQID", text);
	snprintf(text, sizeof(text), "0x%08" PRIx32, m->spi_in);
	put(&env, &n, "SPI_IN", text);
	snprintf(text, sizeof(text), "0x%08" PRIx32, m->spi_out);
	put(&env, &n, "SPI_OUT", text);
	snprintf(text, sizeof(text), "%" PRIu64, m->in_bytes);
	put(&env, &n, "PLUTO_INBYTES", text);
	snprintf(text, sizeof(text), "%" PRIu64, m->out_bytes);
	put(&env, &n, "PLUTO_OUTBYTES", text);
	if (ts_list_get(&r, &ts) == OK && ts.n == 2) {
		put_net(&env, &n, "MY", &ts.ts[0]);
		put_net(&env, &n, "PEER", &ts.ts[1]);
	}
	return env;
}

static const char *script_of(struct parent *p, const char *conn)
{
	struct loaded *l = loaded_find(p, conn);

	if (!l)
		return NULL;
	return l->conf->left.updown ? l->conf->left.updown : l->conf->right.updown;
}

/* "up-client-v6": the user's program may put it into a command. */
static bool is_verb(const char *s)
{
	return *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyz-0123456789")] == '\0';
}

void updown_run(struct parent *p, const struct msg_updown *m)
{
	const char *script = script_of(p, m->conn);
	struct updown *u;
	char **env, *args[] = { (char *)"sh", (char *)"-c", (char *)(uintptr_t)script, NULL };
	uv_stdio_container_t stdio[] = { { .flags = UV_IGNORE }, { .flags = UV_IGNORE },
		{ .flags = UV_IGNORE } };
	uv_process_options_t o = {
		.exit_cb = ended, .file = "/bin/sh", .args = args, .stdio = stdio, .stdio_count = 3
	};

	if (!is_verb(m->verb)) {
		uv_process_kill(p->child[WHO_IKE].process, SIGKILL); /* no ike of ours says that */
		return;
	}
	if (!script || strcmp(script, "%disabled") == 0) {
		if (m->ask)
			LINE_SEND(&p->child[WHO_IKE].line, updown_done, .ask = m->ask);
		return;
	}
	u = xalloc(sizeof(*u));
	u->p = p;
	u->ask = m->ask;
	u->generation = p->generation;
	p->n_updowns++;
	u->verb = xstrdup(m->verb);
	u->process.data = u->timer.data = u;
	uv_timer_init(&p->loop, &u->timer);
	o.env = env = environment(m);
	PARENT_EMIT(p, 0, updown_run, .verb = ev_str(m->verb), .program = ev_str(script));
	if (uv_spawn(&p->loop, &u->process, &o) == 0)
		uv_timer_start(&u->timer, late, UPDOWN_MS, 0);
	else
		ended(&u->process, 127, 0);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	free(env);
}
