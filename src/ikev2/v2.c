/* IKEv2 for the engine (struct ike_version): every way in, each of which ends with v2_leave(). */
#include "ikev2/v2.h"

#include "ike/keep.h"
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"
#include "ikev2/receive.h"
#include "ikev2/record.h"
#include <stdio.h>
#include <stdlib.h>

static void *start(struct ike *ike)
{
	struct v2 *v2 = xalloc(sizeof(*v2));
	const struct rng *rng = &ike->env.rng;

	v2->ike = ike;
	v2->index = (uint8_t)ike->n_version;
	list_init(&v2->sas);
	list_init(&v2->ready);
	list_init(&v2->changed);
	map_init(&v2->by_spi, rng_u64(rng));
	map_init(&v2->by_serial, rng_u64(rng));
	map_init(&v2->children, rng_u64(rng));
	map_init(&v2->spis_in, rng_u64(rng));
	map_init(&v2->half_open, rng_u64(rng));
	v2->half_open_seed = rng_u64(rng);
	v2->room = xalloc(LIMIT_MESSAGE);
	v2->wire = xalloc(LIMIT_MESSAGE);
	if (ike_is_kept(ike))
		v2->record = xalloc(LIMIT_RECORD);
	return v2;
}

static void stop(void *state)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;

	list_each (sa, &v2->sas, struct v2_sa, node)
		v2_sa_free(sa);
	map_done(&v2->by_spi);
	map_done(&v2->by_serial);
	map_done(&v2->children);
	map_done(&v2->spis_in);
	map_done(&v2->half_open);
	v2_cookies_done(&v2->cookies);
	wipe(v2->room, LIMIT_MESSAGE);
	free(v2->room);
	free(v2->wire);
	if (v2->record)
		wipe(v2->record, LIMIT_RECORD);
	free(v2->record);
	free(v2);
}

static void input(void *state, const struct datagram *d)
{
	v2_receive(state, d);
	v2_leave(state);
}

static void answer(void *state, uint32_t serial, uint8_t kind, const struct answer *a)
{
	struct v2_child *c = v2_child_by_serial(state, serial);
	struct v2_sa *sa = v2_sa_by_serial(state, serial);

	if (kind == V2_ASK_INSTALL && c)
		v2_child_answer(c, a);
	else if (kind >= V2_ASK_ADOPT_IN && c)
		v2_child_adopted(c, kind, a);
	else if (kind == V2_ASK_LIVENESS && c)
		v2_liveness_answer(c, a);
	else if (sa)
		v2_step_answer(sa, kind, a);
	v2_leave(state);
}

/* ---- up and down ---- */

static bool is_up(const struct v2 *v2, const struct conn *c)
{
	const struct v2_sa *sa;
	const struct v2_child *k;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		if (!v2_sa_is_established(sa))
			continue;
		list_each (k, &sa->children, struct v2_child, node)
			if (k->c.conn == c && v2_child_is_usable(k))
				return true;
	}
	return false;
}

/* The IKE SA by which it does; NULL: it does not. */
static struct v2_sa *coming_up(const struct v2 *v2, const struct conn *c)
{
	struct v2_sa *sa;
	const struct v2_child *k;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		if (sa->conn == c && sa->is_initiator && !sa->is_unwanted && sa->state > V2_NEW &&
			sa->state <= V2_AUTH_VERIFYING)
			return sa;
		list_each (k, &sa->children, struct v2_child, node)
			if (k->c.conn == c && k->state <= V2_CHILD_INSTALLING && k->is_requester &&
				!k->is_unwanted && k->purpose != V2_CHILD_REKEY)
				return sa;
	}
	return NULL;
}

/* So many are two seconds. */
enum { RETRANSMITS_STUCK = 3 };

/* Its IKE_AUTH is not answered, and nobody else waits for it: the peer may have forgotten by now
 * what came before. */
static bool is_stuck(const struct v2_sa *sa, const struct conn *c)
{
	const struct v2_child *k;

	if (sa->state != V2_AUTH_SENT || !sa->window.is_open ||
		sa->retransmit.count < RETRANSMITS_STUCK)
		return false;
	list_each (k, &sa->children, struct v2_child, node)
		if (k->c.conn != c)
			return false;
	return sa->conn == c && sa->reauth_of == 0;
}

/* A new attempt in place of that one, with those who wait. */
static void begin_anew(struct v2 *v2, struct v2_sa *old, struct conn *c)
{
	ike_sa_init_start(v2, c, 0);
	while (!list_empty(&old->children)) {
		struct v2_child *k = list_item(old->children.next, struct v2_child, node);

		k->is_unwanted = true;
		v2_child_kill(k);
	}
	old->is_unwanted = true;
	v2_sa_kill(old, EXIT_IKE_NO_ANSWER);
}

