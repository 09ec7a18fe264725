/* What the daemon knows of the connection, what its peer says when it is asked. */
#include "cmd/diagnose_probe.h"
#include "cmd/ladder.h"
#include "cmd/verify.h"
#include "diag/flow.h"
#include "diag/probed.h"
#include "diag/recorded.h"
#include "probe/probe.h"

#include <stdio.h>
#include <stdlib.h>

/* An attempt that has not decided itself by then is judged as it stands. */
#define ATTEMPT_TIME 4000 /* ms */
#define ALIVE_TIME   4000 /* the daemon says it after 2.5 s */

/* "10.0.1.7-10.0.1.7:0-65535 0", as "established" lines have it; of several, with something between
 * them. */
static void note_selectors(const char *text, struct ts_list *ret)
{
	char t[RANGE_STR];
	struct range r;

	for (ret->n = 0; *text && ret->n < COUNT(ret->ts); text += strspn(text, ", []")) {
		size_t n = strcspn(text, " ,");
		char *ports;

		snprintf(t, sizeof(t), "%.*s", (int)n, text);
		ports = strrchr(t, ':');
		if (ports && strchr(ports, '-')) /* else it is of an address */
			*ports = '\0';
		if (range_parse(t, &r) == OK)
			ret->ts[ret->n++] = ts_from_range(&r);
		text += n;
		text += strcspn(text, ",[]");
	}
}

static const char *text_in(const json_t *o, const char *key)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t ? t : "";
}

/* Servers that came with the last attempt. */
static void note_dns(struct ladder *l, const struct event *e)
{
	bool is_begin = e->id == EV_v2_initiate || e->id == EV_v1_initiate;
	struct addr a;

	if (e->at.wall < l->begun_at)
		return;
	if (is_begin) {
		l->begun_at = e->at.wall;
		l->n_dns = 0;
	}
	if (e->id != EV_v2_cp_dns && e->id != EV_v1_cfg_dns)
		return;
	a = e->row[0].addr; /* of both it is the only field */
	for (size_t i = 0; i < l->n_dns; i++)
		if (addr_eq(&l->dns[i], &a))
			return;
	if (l->n_dns < COUNT(l->dns))
		l->dns[l->n_dns++] = a;
}

static void heard(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK && e.at.wall > l->heard_until) {
		l->heard_last = MAX(l->heard_last, e.at.wall);
		if ((e.id == EV_v2_child_established || e.id == EV_v1_child_established) &&
			e.at.wall >= l->up_at) {
			l->up_at = e.at.wall;
			note_selectors(text_in(o, "ts_local"), &l->selectors[0]);
			note_selectors(text_in(o, "ts_remote"), &l->selectors[1]);
		}
		note_dns(l, &e);
		diag_take(&l->diag, &e);
		page_take(l->page, &e, true);
	}
	json_decref(o);
}

/* What it has not told of yet. */
static void hear(struct ladder *l)
{
	(void)request_each(l->cmd, "story", ladder_about(l), 0, heard, l);
	l->heard_until = l->heard_last;
}

static void ignored(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

json_t *ladder_about(const struct ladder *l)
{
	return json_pack("{s:s}", "name", l->name);
}

bool ladder_is_up(struct ladder *l)
{
	return l->is_up = diagnose_octets(l->cmd, l->name, &l->octets);
}

/* ---- what brings an on-demand tunnel up ---- */

static void note_begun(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK && e.at.wall >= l->trapped)
		l->has_begun = l->has_begun || e.id == EV_conn_acquire || e.id == EV_v2_initiate ||
			       e.id == EV_v1_initiate || e.id == EV_v2_child_established ||
			       e.id == EV_v1_child_established;
	json_decref(o);
}

/* An attempt that goes on, or an IKE SA. */
static void note_state(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);

	if (o && strcmp(text_in(o, "event"), "state_status") == 0 &&
		strcmp(text_in(o, "conn"), l->name) == 0)
		l->has_begun = true;
	json_decref(o);
}

static bool has_begun(void *ctx)
{
	struct ladder *l = ctx;

	(void)request_each(l->cmd, "story", ladder_about(l), 0, note_begun, l);
	(void)request_each(l->cmd, "showstates", json_object(), 0, note_state, l);
	return l->has_begun || ladder_is_up(l);
}

