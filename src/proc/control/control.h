#pragma once
/* The control process: the API on the control socket, the ring of events, the log, the counters.
 * See doc/protocol/control.md. */
#include "config/conf.h"
#include "dataplane/xfrm/xfrm.h"
#include "diag/diag.h"
#include "ike/ike.h"
#include "proc/control/request.h"
#include "proc/process.h"

#include <microhttpd.h>

enum { RING = 4096 };

/* An event as kept and sent: its JSON line with newline. */
struct kept {
	char *json;
	size_t n;
	uint64_t seq;
	uint32_t request;
	bool is_debug;
};

struct control {
	struct process p;
	struct MHD_Daemon *http;
	uv_poll_t http_poll;
	uv_timer_t http_timer;
	bool in_http, is_due;	/* the library works; it has to once more */
	struct kept ring[RING]; /* event seq is in ring[seq % RING] */
	uint64_t seq;		/* of the last event */
	uint64_t count[EV_END];
	struct list clients; /* of struct client */
	size_t n_clients;
	struct list held; /* events that came before the sandbox was closed */
	uint32_t last_request;
	struct conf_setup setup;
	bool has_kernel_plane; /* the kernel does ESP */
	char *plane_why;
	struct buf addrs; /* of this host, with their interfaces, as kernel says them */
	uint64_t xfrm_moved[XFRM_COUNTER_END]; /* the kernel's failure counters, since start */
	struct diag diag;
	uv_timer_t diag_timer;
	uint32_t debug; /* enum debug_class: plutodebug=, then what "debug" said */
	struct log_state {
		bool missing, is_told; /* lines could not be written; it was said */
		uint64_t missed;
		ns_t last;	/* when that was, monotonic */
		int error;	/* of the system; 0: there is no log */
		const char *to; /* "file", "syslog", "terminal", "none" */
	} log;
};

/* ---- http.c ---- */
bool http_start(struct control *c);
/* After events came: gives the library its turn. */
void http_turn(struct control *c);
void http_stop(struct control *c);

/* One connection of a client: what it still has to get. */
struct client {
	struct list node;
	struct control *control;
	struct MHD_Connection *connection;
	char *body;
	size_t n_body;
	bool is_stream;	   /* all events, without an end */
	bool is_suspended; /* waits for events */
	bool is_done;	   /* after what is in out, the answer ends */
	uint32_t request;
	uint32_t follows; /* the last request that waits for the same; 0 */
	struct buf out;	  /* not yet taken by the library */
	size_t out_at;
	uint64_t lost; /* DEBUG events it did not get: it reads too slowly */
};

/* ---- hub.c: events in, to ring, log, counters, clients ---- */
void hub_take(struct control *c, const struct event *e);
void hub_send(struct client *client, const struct kept *k);
struct event_sink hub_sink(struct control *c);
void hub_done(struct control *c);
/* All that the diagnosis keeps of a connection (NULL: of everything), to who asks. */
void hub_story(struct control *c, const char *conn, uint32_t request);
/* The end of a request whose events nobody else will end. */
void hub_request_done(struct control *c, uint32_t request, int exit);
/* All that are not done are told that they will not be. */
void hub_requests_lost(struct control *c);

/* ---- api.c ---- */
/* Starts what the body asks for; NULL, or what is wrong with it (static). pid: of who asks. */
const char *api_start(struct control *c, const struct api_verb *v, struct bytes body,
	uint32_t request, uint32_t pid);

/* ---- last_good.c: how connections last worked ---- */
/* Of every event: what is to be kept goes to the parent, what was kept is asked for. */
void last_good_see(struct control *c, const struct event *e);
void last_good_take(struct control *c, const struct msg_good_record *m);

/* ---- heading.c: the first lines of status and globalstatus ---- */
void heading_show(struct control *c, uint32_t request);
void totals_show(struct control *c, uint32_t request);

/* ---- log.c ---- */
void log_line(struct control *c, const struct event *e);
/* After a line: says when lines begin to be missing, and when no longer. */
void log_news(struct control *c);
/* ---- metrics.c: Prometheus text; the caller frees it ---- */
char *metrics_text(const struct control *c);
