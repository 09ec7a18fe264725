/* HTTP on the control socket, by libmicrohttpd without threads: its epoll descriptor is watched by
 * our loop. Answers are streams of events, one JSON object a line. */
#include "proc/control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { BLOCK = 32 << 10, CLIENTS_MAX = 128 };

/* ---- answers ---- */

static enum MHD_Result reply(
	struct MHD_Connection *connection, unsigned status, const char *type, char *text_take)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text_take), text_take, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result done = MHD_NO;

	if (!r) {
		free(text_take);
		return MHD_NO;
	}
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	done = MHD_queue_response(connection, status, r);
	MHD_destroy_response(r);
	return done;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *error)
{
	return reply(
		connection, status, "application/json", xasprintf("{\"error\":\"%s\"}\n", error));
}

/* The next piece of a stream; none now: the connection sleeps until hub.c wakes it. */
static ssize_t next_piece(void *ctx, uint64_t pos, char *to, size_t max)
{
	struct client *client = ctx;
	size_t n = MIN(max, client->out.n - client->out_at);

	(void)pos;
	if (n == 0 && client->is_done)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		client->is_suspended = true;
		MHD_suspend_connection(client->connection);
		return 0;
	}
	memcpy(to, client->out.p + client->out_at, n);
	client->out_at += n;
	return (ssize_t)n;
}

static enum MHD_Result stream(struct client *client)
{
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK, next_piece, client, NULL);
	enum MHD_Result done;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "application/x-ndjson");
	done = MHD_queue_response(client->connection, MHD_HTTP_OK, r);
	MHD_destroy_response(r);
	return done;
}

/* GET /v1/events: what the ring still has (?since=SEQ), then all that comes. */
static enum MHD_Result start_stream(struct client *client)
{
	struct control *c = client->control;
	const char *since =
		MHD_lookup_connection_value(client->connection, MHD_GET_ARGUMENT_KIND, "since");
	uint64_t from = since ? strtoull(since, NULL, 10) + 1 : c->seq + 1;

	if (from + RING <= c->seq)
		from = c->seq - RING + 1;
	for (; from <= c->seq; from++)
		if (c->ring[from % RING].json && c->ring[from % RING].seq == from)
			hub_send(client, &c->ring[from % RING]);
	client->is_stream = true;
	return stream(client);
}

/* Who is at the other end of the socket; false: unknown. */
static bool who_asks(struct MHD_Connection *connection, struct ucred *ret)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	socklen_t n = sizeof(*ret);

	return i && getsockopt(i->connect_fd, SOL_SOCKET, SO_PEERCRED, ret, &n) == 0;
}

static enum MHD_Result start_verb(struct client *client, const struct api_verb *verb)
{
	struct control *c = client->control;
	struct ucred who = { 0 };
	const char *error;

	client->request = ++c->last_request;
	error = who_asks(client->connection, &who)
			? api_start(c, verb, bytes_of(client->body, client->n_body),
				  client->request, (uint32_t)who.pid)
			: "who asks?";
	if (error) {
		client->request = 0;
		return refuse(client->connection, MHD_HTTP_BAD_REQUEST, error);
	}
	return stream(client);
}

/* ---- requests ---- */

static struct client *client_new(struct control *c, struct MHD_Connection *connection)
{
	struct client *client = xalloc(sizeof(*client));

	client->control = c;
	client->connection = connection;
	list_append(&c->clients, &client->node);
	c->n_clients++;
	return client;
}

static enum MHD_Result dispatch(struct client *client, const char *method, const char *path)
{
	bool is_get = strcmp(method, MHD_HTTP_METHOD_GET) == 0;
	bool is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	const char *what = strncmp(path, "/v1/", 4) == 0 ? path + 4 : "";
	const struct api_verb *verb = api_verb(what);
	char *text;

