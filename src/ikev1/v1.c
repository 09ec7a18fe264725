/* IKEv1 for the engine (struct ike_version): every way in, each of which ends with v1_leave(). */
#include "ikev1/v1.h"

#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ikev1/receive.h"
#include <stdio.h>
#include <stdlib.h>

static void *start(struct ike *ike)
{
	struct v1 *v1 = xalloc(sizeof(*v1));
	const struct rng *rng = &ike->env.rng;

	v1->ike = ike;
	v1->index = (uint8_t)ike->n_version;
	list_init(&v1->sas);
	list_init(&v1->ready);
	list_init(&v1->orphans);
	map_init(&v1->by_cookie, rng_u64(rng));
	map_init(&v1->by_serial, rng_u64(rng));
	map_init(&v1->children, rng_u64(rng));
	map_init(&v1->spis_in, rng_u64(rng));
	map_init(&v1->openings, rng_u64(rng));
	v1->seed = rng_u64(rng);
	v1->room = xalloc(LIMIT_MESSAGE);
	v1->wire = xalloc(LIMIT_MESSAGE);
	return v1;
}

static void stop(void *state)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;
	struct v1_child *c;

	list_each (sa, &v1->sas, struct v1_sa, node)
		v1_sa_free(sa, true);
	list_each (c, &v1->orphans, struct v1_child, node)
		v1_child_free(c);
	map_done(&v1->by_cookie);
	map_done(&v1->by_serial);
	map_done(&v1->children);
	map_done(&v1->spis_in);
	map_done(&v1->openings);
	wipe(v1->room, LIMIT_MESSAGE);
	free(v1->room);
	wipe(v1->wire, LIMIT_MESSAGE);
	free(v1->wire);
	free(v1);
}

static void input(void *state, const struct datagram *d)
{
	v1_receive(state, d);
	v1_leave(state);
}

static void version_refused(void *state, const struct datagram *d, uint8_t major)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node)
		if (memcmp(sa->icookie, d->data.p, sizeof(sa->icookie)) == 0)
			phase1_version_refused(sa, &d->remote, major);
	v1_leave(v1);
}

static void answer(void *state, uint32_t serial, uint8_t kind, const struct answer *a)
{
	struct v1_child *c = v1_child_by_serial(state, serial);
	struct v1_sa *sa = v1_sa_by_serial(state, serial);

	if (kind == V1_ASK_INSTALL && c)
		v1_child_answer(c, a);
	else if (kind == V1_ASK_TRAFFIC && c)
		v1_dpd_answer(c, a);
	else if (sa)
		v1_step_answer(sa, kind, a);
	v1_leave(state);
}

/* ---- up and down ---- */

static bool is_up_by(const struct list *children, const struct conn *c)
{
	const struct v1_child *k;

	list_each (k, children, struct v1_child, node)
		if (k->c.conn == c && v1_child_is_usable(k))
			return true;
	return false;
}

static bool is_up(const struct v1 *v1, const struct conn *c)
{
	const struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node)
		if (sa->state != V1_DEAD && is_up_by(&sa->children, c))
			return true;
	return is_up_by(&v1->orphans, c);
}

static bool is_coming_up(const struct v1 *v1, const struct conn *c)
{
	const struct v1_sa *sa;
	const struct v1_child *k;

	list_each (sa, &v1->sas, struct v1_sa, node)
		list_each (k, &sa->children, struct v1_child, node)
			if (k->c.conn == c && k->state < V1_QUICK_ESTABLISHED && k->is_requester &&
				!k->rekeys)
				return true;
	return false;
}

/* Its first Quick Mode begins now, or as soon as Phase 1 is done. */
static void begin(struct v1 *v1, struct conn *c)
{
	struct v1_sa *sa = v1_sa_for_conn(v1, c);

	if (!sa)
		sa = v1_sa_opening_for_conn(v1, c);
	if (!sa) {
		v1_phase1_start(v1, c, 0);
		sa = v1_sa_opening_for_conn(v1, c);
	}
	if (sa)
		quick_mode_start(sa, c, NULL);
}

static void up(void *state, struct conn *c)
{
	struct v1 *v1 = state;

	if (is_coming_up(v1, c)) {
		conn_tell_joined(c); /* those who wait will be told */
		return;
	}
	if (is_up(v1, c)) {
		struct event_about about = conn_about(c, c->newest_child);

		if (conn_is_waited(c, CONN_WAIT_UP))
			EMIT(&v1->ike->env.events, v1->ike->now, &about, v1_already_up, );
		conn_settle(c, CONN_WAIT_UP, EXIT_IKE_OK);
		return;
	}
	begin(v1, c);
	v1_leave(v1);
}

