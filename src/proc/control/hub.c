/* Events come in here and go to the log, the counters, the ring and whoever waits. */
#include "proc/control/control.h"

#include <stdlib.h>

/* A client that has so much to read loses DEBUG first; at the second limit its stream ends. */
enum { CLIENT_SLOW = 1 << 20, CLIENT_DEAD = 64 << 20, JSON_MAX = 64 << 10 };

static void append(struct client *client, const char *json, size_t n)
{
	size_t waiting = client->out.n - client->out_at;

	if (client->out_at) {
		memmove(client->out.p, client->out.p + client->out_at, waiting);
		client->out.n = waiting;
		client->out_at = 0;
	}
	client->out.p = xrealloc(client->out.p, client->out.n + n);
	memcpy(client->out.p + client->out.n, json, n);
	client->out.n += n;
}

/* It reads again: how many it did not get. */
static void say_lost(struct client *client)
{
	struct event e = { .id = EV_log_dropped, .at = process_now() };
	char json[512];

	e.row[0] = ev_u64(client->lost);
	client->lost = 0;
	if (!event_json(&e, json, sizeof(json) - 1))
		return;
	strcat(json, "\n");
	append(client, json, strlen(json));
}

void hub_send(struct client *client, const struct kept *k)
{
	size_t waiting = client->out.n - client->out_at;

	if (k->is_debug && waiting > CLIENT_SLOW) {
		client->lost++;
		return;
	}
	if (waiting > CLIENT_DEAD) {
		client->is_done = true;
		return;
	}
	if (client->lost && waiting <= CLIENT_SLOW)
		say_lost(client);
	append(client, k->json, k->n);
}

static bool is_followed(const struct client *client, const struct kept *k)
{
	return client->follows && client->follows == k->request && !k->is_debug;
}

/* Who has waited hears from now on what is said to who joins. */
static void follow(struct control *c, const struct event *e)
{
	uint64_t with = FIELDS(e, conn_joined)->with.u64;
	struct client *client;

	list_each (client, &c->clients, struct client, node)
		if (with && (client->request == with || client->follows == with))
			client->follows = e->about.request;
}

/* Who waits for it gets it, and its turn. */
static void deliver(struct control *c, const struct kept *k, const struct event *e)
{
	struct client *client;
	bool is_reply = event_kind(e->id)->level == EVENT_REPLY;

	list_each (client, &c->clients, struct client, node) {
		bool is_own = k->request && client->request == k->request && !k->is_debug;
		bool asked = is_own || (is_followed(client, k) && e->id != EV_request_done);

		if (client->is_done || !(asked || (client->is_stream && !is_reply)))
			continue;
		hub_send(client, k);
		if (is_own && e->id == EV_request_done)
			client->is_done = true;
		if (client->is_suspended) {
			client->is_suspended = false;
			MHD_resume_connection(client->connection);
		}
	}
}

/* To ring, log, counters and clients. */
static void publish(struct control *c, const struct event *e)
{
	const struct event_kind *kind = event_kind(e->id);
	char *json = xalloc(JSON_MAX);
	struct event numbered = *e;
	struct kept *k;

	if (kind->level == EVENT_DEBUG && !(kind->debug & c->debug))
		goto out;
	numbered.seq = ++c->seq;
	c->count[(unsigned)e->id < EV_END ? e->id : EV_NONE]++;
	if (!event_json(&numbered, json, JSON_MAX - 1))
		goto out;
	strcat(json, "\n");
	k = &c->ring[c->seq % RING];
	free(k->json);
	*k = (struct kept){ .json = xstrdup(json),
		.n = strlen(json),
		.seq = c->seq,
		.request = e->about.request,
		.is_debug = kind->level == EVENT_DEBUG };
	if (kind->level != EVENT_REPLY)
		log_line(c, e);
	deliver(c, k, e);
	http_turn(c);
	log_news(c);
out:
	free(json);
}

void hub_take(struct control *c, const struct event *e)
{
	const struct event_sink out = hub_sink(c);
	struct event numbered = *e;

	if (e->id == EV_request_done) /* its verdict comes before its end */
		diag_ending(&c->diag, e->about.request, e->at, &out);
	if (e->id == EV_conn_joined)
		follow(c, e);
	last_good_see(c, e);
	numbered.seq = c->seq + 1;
	diag_take(&c->diag, &numbered);
	publish(c, e);
}

struct asker {
	struct control *c;
	uint32_t request;
};

/* Past ring, log and counters: it is no news. */
static void recalled(void *ctx, const struct event *e)
{
	struct asker *a = ctx;
	char *json = xalloc(JSON_MAX);

	if (event_json(e, json, JSON_MAX - 1)) {
		struct kept k = {
			.json = strcat(json, "\n"), .request = a->request, .seq = e->seq
		};

		k.n = strlen(json);
		deliver(a->c, &k, e);
	}
	free(json);
}

void hub_story(struct control *c, const char *conn, uint32_t request)
{
	struct asker a = { c, request };
	const struct event_sink out = { recalled, &a };

	diag_recall(&c->diag, conn, &out);
}

static void take(void *ctx, const struct event *e)
{
	hub_take(ctx, e);
}

struct event_sink hub_sink(struct control *c)
{
	return (struct event_sink){ take, c };
}

void hub_request_done(struct control *c, uint32_t request, int exit)
{
	REQUEST_EMIT(&c->p, request, request_done, .exit = ev_u64((uint64_t)exit));
}

void hub_requests_lost(struct control *c)
{
	uint32_t *lost = xalloc((c->n_clients + 1) * sizeof(*lost));
	struct client *client;
	size_t n = 0;

	list_each (client, &c->clients, struct client, node)
		if (client->request && !client->is_done)
			lost[n++] = client->request;
	for (size_t i = 0; i < n; i++) { /* clients may go while they are told */
		REQUEST_EMIT(&c->p, lost[i], request_lost, );
		hub_request_done(c, lost[i], 32);
	}
	free(lost);
}

void hub_done(struct control *c)
{
	for (size_t i = 0; i < RING; i++)
		free(c->ring[i].json);
	diag_done(&c->diag);
}
