/* The other processes: started, connected, watched, stopped in order. */
#include "proc/parent/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { STOP_PATIENCE_MS = 4000, RETRY_FIRST_MS = 100, RETRY_MAX_MS = 10000, SAID_MS = 1000 };

/* Peers wait for an answer meanwhile. */
enum { RETRY_IKE_MAX_MS = 1000 };

/* Who gets what of DESC_*. */
static const unsigned descriptors[WHO_END] = {
	[WHO_IKE] =
		1u << DESC_UDP500_V4 | 1u << DESC_UDP500_V6 | 1u << DESC_KEYLOG | 1u << DESC_STORE,
	[WHO_KERNEL] = 1u << DESC_RTNL | 1u << DESC_WATCH | 1u << DESC_XFRM | 1u << DESC_XFRM_NEWS |
		       1u << DESC_XFRM_STAT,
	[WHO_CONTROL] =
		1u << DESC_CONTROL | 1u << DESC_LOGFILE | 1u << DESC_SYSLOG | 1u << DESC_TERMINAL,
	[WHO_ESP] = 1u << DESC_UDP4500_V4 | 1u << DESC_UDP4500_V6 | 1u << DESC_ESP_V4 |
		    1u << DESC_ESP_V6 | 1u << DESC_TUN,
};

/* The kernel hands IKE in UDP 4500 on to whom the socket belongs. */
static bool is_given(const struct parent *p, enum ipc_who w, unsigned kind)
{
	bool is_udp4500 = kind == DESC_UDP4500_V4 || kind == DESC_UDP4500_V6;

	return p->fd[kind] >= 0 &&
	       (descriptors[w] & 1u << kind || (w == WHO_IKE && is_udp4500 && p->has_kernel_plane));
}

/* Peers hear the last words of those that are stopped first. */
static const enum ipc_who stop_order[] = { WHO_IKE, WHO_ESP, WHO_KEYS, WHO_KERNEL, WHO_CONTROL };

static void ended(uv_process_t *process, int64_t status, int signal);
static void message(void *ctx, struct line *l, const struct msg *m, int fd);
static void on_said(uv_poll_t *poll, int status, int events);
static void resume(uv_timer_t *t);
static void pause_all(struct parent *p);

static void line_gone(void *ctx, struct line *l)
{
	(void)ctx; /* its end is what counts */
	(void)l;
}

void children_init(struct parent *p)
{
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++) {
		struct child *c = &p->child[w];

		c->parent = p;
		c->who = w;
		line_init(&c->line, WHO_PARENT, w, &p->phase);
		c->line.is_lossy = w == WHO_IKE;
		c->line.take = message;
		c->line.gone = line_gone;
		c->line.ctx = c;
		uv_timer_init(&p->loop, &c->retry);
		c->retry.data = c;
	}
	uv_timer_init(&p->loop, &p->stop_timer);
	uv_timer_init(&p->loop, &p->retry_timer);
	uv_timer_init(&p->loop, &p->pause_timer);
	uv_timer_init(&p->loop, &p->export_timer);
	p->stop_timer.data = p->retry_timer.data = p->pause_timer.data = p->export_timer.data = p;
}

/* ---- start ---- */