	if (is_get && strcmp(what, "events") == 0)
		return start_stream(client);
	if (is_get && strcmp(what, "metrics") == 0 && (text = metrics_text(client->control)))
		return reply(client->connection, MHD_HTTP_OK, "text/plain; version=0.0.4", text);
	if (!verb)
		return refuse(client->connection, MHD_HTTP_NOT_FOUND, "unknown path");
	if (!is_post)
		return refuse(client->connection, MHD_HTTP_METHOD_NOT_ALLOWED, "use POST");
	return start_verb(client, verb);
}

/* A body may hold a password: where it is as short as such a one, nothing of it stays behind when
 * it moves. */
static void grow(struct client *client, const char *data, size_t n)
{
	enum { SHORT = 65536 };
	size_t all = client->n_body + n;
	char *body;

	if (client->n_body && all <= SHORT) {
		body = xalloc(all);
		memcpy(body, client->body, client->n_body);
		wipe(client->body, client->n_body);
		free(client->body);
	} else
		body = xrealloc(client->body, all);
	memcpy(body + client->n_body, data, n);
	client->body = body;
	client->n_body = all;
}

/* Called for the header, for each piece of the body, and at its end. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *data, size_t *data_n, void **state)
{
	struct client *client = *state;
	struct ucred who;

	(void)version;
	if (!client) {
		if (!who_asks(connection, &who) || who.uid != 0)
			return MHD_NO; /* who got past the socket's mode is not answered */
		*state = client_new(ctx, connection);
		return MHD_YES;
	}
	if (*data_n == 0)
		return dispatch(client, method, path);
	if (client->n_body + *data_n > API_BODY_MAX)
		return MHD_NO;
	grow(client, data, *data_n);
	*data_n = 0;
	return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct control *c = ctx;
	struct client *client = *state;

	(void)connection;
	(void)why;
	if (!client)
		return;
	list_remove(&client->node);
	c->n_clients--;
	buf_done(&client->out);
	if (client->body)
		wipe(client->body, client->n_body); /* a password may stand there */
	free(client->body);
	free(client);
	*state = NULL;
}

/* ---- loop ---- */

static void on_timer(uv_timer_t *t)
{
	http_turn(t->data);
}

static void run(struct control *c)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(c->http);
	if (MHD_get_timeout(c->http, &ms) == MHD_YES)
		uv_timer_start(&c->http_timer, on_timer, ms, 0);
	else
		uv_timer_stop(&c->http_timer);
}

/* Soon, not now: events may come while the library works. */
void http_turn(struct control *c)
{
	if (!c->http)
		return;
	if (c->in_http) {
		c->is_due = true;
		return;
	}
	c->in_http = true;
	do {
		c->is_due = false;
		run(c);
	} while (c->is_due);
	c->in_http = false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	http_turn(poll->data);
}

bool http_start(struct control *c)
{
	const union MHD_DaemonInfo *info;

	c->http = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, c, MHD_OPTION_LISTEN_SOCKET, c->p.fd[DESC_CONTROL],
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, c, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CLIENTS_MAX, MHD_OPTION_END);
	if (!c->http)
		return false;
	c->p.fd[DESC_CONTROL] = -1; /* the library's now */
	info = MHD_get_daemon_info(c->http, MHD_DAEMON_INFO_EPOLL_FD);
	uv_timer_init(&c->p.loop, &c->http_timer);
	c->http_timer.data = c;
	uv_poll_init(&c->p.loop, &c->http_poll, info->epoll_fd);
	c->http_poll.data = c;
	uv_poll_start(&c->http_poll, UV_READABLE, on_poll);
	return true;
}

void http_stop(struct control *c)
{
	struct client *client;

	if (!c->http)
		return;
	/* who comes from here on waits for the next one that listens, if there is one */
	c->p.fd[DESC_CONTROL] = MHD_quiesce_daemon(c->http);
	list_each (client, &c->clients, struct client, node) {
		client->is_done = true;
		if (client->is_suspended)
			MHD_resume_connection(client->connection);
		client->is_suspended = false;
	}
	for (int i = 0; i < 20 && c->n_clients; i++) { /* last words */
		MHD_run_wait(c->http, 10);
	}
	uv_poll_stop(&c->http_poll);
	MHD_stop_daemon(c->http);
	c->http = NULL;
}