static void up(void *state, struct conn *c)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;

	if ((sa = coming_up(v2, c))) {
		conn_tell_joined(c); /* those who wait will be told */
		if (is_stuck(sa, c))
			begin_anew(v2, sa, c);
		else
			v2_send_sooner(sa);
		v2_leave(v2);
		return;
	}
	if (is_up(v2, c)) {
		struct event_about about = conn_about(c, c->newest_child);

		if (conn_is_waited(c, CONN_WAIT_UP))
			EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_already_up, );
		conn_settle(c, CONN_WAIT_UP, EXIT_IKE_OK);
		return;
	}
	if ((sa = v2_sa_for_conn(v2, c)) || (sa = v2_sa_opening_for_conn(v2, c))) {
		v2_new_child_start(sa, c);
		v2_send_sooner(sa);
	} else {
		ike_sa_init_start(v2, c, 0);
	}
	v2_leave(v2);
}

/* Another connection that uses this IKE SA; NULL. */
static struct conn *other_user(const struct v2_sa *sa, const struct conn *c)
{
	const struct v2_child *k;

	list_each (k, &sa->children, struct v2_child, node)
		if (k->c.conn != c && k->state != V2_CHILD_DELETING)
			return k->c.conn;
	return NULL;
}

static void leave_sa(struct v2_sa *sa, struct conn *c, struct conn *heir)
{
	struct v2_child *k;

	list_each (k, &sa->children, struct v2_child, node) {
		if (k->c.conn != c || k->state == V2_CHILD_DELETING)
			continue;
		if (k->state == V2_CHILD_WAITING) {
			v2_child_kill(k); /* its task finds nothing to do */
			continue;
		}
		if (k->state == V2_CHILD_SENT) {
			k->is_unwanted = true; /* the peer may have it already */
			continue;
		}
		V2_CHILD_EMIT(k, v2_child_deleting, );
		child_farewell(sa->ike, &k->c);
		v2_child_terminate(k);
	}
	if (sa->conn == c) {
		conn_use(heir);
		sa->conn = heir;
		heir->newest_ike = sa->serial;
		v2_changed(sa);
		v2_liveness_arm(sa);
		conn_unuse(c);
	}
}

static bool uses(const struct v2_sa *sa, const struct conn *c)
{
	const struct v2_child *k;

	if (sa->conn == c)
		return true;
	list_each (k, &sa->children, struct v2_child, node)
		if (k->c.conn == c)
			return true;
	return false;
}

static void down(void *state, struct conn *c)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;

	conn_use(c);
	list_each (sa, &v2->sas, struct v2_sa, node) {
		struct conn *heir;

		/* V2_NEW: a rekey's, which goes with the one that it rekeys */
		if (sa->state == V2_DEAD || sa->state == V2_NEW || sa->is_unwanted || !uses(sa, c))
			continue;
		heir = other_user(sa, c);
		/* the peer may have given what is in it to the new one already: each is deleted by
		 * itself, and the IKE SA that is left when it has none (v2_task_run) */
		if (!heir && v2_rekey_ike_is_undecided(sa))
			heir = c;
		if (heir)
			leave_sa(sa, c, heir);
		else
			v2_sa_terminate(sa);
	}
	v2_leave(v2);
	conn_unuse(c);
}

static bool rekey_ike(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v2_sa *sa = v2_sa_by_serial(state, serial ? serial : c ? c->newest_ike : 0);

	if (!sa || !v2_sa_is_established(sa))
		return false;
	ike_request_release(sa->ike, sa->request, EXIT_IKE_OK);
	sa->request = request;
	v2_rekey_ike_start(sa);
	v2_leave(state);
	return true;
}

static bool ask_alive(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v2_child *k = v2_child_by_serial(state, serial ? serial : c ? c->newest_child : 0);
	struct v2_sa *sa = k ? k->sa
			     : v2_sa_by_serial(state, serial ? serial
						      : c    ? c->newest_ike
							     : 0);
	struct event_about about;

	if (!sa || sa->state != V2_ESTABLISHED)
		return false;
	about = v2_about(sa);
	about.request = request;
	alive_ask(sa->ike, &sa->alive, &about);
	v2_task_add(sa, V2_TASK_LIVENESS, 0);
	v2_leave(state);
	return true;
}

