/* Requests to the control socket: a line with the verb, then the body. Oracles: a request or an
 * error, never both; what is accepted obeys doc/protocol/control.md; it says the same when its body
 * is written anew; the message that it becomes is permitted, fits, and arrives as it was sent. */
#include "event/debug.h"
#include "ike/ike.h"
#include "ipsec/limits.h"
#include "proc/control/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool str_eq(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static void check_limits(const struct api_request *r)
{
	uint32_t mask = 0;

	check(json_is_object(r->body) && json_object_size(r->body) <= 9);
	if (r->name)
		check(*r->name && strlen(r->name) <= LIMIT_CONN_NAME && !has_control(r->name));
	if (r->config)
		check(*r->config == '/' && strlen(r->config) <= API_CONFIG_MAX &&
			!has_control(r->config));
	if (r->text)
		check(strlen(r->text) == r->text_n && r->text_n <= API_TEXT_MAX);
	if (r->debug)
		check(strlen(r->debug) <= API_DEBUG_MAX && !debug_apply(r->debug, &mask));
	if (r->user)
		check(*r->user && strlen(r->user) <= LIMIT_XAUTH_USER && !has_control(r->user));
	if (r->password)
		check(r->user && *r->password && strlen(r->password) <= LIMIT_XAUTH_PASSWORD);
	check(r->name || !r->verb->needs_name);
	check(r->serial || r->name || !r->verb->needs_sa);
	check(r->debug || r->verb->way != API_CONTROL);
}

static void check_same(const struct api_request *a, const struct api_request *b)
{
	check(a->verb == b->verb && a->serial == b->serial && a->asynchronous == b->asynchronous &&
		a->all == b->all);
	check(str_eq(a->name, b->name) && str_eq(a->config, b->config));
	check(str_eq(a->text, b->text) && a->text_n == b->text_n && str_eq(a->debug, b->debug));
	check(str_eq(a->user, b->user) && str_eq(a->password, b->password));
	check(addr_eq(&a->remote_host, &b->remote_host));
}

static void check_again(const struct api_request *r)
{
	char *text = json_dumps(r->body, JSON_COMPACT);
	struct api_request again;

	check(text && !api_parse(r->verb, bytes_str(text), &again));
	check_same(r, &again);
	api_request_done(&again);
	free(text);
}

static void check_message(const struct api_request *r)
{
	uint8_t *room = xalloc(IPC_MAX);
	struct msg sent = api_message(r, api_to(r), 7), got;
	struct wr w = wr_to(room, IPC_MAX);

	check(ipc_permits(sent.id, WHO_CONTROL, api_to(r), PHASE_RUN, 0));
	ipc_put(&w, &sent);
	check(wr_ok(&w) && ipc_get(wr_view(&w), &got) == OK && got.id == sent.id);
	if (got.id == MSG_command) {
		check(got.command.request == 7 && got.command.serial == r->serial);
		check(str_eq(got.command.name, r->name) && got.command.kind == r->verb->kind);
		check(got.command.asynchronous == r->asynchronous);
		check(addr_eq(&got.command.remote_host, &r->remote_host));
	} else if (got.id == MSG_verb) {
		check(got.verb.request == 7 && str_eq(got.verb.verb, r->verb->name));
		check(str_eq(got.verb.name, r->name) && str_eq(got.verb.config, r->config));
	} else if (got.id == MSG_xfrm_stat)
		check(got.xfrm_stat.request == 7 && got.xfrm_stat.all == r->all);
	else
		check(got.id == MSG_secrets_list && r->verb->way == API_KEYS);
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n ? memchr(data, '\n', n) : NULL;
	size_t verb_n = end ? (size_t)(end - data) : n;
	struct api_request r = { .serial = 0x5a5a5a5a };
	const struct api_verb *v;
	char verb[64] = "";
	const char *error;

	if (verb_n >= sizeof(verb))
		return 0;
	if (verb_n)
		memcpy(verb, data, verb_n);
	v = api_verb(verb);
	if (!v)
		return 0;
	json_object_seed(1);
	error = api_parse(v, end ? bytes_of(end + 1, n - verb_n - 1) : BYTES_NONE, &r);
	if (error) {
		/* it goes into the answer's JSON as it is */
		check(!strpbrk(error, "\"\\") && !has_control(error));
		check(r.serial == 0x5a5a5a5a && !r.verb && !r.body && !r.name && !r.config);
		return 0;
	}
	check(r.verb == v);
	check_limits(&r);
	check_again(&r);
	if (v->way != API_CONTROL)
		check_message(&r);
	api_request_done(&r);
	return 0;
}
