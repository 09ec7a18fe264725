/* ipsec diagnose: walks from the configuration outwards, shows each step, and names the cause. What
 * a step sees are events; with those that the daemon kept they are the story that the rules judge.
 */
#include "cmd/diagnose.h"
#include "cmd/diagnose_config.h"
#include "cmd/diagnose_fix.h"
#include "cmd/diagnose_html.h"
#include "cmd/diagnose_probe.h"
#include "cmd/flow.h"
#include "cmd/local.h"
#include "cmd/their_conn.h"
#include "cmd/verify.h"
#include "config/conf.h"
#include "config/facts.h"
#include "config_build.h"
#include "diag/flow.h"
#include "diag/probed.h"
#include "diag/recorded.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* An attempt that has not decided itself by then is judged as it stands. */
#define ATTEMPT_TIME 4000 /* ms */
/* In a cloud, for packets of others: a ping each second is seen three times. */
#define LISTENS (3500 * NS_MS)
enum { PORT_L2TP = 1701 };
#define ALIVE_TIME 4000 /* the daemon says it after 2.5 s */

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
	ns_t up_at, begun_at; /* when they came; when the attempt began. Instances are not told of
			       * in order */
	struct addr dns[LIMIT_DNS_SERVERS]; /* that the peer named with the tunnel that is up */
	size_t n_dns;
	struct flow_octets octets;
	struct flow_came came;
};

struct now diagnose_now(void)
{
	struct timespec wall;
	ns_t t;

	clock_gettime(CLOCK_REALTIME, &wall);
	t = (ns_t)wall.tv_sec * NS_S + wall.tv_nsec;
	/* events come with wall time only */
	return (struct now){ .mono = t, .wall = t };
}

void diagnose_show(const struct event *e)
{
	static char t[64 << 10];

	if (out_is_json() && event_json(e, t, sizeof(t)))
		out_event(t, -1);
	else if (!out_is_json())
		puts(event_line(e, false, t, sizeof(t)));
	fflush(stdout);
}

/* A step: shown. */
static void shown(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	l->found += e->id == EV_found_finding;
	if (l->fixes)
		fixes_take(l->fixes, e);
	diagnose_show(e);
	page_take(l->page, e, false);
}

/* The same, and what the rules judge. */
static void told(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	diagnose_show(e);
	page_take(l->page, e, false);
	diag_take(&l->diag, e);
}

/* Not shown one by one. */
static void kept(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	if (l->is_theirs && diagnose_is_their_daemon(e))
		return;
	diag_take(&l->diag, e);
	page_take(l->page, e, false);
	l->seen++;
}

#define STEP(l, what, ...)                                                                         \
	do {                                                                                       \
		const struct event_sink out_ = { shown, (l) };                                     \
		DIAGNOSE_STEP(&out_, what, __VA_ARGS__);                                           \
	} while (0)

/* ---- configuration ---- */

static bool look_at_config(struct ladder *l)
{
	const struct conf_source files = conf_source_files();
	const char *file = cmd_config(l->cmd);
	const struct event_sink in = { told, l };
	struct addr local[LOCALS_MAX];

	l->conf = conf_parse(&files, file);
	facts_resolve(l->conf, l->name, local, facts_locals(local));
	for (size_t i = 0; i < l->conf->n_issue; i++) {
		const struct conf_issue *is = &l->conf->issue[i];
		struct event_about about = { .conn = l->name };

		/* what our parser does not know may be right for theirs */
		if (!l->is_theirs && is->is_error && (!is->conn || strcmp(is->conn, l->name) == 0))
			EMIT(&in, diagnose_now(), &about, config_error, .file = ev_str(is->file),
				.at_line = ev_u64(is->line), .what = ev_str(is->text),
				.name = ev_str(l->name));
	}
	l->conn = conf_find(l->conf, l->name, 0);
	if (l->conn)
		STEP(l, "configuration", "%s:%u has the connection", l->conn->file, l->conn->line);
	else
		STEP(l, "configuration", "%s has no connection named \"%s\"", file, l->name);
	return l->conn != NULL;
}