/* Another connection that uses this ISAKMP SA; NULL. */
static struct conn *other_user(const struct v1_sa *sa, const struct conn *c)
{
	const struct v1_child *k;

	list_each (k, &sa->children, struct v1_child, node)
		if (k->c.conn != c)
			return k->c.conn;
	return NULL;
}

static bool uses(const struct v1_sa *sa, const struct conn *c)
{
	const struct v1_child *k;

	if (sa->conn == c)
		return true;
	list_each (k, &sa->children, struct v1_child, node)
		if (k->c.conn == c)
			return true;
	return false;
}

static void end_children(struct list *children, const struct conn *c)
{
	struct v1_child *k;

	list_each (k, children, struct v1_child, node)
		if (k->c.conn == c)
			v1_child_terminate(k);
}

static void leave_sa(struct v1_sa *sa, struct conn *c, struct conn *heir)
{
	end_children(&sa->children, c);
	if (sa->conn != c)
		return;
	conn_use(heir);
	sa->conn = heir;
	heir->newest_ike = sa->serial;
	v1_dpd_arm(sa);
	conn_unuse(c);
}

static void down(void *state, struct conn *c)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;

	conn_use(c);
	list_each (sa, &v1->sas, struct v1_sa, node) {
		struct conn *heir;

		if (sa->state == V1_DEAD || !uses(sa, c))
			continue;
		heir = other_user(sa, c);
		if (heir)
			leave_sa(sa, c, heir);
		else
			v1_sa_terminate(sa);
	}
	end_children(&v1->orphans, c);
	v1_leave(v1);
	conn_unuse(c);
}

static bool rekey_ike(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v1_sa *sa = serial ? v1_sa_by_serial(state, serial)
			   : c	  ? v1_sa_for_conn(state, c) /* which may be another one's */
				  : NULL;

	if (!sa || !v1_sa_is_established(sa))
		return false;
	ike_request_release(sa->ike, sa->request, EXIT_IKE_OK);
	sa->request = request;
	v1_phase1_start(state, sa->conn, sa->serial);
	v1_leave(state);
	return true;
}

static bool ask_alive(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v1_sa *sa = serial ? v1_sa_by_serial(state, serial)
			   : c	  ? v1_sa_for_conn(state, c)
				  : NULL;
	bool is_asked = sa && v1_dpd_ask(sa, request);

	if (is_asked)
		v1_leave(state);
	return is_asked;
}

static bool rekey_child(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v1_child *k = v1_child_by_serial(state, serial ? serial : c ? c->newest_child : 0);
	struct v1 *v1 = state;

	if (!k || !v1_child_is_usable(k))
		return false;
	ike_request_release(v1->ike, k->request, EXIT_IKE_OK);
	k->request = request;
	if (!v1_child_rekey(k) && !k->replaced_by) {
		k->request = 0;
		return false;
	}
	v1_leave(v1);
	return true;
}

static bool delete_sa(void *state, uint32_t serial, uint32_t request)
{
	struct v1 *v1 = state;
	struct v1_child *k = v1_child_by_serial(v1, serial);
	struct v1_sa *sa = v1_sa_by_serial(v1, serial);

	if (!k && !sa)
		return false;
	if (sa) {
		ike_request_release(v1->ike, sa->request, EXIT_IKE_OK);
		sa->request = request;
		v1_sa_terminate(sa);
	} else {
		ike_request_release(v1->ike, k->request, EXIT_IKE_OK);
		k->request = request;
		v1_child_terminate(k);
	}
	v1_leave(v1);
	return true;
}

/* ---- what the world says unasked ---- */

static void notice(void *state, const struct dp_notice *n)
{
	v1_notice(state, n);
	v1_leave(state);
}

static void net_error_event(struct v1_sa *sa, const struct net_error *e)
{
	const char *what = strerrordesc_np(e->error);
	char origin[64];

	what = what ? what : "unknown error";
	if (!addr_is_set(&e->offender)) {
		V1_EMIT(sa, v1_send_failed, .interface = ev_str(e->interface),
			.local = ev_ep(e->local), .remote = ev_ep(e->remote),
			.state = ev_str(v1_state_libreswan(sa)), .what = ev_str(what),
			.error = ev_u64((uint64_t)e->error));
		return;
	}
	snprintf(origin, sizeof(origin), "ICMP%s type %u code %u",
		e->remote.addr.family == 6 ? "v6" : "", e->icmp_type, e->icmp_code);
	V1_EMIT(sa, v1_net_error, .interface = ev_str(e->interface), .local = ev_ep(e->local),
		.complainant = ev_addr(e->offender), .what = ev_str(what),
		.error = ev_u64((uint64_t)e->error), .origin = ev_str(origin),
		.remote = ev_ep(e->remote), .icmp_type = ev_u64(e->icmp_type),
		.icmp_code = ev_u64(e->icmp_code));
}