/* Of our environment children get what they have a use for. */
static char **environment(void)
{
	static const char *const names[] = { "TZ", "ASAN_OPTIONS", "UBSAN_OPTIONS",
		"LSAN_OPTIONS" };
	char **env = xalloc((COUNT(names) + 2) * sizeof(*env));
	size_t n = 0;

	env[n++] = xstrdup("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
	for (size_t i = 0; i < COUNT(names); i++)
		if (getenv(names[i]))
			env[n++] = xasprintf("%s=%s", names[i], getenv(names[i]));
	return env;
}

static void environment_free(char **env)
{
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	free(env);
}

static bool spawn(struct parent *p, struct child *c, int fd)
{
	int err = p->said[1] >= 0 ? p->said[1] : 2;
	char *file = xasprintf("%s/ipsec-%s", p->opt.execdir, ipc_who_name(c->who));
	char *cwd = xasprintf("%s/empty", p->opt.rundir), *args[] = { file, NULL };
	uv_stdio_container_t stdio[] = { { .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = err },
		{ .flags = UV_INHERIT_FD, .data.fd = err },
		{ .flags = UV_INHERIT_FD, .data.fd = fd },
		{ .flags = UV_INHERIT_FD, .data.fd = p->lock } };
	char **env = environment();
	uv_process_options_t o = { .exit_cb = ended,
		.file = file,
		.args = args,
		.cwd = cwd,
		.env = env,
		.stdio = stdio,
		.stdio_count = (int)COUNT(stdio) };
	int e;

	c->process = xalloc(sizeof(*c->process));
	c->process->data = c;
	e = uv_spawn(&p->loop, c->process, &o);
	if (e != 0) {
		fprintf(stderr, "ipsecd: cannot start %s: %s\n", file, uv_strerror(e));
		uv_close((uv_handle_t *)c->process, (uv_close_cb)free);
		c->process = NULL;
	}
	environment_free(env);
	free(cwd);
	free(file);
	return e == 0;
}

/* A line between two children that run; each gets its end. */
static void connect_pair(struct parent *p, enum ipc_who a, enum ipc_who b)
{
	int fds[2];

	if (!ipc_has_line(a, b) || !p->child[a].process || !p->child[b].process || !line_pair(fds))
		return;
	LINE_SEND_FD(&p->child[a].line, fds[0], line, .peer = (uint8_t)b);
	LINE_SEND_FD(&p->child[b].line, fds[1], line, .peer = (uint8_t)a);
	close(fds[0]);
	close(fds[1]);
}

void children_setup(struct parent *p, enum ipc_who w)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct wr wr = wr_to(room, IPC_MAX);

	conf_setup_put(&wr, &p->setup);
	LINE_SEND(&p->child[w].line, setup, .kernel_plane = p->has_kernel_plane,
		.plane_why = p->plane_why, .setup = wr_view(&wr));
	free(room);
}

static bool start(struct parent *p, enum ipc_who w)
{
	struct child *c = &p->child[w];
	int fds[2];
	bool ok;

	if (!line_pair(fds))
		return false;
	fcntl(fds[1], F_SETFD, 0);
	c->is_ready = c->is_told = false;
	p->ikes += w == WHO_IKE;
	c->started = parent_now().mono;
	ok = spawn(p, c, fds[1]);
	close(fds[1]);
	if (!ok) {
		close(fds[0]);
		return false;
	}
	line_attach_take(&c->line, &p->loop, fds[0]);
	for (unsigned k = 0; k < DESC_END; k++)
		if (is_given(p, w, k))
			LINE_SEND_FD(&c->line, p->fd[k], descriptor, .kind = (uint8_t)k);
	if (w == WHO_CONTROL || w == WHO_ESP)
		children_setup(p, w);
	return true;
}

/* What children write to standard error becomes events. */
static void hear_children(struct parent *p)
{
	char text[2048], *line, *rest;
	ssize_t n;

	while (p->said[0] >= 0 && (n = read(p->said[0], text, sizeof(text) - 1)) > 0) {
		text[n] = '\0';
		rest = text;
		while ((line = strsep(&rest, "\n")))
			if (*line) {
				char clean[4096];

				PARENT_EMIT(p, 0, process_said,
					.text = ev_str(event_escape(
						bytes_str(line), clean, sizeof(clean))));
			}
	}
}

/* Soon, not now: control may be the one that speaks, and its end is not known yet. */
static void said_late(uv_timer_t *t)
{
	struct parent *p = t->data;

	hear_children(p);
	uv_poll_start(&p->said_poll, UV_READABLE, on_said);
}

static void on_said(uv_poll_t *poll, int status, int events)
{
	struct parent *p = poll->data;

	(void)status;
	(void)events;
	uv_poll_stop(poll);
	uv_timer_start(&p->said_timer, said_late, SAID_MS, 0);
}

