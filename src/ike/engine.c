/* The contract: bytes, time, answers and commands in; actions and events out. See ike.h. */
#include "ike/engine.h"

#include "ike/command.h"
#include "ike/keep.h"
#include "ike/status.h"
#include <stdlib.h>

enum { HEADER_N = 28, VERSION_AT = 17 };

struct ike *ike_new(const struct ike_env *env, struct now now)
{
	struct ike *ike = xalloc(sizeof(*ike));

	ike->env = *env;
	ike->now = now;
	list_init(&ike->conns);
	map_init(&ike->conn_serials, 0);
	names_init(&ike->names, 0);
	list_init(&ike->actions);
	list_init(&ike->open_asks);
	list_init(&ike->requests);
	list_init(&ike->status_jobs);
	pools_init(&ike->pools);
	map_init(&ike->asks, rng_u64(&env->rng));
	ike->last_ask = rng_u32(&env->rng); /* an earlier engine's answers are nobody's */
	ike->setup.uniqueids = true;
	ike->setup.keep_alive = 20 * NS_S;
	ike->setup.ddos_threshold = 25000;
	ike->setup.max_halfopen = 50000;
	ike->shutdown.fire = ike_shutdown_fire;
	return ike;
}

void ike_export(struct ike *ike, void (*line)(void *ctx, const char *line), void *ctx)
{
	ike->export_line = line;
	ike->export_ctx = ctx;
	for (size_t i = 0; line && i < ike->n_version; i++)
		if (ike->version[i].ops->export)
			ike->version[i].ops->export(ike->version[i].state);
}

static void nobody_hears(void *ctx, const struct event *e)
{
	(void)ctx;
	(void)e;
}

void ike_free(struct ike *ike)
{
	struct ike_request *r;
	struct ike_action *a;
	struct action view;
	struct conn *c;
	struct ike_ask *ask;

	if (!ike)
		return;
	ike->is_stopping = true;
	ike->env.events.take = nobody_hears;
	ike->env.keeper = (struct ike_keeper){ 0 }; /* it may be another's turn */
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->stop(ike->version[i].state);
	list_each (c, &ike->conns, struct conn, node)
		if (!c->is_removed)
			conn_remove(c);
	list_each (ask, &ike->open_asks, struct ike_ask, node) {
		if (ask->kind == ASK_FAREWELL && ask->version == IKE_ASK_OURS)
			conn_unuse(conn_by_serial(ike, ask->serial));
		list_remove(&ask->node);
		free(ask);
	}
	list_each (c, &ike->conns, struct conn, node) {
		conn_settle(c, CONN_WAIT_UP, 0);
		conn_settle(c, CONN_WAIT_DOWN, 0);
	}
	ike_sweep(ike);
	while ((a = ike_action_pop(ike, &view)))
		ike_action_free(a);
	ike_action_free(ike->given);
	list_each (r, &ike->requests, struct ike_request, node)
		free(r);
	ike_status_done(ike);
	pools_done(&ike->pools);
	timers_done(&ike->timers);
	map_done(&ike->asks);
	map_done(&ike->conn_serials);
	names_done(&ike->names);
	free(ike->unused);
	free(ike->addrs);
	free(ike->plane_why);
	wipe(ike, sizeof(*ike));
	free(ike);
}

void ike_register(struct ike *ike, const struct ike_version *v)
{
	if (ike->n_version == IKE_VERSIONS_MAX)
		return;
	ike->version[ike->n_version].ops = v;
	ike->version[ike->n_version].state = v->start(ike);
	ike->n_version++;
}

uint8_t ike_version_index(const struct ike *ike, uint8_t conf_version)
{
	for (size_t i = 0; i < ike->n_version; i++)
		if (ike->version[i].ops->conf == conf_version)
			return (uint8_t)i;
	return IKE_ASK_OURS;
}

uint32_t ike_serial(struct ike *ike)
{
	return ++ike->last_serial;
}

bool ike_may_explain(struct ike *ike)
{
	const ns_t each = NS_S, most = 3 * each; /* ahead of time */
	ns_t from = MAX(ike->explains_from, ike->now.mono);

	if (from - ike->now.mono > most)
		return false;
	ike->explains_from = from + each;
	return true;
}

