/* ipsec-control: people and their programs talk to this process, events end here. */
#include "proc/control/control.h"

#include "event/debug.h"

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

static void take_setup(struct control *c, const struct msg_setup *m)
{
	struct rd r = rd_from(m->setup);
	struct conf_setup setup = { 0 };

	if (conf_setup_get(&r, &setup) != OK || !rd_end(&r))
		abort(); /* only our own parent speaks here */
	conf_setup_done(&c->setup);
	c->setup = setup;
	c->has_kernel_plane = m->kernel_plane != 0;
	free(c->plane_why);
	c->plane_why = xstrdup(m->plane_why);
	c->debug = 0;
	if (setup.plutodebug) /* words that are unknown were warned of */
		(void)debug_apply(setup.plutodebug, &c->debug);
}

struct held {
	struct list node;
	struct buf event;
};

static void on_diag_timer(uv_timer_t *t);

/* The diagnosis has its turn when it is due. */
static void diag_wait(struct control *c)
{
	ns_t due = diag_due(&c->diag), now = process_now().mono;

	if (due == NS_NEVER)
		uv_timer_stop(&c->diag_timer);
	else
		uv_timer_start(&c->diag_timer, on_diag_timer,
			due > now ? (uint64_t)((due - now) / NS_MS + 1) : 0, 0);
}

static void on_diag_timer(uv_timer_t *t)
{
	struct control *c = t->data;

	diag_turn(&c->diag, process_now(), &c->p.events);
	diag_wait(c);
}

static void take_event(struct control *c, struct bytes blob)
{
	struct rd r = rd_from(blob);
	struct event e;

	if (c->p.phase != PHASE_RUN) { /* the log is not there yet */
		struct held *h = xalloc(sizeof(*h));

		h->event = buf_from(blob);
		list_append(&c->held, &h->node);
		return;
	}
	if (event_get(&r, &e) != OK || !rd_end(&r))
		abort();
	hub_take(c, &e);
	diag_wait(c);
}

/* Those who worked on requests end, and others that come know nothing of them. */
static void take_pause(struct control *c)
{
	memset(c->xfrm_moved, 0, sizeof(c->xfrm_moved)); /* kernel counts from its own start */
	for (enum ipc_who w = 0; w < WHO_END; w++)
		if (w != WHO_PARENT)
			line_forget(&c->p.line[w]);
	hub_requests_lost(c);
}

static void message(void *ctx, struct line *from, const struct msg *m)
{
	struct control *c = ctx;

	(void)from;
	if (m->id == MSG_setup)
		take_setup(c, &m->setup);
	else if (m->id == MSG_event)
		take_event(c, m->event.event);
	else if (m->id == MSG_addresses) {
		buf_done(&c->addrs);
		c->addrs = buf_from(m->addresses.addrs);
	} else if (m->id == MSG_xfrm_moved) {
		if (m->xfrm_moved.counter < XFRM_COUNTER_END)
			c->xfrm_moved[m->xfrm_moved.counter] = m->xfrm_moved.since_start;
	} else if (m->id == MSG_good_record) {
		last_good_take(c, &m->good_record);
		diag_wait(c);
	} else if (m->id == MSG_paused)
		take_pause(c);
}

static bool begin(void *ctx)
{
	struct control *c = ctx;

	/* while files can still be read */
	tzset();
	json_object_seed(0);
	c->p.events = hub_sink(c);
	uv_timer_init(&c->p.loop, &c->diag_timer);
	c->diag_timer.data = c;
	/* not those of the one before, whose requests others may still be working on */
	c->last_request = (uint32_t)(process_now().wall >> 24) & 0x3fffffff;
	return http_start(c);
}

static void run(void *ctx)
{
	struct control *c = ctx;
	struct held *h;

	list_each (h, &c->held, struct held, node) {
		list_remove(&h->node);
		take_event(c, buf_view(&h->event));
		buf_done(&h->event);
		free(h);
	}
}

static void stop(void *ctx)
{
	struct control *c = ctx;

	/* what others said before they ended still lies on their lines */
	for (enum ipc_who w = 0; w < WHO_END; w++)
		if (ipc_has_line(WHO_CONTROL, w) && w != WHO_PARENT)
			while (line_receive(&c->p.line[w]))
				;
	http_stop(c);
	uv_close((uv_handle_t *)&c->diag_timer, NULL);
	process_end(&c->p);
}

/* What JSON's parser leaves behind may be a password. */
static void free_wiped(void *p)
{
	if (p)
		wipe(p, malloc_usable_size(p));
	free(p);
}

int main(void)
{
	static const struct process_ops ops = {
		.begin = begin, .run = run, .message = message, .stop = stop
	};
	struct control *c = xalloc(sizeof(*c));
	int status;

	json_set_alloc_funcs(xalloc, free_wiped);
	list_init(&c->clients);
	list_init(&c->held);
	diag_init(&c->diag);
	status = process_run(&c->p, WHO_CONTROL, &ops, c);
	hub_done(c);
	conf_setup_done(&c->setup);
	free(c->plane_why);
	buf_done(&c->addrs);
	free(c);
	return status;
}
