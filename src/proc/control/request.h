#pragma once
/* What a client asks for, as a value: POST /v1/VERB and its JSON body. No sockets here. */
#include "ipc/ipc.h"

#include <jansson.h>

enum {
	API_CONFIG_MAX = 4096,	 /* octets of a path */
	API_TEXT_MAX = 8 << 20,	 /* of an ipsec.conf, as of a file */
	API_DEBUG_MAX = 1024,	 /* of words of plutodebug= */
	API_BODY_MAX = 16 << 20, /* of all together */
};

/* Who does it. API_WISH: what people want a connection to be: the parent remembers it, and tells
 * ike. */
enum api_way { API_WISH, API_IKE, API_STATUS, API_PARENT, API_KEYS, API_KERNEL, API_CONTROL };

struct api_verb {
	const char *name;
	enum api_way way;
	uint8_t kind, what; /* of struct command */
	bool needs_name, needs_sa /* serial, or name where has_name */, has_name;
};

struct api_request {
	const struct api_verb *verb;
	json_t *body;				  /* owns what the strings point to */
	const char *name, *config, *text, *debug; /* NULL: not given */
	const char *user, *password;		  /* of XAUTH; the password is wiped */
	size_t text_n;
	struct addr remote_host; /* none: not given */
	uint32_t serial;	 /* 0: not given */
	uint32_t pid;		 /* of who asks: not of the body, the caller sets it */
	bool asynchronous, all;
};

/* NULL when there is no such verb. */
const struct api_verb *api_verb(const char *name);
/* NULL when all is well: *ret is to be given to api_request_done(). Else what is wrong (static, to
 * be shown to people, without quotes), and *ret is untouched. An empty body is an object without
 * members. */
const char *api_parse(const struct api_verb *v, struct bytes body, struct api_request *ret);
void api_request_done(struct api_request *r);
/* The process that does it. */
enum ipc_who api_to(const struct api_request *r);
/* Does it give, or take back, an XAUTH user and password? That is said to keys, and to nobody else,
 * before the request itself. */
bool api_login(const struct api_request *r, struct msg *ret);
/* What is to be sent there, or to the parent in its place; API_CONTROL has none. Strings are r's.
 */
struct msg api_message(const struct api_request *r, enum ipc_who to, uint32_t request);