/* ---- what the daemon knows ---- */

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

	if (o && event_of_json(o, &e) == OK) {
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

static void ignored(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

static json_t *about_it(const struct ladder *l)
{
	return json_pack("{s:s}", "name", l->name);
}

static bool is_up(struct ladder *l)
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

	(void)request_each(l->cmd, "story", about_it(l), 0, note_begun, l);
	(void)request_each(l->cmd, "showstates", json_object(), 0, note_state, l);
	return l->has_begun || is_up(l);
}

static struct flow_for flow_for(struct ladder *l, char own[static CONF_DEVICE_NAME]);

static void look_at_trap(struct ladder *l)
{
	const struct event_sink in = { told, l };
	char own[CONF_DEVICE_NAME];
	struct flow_for what = flow_for(l, own);

	if (l->conn->automatic != AUTO_ONDEMAND || !addr_is_set(&what.theirs) || !what.our_nets.n ||
		!what.their_nets.n)
		return;
	STEP(l, "tunnel", "it is down, and to come up on demand: a packet is sent for it");
	l->trapped = diagnose_now().wall;
	l->has_begun = false;
	l->is_held = !flow_trap(&what, has_begun, &in);
	STEP(l, "tunnel", "%s", l->is_held ? "nothing has begun" : "that begins a tunnel");
}

/* An attempt now says more than the memory of an old one. */
static void look_at_daemon(struct ladder *l)
{
	l->is_running = daemon_answers(l->cmd);
	if (!l->is_running) {
		const struct event_sink in = { kept, l };
		struct event_about about = { .conn = l->name };

		STEP(l, "daemon", "it does not run");
		EMIT(&in, diagnose_now(), &about, local_daemon,
			.socket = ev_str(cmd_socket(l->cmd)));
		return;
	}
	if (!is_up(l))
		look_at_trap(l);
	if (is_up(l)) {
		STEP(l, "tunnel", "it is up");
	} else if (!l->is_held) {
		STEP(l, "tunnel", "it is down: trying now");
		l->has_tried = true;
		(void)request_each(l->cmd, "up", about_it(l), ATTEMPT_TIME, ignored, l);
		STEP(l, "tunnel", "%s", is_up(l) ? "it came up" : "it did not come up");
	}
	(void)request_each(l->cmd, "story", about_it(l), 0, heard, l);
}

/* ---- the peer ---- */

/* The attempt just now ended before anybody was authenticated: why? */
static void ask_peer(struct ladder *l)
{
	const struct event_sink in = { told, l };
	struct story *s = xalloc(sizeof(*s));
	bool is_refused = false;

	if (l->has_tried && !l->is_up && diag_story(&l->diag, l->name, diagnose_now(), s) &&
		story_is_stuck(s, &is_refused)) {
		STEP(l, "peer", "asking it with first messages of IKE; nothing is authenticated");
		STEP(l, "peer", "%u packets, only to its address",
			diagnose_probe(l->conn, is_refused, l->cmd->transforms, diagnose_now, &in));
	} else if (l->cmd->transforms)
		STEP(l, "peer",
			"it is not asked for its algorithms: the attempt was not refused for them");
	free(s);
}

/* ---- a test flow through the tunnel ---- */

static void count_octets(void *ctx, struct flow_octets *ret)
{
	struct ladder *l = ctx;

	(void)is_up(l);
	*ret = l->octets;
}

static const char *count_others(void *ctx, unsigned i, struct flow_octets *ret)
{
	const struct ladder *l = ctx;

	return diagnose_other(l->cmd, l->conf, l->conn, i, ret);
}

static void flow_step(void *ctx, const char *result)
{
	struct ladder *l = ctx;

	STEP(l, "test flow", "%s", result);
}

/* The device that packets for the tunnel take; "": the kernel's policies find them. */
static const char *device_of(const struct conf_conn *c, char *own)
{
	if (conf_device_name(c, own))
		return own;
	/* userspace ESP has this one */
	return access("/sys/class/net/ipsec0/tun_flags", F_OK) == 0 ? "ipsec0" : "";
}

/* Echo requests do not go through a tunnel for one protocol. False: it is for all. */
static bool look_at_port(struct ladder *l, const struct flow_for *what)
{
	const struct conf_conn *c = l->conn;
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	const struct event_sink in = { told, l };
	struct addr own = conf_host(ours);

	if (!ours->protocol && !theirs->protocol)
		return false;
	if (theirs->protocol != IPPROTO_UDP || theirs->port != PORT_L2TP || !addr_is_set(&own) ||
		!addr_is_set(&what->theirs))
		STEP(l, "test flow", "none: the tunnel takes one protocol or port alone");
	else
		STEP(l, "test flow", "%s", flow_port(what, &own, ours->port, theirs->port, &in));
	return true;
}

static struct flow_for flow_for(struct ladder *l, char own[static CONF_DEVICE_NAME])
{
	const struct conf_conn *c = l->conn;
	const struct conf_end *ours = c->local_is_left ? &c->left : &c->right;
	const struct conf_end *theirs = c->local_is_left ? &c->right : &c->left;
	char machine[LOCAL_MACHINE];

	return (struct flow_for){ .conn = c->name,
		.theirs = conf_host(theirs),
		/* an address that is lent is known with the tunnel only */
		.our_nets = ours->subnet.n && !ours->modecfgclient ? ours->subnet : l->selectors[0],
		.their_nets = theirs->subnet.n ? theirs->subnet : l->selectors[1],
		.device = device_of(c, own),
		.sa_nets = l->selectors[1],
		.dns = l->dns,
		.n_dns = l->n_dns,
		.through = l->through,
		.is_self = l->cmd->self,
		.asks_lan = l->cmd->lan,
		.listens = local_cloud_name(machine) ? LISTENS : 0,
		.octets = count_octets,
		.others = count_others,
		.ctx = l,
		.step = flow_step,
		.now = diagnose_now };
}

static void look_at_flow(struct ladder *l)
{
	const struct event_sink in = { told, l };
	char own[CONF_DEVICE_NAME], machine[LOCAL_MACHINE];
	const char *cloud = local_cloud_name(machine);
	struct flow_for what = flow_for(l, own);

	l->came = (struct flow_came){ "", "" };
	if (!l->is_up)
		return;
	if (cloud)
		STEP(l, "cloud",
			"this host runs in %s: packets from hosts behind the peer to hosts here "
			"are "
			"looked at while the test runs",
			cloud);
	if (look_at_port(l, &what))
		return;
	if (!addr_is_set(&what.theirs) || !what.our_nets.n || !what.their_nets.n)
		STEP(l, "test flow", "none: the networks of both ends are not known here");
	else
		l->came = flow_run(&what, &in);
}

/* Nothing came back through the tunnel: does IKE pass? */
static void heard_alive(void *ctx, const char *line)
{
	struct ladder *l = ctx;
	json_t *o = json_loads(line, 0, NULL);
	struct event e;

	if (o && event_of_json(o, &e) == OK && (e.id == EV_ike_alive || e.id == EV_ike_not_alive))
		told(l, &e);
	json_decref(o);
}

static void ask_alive(struct ladder *l)
{
	struct story *s = xalloc(sizeof(*s));

	if (l->is_up && diag_story(&l->diag, l->name, diagnose_now(), s) && flow_is_one_way(s))
		(void)request_each(l->cmd, "alive", about_it(l), ALIVE_TIME, heard_alive, l);
	free(s);
}

/* ---- this host ---- */

static void look(struct ladder *l, const struct local_for *what)
{
	const struct event_sink in = { kept, l };
	char ours[ADDR_STR];

	l->seen = 0;
	local_look(what, diagnose_now(), &in);
	STEP(l, "this host",
		"routes, packet filters, NAT, policies and sockets around %s: %u facts",
		addr_is_set(&what->ours) ? addr_format(&what->ours, ours) : "it", l->seen);
}

/* Which one a unique mark is, the daemon knows. */
static struct local_mark_of mark_of(const struct conf_mark *m)
{
	if (m->is_unique)
		return (struct local_mark_of){ 0 };
	return (struct local_mark_of){ m->value, m->mask };
}

struct local_for diagnose_local(const struct conf_conn *c, char own[static CONF_DEVICE_NAME])
{
	bool is_left = c->local_is_left || !c->oriented;
	const struct conf_end *ours = is_left ? &c->left : &c->right;
	const struct conf_end *theirs = is_left ? &c->right : &c->left;

	struct ts_list pools = { 0 };

	for (size_t i = 0; i < theirs->n_pool; i++)
		pools.ts[pools.n++] = ts_from_range(&theirs->pool[i]);
	return (struct local_for){ .conn = c->name,
		.pools = pools,
		.ours = conf_host(ours),
		.theirs = conf_host(theirs),
		.our_port = ours->ikeport,
		.their_port = theirs->ikeport,
		.our_nets = ours->subnet,
		.their_nets = theirs->subnet,
		.device = device_of(c, own),
		.mark_in = mark_of(&c->mark_in),
		.mark_out = mark_of(&c->mark_out),
		.if_id = c->if_id,
		.flow = "",
		.own_flow = "",
		/* a resolver that has not answered before is not waited for again */
		.their_name = theirs->host_kind == HOST_NAME && addr_is_set(&theirs->host)
				      ? theirs->host_name
				      : NULL,
		.is_initiator = addr_is_set(&theirs->host),
		/* of a client nobody has it when L2TP is not wanted now */
		.udp_port = ours->protocol == IPPROTO_UDP && theirs->host_kind == HOST_ANY
				    ? ours->port
				    : 0 };
}

static void look_at_host(struct ladder *l)
{
	const struct conf_conn *c = l->conn;
	const struct event_sink in = { kept, l };
	char own[CONF_DEVICE_NAME];
	struct local_for what = diagnose_local(c, own);
	struct utsname host;

	if (!l->is_running && uname(&host) == 0) /* else it has told */
		conf_facts(c, &(struct facts_host){ host.release, CLEARSWAN_VERSION },
			&(struct event_about){ .conn = l->name }, diagnose_now(), &in);
	what.octets_in = l->octets.in;
	what.octets_out = l->octets.out;
	what.flow = l->came.flow;
	what.own_flow = l->came.own_flow;
	if (l->is_running && !l->is_theirs) {
		what.file = c->file;
		what.automatic = conf_auto(c);
		what.socket = cmd_socket(l->cmd);
	}
	look(l, &what);
}

/* ---- the verdict ---- */

static int conclude(struct ladder *l)
{
	const struct event_sink out = { shown, l };

	diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
	if (l->found)
		return EXIT_FOUND;
	if (l->is_up) {
		STEP(l, "verdict", "nothing is wrong with it, as far as can be seen from here");
		return 0;
	}
	STEP(l, "verdict", "it is down, and what was seen does not say why");
	return EXIT_UNSURE;
}

static int walk(struct ladder *l)
{
	const struct event_sink out = { shown, l };
	int status;

	diag_init(&l->diag);
	if (look_at_config(l)) {
		look_at_daemon(l);
		if (!fix_is_stopped())
			ask_peer(l);
		if (!fix_is_stopped())
			look_at_flow(l);
		if (!fix_is_stopped())
			ask_alive(l);
		if (!fix_is_stopped())
			look_at_host(l);
		status = fix_is_stopped() ? EXIT_UNSURE : conclude(l);
	} else {
		diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
		status = l->found ? EXIT_FOUND : EXIT_UNKNOWN;
	}
	diag_done(&l->diag);
	conf_free(l->conf);
	return status;
}

/* ---- another suite's ---- */

/* Our daemon would tell of it; theirs is not asked. */
static bool tell_unresolved(struct ladder *l)
{
	const struct conf_end *theirs = l->conn->local_is_left ? &l->conn->right : &l->conn->left;
	const struct event_about about = { .conn = l->name };
	const struct event_sink in = { kept, l };

	if (theirs->host_kind != HOST_NAME || addr_is_set(&theirs->host))
		return false;
	EMIT(&in, diagnose_now(), &about, resolve_failed, .host = ev_str(theirs->host_name),
		.why = ev_str("it has no address"), .seconds = ev_u64(0), .name = ev_str(l->name));
	return true;
}

/* Its daemon may be at it, and is not asked: probes come from a port of their own. c NULL: it is
 * Libreswan's. */
static void ask_their_peer(
	struct ladder *l, const struct their_conn *c, const struct local_for *what)
{
	const struct event_sink in = { told, l };
	const char *why = NULL;

	STEP(l, "peer", "asking it with first messages of IKE; nothing is authenticated");
	if (c)
		l->asked = diagnose_ask_their_peer(c, what, l->cmd->transforms, &in, &why);
	else if (tell_unresolved(l))
		why = "its name has no address";
	else
		l->asked = diagnose_probe(l->conn, false, l->cmd->transforms, diagnose_now, &in);
	if (l->asked)
		STEP(l, "peer", "%u packets, only to its address", l->asked);
	else
		STEP(l, "peer", "it cannot be asked: %s",
			why ? why
			    : "its address is not known here, or this end's is none of "
			      "this host");
}

static int conclude_theirs(struct ladder *l)
{
	const struct event_sink out = { shown, l };

	diag_report(&l->diag, l->name, 0, diagnose_now(), &out);
	if (l->found)
		return EXIT_FOUND;
	STEP(l, "verdict", "nothing on this host stands in its way%s; its daemon was not asked",
		l->asked ? ", and the peer takes what it begins with" : "");
	return 0;
}

/* c NULL: Libreswan's, which our parser reads. */
static int walk_theirs(struct ladder *l, const struct their_conn *c)
{
	const struct event_sink in = { kept, l };
	struct local_for what;
	int status = EXIT_UNKNOWN;

	l->is_theirs = true;
	diag_init(&l->diag);
	if (c) {
		l->name = c->name;
		diagnose_their_facts(c, &what, &in);
		ask_their_peer(l, c, &what);
		look(l, &what);
		status = conclude_theirs(l);
	} else if (look_at_config(l)) {
		ask_their_peer(l, NULL, NULL);
		look_at_host(l);
		status = conclude_theirs(l);
	}
	diag_done(&l->diag);
	conf_free(l->conf);
	return status;
}

/* False: it is not theirs. */
static bool is_theirs(struct ladder *l, int *ret_status)
{
	const struct cmd *c = l->cmd;
	const struct event_sink out = { shown, l };
	struct their_conn *conn = xalloc(sizeof(*conn));
	enum theirs what = diagnose_theirs(c->config, c->word[0], &out, conn);

	l->name = c->word[0];
	if (what != THEIRS_NOT && (c->fix || c->watch)) {
		out_error("ipsec: --fix and --watch are for connections of our own daemon");
		*ret_status = EXIT_USAGE;
	} else if (what == THEIRS_MISSING)
		*ret_status = EXIT_UNKNOWN;
	else if (what != THEIRS_NOT)
		*ret_status = walk_theirs(l, what == THEIRS_STRONGSWAN ? conn : NULL);
	free(conn);
	return what != THEIRS_NOT;
}

static int again(void *ctx, struct fixes *ret)
{
	struct ladder *l = ctx;
	struct fixes *before = l->fixes;
	int status;

	l->fixes = ret;
	l->found = 0;
	l->has_tried = l->is_held = false;
	status = walk(l);
	ret->is_up = l->is_up;
	l->fixes = before;
	return status;
}

static int walk_and_fix(struct ladder *l)
{
	const struct event_sink out = { shown, l };
	const struct fixer f = { l->cmd, l->name, &out, again, l };
	struct fixes *found = xalloc(sizeof(*found));
	int status = diagnose_fix(&f, found, again(l, found));

	free(found);
	return status;
}

int run_diagnose(const struct cmd *c)
{
	struct ladder l = { .cmd = c };
	const struct event_sink out = { shown, &l };
	char *name = NULL;
	int status = 0;

	if (c->log)
		return diagnose_log(c->log, c->words ? c->word[0] : NULL, c->html);
	if (c->watch && !c->words)
		return diagnose_watch(c, NULL, &out);
	if (c->through && addr_parse(c->through, &l.through)) {
		out_error("--through %s: it is not an address", c->through);
		return EXIT_USAGE;
	}
	if (!c->words) {
		status = diagnose_all(c, &out, &name);
		if (!name)
			return status;
	}
	l.page = c->html ? page_new() : NULL;
	if (!name && c->config && is_theirs(&l, &status))
		return diagnose_page(l.page, c->html, c->word[0], status);
	if (!name)
		status = diagnose_who(c, c->word[0], &out, &name);
	l.name = name;
	if (!status)
		status = c->watch ? diagnose_watch(c, name, &out)
			 : c->fix ? walk_and_fix(&l)
				  : walk(&l);
	status = diagnose_page(l.page, c->html, c->words ? c->word[0] : name, status);
	free(name);
	return status;
}
