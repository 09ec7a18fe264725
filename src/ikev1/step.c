/* The step of an ISAKMP SA: message or answer in, a row of the table, its verdict. The only file
 * that assigns a state of one. */
#include "ikev1/step.h"

#include "ikev1/exchanges.h"
#include <inttypes.h>
#include <stdio.h>

static void state_set(struct v1_sa *sa, enum v1_state s)
{
	if (sa->state == s || sa->state == V1_DEAD)
		return;
	V1_EMIT(sa, v1_state, .from = ev_str(v1_state_name(sa->state)),
		.to = ev_str(v1_state_name(s)));
	sa->state = (uint8_t)s;
}

void v1_step_to(struct v1_sa *sa, enum v1_state s)
{
	state_set(sa, s);
}

void v1_ready(struct v1_sa *sa)
{
	if (list_empty(&sa->ready))
		list_append(&sa->v1->ready, &sa->ready);
}

void v1_leave(struct v1 *v1)
{
	while (!list_empty(&v1->ready)) {
		struct v1_sa *sa = list_item(v1->ready.next, struct v1_sa, ready);

		list_remove(&sa->ready);
		if (sa->state == V1_DEAD)
			v1_sa_free(sa, false);
		else
			quick_mode_go_on(sa);
	}
}

/* ---- parking ---- */

static bool is_parked_state(uint8_t s)
{
	return s == V1_AGGR_I_KEYING || s == V1_MAIN_R_CHECKING || s == V1_XAUTH_C_SECRET ||
	       s == V1_XAUTH_S_VERIFYING;
}

static void unpark(struct v1_sa *sa)
{
	wipe(sa->parked.p, sa->parked.n);
	buf_done(&sa->parked);
}

enum err v1_parked(const struct v1_sa *sa, struct v1_msg *ret)
{
	if (!sa->parked.p)
		return ERR_NOT_NOW;
	return v1_msg_parse(buf_view(&sa->parked), ret, NULL);
}

/* ---- verdicts ---- */

enum v1_verdict v1_refuse(struct v1_sa *sa, uint16_t notify)
{
	sa->refuse = notify;
	return V1_REFUSE;
}

enum v1_verdict v1_refuse_close(struct v1_sa *sa, uint16_t notify)
{
	sa->refuse = notify;
	return V1_REFUSE_CLOSE;
}

static void tell_refusal(struct v1_sa *sa)
{
	v1_tell_notify(sa, PROTO_IKE, BYTES_NONE, sa->refuse, BYTES_NONE);
}

static void end(struct v1_sa *sa, int exit, bool is_fatal);

static void apply(struct v1_sa *sa, enum v1_verdict v, uint8_t next)
{
	switch (v) {
	case V1_DROP:
		return;
	case V1_STAY:
		break;
	case V1_PARK:
		if (sa->arrival.datagram)
			buf_set(&sa->parked, sa->arrival.plain);
		state_set(sa, next);
		return;
	case V1_NEXT:
		state_set(sa, next);
		break;
	case V1_REFUSE:
		tell_refusal(sa);
		break;
	case V1_REFUSE_CLOSE:
		tell_refusal(sa);
		end(sa, EXIT_IKE_AUTH, true);
		break;
	case V1_CLOSE:
		end(sa, EXIT_IKE_AUTH, true);
		break;
	}
	if (!is_parked_state(sa->state))
		unpark(sa);
}

static void unexpected(struct v1_sa *sa, const struct v1_msg *m, const char *state)
{
	if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_unexpected, .exchange = ev_str(v1_exchange_name(m->h.exchange)),
			.state = ev_str(state), .payloads = ev_str(m->names));
}

enum v1_verdict v1_step_message(struct v1_sa *sa, const struct v1_msg *m)
{
	const struct v1_row *r = v1_row_find(sa->state, m);
	enum v1_verdict v;

	if (!r) {
		unexpected(sa, m, v1_state_name(sa->state));
		return V1_DROP;
	}
	v = r->handler(sa, m);
	apply(sa, v, r->next);
	return v;
}

/* c may be gone after its handler: what its verdict means is decided by what is still there. */
enum v1_verdict v1_step_quick(struct v1_child *c, const struct v1_msg *m)
{
	const struct v1_quick_row *r = v1_quick_row_find(c->state, m);
	struct v1_sa *sa = c->sa;
	struct v1 *v1 = c->v1;
	uint32_t serial = c->c.serial;
	enum v1_verdict v;

	if (!r) {
		unexpected(sa, m, v1_child_state_name(c->state));
		return V1_DROP;
	}
	v = r->handler(c, m);
	c = v1_child_by_serial(v1, serial);
	if (v == V1_REFUSE || v == V1_REFUSE_CLOSE)
		tell_refusal(sa);
	if (!c)
		return v;
	if (v == V1_NEXT || v == V1_PARK)
		v1_child_state_set(c, r->next);
	if (v == V1_REFUSE_CLOSE || v == V1_CLOSE)
		v1_child_kill(c, EXIT_IKE_PROPOSAL);
	return v;
}

void v1_step_answer(struct v1_sa *sa, uint8_t ask, const struct answer *a)
{
	const struct v1_answer_row *r = v1_answer_row_find(sa->state, ask);

	if (r)
		apply(sa, r->handler(sa, a), r->next);
}

/* ---- ends ---- */

static bool is_coming(const struct v1_sa *sa, const struct conn *c)
{
	const struct v1_child *k;

	if (sa->state >= V1_REPLACED)
		return false;
	if (sa->conn == c && sa->is_initiator && sa->state < V1_ESTABLISHED)
		return true;
	list_each (k, &sa->children, struct v1_child, node)
		if (k->c.conn == c && k->state < V1_QUICK_ESTABLISHED)
			return true;
	return false;
}

