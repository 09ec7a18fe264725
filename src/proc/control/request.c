/* The verbs, and what their bodies may hold: doc/protocol/control.md. */
#include "proc/control/request.h"

#include "event/debug.h"
#include "ike/ike.h"
#include "ipsec/limits.h"

/* clang-format off */
static const struct api_verb verbs[] = {
	/*                                                            needs: name   sa     has name */
	{ "up",                API_WISH,    CMD_UP,          0,                  true,  false, true },
	{ "down",              API_WISH,    CMD_DOWN,        0,                  true,  false, true },
	{ "route",             API_WISH,    CMD_ROUTE,       0,                  true,  false, true },
	{ "unroute",           API_WISH,    CMD_UNROUTE,     0,                  true,  false, true },
	{ "rekey-ike",         API_IKE,     CMD_REKEY_IKE,   0,                  false, true,  true },
	{ "rekey-child",       API_IKE,     CMD_REKEY_CHILD, 0,                  false, true,  true },
	{ "alive",             API_IKE,     CMD_ALIVE,       0,                  false, true,  true },
	{ "delete-sa",         API_IKE,     CMD_DELETE_SA,   0,                  false, true,  false },
	{ "status",            API_STATUS,  CMD_STATUS,      STATUS_ALL,         false, false, true },
	{ "briefstatus",       API_STATUS,  CMD_STATUS,      STATUS_BRIEF,       false, false, true },
	{ "connectionstatus",  API_STATUS,  CMD_STATUS,      STATUS_CONNECTIONS, false, false, true },
	{ "trafficstatus",     API_STATUS,  CMD_STATUS,      STATUS_TRAFFIC,     false, false, true },
	{ "showstates",        API_STATUS,  CMD_STATUS,      STATUS_STATES,      false, false, true },
	{ "globalstatus",      API_STATUS,  CMD_STATUS,      STATUS_GLOBAL,      false, false, true },
	{ "shuntstatus",       API_STATUS,  CMD_STATUS,      STATUS_SHUNTS,      false, false, true },
	{ "addresspoolstatus", API_STATUS,  CMD_STATUS,      STATUS_POOLS,       false, false, true },
	{ "add",               API_PARENT,  0,               0,                  false, false, true },
	{ "replace",           API_PARENT,  0,               0,                  true,  false, true },
	{ "start",             API_PARENT,  0,               0,                  true,  false, true },
	{ "ondemand",          API_PARENT,  0,               0,                  true,  false, true },
	{ "delete",            API_PARENT,  0,               0,                  true,  false, true },
	{ "reload",            API_PARENT,  0,               0,                  false, false, true },
	{ "rereadsecrets",     API_PARENT,  0,               0,                  false, false, true },
	{ "listen",            API_PARENT,  0,               0,                  false, false, true },
	{ "restart",           API_PARENT,  0,               0,                  false, false, true },
	{ "restarted",         API_PARENT,  0,               0,                  false, false, true },
	{ "shutdown",          API_PARENT,  0,               0,                  false, false, true },
	{ "export-keys",       API_PARENT,  0,               0,                  false, false, false },
	{ "listall",           API_KEYS,    0,               0,                  false, false, true },
	{ "xfrmstat",          API_KERNEL,  0,               0,                  false, false, true },
	{ "story",             API_CONTROL, 0,               0,                  false, false, true },
	{ "debug",             API_CONTROL, 0,               0,                  false, false, true },
};
/* clang-format on */