static bool rekey_child(void *state, struct conn *c, uint32_t serial, uint32_t request)
{
	struct v2_child *k = v2_child_by_serial(state, serial ? serial : c ? c->newest_child : 0);

	if (!k || !v2_child_is_usable(k))
		return false;
	ike_request_release(k->sa->ike, k->request, EXIT_IKE_OK);
	k->request = request;
	v2_rekey_child_start(k);
	v2_leave(state);
	return true;
}

static bool delete_sa(void *state, uint32_t serial, uint32_t request)
{
	struct v2_child *k = v2_child_by_serial(state, serial);
	struct v2_sa *sa = v2_sa_by_serial(state, serial);

	if (!k && !sa)
		return false;
	if (sa) {
		ike_request_release(sa->ike, sa->request, EXIT_IKE_OK);
		sa->request = request;
		v2_sa_terminate(sa);
	} else {
		ike_request_release(k->sa->ike, k->request, EXIT_IKE_OK);
		k->request = request;
		V2_CHILD_EMIT(k, v2_child_deleting, );
		child_farewell(k->sa->ike, &k->c);
		v2_child_terminate(k);
	}
	v2_leave(state);
	return true;
}

/* ---- what the world says unasked ---- */

static void moved(struct v2_child *c, const struct endpoint *remote)
{
	struct v2_sa *sa = c->sa;

	if (!sa->nat.remote_behind || sa->nat.local_behind || endpoint_eq(&sa->remote, remote))
		return;
	V2_EMIT(sa, v2_peer_moved, .remote = ev_ep(*remote), .was_at = ev_ep(sa->remote));
	sa->remote = *remote;
	v2_changed(sa);
	v2_children_follow(sa);
}

/* Its data plane forgot it: another one with its selectors takes its place. */
static void make_anew(struct v2_child *c)
{
	V2_CHILD_EMIT(c, v2_child_lost, );
	v2_rekey_child_start(c);
}

static void restarted(struct v2 *v2)
{
	struct v2_sa *sa;
	struct v2_child *c;

	list_each (sa, &v2->sas, struct v2_sa, node)
		list_each (c, &sa->children, struct v2_child, node) {
			c->c.has_in = c->c.has_out = false;
			if (v2_child_is_usable(c) && !c->replaced_by && v2_sa_is_established(sa))
				make_anew(c);
		}
}

static void used_up(struct v2_child *c, uint8_t reason)
{
	char limit[CHILD_LIMIT];

	v2_child_expired(c, child_limit_name(reason), child_limit(&c->c, reason, limit));
}

static void notice(void *state, const struct dp_notice *n)
{
	struct v2_child *c = v2_child_by_serial(state, n->serial);

	if (n->kind == DP_RESTARTED)
		restarted(state);
	else if (c && n->kind == DP_EXPIRE_SOFT)
		v2_rekey_child_start(c);
	else if (c && n->kind == DP_EXPIRE_HARD)
		used_up(c, n->reason);
	else if (c && n->kind == DP_HEARD)
		v2_child_use(c);
	else if (c && n->kind == DP_MAPPING)
		moved(c, &n->remote);
	else if (c && n->kind == DP_SILENT)
		V2_CHILD_EMIT(c, child_silent, .asked = ev_u64(n->count),
			.heard = ev_u64((uint64_t)(c->sa->ike->now.mono - c->sa->heard) / NS_S));
	else if (c && n->kind == DP_ANSWERED)
		V2_CHILD_EMIT(c, child_answered, );
	else if (c && n->kind == DP_UNASKED)
		conn_unasked(c->c.conn, n->reqid, n->count);
	else if (c && n->kind == DP_LOSING)
		V2_CHILD_EMIT(c, child_losing, .count = ev_u64(n->count),
			.passed = ev_u64(n->passed),
			.reason = ev_str(drop_name((enum drop_reason)n->reason)),
			.window = ev_u64(c->c.conn->conf->replay_window));
	else if (c && n->kind == DP_LARGE_LOST)
		V2_CHILD_EMIT(c, child_large_lost, .octets = ev_u64(n->count));
	else if (c && n->kind == DP_LARGE_PASS)
		V2_CHILD_EMIT(c, child_large_pass, .octets = ev_u64(n->count));
	v2_leave(state);
}

static void version_refused(void *state, const struct datagram *d, uint8_t major)
{
	struct v2_sa *sa = v2_sa_by_spi(state, d->data.p);

	if (sa)
		ike_sa_init_version_refused(sa, &d->remote, major);
	v2_leave(state);
}