void v1_conn_lost(struct v1 *v1, struct conn *c)
{
	const struct v1_sa *sa;

	if (!c->must_be_up || c->n_children)
		return;
	list_each (sa, &v1->sas, struct v1_sa, node)
		if (is_coming(sa, c))
			return;
	conn_revive(c);
}

static void children_end(struct v1_sa *sa, int exit, bool is_told)
{
	/* the end of one may take another along: from the start each time */
	while (!list_empty(&sa->children)) {
		struct v1_child *c = list_item(sa->children.next, struct v1_child, node);
		struct conn *conn = c->c.conn;

		conn_use(conn);
		if (is_told)
			v1_child_terminate(c);
		else
			v1_child_kill(c, exit);
		v1_conn_lost(sa->v1, conn);
		conn_unuse(conn);
	}
}

static void deleting_event(struct v1_sa *sa, const char *sending)
{
	char age[32];
	ns_t ns = sa->ike->now.mono - sa->born;

	V1_EMIT(sa, v1_deleting, .state = ev_str(v1_state_libreswan(sa)),
		.age = ev_str(seconds_text(ns, 6, age, sizeof(age))), .sending = ev_str(sending));
}

static void release(struct v1_sa *sa, int exit)
{
	ike_request_release(sa->ike, sa->request, exit);
	sa->request = 0;
	alive_end(sa->ike, &sa->alive);
}

/* Nobody waits for it any more. */
static void settle(struct v1_sa *sa, int exit)
{
	struct v1_sa *old = v1_sa_by_serial(sa->v1, sa->rekeys);

	if (sa->state < V1_ESTABLISHED && sa->is_initiator) {
		if (!sa->rekeys)
			conn_settle(sa->conn, CONN_WAIT_UP, exit);
		else if (old)
			release(old, exit);
	}
	release(sa, exit);
}

/* Its own end; Child SAs are the caller's matter. */
static void die(struct v1_sa *sa, int exit)
{
	settle(sa, exit);
	state_set(sa, V1_DEAD);
	v1_sa_timers_stop(sa);
	v1_sa_leaves_half_open(sa);
	v1_ready(sa);
}

static void end(struct v1_sa *sa, int exit, bool is_fatal)
{
	uint8_t was = sa->state;

	if (was == V1_DEAD)
		return;
	if (!is_fatal)
		settle(sa, exit); /* the last that people hear of it is the reason */
	if (was != V1_NEW)
		deleting_event(sa, "NOT sending notification");
	if (is_fatal && sa->is_initiator)
		V1_EMIT(sa, v1_fatal, .state = ev_str(v1_state_libreswan(sa)));
	die(sa, exit);
	children_end(sa, exit, false);
	if (was != V1_NEW && was < V1_REPLACED)
		v1_conn_lost(sa->v1, sa->conn);
}

void v1_sa_kill(struct v1_sa *sa, int exit)
{
	end(sa, exit, false);
}

void v1_sa_terminate(struct v1_sa *sa)
{
	if (sa->state == V1_DEAD)
		return;
	if (!v1_sa_is_authenticated(sa)) {
		v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	children_end(sa, EXIT_IKE_NO_ANSWER, true);
	deleting_event(sa, "sending notification");
	v1_tell_delete_ike(sa);
	die(sa, EXIT_IKE_NO_ANSWER);
}

void v1_replaced(struct v1_sa *old)
{
	struct timers *h = &old->ike->timers;

	state_set(old, V1_REPLACED);
	timer_stop(h, &old->rekey_at);
	timer_stop(h, &old->dpd);
	timer_set(h, &old->expire, old->ike->now.mono + 60 * NS_S);
	release(old, EXIT_IKE_OK);
}

/* Another ISAKMP SA that is up with that peer: both ends may have begun one. NULL. */
static struct v1_sa *heir_of(const struct v1_sa *sa)
{
	struct v1_sa *o;

	if (!v1_sa_is_authenticated(sa))
		return NULL;
	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && v1_sa_is_established(o) && v1_is_same_peer(o, sa))
			return o;
	return NULL;
}

static struct v1_child *unfinished(const struct v1_sa *sa)
{
	struct v1_child *c;

	list_each (c, &sa->children, struct v1_child, node)
		if (c->state < V1_QUICK_I2_SENT)
			return c;
	return NULL;
}

/* Child SAs that are there stay (the peer may send on replaced ones yet); those that are being made
 * cannot go on, and may be those of other connections. */
static void gone(struct v1_sa *sa, bool is_told)
{
	struct v1_sa *heir = heir_of(sa);
	struct conn *conn = sa->conn;
	struct v1_child *c;

	if (sa->state == V1_DEAD)
		return;
	if (heir) {
		state_set(sa, V1_REPLACED);
		v1_children_inherit(heir);
	}
	deleting_event(sa, is_told ? "sending notification" : "NOT sending notification");
	if (is_told)
		v1_tell_delete_ike(sa);
	conn_use(conn);
	die(sa, EXIT_IKE_NO_ANSWER);
	while ((c = unfinished(sa))) {
		struct conn *k = c->c.conn;

		conn_use(k);
		v1_child_kill(c, EXIT_IKE_NO_ANSWER);
		v1_conn_lost(sa->v1, k);
		conn_unuse(k);
	}
	v1_conn_lost(sa->v1, conn);
	conn_unuse(conn);
}

void v1_sa_expired(struct v1_sa *sa)
{
	gone(sa, v1_sa_is_authenticated(sa));
}

void v1_sa_gone(struct v1_sa *sa)
{
	gone(sa, false);
}