static void look_at_trap(struct ladder *l)
{
	const struct event_sink in = { ladder_told, l };
	char own[CONF_DEVICE_NAME];
	struct flow_for what = ladder_flow_for(l, own);

	if (l->conn->automatic != AUTO_ONDEMAND || !addr_is_set(&what.theirs) || !what.our_nets.n ||
		!what.their_nets.n)
		return;
	LADDER_STEP(l, "tunnel", "it is down, and to come up on demand: a packet is sent for it");
	l->trapped = diagnose_now().wall;
	l->has_begun = false;
	l->is_held = !flow_trap(&what, has_begun, &in);
	LADDER_STEP(l, "tunnel", "%s", l->is_held ? "nothing has begun" : "that begins a tunnel");
}

/* An attempt now says more than the memory of an old one. */
void ladder_daemon(struct ladder *l)
{
	l->is_running = daemon_answers(l->cmd);
	if (!l->is_running) {
		const struct event_sink in = { ladder_kept, l };
		struct event_about about = { .conn = l->name };

		LADDER_STEP(l, "daemon", "it does not run");
		EMIT(&in, diagnose_now(), &about, local_daemon,
			.socket = ev_str(cmd_socket(l->cmd)));
		return;
	}
	if (!ladder_is_up(l))
		look_at_trap(l);
	if (ladder_is_up(l)) {
		LADDER_STEP(l, "tunnel", "it is up");
	} else if (!l->is_held) {
		LADDER_STEP(l, "tunnel", "it is down: trying now");
		l->has_tried = true;
		(void)request_each(l->cmd, "up", ladder_about(l), ATTEMPT_TIME, ignored, l);
		LADDER_STEP(
			l, "tunnel", "%s", ladder_is_up(l) ? "it came up" : "it did not come up");
	}
	l->heard_until = l->heard_last = 0;
	hear(l);
}

/* ---- the peer ---- */

/* What the attempt leaves of 40 packets. */
enum { ASKED_MAX = 34 };

/* Whatever was lost on the way is no answer. */
static void ask_way(struct ladder *l, unsigned asked)
{
	const struct event_sink in = { ladder_told, l };
	char own[CONF_DEVICE_NAME];
	struct flow_for what = ladder_flow_for(l, own);

	if (asked && asked + FLOW_MORE <= ASKED_MAX && addr_is_set(&what.theirs))
		flow_loss(&what, &in);
}

/* The attempt has gone on meanwhile. */
static void hear_more(struct ladder *l)
{
	if (ladder_is_up(l))
		LADDER_STEP(l, "tunnel", "it came up meanwhile");
	hear(l);
}

/* The attempt just now ended before anybody was authenticated: why? */
static void ask_peer(struct ladder *l, bool is_refused)
{
	const struct event_sink in = { ladder_told, l };
	unsigned asked;

	LADDER_STEP(l, "peer", "asking it with first messages of IKE; nothing is authenticated");
	asked = diagnose_probe(l->conn, is_refused, l->cmd->transforms, diagnose_now, &in);
	if (!is_refused)
		ask_way(l, asked);
	LADDER_STEP(l, "peer", "%u packets, only to its address", asked);
	hear_more(l);
}

void ladder_peer(struct ladder *l)
{
	struct story *s = xalloc(sizeof(*s));
	bool is_refused = false, is_known;

	is_known = l->has_tried && !l->is_up && diag_story(&l->diag, l->name, diagnose_now(), s);
	if (is_known && story_is_stuck(s, &is_refused))
		ask_peer(l, is_refused);
	else if (l->cmd->transforms)
		LADDER_STEP(l, "peer",
			"it is not asked for its algorithms: the attempt was not refused for them");
	else if (is_known && story_still_waits(s)) {
		ask_way(l, 1);
		hear_more(l);
	}
	free(s);
}

/* ---- does IKE pass? ---- */

static void heard_alive(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK && (e.id == EV_ike_alive || e.id == EV_ike_not_alive))
		ladder_told(l, &e);
	json_decref(o);
}

void ladder_alive(struct ladder *l)
{
	struct story *s = xalloc(sizeof(*s));

	if (l->is_up && diag_story(&l->diag, l->name, diagnose_now(), s) && flow_is_one_way(s))
		(void)request_each(l->cmd, "alive", ladder_about(l), ALIVE_TIME, heard_alive, l);
	free(s);
}