static void net_error_event(struct v2_sa *sa, const struct net_error *e)
{
	const char *what = strerrordesc_np(e->error);
	char origin[64];

	what = what ? what : "unknown error";
	if (!addr_is_set(&e->offender)) {
		V2_EMIT(sa, v2_send_failed, .interface = ev_str(e->interface),
			.local = ev_ep(e->local), .remote = ev_ep(e->remote),
			.state = ev_str(v2_state_libreswan(sa->state)), .what = ev_str(what),
			.error = ev_u64((uint64_t)e->error));
		return;
	}
	snprintf(origin, sizeof(origin), "ICMP%s type %u code %u",
		e->remote.addr.family == 6 ? "v6" : "", e->icmp_type, e->icmp_code);
	V2_EMIT(sa, v2_net_error, .interface = ev_str(e->interface), .local = ev_ep(e->local),
		.complainant = ev_addr(e->offender), .what = ev_str(what),
		.error = ev_u64((uint64_t)e->error), .origin = ev_str(origin),
		.remote = ev_ep(e->remote), .icmp_type = ev_u64(e->icmp_type),
		.icmp_code = ev_u64(e->icmp_code));
}

/* Evidence, not proof: it ends the wait of people at once; an attempt that must go on goes on, and
 * an IKE SA that is up does not care. */
static void net_error(void *state, const struct net_error *e)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		if (sa->state == V2_DEAD || !sa->window.is_open ||
			!endpoint_eq(&sa->remote, &e->remote))
			continue;
		net_error_event(sa, e);
		if (!sa->is_initiator || sa->state >= V2_ESTABLISHED)
			continue;
		conn_settle(sa->conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
		if (!sa->conn->must_be_up)
			v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
	}
	v2_leave(v2);
}

/* ---- the end, and looking at it ---- */

static void shutdown_all(void *state)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;

	list_each (sa, &v2->sas, struct v2_sa, node)
		v2_sa_terminate(sa);
	v2_leave(v2);
}

static bool is_silent(const void *state)
{
	const struct v2 *v2 = state;

	return list_empty(&v2->sas);
}

static ns_t when(const struct timer *t)
{
	return timer_is_set(t) ? t->at : 0;
}

static struct ike_sa_view view_of(const struct v2_sa *sa)
{
	return (struct ike_sa_view){
		.serial = sa->serial,
		.conn = sa->conn,
		.state = v2_state_libreswan(sa->state),
		.state_text = v2_state_text(sa->state),
		.local = sa->local,
		.remote = sa->remote,
		.their_id = sa->peer_id.type ? &sa->peer_id : &sa->conn->their_id,
		.is_established = sa->state == V2_ESTABLISHED,
		.is_initiator = sa->is_initiator,
		.is_half_open = (sa->state < V2_ESTABLISHED),
		.suite = sa->suite,
		.rekey_at = when(&sa->rekey_at),
		.expires_at = when(&sa->expire),
		.retransmit_at = when(&sa->resend),
		.liveness_at = when(&sa->liveness),
		.last_heard = sa->heard,
		.has_liveness = (sa->conn->conf->dpddelay > 0),
	};
}

static void walk(void *state, const struct ike_visitor *visitor)
{
	struct v2 *v2 = state;
	struct v2_sa *sa;
	struct v2_child *c;

	list_each (sa, &v2->sas, struct v2_sa, node) {
		struct ike_sa_view s = view_of(sa);

		if (sa->state == V2_DEAD)
			continue;
		if (visitor->sa)
			visitor->sa(visitor->ctx, &s);
		list_each (c, &sa->children, struct v2_child, node) {
			bool is_there =
				c->state >= V2_CHILD_STANDBY && c->state < V2_CHILD_DELETING;
			struct ike_child_view v = {
				.child = &c->c,
				.ike_serial = sa->serial,
				.state = is_there ? "STATE_V2_ESTABLISHED_CHILD_SA"
						  : "STATE_V2_NEW_CHILD_I0",
				.state_text = is_there ? "established Child SA" : "negotiating",
				.is_established = is_there,
				.is_initiator = c->is_requester,
				.rekey_at = when(&c->rekey),
				.expires_at = when(&c->expire),
				.their_id = s.their_id,
			};

			if (visitor->child)
				visitor->child(visitor->ctx, &v);
		}
	}
}

static void export(void *state)
{
	const struct v2 *v2 = state;
	const struct v2_sa *sa;

	list_each (sa, &v2->sas, struct v2_sa, node)
		if (sa->seal)
			v2_sa_export(sa);
}

const struct ike_version ikev2_version = {
	.major = 2,
	.conf = VERSION_IKEV2,
	.start = start,
	.stop = stop,
	.input = input,
	.export = export,
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
	.keep = v2_keep,
	.restore = v2_restore,
};