/* One that is up does not care; but what has become of a peer that does not answer is told. */
static bool is_unanswered(const struct v1_sa *sa)
{
	return sa->dpd_open > 1 || (sa->dpd_open && sa->alive.about.request);
}

/* Evidence, not proof: it ends the wait of people at once; an attempt that must go on goes on. */
static void net_error(void *state, const struct net_error *e)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node) {
		if (sa->state == V1_DEAD || !endpoint_eq(&sa->remote, &e->remote))
			continue;
		if (v1_sa_is_authenticated(sa) && is_unanswered(sa))
			net_error_event(sa, e);
		if (!sa->is_initiator || v1_sa_is_authenticated(sa))
			continue;
		net_error_event(sa, e);
		conn_settle(sa->conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
		if (!sa->conn->must_be_up)
			v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
	}
	v1_leave(v1);
}

/* ---- the end, and looking at it ---- */

static void shutdown_all(void *state)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;
	struct v1_child *c;

	list_each (sa, &v1->sas, struct v1_sa, node)
		v1_sa_terminate(sa);
	list_each (c, &v1->orphans, struct v1_child, node)
		v1_child_terminate(c);
	v1_leave(v1);
}

static bool is_silent(const void *state)
{
	const struct v1 *v1 = state;

	return list_empty(&v1->sas);
}

static ns_t when(const struct timer *t)
{
	return timer_is_set(t) ? t->at : 0;
}

static struct ike_sa_view view_of(const struct v1_sa *sa)
{
	return (struct ike_sa_view){
		.serial = sa->serial,
		.conn = sa->conn,
		.state = v1_state_libreswan(sa),
		.state_text = v1_state_text(sa),
		.local = sa->local,
		.remote = sa->remote,
		.their_id = sa->peer_id.type ? &sa->peer_id : &sa->conn->their_id,
		.is_established = v1_sa_is_established(sa),
		.is_initiator = sa->is_initiator,
		.is_half_open = !v1_sa_is_authenticated(sa),
		.suite = sa->suite,
		.rekey_at = when(&sa->rekey_at),
		.expires_at = when(&sa->expire),
		.retransmit_at = when(&sa->line.resend),
		.liveness_at = when(&sa->dpd),
		.last_heard = sa->heard,
		.has_liveness = sa->conn->conf->dpddelay > 0,
	};
}

static void walk_children(const struct list *children, const struct ike_visitor *visitor)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node) {
		struct ike_child_view v = {
			.child = &c->c,
			.ike_serial = c->sa ? c->sa->serial : 0,
			.state = v1_child_state_libreswan(c),
			.state_text = v1_child_state_text(c),
			.is_established = c->state >= V1_QUICK_ESTABLISHED,
			.is_initiator = c->is_requester,
			.rekey_at = when(&c->rekey),
			.expires_at = when(&c->expire),
			.their_id = c->peer_id.type ? &c->peer_id : &c->c.conn->their_id,
		};

		/* one that waits for its ISAKMP SA is a wish yet */
		if (visitor->child && c->state != V1_QUICK_WAITING)
			visitor->child(visitor->ctx, &v);
	}
}

static void walk(void *state, const struct ike_visitor *visitor)
{
	struct v1 *v1 = state;
	struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node) {
		struct ike_sa_view s = view_of(sa);

		if (sa->state == V1_DEAD)
			continue;
		if (visitor->sa)
			visitor->sa(visitor->ctx, &s);
		walk_children(&sa->children, visitor);
	}
	walk_children(&v1->orphans, visitor);
}

/* Nothing of IKEv1 outlives its process yet: connections begin anew, and the data plane lets go of
 * what it had (DP_SETTLE). */
static void keep(void *state)
{
	(void)state;
}

static enum err restore(void *state, uint32_t serial, struct bytes body)
{
	(void)state;
	(void)serial;
	(void)body;
	return ERR_UNSUPPORTED;
}

const struct ike_version ikev1_version = {
	.major = 1,
	.conf = VERSION_IKEV1,
	.start = start,
	.stop = stop,
	.input = input,
	.answer = answer,
	.up = up,
	.down = down,
	.rekey_ike = rekey_ike,
	.ask_alive = ask_alive,
	.rekey_child = rekey_child,
	.delete_sa = delete_sa,
	.notice = notice,
	.version_refused = version_refused,
	.net_error = net_error,
	.shutdown = shutdown_all,
	.is_silent = is_silent,
	.walk = walk,
	.keep = keep,
	.restore = restore,
};