static void listen_to_children(struct parent *p)
{
	if (p->opt.said >= 0) { /* its other end is our standard error */
		p->said[0] = fcntl(p->opt.said, F_DUPFD_CLOEXEC, 0);
		p->said[1] = fcntl(2, F_DUPFD_CLOEXEC, 0);
		close(p->opt.said);
	} else if (p->ready_pipe < 0 || pipe2(p->said, O_CLOEXEC | O_NONBLOCK) != 0) {
		return; /* in the foreground they share our standard error */
	}
	uv_timer_init(&p->loop, &p->said_timer);
	uv_poll_init(&p->loop, &p->said_poll, p->said[0]);
	p->said_poll.data = p->said_timer.data = p;
	uv_poll_start(&p->said_poll, UV_READABLE, on_said);
}

/* All but control. */
static bool start_others(struct parent *p)
{
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (w != WHO_CONTROL && plane_needs(p, w) && !start(p, w))
			return false;
	for (enum ipc_who a = WHO_IKE; a < WHO_END; a++)
		for (enum ipc_who b = a + 1; b < WHO_END; b++)
			connect_pair(p, a, b);
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (w != WHO_CONTROL && plane_needs(p, w))
			LINE_SEND(&p->child[w].line, begin, .takes_over = p->is_handing);
	return true;
}

/* With growing patience when it is needed again and again. */
static unsigned patience(const struct parent *p)
{
	return p->restarts < 4 ? 0 : p->restarts < 9 ? 1u << (p->restarts - 4) : 30;
}

bool children_start(struct parent *p)
{
	listen_to_children(p);
	if (!start(p, WHO_CONTROL))
		return false;
	LINE_SEND(&p->child[WHO_CONTROL].line, begin, );
	if (!p->is_handing)
		takeover_memory(p);
	if (p->restarts == 0)
		return sockets_open(p) && start_others(p);
	p->state = STATE_PAUSED;
	uv_timer_start(&p->pause_timer, resume, patience(p) * 1000u, 0);
	return true;
}

static void resume(uv_timer_t *t)
{
	struct parent *p = t->data;

	p->state = STATE_STARTING;
	p->has_secrets = p->may_open_secrets = false;
	takeover_memory(p);
	sockets_forget(p);
	if (sockets_open(p) && start_others(p))
		return;
	free(p->paused_by);
	p->paused_by = xstrdup("it could not be started");
	p->restarts = MAX(p->restarts, 3u); /* whatever it is, it does not pass in an instant */
	pause_all(p);
}

static void restart(uv_timer_t *t);

static void restart_later(struct child *c)
{
	uint64_t wait = (uint64_t)RETRY_FIRST_MS << MIN(c->failures, 7u),
		 most = c->who == WHO_IKE ? RETRY_IKE_MAX_MS : RETRY_MAX_MS;

	c->failures++;
	uv_timer_start(&c->retry, restart, MIN(wait, most), 0);
}

/* Of those that can be started alone. */
static void restart(uv_timer_t *t)
{
	struct child *c = t->data;
	struct parent *p = c->parent;

	if (p->state == STATE_STOPPING || (c->who != WHO_CONTROL && p->state != STATE_RUNNING))
		return;
	if ((c->who == WHO_KERNEL && !sockets_again(p)) || !start(p, c->who)) {
		restart_later(c);
		return;
	}
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		connect_pair(p, c->who, w);
	LINE_SEND(&c->line, begin, .takes_over = c->who == WHO_KERNEL);
	if (c->who == WHO_KERNEL)
		load_into(p, WHO_KERNEL);
}

static void ready(struct child *c)
{
	struct parent *p = c->parent;

	c->is_ready = true;
	if (c->who == WHO_IKE) {
		children_setup(p, WHO_IKE);
		takeover_begin(p);
	}
	if (p->state == STATE_STARTING)
		parent_ready(p);
	if (p->has_run && p->state != STATE_STOPPING)
		PARENT_EMIT(p, 0, process_restarted, .process = ev_str(ipc_who_name(c->who)),
			.pid = ev_u64((uint64_t)c->process->pid));
}