void ike_enter(struct ike *ike, struct now now)
{
	ike_action_free(ike->given);
	ike->given = NULL;
	ike->now = now;
}

void ike_leave(struct ike *ike)
{
	ike_sweep(ike);
	ike_shutdown_check(ike);
	ike_keep_end(ike);
}

/* The engine of that major version; for one above all of ours the highest, which knows what to say
 * to it; NULL. */
static const struct ike_version_slot *for_major(const struct ike *ike, uint8_t major)
{
	const struct ike_version_slot *best = NULL;

	for (size_t i = 0; i < ike->n_version; i++) {
		const struct ike_version_slot *v = &ike->version[i];

		if (v->ops->major == major)
			return v;
		if (v->ops->major < major && (!best || v->ops->major > best->ops->major))
			best = v;
	}
	return best;
}

static bool refuses_version(struct bytes datagram, uint8_t major)
{
	enum { NEXT_AT = 16, REST = 11, NOTIFY_V1 = 11, NOTIFY_V2 = 41, DOI_N = 4 };
	enum { INVALID_MAJOR_VERSION = 5 };
	struct rd r = rd_from(datagram);
	uint8_t next, generic;

	rd_skip(&r, NEXT_AT);
	next = rd_u8(&r);
	rd_skip(&r, REST);
	generic = rd_u8(&r); /* what follows it */
	rd_skip(&r, 3);
	if (major == 1)
		rd_skip(&r, DOI_N);
	rd_skip(&r, 2); /* protocol, length of an SPI */
	return generic == 0 && next == (major == 1 ? NOTIFY_V1 : NOTIFY_V2) &&
	       rd_u16(&r) == INVALID_MAJOR_VERSION;
}

/* The versions that are not that of the message. */
static void version_refused(struct ike *ike, const struct datagram *d, uint8_t major)
{
	for (size_t i = 0; i < ike->n_version; i++)
		if (ike->version[i].ops->major != major)
			ike->version[i].ops->version_refused(ike->version[i].state, d, major);
}

void ike_input(struct ike *ike, struct now now, const struct datagram *d)
{
	const struct ike_version_slot *v;
	uint8_t major;

	ike_enter(ike, now);
	if (d->data.n < HEADER_N)
		return;
	/* RFC 7296 3.1 and RFC 2408 3.1 agree on where the version stands */
	major = (uint8_t)(d->data.p[VERSION_AT] >> 4);
	v = for_major(ike, major);
	if (v)
		v->ops->input(v->state, d);
	if (refuses_version(d->data, major))
		version_refused(ike, d, major);
	ike_leave(ike);
}

static void settled(struct ike *ike, uint32_t request)
{
	struct event_about about = { .request = request };

	EMIT(&ike->env.events, ike->now, &about, ike_taken_over, .tunnels = ev_u64(ike->n_taken),
		.lost = ev_u64(ike->n_not_taken));
	ike_request_release(ike, request, EXIT_IKE_OK);
}

static void answer_ours(struct ike *ike, const struct ike_ask *ask, const struct answer *a)
{
	struct conn *c;
	struct event_about about;

	if (ask->kind == ASK_STATUS) {
		ike_status_answer(ike, a);
		return;
	}
	if (ask->kind == ASK_SETTLE) {
		settled(ike, ask->request);
		return;
	}
	if (ask->kind == ASK_POLICY)
		ike_request_release(ike, ask->request, a->e ? EXIT_IKE_DATAPLANE : EXIT_IKE_OK);
	c = conn_by_serial(ike, ask->serial);
	if (!c)
		return;
	if (ask->kind == ASK_POLICY && a->e != OK) {
		about = conn_about(c, 0);
		EMIT(&ike->env.events, ike->now, &about, conn_policy_refused,
			.why = ev_str(a->text ? a->text : err_text(a->e)),
			.is_taken = ev_u64(a->e == ERR_EXISTS));
	}
	if (ask->kind == ASK_FAREWELL) {
		about = conn_about(c, ask->farewell_serial);
		about.request = ask->request;
		if (a->e == OK)
			EMIT(&ike->env.events, ike->now, &about, child_traffic,
				.in = ev_u64(a->counters.in_bytes),
				.out = ev_u64(a->counters.out_bytes));
		ike_request_release(ike, ask->request, 0);
		conn_unuse(c);
	}
}

