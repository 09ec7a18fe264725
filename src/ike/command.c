/* What people ask for: connections loaded, up, down, routed. */
#include "ike/command.h"

#include "config/facts.h"

#include "ike/engine.h"
#include "ike/status.h"
#include <stdlib.h>

#define SHUTDOWN_TIME (2 * NS_S)

#define CONN_EMIT(c, name, ...)                                                                    \
	EMIT(&(c)->ike->env.events, (c)->ike->now, (struct event_about[1]){ conn_about((c), 0) },  \
		name, __VA_ARGS__)

/* An event of a request that is about no connection. */
#define REQUEST_EMIT(ike, id, name, ...)                                                           \
	EMIT(&(ike)->env.events, (ike)->now, (&(struct event_about){ .request = (id) }), name,     \
		__VA_ARGS__)

static void fail(struct ike *ike, const struct command *cmd, int exit)
{
	ike_request_hold(ike, cmd->request);
	ike_request_release(ike, cmd->request, exit);
}

static void version_down(struct conn *c)
{
	struct ike *ike = c->ike;

	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->down(ike->version[i].state, c);
}

/* ---- load and unload ---- */

/* Each connection that belongs to t: itself and its instances. */
static void family_down(struct conn *t, uint32_t request)
{
	struct conn *c;

	list_each (c, &t->ike->conns, struct conn, node) {
		if (c != t && c->template != t)
			continue;
		c->must_be_up = false;
		timer_stop(&c->ike->timers, &c->revive);
		conn_wait(c, CONN_WAIT_DOWN, request);
		if (c == t ? !conn_is_template(c) : c->users != 0)
			CONN_EMIT(c, conn_terminating, );
		version_down(c);
		conn_settle(c, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
		conn_settle(c, CONN_WAIT_DOWN, EXIT_IKE_OK);
	}
}

static void unload(struct conn *t, uint32_t request)
{
	struct conn *c;

	if (t->users)
		family_down(t, request);
	if (t->n_instances == 0) {
		conn_unroute(t);
		conn_remove(t);
		return;
	}
	list_each (c, &t->ike->conns, struct conn, node)
		if (c == t || c->template == t) {
			conn_unroute(c);
			conn_remove(c);
		}
}

static bool can_route(const struct conn *c)
{
	return c->is_oriented && (conn_is_shunt(c) || addr_is_set(&c->remote.addr));
}

/* The connection to that peer: c itself, or its instance. */
static struct conn *target_of(struct conn *c, const struct endpoint *remote)
{
	struct conn *i;

	if (!conn_is_template(c))
		return c;
	list_each (i, &c->ike->conns, struct conn, node)
		if (i->template == c && !i->is_removed && addr_eq(&i->remote.addr, &remote->addr))
			return i;
	return conn_instantiate(c, remote);
}

/* As at boot: this host does not have the address yet. Who has loaded it does so again when an end
 * is here. A name that is not known yet is told of elsewhere. */
static void wait_for_address(struct conn *c, uint32_t request)
{
	const struct conf_end *left = &c->conf->left, *right = &c->conf->right;
	char l[ADDR_STR], r[ADDR_STR];

	if ((left->host_kind == HOST_NAME && !addr_is_set(&left->host)) ||
		(right->host_kind == HOST_NAME && !addr_is_set(&right->host)))
		return;
	c->waits_since = c->ike->now.mono;
	EMIT(&c->ike->env.events, c->ike->now,
		(&(struct event_about){ .conn = c->conf->name, .request = request }), conn_waits,
		.name = ev_str(c->conf->name), .left = ev_str(addr_format(&left->host, l)),
		.right = ev_str(addr_format(&right->host, r)));
}

static void tell_waited(const struct conn *c, ns_t since)
{
	char t[ADDR_STR];

	if (since && c->is_oriented)
		CONN_EMIT(c, conn_waited, .name = ev_str(c->conf->name),
			.address = ev_str(addr_format(&c->ours->host, t)),
			.seconds = ev_u64((uint64_t)((c->ike->now.mono - since) / NS_S)));
}

static void do_automatic(struct conn *c, uint32_t request)
{
	uint8_t how = c->conf->automatic;

	if (how == AUTO_START && conn_is_shunt(c))
		how = AUTO_ONDEMAND;
	if ((how == AUTO_START || how == AUTO_ONDEMAND) && !c->is_oriented && !conn_is_shunt(c))
		wait_for_address(c, request);
	if (how == AUTO_START) {
		struct conn *target;

		if (!c->is_oriented || (conn_is_template(c) && !addr_is_set(&c->remote.addr)))
			return;
		target = target_of(c, &c->remote);
		target->must_be_up = true;
		conn_initiate(target);
	} else if (how == AUTO_ONDEMAND && can_route(c)) {
		conn_route(c, request);
	}
}

static void tell_facts(struct ike *ike, const struct conf_conn *c)
{
	conf_facts(c, &(struct facts_host){ ike->env.kernel, ike->env.daemon },
		&(struct event_about){ .conn = c->name }, ike->now, &ike->env.events);
}

static struct conn *named(struct ike *ike, const char *name)
{
	struct conn *c, *ret = NULL;

	for (size_t i = 0; (c = conn_find(ike, name, i)); i++)
		if (strcmp(c->conf->name, name) == 0)
			ret = c;
	return ret;
}

static void add(struct ike *ike, const struct command *cmd)
{
	struct conn *old = named(ike, cmd->conn->name), *c;
	bool has_same = false;
	ns_t waits_since = 0;

	if (old && conf_conn_eq(old->conf, cmd->conn))
		has_same = true;
	else if (old) {
		waits_since = old->waits_since;
		unload(old, cmd->request);
	}
	if (!has_same && !ike_plane_takes(ike, cmd->conn, cmd->request)) {
		tell_facts(ike, cmd->conn); /* did it work with another kernel? */
		fail(ike, cmd, EXIT_IKE_DATAPLANE);
		return;
	}
	c = has_same ? old : conn_new_take(ike, conf_conn_copy(cmd->conn));
	REQUEST_EMIT(ike, cmd->request, conn_added, .name = ev_str(cmd->conn->name));
	tell_facts(ike, c->conf);
	tell_waited(c, waits_since);
	if (cmd->what == ADD_AND_START && !has_same)
		do_automatic(c, cmd->request);
}

/* As far as this host has its algorithms. */
static void add_allowed(struct ike *ike, const struct command *cmd)
{
	struct command own = *cmd;
	struct conf_conn *conf = NULL;
	struct conn *old;

	if (conn_allowed(ike, cmd, &conf)) {
		own.conn = conf ? conf : cmd->conn;
		add(ike, &own);
	} else {
		old = named(ike, cmd->conn->name);
		if (old)
			unload(old, cmd->request);
		tell_facts(ike, cmd->conn);
		fail(ike, cmd, EXIT_IKE_DATAPLANE);
	}
	conf_conn_free(conf);
}

/* Runs f for each connection of that name; if there is none, the person is told. */
static void each_named(struct ike *ike, const struct command *cmd,
	void (*f)(struct conn *c, const struct command *cmd))
{
	struct conn *c;
	uint32_t *serials;
	size_t n = 0, i = 0;

	while (conn_find(ike, cmd->name, n))
		n++;
	if (n == 0) {
		REQUEST_EMIT(ike, cmd->request, conn_unknown, .name = ev_str(cmd->name),
			.nearest = ev_str(conn_nearest(ike, cmd->name)));
		fail(ike, cmd, EXIT_IKE_UNKNOWN);
		return;
	}
	/* f may take names away */
	serials = xalloc(n * sizeof(uint32_t));
	for (; i < n; i++)
		serials[i] = conn_find(ike, cmd->name, i)->serial;
	for (i = 0; i < n; i++)
		if ((c = conn_by_serial(ike, serials[i])))
			f(c, cmd);
	free(serials);
}

/* Those that have its name as an alias stay: whoever wants them gone, names each. */
static void delete_one(struct conn *c, const struct command *cmd)
{
	if (strcmp(c->conf->name, cmd->name) != 0)
		return;
	unload(c, cmd->request);
	REQUEST_EMIT(c->ike, cmd->request, conn_deleted, .name = ev_str(c->conf->name));
}

/* ---- up and down ---- */

static struct conn *up_target(struct conn *c, const struct command *cmd)
{
	struct endpoint remote = c->remote;

	if (addr_is_set(&cmd->remote_host))
		remote.addr = cmd->remote_host;
	if (!addr_is_set(&remote.addr)) {
		REQUEST_EMIT(c->ike, cmd->request, conn_no_peer, .name = ev_str(c->conf->name));
		return NULL;
	}
	return target_of(c, &remote);
}

static void up_one(struct conn *c, const struct command *cmd)
{
	struct conn *t;
	char left[ADDR_STR], right[ADDR_STR];

	if (!conn_orient(c)) {
		REQUEST_EMIT(c->ike, cmd->request, conn_not_ours, .name = ev_str(c->conf->name),
			.left = ev_str(addr_format(&c->conf->left.host, left)),
			.right = ev_str(addr_format(&c->conf->right.host, right)));
		fail(c->ike, cmd, EXIT_IKE_ORIENT);
		return;
	}
	if (conn_is_shunt(c)) {
		REQUEST_EMIT(c->ike, cmd->request, conn_never, .name = ev_str(c->conf->name));
		fail(c->ike, cmd, EXIT_IKE_NEVER);
		return;
	}
	t = up_target(c, cmd);
	if (!t) {
		fail(c->ike, cmd, EXIT_IKE_NO_PEER);
		return;
	}
	if (c->conf->automatic == AUTO_START || c->conf->automatic == AUTO_KEEP)
		t->must_be_up = true;
	t->revivals = 0;
	if (!cmd->asynchronous)
		conn_wait(t, CONN_WAIT_UP, cmd->request);
	conn_initiate(t);
}

static void down_one(struct conn *c, const struct command *cmd)
{
	family_down(c, cmd->request);
}

static void route_one(struct conn *c, const struct command *cmd)
{
	if (!conn_orient(c))
		fail(c->ike, cmd, EXIT_IKE_ORIENT);
	else if (!can_route(c))
		fail(c->ike, cmd, EXIT_IKE_NO_PEER);
	else
		conn_route(c, cmd->request);
}

static void unroute_one(struct conn *c, const struct command *cmd)
{
	(void)cmd;
	conn_unroute(c);
}

static void auto_one(struct conn *c, const struct command *cmd)
{
	do_automatic(c, cmd->request);
}

/* ---- one SA ---- */

static void of_sa(struct ike *ike, const struct command *cmd)
{
	struct conn *c = cmd->name ? conn_find(ike, cmd->name, 0) : NULL;
	bool done = false;

	/* of a template: its first instance with an SA */
	if (c && conn_is_template(c)) {
		struct conn *i;

		list_each (i, &ike->conns, struct conn, node)
			if (i->template == c && i->newest_ike) {
				c = i;
				break;
			}
	}
	ike_request_hold(ike, cmd->request);
	for (size_t i = 0; i < ike->n_version && !done; i++) {
		const struct ike_version *v = ike->version[i].ops;
		void *state = ike->version[i].state;

		if (cmd->kind == CMD_REKEY_IKE)
			done = v->rekey_ike(state, c, cmd->serial, cmd->request);
		else if (cmd->kind == CMD_REKEY_CHILD)
			done = v->rekey_child(state, c, cmd->serial, cmd->request);
		else if (cmd->kind == CMD_ALIVE)
			done = v->ask_alive(state, c, cmd->serial, cmd->request);
		else
			done = v->delete_sa(state, cmd->serial, cmd->request);
	}
	if (!done) {
		if (cmd->name && !c)
			REQUEST_EMIT(ike, cmd->request, conn_unknown, .name = ev_str(cmd->name),
				.nearest = ev_str(conn_nearest(ike, cmd->name)));
		else if (cmd->name)
			REQUEST_EMIT(ike, cmd->request, conn_not_up, .name = ev_str(cmd->name));
		else
			REQUEST_EMIT(ike, cmd->request, sa_unknown, .serial = ev_u64(cmd->serial));
		ike_request_release(ike, cmd->request, EXIT_IKE_UNKNOWN);
	}
}

/* ---- the host ---- */

static void set_setup(struct ike *ike, const struct conf_setup *s)
{
	ike->setup = *s;
	/* strings are the parent's; the engine needs none of them */
	ike->setup.logfile = ike->setup.plutodebug = ike->setup.secretsfile = NULL;
	ike->setup.ipsecdir = NULL;
	ike->setup.virtual_private = ike->setup.myvendorid = NULL;
}

static void set_plane(struct ike *ike, const struct command *cmd)
{
	ike->plane = cmd->what;
	free(ike->plane_why);
	ike->plane_why = cmd->name ? xstrdup(cmd->name) : NULL;
}

static void set_addresses(struct ike *ike, const struct command *cmd)
{
	struct conn *c;

	free(ike->addrs);
	ike->addrs = xalloc((cmd->n_addrs + 1) * sizeof(struct addr));
	if (cmd->n_addrs)
		memcpy(ike->addrs, cmd->addrs, cmd->n_addrs * sizeof(struct addr));
	ike->n_addrs = cmd->n_addrs;
	list_each (c, &ike->conns, struct conn, node)
		if (!c->is_removed && !c->is_oriented)
			conn_orient(c);
}

static void settle(struct ike *ike, const struct command *cmd)
{
	struct action a = { .dp = { .op = DP_SETTLE } };
	struct ike_ask ask = {
		.version = IKE_ASK_OURS, .kind = ASK_SETTLE, .request = cmd->request
	};

	ike_request_hold(ike, cmd->request);
	ike_ask_dataplane_as(ike, &ask, &a);
}

static void shut_down(struct ike *ike, const struct command *cmd)
{
	struct conn *c;

	ike->is_stopping = true;
	ike->shutdown_request = cmd->request;
	ike_request_hold(ike, cmd->request);
	list_each (c, &ike->conns, struct conn, node) {
		timer_stop(&ike->timers, &c->revive);
		conn_unroute(c);
	}
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->shutdown(ike->version[i].state);
	timer_set(&ike->timers, &ike->shutdown, ike->now.mono + SHUTDOWN_TIME);
}

static void shutdown_over(struct ike *ike)
{
	timer_stop(&ike->timers, &ike->shutdown);
	ike_request_release(ike, ike->shutdown_request, EXIT_IKE_OK);
	ike->shutdown_request = 0;
}

void ike_shutdown_fire(struct ike *ike, struct timer *t)
{
	(void)t;
	shutdown_over(ike);
}

void ike_shutdown_check(struct ike *ike)
{
	if (ike->shutdown_request == 0 || !list_empty(&ike->open_asks))
		return;
	for (size_t i = 0; i < ike->n_version; i++)
		if (!ike->version[i].ops->is_silent(ike->version[i].state))
			return;
	shutdown_over(ike);
}

void ike_command_run(struct ike *ike, const struct command *c)
{
	switch ((enum command_kind)c->kind) {
	case CMD_CONN_ADD:
		add_allowed(ike, c);
		break;
	case CMD_CONN_DELETE:
		each_named(ike, c, delete_one);
		break;
	case CMD_UP:
		each_named(ike, c, up_one);
		break;
	case CMD_DOWN:
		each_named(ike, c, down_one);
		break;
	case CMD_ROUTE:
		each_named(ike, c, route_one);
		break;
	case CMD_UNROUTE:
		each_named(ike, c, unroute_one);
		break;
	case CMD_REKEY_IKE:
	case CMD_REKEY_CHILD:
	case CMD_ALIVE:
	case CMD_DELETE_SA:
		of_sa(ike, c);
		break;
	case CMD_SETUP:
		set_setup(ike, c->setup);
		break;
	case CMD_ADDRESSES:
		set_addresses(ike, c);
		break;
	case CMD_PLANE:
		set_plane(ike, c);
		break;
	case CMD_STATUS:
		ike_status(ike, c);
		return; /* it releases the request itself */
	case CMD_SHUTDOWN:
		shut_down(ike, c);
		break;
	case CMD_AUTO:
		each_named(ike, c, auto_one);
		break;
	case CMD_SETTLE:
		settle(ike, c);
		break;
	}
	ike_request_release(ike, c->request, EXIT_IKE_OK);
}