/* ---- messages ---- */

static void message(void *ctx, struct line *l, const struct msg *m, int fd)
{
	struct child *c = ctx;
	struct parent *p = c->parent;

	(void)l;
	switch ((int)m->id) {
	case MSG_ready:
		ready(c);
		break;
	case MSG_settled:
		takeover_settled(p, m->settled.tunnels, m->settled.lost);
		break;
	case MSG_addresses:
		if (p->is_loaded)
			load_again(p);
		break;
	case MSG_command:
		verb_command(p, &m->command);
		break;
	case MSG_verb:
		verb_take(p, &m->verb);
		break;
	case MSG_text:
		verb_text_take(p, m->text.request, fd);
		break;
	case MSG_log_lost:
		log_reopen(p);
		break;
	case MSG_good_keep:
		last_good_keep(p, &m->good_keep);
		break;
	case MSG_good_ask:
		last_good_give(p, m->good_ask.conn);
		break;
	case MSG_taken_out:
		writer_tell(p, &m->taken_out);
		break;
	case MSG_filter:
		firewall_take(p, &m->filter);
		break;
	case MSG_resolve:
		load_names(p, m->resolve.name);
		break;
	case MSG_updown:
		updown_run(p, &m->updown);
		break;
	default:
		secrets_take(p, m);
	}
}

/* ---- end ---- */

static void stop_next(struct parent *p);

static void stop_late(uv_timer_t *t)
{
	struct parent *p = t->data;

	for (size_t i = 0; i < COUNT(stop_order); i++) {
		struct child *c = &p->child[stop_order[i]];

		if (c->process && c->is_told)
			uv_process_kill(c->process, SIGKILL);
	}
}

static void stop_next(struct parent *p)
{
	for (size_t i = 0; i < COUNT(stop_order); i++) {
		struct child *c = &p->child[stop_order[i]];

		if (!c->process || (p->state == STATE_PAUSED && c->who == WHO_CONTROL))
			continue;
		if (c->is_told)
			return; /* its end brings us back here */
		if (c->who == WHO_CONTROL && p->shutdown_request)
			verb_done(p, p->shutdown_request, 0);
		if (c->who == WHO_CONTROL && p->restart)
			restart_leave(p);
		c->is_told = true;
		LINE_SEND(&c->line, stop, .hands_over = p->restart == RESTART_LIVE);
		uv_timer_start(&p->stop_timer, stop_late, STOP_PATIENCE_MS, 0);
		return;
	}
	uv_timer_stop(&p->stop_timer);
	if (!list_empty(&p->updowns)) /* the last of them brings us back here */
		return;
	if (!(p->restart == RESTART_LIVE ? firewall_pause(p) : firewall_end(p))) /* likewise */
		return;
	if (p->state == STATE_STOPPING)
		parent_stopped(p);
	else if (!uv_is_active((uv_handle_t *)&p->pause_timer))
		uv_timer_start(&p->pause_timer, resume, patience(p) * 1000u, 0);
}

void children_stop(struct parent *p)
{
	if (p->state == STATE_STOPPING)
		uv_timer_stop(&p->pause_timer);
	stop_next(p);
}

/* What cannot be started alone died: everything else but control goes, and all start again. */
static void pause_all(struct parent *p)
{
	if (p->state == STATE_RUNNING && parent_now().mono - p->ready_at > STABLE_TIME)
		p->restarts = 0;
	p->restarts++;
	p->state = STATE_PAUSED;
	p->generation++;
	if (p->is_handing && !p->restart_why)
		p->restart_why = xstrdup(p->paused_by);
	p->is_loaded = p->is_taking_over = p->is_handing = false;
	uv_timer_stop(&p->retry_timer);
	LINE_SEND(&p->child[WHO_CONTROL].line, paused, );
	notify("STATUS=a process died; starting again");
	stop_next(p);
}

