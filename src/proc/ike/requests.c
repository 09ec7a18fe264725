/* Requests of the parent that become several commands: "add" of an alias, "reload". Their
 * request_done is emitted once, when the engine is done with all of them and the parent has said
 * the last. */
#include "proc/ike/shell.h"

#include <stdlib.h>

struct shell_request {
	struct list node;
	uint32_t id;
	unsigned holds;
	unsigned exit; /* the first that is not 0 */
	bool is_open; /* the engine has it: one request_done comes, however many commands it gets */
};

static struct shell_request *find(struct shell *s, uint32_t id)
{
	struct shell_request *r;

	list_each (r, &s->requests, struct shell_request, node)
		if (r->id == id)
			return r;
	return NULL;
}

static void release(struct shell *s, struct shell_request *r, unsigned status)
{
	if (r->exit == 0)
		r->exit = status;
	if (--r->holds)
		return;
	list_remove(&r->node);
	REQUEST_EMIT(&s->p, r->id, request_done, .exit = ev_u64(r->exit));
	free(r);
}

void requests_begin(struct shell *s, uint32_t request)
{
	struct shell_request *r;

	if (request == 0 || find(s, request))
		return;
	r = xalloc(sizeof(*r));
	r->id = request;
	r->holds = 1;
	list_append(&s->requests, &r->node);
}

void requests_end(struct shell *s, uint32_t request, unsigned exit)
{
	struct shell_request *r = find(s, request);

	if (r)
		release(s, r, exit);
}

void requests_hold(struct shell *s, uint32_t request)
{
	struct shell_request *r = find(s, request);

	if (r && !r->is_open) {
		r->is_open = true;
		r->holds++;
	}
}

void requests_event(void *ctx, const struct event *e)
{
	struct shell *s = ctx;
	struct shell_request *r;

	if (e->id == EV_ike_taken_over) {
		s->n_taken = (uint32_t)e->row[0].u64;
		s->n_lost = (uint32_t)e->row[1].u64;
	}
	r = e->id == EV_request_done ? find(s, e->about.request) : NULL;
	if (r) {
		r->is_open = false;
		release(s, r, (unsigned)e->row[0].u64);
	} else if (e->id == EV_request_done && e->about.request == REQUEST_SHUTDOWN)
		s->is_stopping = true;
	else if (e->id == EV_request_done && e->about.request == REQUEST_SETTLE)
		s->is_settled = true;
	else
		s->p.events.take(s->p.events.ctx, e);
}

void requests_done(struct shell *s)
{
	struct shell_request *r;

	list_each (r, &s->requests, struct shell_request, node)
		free(r);
	list_init(&s->requests);
}
