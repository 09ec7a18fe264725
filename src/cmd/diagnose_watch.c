/* ipsec diagnose --watch: findings as they come and go, and what the tunnel does, until Ctrl-C. All
 * of it is the daemon's own diagnosis: nothing is sent, nothing tried. */
#include "cmd/diagnose.h"
#include "diag/diag.h"
#include "diag/recorded.h"

#include <signal.h>
#include <stdlib.h>

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	stopped = sig;
}

struct watch {
	const char *conn; /* NULL: all, and strangers */
	const struct event_sink *out;
	struct diag diag; /* what the daemon knew when we came */
	uint64_t last;	  /* its newest event by then */
	bool is_up;
	unsigned found;
};

static void heard(void *ctx, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK)
		diag_take(ctx, &e);
	json_decref(o);
}

void diagnose_story(const struct cmd *c, const char *conn, struct diag *d)
{
	json_t *about = conn ? json_pack("{s:s}", "name", conn) : json_object();

	(void)request_each(c, "story", about, 0, heard, d);
}

/* A finding, what belongs to it, or its end. */
static bool is_finding(const struct event *e)
{
	return strncmp(event_kind(e->id)->name, "diag_", 5) == 0 && e->id != EV_diag_step;
}

/* What the tunnel does. */
static bool is_change(const struct event *e)
{
	switch ((int)e->id) {
	case EV_conn_added:
	case EV_conn_deleted:
	case EV_conn_terminating:
	case EV_conn_revive:
	case EV_v2_initiate:
	case EV_v2_ike_established:
	case EV_v2_child_established:
	case EV_v2_child_deleting:
	case EV_v2_child_deleted_by_peer:
	case EV_v2_child_expired:
	case EV_v2_deleting:
	case EV_v2_replaced:
	case EV_v2_peer_moved:
	case EV_v2_timeout:
	case EV_v1_initiate:
	case EV_v1_ike_established:
	case EV_v1_child_established:
	case EV_v1_delete_child:
	case EV_v1_delete_ike:
	case EV_v1_deleting:
	case EV_v1_replaced:
	case EV_v1_peer_moved:
	case EV_v1_timeout:
	case EV_service_ready:
		return true;
	}
	return false;
}

static bool is_about(const struct watch *w, const struct event *e)
{
	const struct event_kind *k = event_kind(e->id);

	if (!w->conn || e->id == EV_service_ready)
		return true;
	if (e->about.conn)
		return strcmp(e->about.conn, w->conn) == 0;
	for (unsigned i = 0; i < k->n; i++) /* conn_added, conn_deleted */
		if (strcmp(k->field[i].name, "name") == 0 && e->row[i].type == EVENT_TYPE_str)
			return strcmp(e->row[i].str, w->conn) == 0;
	return false;
}

static void came(void *ctx, const char *line)
{
	struct watch *w = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK && (is_finding(&e) || is_change(&e)) && is_about(w, &e))
		w->out->take(w->out->ctx, &e);
	json_decref(o);
}

static void up(void *ctx, const char *line)
{
	struct watch *w = ctx;
	json_t *o = json_loads(line, 0, NULL);
	const char *name = json_string_value(json_object_get(o, "event"));
	json_int_t seq = json_integer_value(json_object_get(o, "seq"));

	w->is_up = w->is_up || (name && strcmp(name, "traffic_status") == 0);
	w->last = MAX(w->last, (uint64_t)(seq > 0 ? seq : 0));
	json_decref(o);
}

static void count(void *ctx, const struct event *e)
{
	struct watch *w = ctx;

	w->found += e->id == EV_found_finding;
	w->out->take(w->out->ctx, e);
}

static json_t *about_it(const struct watch *w)
{
	return w->conn ? json_pack("{s:s}", "name", w->conn) : json_object();
}

/* As it is when we come. */
static void say_state(struct watch *w, const struct cmd *c)
{
	const struct event_sink out = { count, w };

	/* first, for what happens while we ask is to be heard */
	(void)request_each(c, "trafficstatus", about_it(w), 0, up, w);
	diagnose_story(c, NULL, &w->diag);
	DIAGNOSE_STEP(w->out, w->conn ? "tunnel" : "tunnels", "%s",
		!w->is_up ? w->conn ? "it is down" : "none is up"
		: w->conn ? "it is up"
			  : "at least one is up");
	diag_report(&w->diag, w->conn, 0, diagnose_now(), &out);
	if (!w->found)
		DIAGNOSE_STEP(w->out, "findings", "none now");
}

int diagnose_watch(const struct cmd *c, const char *conn, const struct event_sink *out)
{
	struct sigaction a = { .sa_handler = stop };
	struct watch w = { .conn = conn, .out = out };
	int status;

	if (!daemon_answers(c))
		return daemon_absent(c);
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	diag_init(&w.diag);
	say_state(&w, c);
	diag_done(&w.diag);
	status = request_follow(c, w.last, &stopped, came, &w);
	if (!stopped && status)
		out_error("ipsec: the daemon went away");
	return stopped ? 0 : EXIT_PROTOCOL;
}
