#pragma once
/* The ladder of ipsec diagnose: what its rungs share, a file each. Each shows what it does, and
 * gives what it sees to the story that the rules judge. */
#include "cmd/diagnose.h"
#include "cmd/diagnose_fix.h"
#include "cmd/diagnose_html.h"
#include "cmd/flow.h"
#include "ipsec/limits.h"

#include <jansson.h>

struct ladder {
	const struct cmd *cmd;
	const char *name; /* of the connection */
	struct conf *conf;
	const struct conf_conn *conn; /* NULL: not in the file */
	struct diag diag;
	struct page *page;   /* of --html; NULL: none is wanted */
	struct fixes *fixes; /* of --fix; likewise */
	bool is_up, is_running, has_tried;
	bool is_held;		     /* a packet for an on-demand tunnel has begun nothing */
	ns_t trapped;		     /* when it was sent */
	bool has_begun;		     /* since then */
	bool is_theirs;		     /* another suite's connection: its daemon is left alone */
	unsigned found, seen, asked; /* asked: packets to the peer of a connection of theirs */
	struct addr through;	     /* --through */
	struct ts_list selectors[2]; /* of the Child SA, ours and theirs: where the file has none */
	ns_t heard_until, heard_last; /* of the daemon's story */
	ns_t up_at, begun_at; /* when they came; when the attempt began. Instances are not told of
			       * in order */
	struct addr dns[LIMIT_DNS_SERVERS]; /* that the peer named with the tunnel that is up */
	size_t n_dns;
	struct flow_octets octets;
	struct flow_came came;
};

/* ---- ladder.c: sinks, whose context is the ladder ---- */
/* A step, or what is found: shown. */
void ladder_shown(void *l, const struct event *e);
/* The same, and what the rules judge. */
void ladder_told(void *l, const struct event *e);
/* Judged, and not shown one by one. */
void ladder_kept(void *l, const struct event *e);
/* Says who was given up, if anybody. */
void ladder_given_up(struct ladder *l);
#define LADDER_STEP(l, what, ...)                                                                  \
	do {                                                                                       \
		const struct event_sink out_ = { ladder_shown, (l) };                              \
		DIAGNOSE_STEP(&out_, what, __VA_ARGS__);                                           \
	} while (0)

/* ---- ladder_daemon.c ---- */
/* What the daemon knows, and an attempt now where the tunnel is down. */
void ladder_daemon(struct ladder *l);
/* The attempt ended before anybody was authenticated: the peer is asked why, with first messages.
 */
void ladder_peer(struct ladder *l);
/* Nothing came back through the tunnel: does IKE pass? */
void ladder_alive(struct ladder *l);
/* The arguments of a request about the connection; the caller's. */
json_t *ladder_about(const struct ladder *l);
bool ladder_is_up(struct ladder *l);

/* ---- ladder_flow.c ---- */
/* A test flow through a tunnel that is up. */
void ladder_flow(struct ladder *l);
/* own: room for the name of a device. */
struct flow_for ladder_flow_for(struct ladder *l, char own[static CONF_DEVICE_NAME]);
/* The device that packets for the tunnel take; "": the kernel's policies find them. */
const char *ladder_device(const struct conf_conn *c, char *own);

/* ---- ladder_host.c ---- */
void ladder_host(struct ladder *l);
void ladder_look(struct ladder *l, const struct local_for *what);
