/* What outlives this process, and what the one before it left: records in the parent's memory,
 * given to the engine. Until the engine has them nobody is listened to: whoever spoke would not be
 * known. */
#include "proc/ike/shell.h"

#include <errno.h>
#include <stdlib.h>

struct records {
	struct record {
		uint32_t serial;
		struct buf octets;
	} * record;
	size_t n;
};

static void collect(void *ctx, uint32_t serial, struct bytes record)
{
	struct records *r = ctx;

	r->record = xrealloc(r->record, (r->n + 1) * sizeof(*r->record));
	r->record[r->n++] = (struct record){ serial, buf_from(record) };
}

static void records_done(struct records *r)
{
	for (size_t i = 0; i < r->n; i++) {
		wipe(r->record[i].octets.p, r->record[i].octets.n);
		buf_done(&r->record[i].octets);
	}
	free(r->record);
}

struct ike_keeper takeover_open(struct shell *s)
{
	int fd = s->p.fd[DESC_STORE];

	if (fd < 0)
		return (struct ike_keeper){ 0 };
	s->store = store_open(fd);
	if (!s->store) {
		PROCESS_EMIT(&s->p, store_refused, .why = ev_str(strerror(errno)));
		return (struct ike_keeper){ 0 };
	}
	s->is_taking_over = store_count(s->store) != 0;
	return (struct ike_keeper){ store_keep, store_forget, store_commit, s->store };
}

/* Those of the engine itself, or all the others. */
static void restore(struct shell *s, bool numbers)
{
	struct records r = { 0 };

	if (!s->store)
		return;
	store_each(s->store, collect, &r);
	for (size_t i = 0; i < r.n; i++) {
		if ((r.record[i].serial == 0) != numbers)
			continue;
		ike_restore(
			s->ike, process_now(), r.record[i].serial, buf_view(&r.record[i].octets));
		shell_output(s);
	}
	records_done(&r);
}

void takeover_numbers(struct shell *s)
{
	restore(s, true);
}

void takeover_begin(struct shell *s)
{
	restore(s, false);
}

struct held {
	struct list node;
	struct msg_command command;
	char *name;
};

bool takeover_holds(struct shell *s, const struct msg_command *m)
{
	struct held *h;

	if (!s->is_taking_over)
		return false;
	h = xalloc(sizeof(*h));
	h->command = *m;
	h->command.name = h->name = xstrdup(m->name);
	list_append(&s->held, &h->node);
	return true;
}

static void held_free(struct held *h)
{
	list_remove(&h->node);
	free(h->name);
	free(h);
}

void takeover_done(struct shell *s)
{
	struct held *h;

	if (s->is_taking_over)
		net_watch(s);
	s->is_taking_over = false;
	LINE_SEND(&s->p.line[WHO_PARENT], settled, .tunnels = s->n_taken, .lost = s->n_lost);
	list_each (h, &s->held, struct held, node) {
		shell_command(s, &h->command);
		held_free(h);
	}
}

void takeover_close(struct shell *s)
{
	struct held *h;

	list_each (h, &s->held, struct held, node)
		held_free(h);
	if (s->store && !s->p.hands_over)
		store_wipe(s->store);
	store_close(s->store);
}