void ike_answer(struct ike *ike, struct now now, const struct answer *a)
{
	struct ike_ask ask;

	ike_enter(ike, now);
	if (!ike_ask_take(ike, a->ask, &ask))
		return;
	if (ask.reqid)
		conn_policy_answered(conn_by_serial(ike, ask.conn), ask.reqid, a->e);
	if (ask.version == IKE_ASK_OURS)
		answer_ours(ike, &ask, a);
	else
		ike->version[ask.version].ops->answer(
			ike->version[ask.version].state, ask.serial, ask.kind, a);
	ike_leave(ike);
}

void ike_command(struct ike *ike, struct now now, const struct command *c)
{
	ike_enter(ike, now);
	ike_request_open(ike, c->request);
	ike_command_run(ike, c);
	ike_leave(ike);
}

static void acquire(struct ike *ike, const struct dp_notice *n)
{
	struct conn *c = conn_by_reqid(ike, n->reqid);
	char from[TS_STR], to[TS_STR];

	if (!c || c->is_removed || c->n_children)
		return;
	EMIT(&ike->env.events, ike->now, (struct event_about[1]){ conn_about(c, 0) }, conn_acquire,
		.from = ev_str(ts_format(&n->ts_local, from)),
		.to = ev_str(ts_format(&n->ts_remote, to)));
	conn_look_up(c);
	conn_initiate(c);
}

/* Only a connection that has nothing by now: another tunnel, or a trap, may have come meanwhile. */
static void clear(struct ike *ike, const struct dp_notice *n)
{
	char from[RANGE_STR], to[RANGE_STR], gateway[ADDR_STR] = "";
	struct conn *c;

	if (addr_is_set(&n->remote.addr))
		addr_format(&n->remote.addr, gateway);
	list_each (c, &ike->conns, struct conn, node)
		if (c->reqid == n->reqid && !c->is_removed && conn_routing(c) == CONN_UNROUTED)
			EMIT(&ike->env.events, ike->now,
				(struct event_about[1]){ conn_about(c, 0) }, child_clear,
				.from = ev_str(range_format(&n->ts_local.range, from)),
				.to = ev_str(range_format(&n->ts_remote.range, to)),
				.gateway = ev_str(gateway));
}

void ike_notice(struct ike *ike, struct now now, const struct dp_notice *n)
{
	struct conn *c;

	ike_enter(ike, now);
	if (n->kind == DP_ACQUIRE)
		acquire(ike, n);
	if (n->kind == DP_CLEAR)
		clear(ike, n);
	if (n->kind == DP_RESTARTED)
		list_each (c, &ike->conns, struct conn, node)
			conn_policies_lost(c);
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->notice(ike->version[i].state, n);
	if (n->kind == DP_RESTARTED)
		list_each (c, &ike->conns, struct conn, node)
			conn_policies_sweep(c);
	ike_leave(ike);
}

void ike_filter(struct ike *ike, struct now now, const struct filter_notice *n)
{
	struct conn *c;

	ike_enter(ike, now);
	c = conn_by_reqid(ike, n->reqid);
	if (c)
		conn_filter(c, n);
	ike_leave(ike);
}

void ike_net_error(struct ike *ike, struct now now, const struct net_error *e)
{
	ike_enter(ike, now);
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->net_error(ike->version[i].state, e);
	ike_leave(ike);
}

void ike_tick(struct ike *ike, struct now now)
{
	struct timer *t;

	ike_enter(ike, now);
	while ((t = timers_due(&ike->timers, now.mono)))
		t->fire(ike, t);
	ike_leave(ike);
}

ns_t ike_next(const struct ike *ike)
{
	return timers_next(&ike->timers);
}

void ike_walk(struct ike *ike, const struct ike_visitor *visitor)
{
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->walk(ike->version[i].state, visitor);
}

bool ike_output(struct ike *ike, struct action *ret)
{
	ike_action_free(ike->given);
	ike->given = ike_action_pop(ike, ret);
	return ike->given != NULL;
}