const struct api_verb *api_verb(const char *name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((uint8_t)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static const char *take_name(struct api_request *r, const char *s, size_t n)
{
	r->name = s;
	return n == 0		     ? "name is empty"
	       : n > LIMIT_CONN_NAME ? "name is too long"
	       : has_control(s)	     ? "name has a control character"
				     : NULL;
}

static const char *take_config(struct api_request *r, const char *s, size_t n)
{
	r->config = s;
	return s[0] != '/'	    ? "config is not an absolute path"
	       : n > API_CONFIG_MAX ? "config is too long"
	       : has_control(s)	    ? "config has a control character"
				    : NULL;
}

static const char *take_text(struct api_request *r, const char *s, size_t n)
{
	r->text = s;
	r->text_n = n;
	return n > API_TEXT_MAX ? "text is too long" : NULL;
}

static const char *take_debug(struct api_request *r, const char *s, size_t n)
{
	uint32_t mask = 0;

	r->debug = s;
	return n > API_DEBUG_MAX ? "debug is too long"
	       : debug_apply(s, &mask)
		       ? "debug has a word that is unknown; ipsec-events(7) lists them"
		       : NULL;
}

static const char *take_remote_host(struct api_request *r, const char *s, size_t n)
{
	(void)n;
	return addr_parse(s, &r->remote_host) ? "remote_host is not a numeric address" : NULL;
}

static const char *take_user(struct api_request *r, const char *s, size_t n)
{
	r->user = s;
	return n == 0		      ? "user is empty"
	       : n > LIMIT_XAUTH_USER ? "user is too long"
	       : has_control(s)	      ? "user has a control character"
				      : NULL;
}

static const char *take_password(struct api_request *r, const char *s, size_t n)
{
	r->password = s;
	return n == 0			  ? "password is empty"
	       : n > LIMIT_XAUTH_PASSWORD ? "password is too long"
					  : NULL;
}

static const struct {
	const char *key, *wrong;
	const char *(*take)(struct api_request *r, const char *s, size_t n);
} strings[] = {
	{ "name", "name is not a string", take_name },
	{ "config", "config is not a string", take_config },
	{ "text", "text is not a string", take_text },
	{ "debug", "debug is not a string", take_debug },
	{ "user", "user is not a string", take_user },
	{ "password", "password is not a string", take_password },
	{ "remote_host", "remote_host is not a string", take_remote_host },
};

static const char *take_member(struct api_request *r, const char *key, const json_t *v)
{
	for (size_t i = 0; i < COUNT(strings); i++)
		if (strcmp(key, strings[i].key) == 0)
			return json_is_string(v) ? strings[i].take(r, json_string_value(v),
							   json_string_length(v))
						 : strings[i].wrong;
	if (strcmp(key, "asynchronous") == 0) {
		r->asynchronous = json_is_true(v);
		return json_is_boolean(v) ? NULL : "asynchronous is neither true nor false";
	}
	if (strcmp(key, "all") == 0) {
		r->all = json_is_true(v);
		return json_is_boolean(v) ? NULL : "all is neither true nor false";
	}
	if (strcmp(key, "serial") == 0) {
		json_int_t n = json_is_integer(v) ? json_integer_value(v) : 0;

		r->serial = n > 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
		return r->serial ? NULL : "serial is not the number of an SA";
	}
	return "the body has an unknown member";
}

static const char *read_body(struct api_request *r)
{
	const char *key, *error = NULL;
	json_t *value;

	if (!r->body)
		return "the body is not JSON";
	if (!json_is_object(r->body))
		return "the body is not a JSON object";
	json_object_foreach(
		r->body, key, value) if ((error = take_member(r, key, value))) return error;
	if (r->verb->needs_name && !r->name)
		return "name is missing: which connection?";
	if (r->password && !r->user)
		return "user is missing: whose password?";
	if (r->verb->needs_sa && !r->serial && !(r->verb->has_name && r->name))
		return "serial is missing: which SA?";
	return strcmp(r->verb->name, "debug") == 0 && !r->debug ? "debug is missing: which words?"
								: NULL;
}

const char *api_parse(const struct api_verb *v, struct bytes body, struct api_request *ret)
{
	struct api_request r = { .verb = v };
	const char *error;

	r.body = body.n ? json_loadb((const char *)body.p, body.n, JSON_REJECT_DUPLICATES, NULL)
			: json_object();
	error = read_body(&r);
	if (error)
		api_request_done(&r);
	else
		*ret = r;
	return error;
}

void api_request_done(struct api_request *r)
{
	json_t *password = json_object_get(r->body, "password");

	if (json_is_string(password)) /* also one that was refused */
		wipe((void *)(uintptr_t)json_string_value(password), json_string_length(password));
	json_decref(r->body);
	*r = (struct api_request){ 0 };
}

static bool is_up(const struct api_verb *v)
{
	return strcmp(v->name, "up") == 0 || strcmp(v->name, "start") == 0;
}

bool api_login(const struct api_request *r, struct msg *ret)
{
	bool is_down = strcmp(r->verb->name, "down") == 0 || strcmp(r->verb->name, "delete") == 0;

	if (!r->name || !(is_down || (is_up(r->verb) && r->user)))
		return false;
	*ret = (struct msg){ .id = MSG_xauth_login,
		.xauth_login = { .name = r->name,
			.user = is_down ? "" : r->user,
			.password = bytes_str(r->password && !is_down ? r->password : "") } };
	return true;
}

enum ipc_who api_to(const struct api_request *r)
{
	switch (r->verb->way) {
	case API_IKE:
	case API_STATUS:
		return WHO_IKE;
	case API_WISH:
	case API_PARENT:
		return WHO_PARENT;
	case API_KEYS:
		return WHO_KEYS;
	case API_KERNEL:
		return WHO_KERNEL;
	case API_CONTROL:
		break;
	}
	return WHO_CONTROL;
}

struct msg api_message(const struct api_request *r, enum ipc_who to, uint32_t request)
{
	struct msg m = { .id = MSG_secrets_list, .secrets_list = { .request = request } };

	if (to == WHO_IKE || r->verb->way == API_WISH)
		m = (struct msg){ .id = MSG_command,
			.command = { .kind = r->verb->kind,
				.what = r->verb->what,
				.request = request,
				.name = r->name,
				.serial = r->serial,
				.asynchronous = r->asynchronous,
				.remote_host = r->remote_host } };
	else if (to == WHO_KERNEL)
		m = (struct msg){ .id = MSG_xfrm_stat,
			.xfrm_stat = { .request = request, .all = r->all } };
	else if (to == WHO_PARENT)
		m = (struct msg){ .id = MSG_verb,
			.verb = { .request = request,
				.verb = r->verb->name,
				.name = r->name,
				.config = r->config,
				.asynchronous = r->asynchronous,
				.remote_host = r->remote_host,
				.pid = r->pid } };
	return m;
}
