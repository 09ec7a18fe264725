/* The life of a child process: setup, sandbox, loop, end. */
#include "proc/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { PARENT_FD = 3 }; /* 4 is the daemon's lock, held until we end */

/* Control does not keep up: from here on events of level DEBUG are lost, and counted. */
#define QUEUE_SLOW (8u << 20)

static ns_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NS_S + t.tv_nsec;
}

struct now process_now(void)
{
	return (struct now){ clock_ns(CLOCK_MONOTONIC), clock_ns(CLOCK_REALTIME) };
}

static void send_event(void *ctx, const struct event *e)
{
	struct process *p = ctx;
	struct line *l = &p->line[WHO_CONTROL];
	if (event_kind(e->id)->level == EVENT_DEBUG && l->n_queue > QUEUE_SLOW) {
		p->lost_debug++;
		return;
	}
	line_send_event(l, e);
}

void process_end(struct process *p)
{
	for (enum ipc_who w = 0; w < WHO_END; w++)
		if (ipc_has_line(p->self, w))
			line_drain(&p->line[w], 200);
	uv_stop(&p->loop);
}

static void begin(struct process *p)
{
	if (!p->ops->begin(p->ctx)) {
		line_drain(&p->line[WHO_CONTROL], 200);
		exit(EXIT_FAILURE);
	}
	sandbox_enter(p->self, &p->events);
	p->phase = PHASE_RUN;
	for (enum ipc_who w = 0; w < WHO_END; w++)
		line_attach(&p->line[w], &p->loop);
	if (p->ops->run)
		p->ops->run(p->ctx);
	LINE_SEND(&p->line[WHO_PARENT], ready, );
}

static void take_descriptor(struct process *p, unsigned kind, int fd)
{
	if (kind >= DESC_END) {
		close(fd);
		return;
	}
	if (p->fd[kind] >= 0)
		close(p->fd[kind]);
	p->fd[kind] = fd;
	if (p->phase == PHASE_RUN && p->ops->descriptor)
		p->ops->descriptor(p->ctx, (enum ipc_descriptor)kind);
}

static void gone(void *ctx, struct line *l);

static void take_line(struct process *p, unsigned peer, int fd)
{
	if (peer == WHO_PARENT || peer >= WHO_END || !ipc_has_line(p->self, (enum ipc_who)peer)) {
		close(fd);
		return;
	}
	if (p->line[peer].fd >= 0) /* its end is not read yet */
		gone(p, &p->line[peer]);
	line_hold_take(&p->line[peer], fd);
	if (p->phase != PHASE_RUN)
		return; /* siblings are not heard before the sandbox is closed */
	line_attach(&p->line[peer], &p->loop);
	if (p->ops->sibling)
		p->ops->sibling(p->ctx, (enum ipc_who)peer, true);
}

static void take(void *ctx, struct line *l, const struct msg *m, int fd)
{
	struct process *p = ctx;

	switch ((int)m->id) {
	case MSG_line:
		take_line(p, m->line.peer, fd);
		return;
	case MSG_descriptor:
		take_descriptor(p, m->descriptor.kind, fd);
		return;
	case MSG_begin:
		p->takes_over = m->begin.takes_over != 0;
		begin(p);
		return;
	case MSG_stop:
		p->hands_over = m->stop.hands_over != 0;
		if (p->ops->stop && p->phase == PHASE_RUN)
			p->ops->stop(p->ctx);
		else
			process_end(p);
		return;
	default:
		if (m->id == MSG_secrets_file)
			take_descriptor(p, DESC_FILE, fd);
		p->ops->message(p->ctx, l, m);
	}
}

/* A sibling's end is the parent's to handle: it gives a new line or stops us. The parent's own end
 * is ours. */
static void gone(void *ctx, struct line *l)
{
	struct process *p = ctx;

	if (l->is_lossy)
		line_forget(l);
	if (l->peer != WHO_PARENT) {
		if (p->phase == PHASE_RUN && p->ops->sibling)
			p->ops->sibling(p->ctx, l->peer, false);
		return;
	}
	if (p->ops->orphaned)
		p->ops->orphaned(p->ctx);
	_exit(EXIT_FAILURE);
}

int process_run(struct process *p, enum ipc_who self, const struct process_ops *ops, void *ctx)
{
	*p = (struct process){ .self = self, .phase = PHASE_SETUP, .ops = ops, .ctx = ctx };
	if (fcntl(PARENT_FD, F_GETFD) < 0) {
		fprintf(stderr, "ipsec-%s is started by ipsecd, not by hand: use ipsec start\n",
			ipc_who_name(self));
		return 2;
	}
	fcntl(PARENT_FD, F_SETFD, FD_CLOEXEC);
	/* of a terminal: for the parent, which tells us to stop */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN); /* a log may be a pipe */
	loop_begin(&p->loop);
	p->events = (struct event_sink){ send_event, p };
	for (unsigned i = 0; i < DESC_END; i++)
		p->fd[i] = -1;
	for (enum ipc_who w = 0; w < WHO_END; w++) {
		line_init(&p->line[w], self, w, &p->phase);
		p->line[w].take = take;
		p->line[w].gone = gone;
		p->line[w].ctx = p;
		/* another ike knows nothing of what the one before it asked */
		p->line[w].is_lossy = w == WHO_IKE && self != WHO_CONTROL;
	}
	line_attach_take(&p->line[WHO_PARENT], &p->loop, PARENT_FD);
	uv_run(&p->loop, UV_RUN_DEFAULT);
	for (enum ipc_who w = 0; w < WHO_END; w++)
		line_done(&p->line[w]);
	loop_done(&p->loop);
	return EXIT_SUCCESS;
}
