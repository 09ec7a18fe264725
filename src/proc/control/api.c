/* POST /v1/VERB: what was asked for goes to the process that does it. */
#include "proc/control/control.h"

#include "event/debug.h"
#include <sys/mman.h>
#include <unistd.h>

/* A large text travels as memory, not as a message. */
static bool send_text(struct control *c, const struct api_request *r, uint32_t request)
{
	int fd = memfd_create("ipsec.conf", MFD_CLOEXEC);
	size_t at = 0;
	ssize_t n = 0;

	while (fd >= 0 && at < r->text_n && (n = write(fd, r->text + at, r->text_n - at)) > 0)
		at += (size_t)n;
	if (fd >= 0 && at == r->text_n)
		LINE_SEND_FD(&c->p.line[WHO_PARENT], fd, text, .request = request);
	if (fd >= 0)
		close(fd);
	return fd >= 0 && at == r->text_n;
}

static void set_debug(struct control *c, const struct api_request *r, uint32_t request)
{
	char words[128];

	(void)debug_apply(r->debug, &c->debug); /* api_parse() has refused unknown words */
	REQUEST_EMIT(&c->p, request, debug_set,
		.words = ev_str(debug_format(c->debug, words, sizeof(words))));
	hub_request_done(c, request, 0);
}

static void start(struct control *c, const struct api_request *r, uint32_t request)
{
	enum ipc_who to = api_to(r);
	struct msg m;

	if (strcmp(r->verb->name, "story") == 0) {
		hub_story(c, r->name, request);
		hub_request_done(c, request, 0);
		return;
	}
	if (r->verb->way == API_CONTROL) {
		set_debug(c, r, request);
		return;
	}
	if (r->verb->way == API_PARENT && r->text && !send_text(c, r, request)) {
		REQUEST_EMIT(&c->p, request, verb_failed, .verb = ev_str(r->verb->name),
			.why = ev_str("no memory for the text"));
		hub_request_done(c, request, 32);
		return;
	}
	if (r->verb->way == API_STATUS && r->verb->what == STATUS_ALL)
		heading_show(c, request);
	else if (r->verb->way == API_STATUS && r->verb->what == STATUS_GLOBAL)
		totals_show(c, request);
	if (r->verb->way == API_STATUS &&
		(r->verb->what == STATUS_ALL || r->verb->what == STATUS_CONNECTIONS))
		diag_report(&c->diag, r->name, request, process_now(), &c->p.events);
	if (c->p.line[to].fd < 0)
		to = WHO_PARENT; /* it knows why that process is not there */
	if (api_login(r, &m))
		line_send_fd(&c->p.line[WHO_KEYS], &m, -1);
	m = api_message(r, to, request);
	line_send_fd(&c->p.line[to], &m, -1);
}

const char *api_start(struct control *c, const struct api_verb *v, struct bytes body,
	uint32_t request, uint32_t pid)
{
	struct api_request r;
	const char *error = api_parse(v, body, &r);

	if (error)
		return error;
	r.pid = pid;
	start(c, &r, request);
	api_request_done(&r);
	return NULL;
}