void children_kill(struct parent *p)
{
	for (enum ipc_who w = WHO_IKE; w < WHO_END; w++)
		if (p->child[w].process)
			uv_process_kill(p->child[w].process, SIGKILL);
}

/* What kernel would have put in order, by a new one that does only this. */
static void clean_up(struct parent *p)
{
	char *file = xasprintf("%s/ipsec-kernel", p->opt.execdir);
	char *args[] = { file, (char *)"--flush", NULL };
	uv_process_options_t o = { .exit_cb = ended, .file = file, .args = args };
	struct child *c = &p->child[WHO_KERNEL];

	c->process = xalloc(sizeof(*c->process));
	c->process->data = c;
	c->is_told = true;
	c->is_ready = false; /* its own failure is not cleaned up after */
	if (uv_spawn(&p->loop, c->process, &o) != 0) {
		uv_close((uv_handle_t *)c->process, (uv_close_cb)free);
		c->process = NULL;
	}
	free(file);
}

static const char *how_text(int64_t status, int signal, char *s, size_t n)
{
	if (signal)
		snprintf(s, n, "signal %d (%s)", signal, strsignal(signal));
	else
		snprintf(s, n, "exit status %d", (int)status);
	return s;
}

/* Is it started again by itself, while the others go on? */
static bool goes_alone(const struct child *c)
{
	struct parent *p = c->parent;

	switch (c->who) {
	case WHO_CONTROL:
		return true;
	case WHO_ESP:
		return p->state == STATE_RUNNING;
	case WHO_IKE:
		return takeover_may(p);
	case WHO_KERNEL:
		return takeover_may_kernel(p);
	case WHO_KEYS:
	case WHO_PARENT:
	case WHO_END:
		break;
	}
	return false;
}

static void died(struct child *c, const char *how, int pid, bool alone)
{
	struct parent *p = c->parent;
	bool is_early =
		p->state == STATE_STARTING && !p->has_run && p->opt.again == 0 && !p->is_handed;

	if (parent_now().mono - c->started > (c->who == WHO_IKE ? NS_S : STABLE_TIME))
		c->failures = 0;
	PARENT_EMIT(p, 0, process_died, .process = ev_str(ipc_who_name(c->who)),
		.pid = ev_u64((uint64_t)pid), .how = ev_str(how),
		.what_now = ev_str(is_early ? "the daemon cannot start"
				   : alone  ? "it is started again"
					    : "everything stops and starts again"));
	if (is_early) {
		parent_stop(p, EXIT_FAILURE);
		return;
	}
	if (c->who == WHO_IKE || c->who == WHO_KERNEL || !alone) {
		free(p->paused_by);
		p->paused_by = xasprintf("process %s died: %s", ipc_who_name(c->who), how);
	}
	if (!alone)
		pause_all(p);
	else
		restart_later(c);
	if (alone && c->who == WHO_KERNEL) /* it does not know what became of what it asked */
		uv_process_kill(p->child[WHO_IKE].process, SIGKILL);
}

static void ended(uv_process_t *process, int64_t status, int signal)
{
	struct child *c = process->data;
	struct parent *p = c->parent;
	int pid = process->pid;
	bool is_ending = p->state == STATE_STOPPING ||
			 (p->state == STATE_PAUSED && c->who != WHO_CONTROL),
	     alone;
	char how[64];

	uv_close((uv_handle_t *)process, (uv_close_cb)free);
	c->process = NULL;
	line_close(&c->line);
	hear_children(p); /* its last words come before the news of its death */
	if (c->who != WHO_CONTROL)
		line_forget(&c->line);
	alone = !is_ending && goes_alone(c);
	if (c->who == WHO_KERNEL && (status != 0 || signal) && c->is_ready && !alone &&
		p->restart != RESTART_LIVE)
		clean_up(p);
	if (is_ending)
		stop_next(p);
	else
		died(c, how_text(status, signal, how, sizeof(how)), pid, alone);
}
