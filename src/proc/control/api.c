/* POST /v1/VERB: the table of verbs, and their way to the process that does them. */
#include "proc/control/control.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct args {
	const char *name, *config, *text, *debug, *remote_host;
	struct addr remote;
	uint32_t serial;
	bool asynchronous;
	size_t text_n;
};

struct verb {
	const char *name;
	void (*run)(
		struct control *c, const struct verb *v, const struct args *a, uint32_t request);
	uint8_t kind, what; /* of struct command */
	bool needs_name;
};

/* ---- to ike ---- */

static void to_ike(struct control *c, const struct verb *v, const struct args *a, uint32_t request)
{
	LINE_SEND(&c->p.line[WHO_IKE], command, .kind = v->kind, .what = v->what,
		.request = request, .name = a->name, .serial = a->serial,
		.asynchronous = a->asynchronous, .remote_host = a->remote);
}

/* ---- to the parent ---- */

/* A large text travels as memory, not as a message. */
static bool send_text(struct control *c, const struct args *a, uint32_t request)
{
	int fd = memfd_create("ipsec.conf", MFD_CLOEXEC);
	size_t at = 0;
	ssize_t n = 0;

	while (fd >= 0 && at < a->text_n && (n = write(fd, a->text + at, a->text_n - at)) > 0)
		at += (size_t)n;
	if (fd >= 0 && at == a->text_n)
		LINE_SEND_FD(&c->p.line[WHO_PARENT], fd, text, .request = request);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && at == a->text_n;
}

static void to_parent(
	struct control *c, const struct verb *v, const struct args *a, uint32_t request)
{
	if (a->text && !send_text(c, a, request)) {
		REQUEST_EMIT(&c->p, request, verb_failed, .verb = ev_str(v->name),
			.why = ev_str("no memory for the text"));
		hub_request_done(c, request, 32);
		return;
	}
	LINE_SEND(&c->p.line[WHO_PARENT], verb, .request = request, .verb = v->name,
		.name = a->name, .config = a->config);
}

/* ---- to keys, and our own ---- */

static void to_keys(struct control *c, const struct verb *v, const struct args *a, uint32_t request)
{
	(void)v;
	(void)a;
	LINE_SEND(&c->p.line[WHO_KEYS], secrets_list, .request = request);
}

static void set_debug(
	struct control *c, const struct verb *v, const struct args *a, uint32_t request)
{
	(void)v;
	free(c->debug);
	c->debug = xstrdup(a->debug ? a->debug : "");
	REQUEST_EMIT(&c->p, request, debug_set, .words = ev_str(*c->debug ? c->debug : "none"));
	hub_request_done(c, request, 0);
}

static const struct verb verbs[] = {
	{ "up", to_ike, CMD_UP, 0, true },
	{ "down", to_ike, CMD_DOWN, 0, true },
	{ "route", to_ike, CMD_ROUTE, 0, true },
	{ "unroute", to_ike, CMD_UNROUTE, 0, true },
	{ "rekey-ike", to_ike, CMD_REKEY_IKE, 0, false },
	{ "rekey-child", to_ike, CMD_REKEY_CHILD, 0, false },
	{ "delete-sa", to_ike, CMD_DELETE_SA, 0, false },
	{ "status", to_ike, CMD_STATUS, STATUS_ALL, false },
	{ "briefstatus", to_ike, CMD_STATUS, STATUS_BRIEF, false },
	{ "connectionstatus", to_ike, CMD_STATUS, STATUS_CONNECTIONS, false },
	{ "trafficstatus", to_ike, CMD_STATUS, STATUS_TRAFFIC, false },
	{ "showstates", to_ike, CMD_STATUS, STATUS_STATES, false },
	{ "globalstatus", to_ike, CMD_STATUS, STATUS_GLOBAL, false },
	{ "shuntstatus", to_ike, CMD_STATUS, STATUS_SHUNTS, false },
	{ "addresspoolstatus", to_ike, CMD_STATUS, STATUS_POOLS, false },
	{ "add", to_parent, 0, 0, false },
	{ "replace", to_parent, 0, 0, true },
	{ "start", to_parent, 0, 0, true },
	{ "ondemand", to_parent, 0, 0, true },
	{ "delete", to_parent, 0, 0, true },
	{ "reload", to_parent, 0, 0, false },
	{ "rereadsecrets", to_parent, 0, 0, false },
	{ "listen", to_parent, 0, 0, false },
	{ "shutdown", to_parent, 0, 0, false },
	{ "listall", to_keys, 0, 0, false },
	{ "debug", set_debug, 0, 0, false },
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

bool api_has(const char *verb)
{
	return find(verb) != NULL;
}

/* NULL when all is well, else what is wrong. Strings are the JSON's. */
static const char *read_args(json_t *j, struct args *a)
{
	json_t *text = json_object_get(j, "text"), *serial = json_object_get(j, "serial");

	if (!json_is_object(j))
		return "the body is not a JSON object";
	a->name = json_string_value(json_object_get(j, "name"));
	a->config = json_string_value(json_object_get(j, "config"));
	a->debug = json_string_value(json_object_get(j, "debug"));
	a->remote_host = json_string_value(json_object_get(j, "remote_host"));
	a->text = json_string_value(text);
	a->text_n = json_string_length(text);
	a->asynchronous = json_is_true(json_object_get(j, "asynchronous"));
	if (serial && (!json_is_integer(serial) || json_integer_value(serial) < 1 ||
			      json_integer_value(serial) > UINT32_MAX))
		return "serial is not a number of an SA";
	a->serial = (uint32_t)json_integer_value(serial);
	if (a->name && strlen(a->name) > LIMIT_CONN_NAME)
		return "name is too long";
	if (a->config && (a->config[0] != '/' || strlen(a->config) > 4096))
		return "config is not an absolute path";
	if (a->remote_host && addr_parse(a->remote_host, &a->remote) != OK)
		return "remote_host is not a numeric address";
	return NULL;
}

bool api_start(struct control *c, const char *verb, const char *body, size_t n, uint32_t request,
	unsigned *status, const char **error)
{
	const struct verb *v = find(verb);
	json_t *j = n ? json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL) : json_object();
	struct args a = { 0 };

	*status = 400;
	*error = !v ? "unknown verb" : j ? read_args(j, &a) : "the body is not JSON";
	if (!v)
		*status = 404;
	else if (!*error && v->needs_name && !a.name)
		*error = "name is missing: which connection?";
	if (!*error)
		v->run(c, v, &a, request);
	json_decref(j);
	return !*error;
}
