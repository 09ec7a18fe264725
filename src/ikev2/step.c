/* The step of an IKE SA: message or answer in, a row of the table, its verdict. The only file that
 * assigns a state. */
#include "ikev2/step.h"

#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"
#include "ikev2/explain.h"
#include <stdlib.h>

static void state_set(struct v2_sa *sa, enum v2_state s)
{
	if (sa->state == s || sa->state == V2_DEAD)
		return;
	V2_EMIT(sa, v2_state, .from = ev_str(v2_state_name(sa->state)),
		.to = ev_str(v2_state_name(s)));
	sa->state = (uint8_t)s;
	v2_changed(sa);
}

void v2_step_first(struct v2_sa *sa, enum v2_state s)
{
	state_set(sa, s);
}

void v2_ready(struct v2_sa *sa)
{
	if (list_empty(&sa->ready))
		list_append(&sa->v2->ready, &sa->ready);
	v2_changed(sa);
}

void v2_leave(struct v2 *v2)
{
	/* a task may end an IKE SA, and that may make others ready */
	while (!list_empty(&v2->ready)) {
		struct v2_sa *sa = list_item(v2->ready.next, struct v2_sa, ready);

		list_remove(&sa->ready);
		if (sa->state == V2_DEAD)
			v2_sa_free(sa);
		else
			v2_task_run(sa);
	}
}

/* ---- parking ---- */

static bool is_parked_state(uint8_t s)
{
	return s == V2_AUTH_VERIFYING || s == V2_AUTH_R_VERIFYING || s == V2_AUTH_R_SIGNING ||
	       s == V2_AUTH_R_INSTALLING;
}

static void park(struct v2_sa *sa, const struct v2_msg *m)
{
	buf_set(&sa->parked, sa->current);
	sa->parked_first = sa->current_first;
	sa->parked_header = m->h;
}

static void unpark(struct v2_sa *sa)
{
	wipe(sa->parked.p, sa->parked.n);
	buf_done(&sa->parked);
}

enum err v2_parked(const struct v2_sa *sa, struct v2_msg *ret)
{
	if (!sa->parked.p)
		return ERR_NOT_NOW;
	memset(ret, 0, sizeof(*ret));
	ret->h = sa->parked_header;
	return v2_chain_parse(sa->parked_first, buf_view(&sa->parked), ret, NULL);
}

void v2_step_installed(struct v2_sa *sa)
{
	state_set(sa, V2_ESTABLISHED);
	unpark(sa);
	v2_ready(sa);
}

/* ---- verdicts ---- */

enum v2_verdict v2_refuse(struct v2_sa *sa, uint16_t notify, struct bytes data)
{
	sa->refuse = notify;
	sa->refuse_n = MIN(data.n, sizeof(sa->refuse_data));
	if (sa->refuse_n)
		memcpy(sa->refuse_data, data.p, sa->refuse_n);
	return V_REFUSE;
}

enum v2_verdict v2_not_now(struct v2_sa *sa, const char *why)
{
	V2_EMIT(sa, v2_not_now, .why = ev_str(why));
	return v2_refuse(sa, N_TEMPORARY_FAILURE, BYTES_NONE);
}

static void refuse(struct v2_sa *sa, uint8_t exchange)
{
	struct v2_build b;

	V2_EMIT(sa, v2_responding_notify, .exchange = ev_str(v2_exchange_name(exchange)),
		.message_id = ev_u64(sa->window.expected), .remote = ev_ep(sa->remote),
		.notify = ev_str(v2_notify_name(sa->refuse)));
	v2_reply_begin(sa, &b);
	v2_put_notify(
		&b, PROTO_NONE, BYTES_NONE, sa->refuse, bytes_of(sa->refuse_data, sa->refuse_n));
	v2_put_explain(&b, sa);
	v2_reply_send(sa, exchange, &b);
}

/* m: the message that is being handled; NULL for an answer, when sa->parked_header is its. */
static void apply(struct v2_sa *sa, const struct v2_msg *m, enum v2_verdict v, uint8_t next)
{
	const struct v2_header *h = m ? &m->h : &sa->parked_header;

	switch (v) {
	case V_DROP:
		if (m && !(h->flags & V2_F_RESPONSE))
			v2_window_forget(&sa->window);
		return;
	case V_STAY:
		return;
	case V_PARK:
		if (m)
			park(sa, m);
		state_set(sa, next);
		return;
	case V_NEXT:
		state_set(sa, next);
		break;
	case V_REFUSE:
		refuse(sa, h->exchange);
		break;
	case V_REFUSE_CLOSE:
		refuse(sa, h->exchange);
		v2_sa_kill(sa, EXIT_IKE_AUTH);
		break;
	case V_CLOSE:
		v2_sa_kill(sa, EXIT_IKE_AUTH);
		break;
	}
	if (!is_parked_state(sa->state))
		unpark(sa);
}

void v2_step_message(struct v2_sa *sa, const struct v2_msg *m)
{
	bool is_response = m->h.flags & V2_F_RESPONSE;
	const struct v2_row *r = v2_row_find(sa->state, m);

	if (!r) {
		V2_EMIT(sa, v2_unexpected, .exchange = ev_str(v2_exchange_name(m->h.exchange)),
			.which = ev_str(is_response ? "response" : "request"),
			.state = ev_str(v2_state_name(sa->state)), .payloads = ev_str(m->names));
		if (!is_response)
			v2_window_forget(&sa->window);
		return;
	}
	/* an authentic response ends its request, whatever it says; one of IKE_SA_INIT may be
	 * forged */
	if (is_response && m->h.exchange != IKE_SA_INIT)
		v2_request_done(sa);
	apply(sa, m, r->handler(sa, m), r->next);
	if (is_response && m->h.exchange != IKE_SA_INIT) {
		free(sa->task);
		sa->task = NULL;
	}
	v2_ready(sa);
}

void v2_step_answer(struct v2_sa *sa, uint8_t ask, const struct answer *a)
{
	const struct v2_answer_row *r = v2_answer_row_find(sa->state, ask);

	if (!r)
		return;
	apply(sa, NULL, r->handler(sa, a), r->next);
	v2_ready(sa);
}

/* ---- ends ---- */

void v2_conn_lost(struct v2 *v2, struct conn *c)
{
	struct v2_sa *sa;
	struct v2_child *child;

	if (!c->must_be_up || c->n_children)
		return;
	list_each (sa, &v2->sas, struct v2_sa, node) {
		if (sa->state >= V2_REKEYED || sa->is_unwanted)
			continue;
		/* one that is being made will bring the connection up; an established one without
		 * Child SAs will not */
		if (sa->conn == c && sa->state != V2_NEW && sa->state < V2_ESTABLISHED)
			return;
		list_each (child, &sa->children, struct v2_child, node)
			if (child->c.conn == c && child->state < V2_CHILD_ESTABLISHED &&
				!child->is_unwanted)
				return;
	}
	conn_revive(c);
}

/* Child SAs and tasks of an IKE SA that is not for use any more. */
static void let_go(struct v2_sa *sa, int exit)
{
	struct v2 *v2 = sa->v2;
	struct v2_child *c;
	struct v2_task *t;

	list_each (t, &sa->tasks, struct v2_task, node) {
		v2_create_child_abandon(sa, t, exit);
		list_remove(&t->node);
		free(t);
	}
	/* the peer may have made a new IKE SA: then that is to be deleted, when we hear of it */
	if (sa->task && !(sa->task->kind == V2_TASK_REKEY_IKE && sa->state == V2_DELETING &&
				sa->window.is_open)) {
		v2_create_child_abandon(sa, sa->task, exit);
		sa->task->kind = V2_TASK_ABANDONED;
	}
	/* abandoning and settling may take other Child SAs along: from the start each time */
	while (!list_empty(&sa->children)) {
		struct conn *conn;

		c = list_item(sa->children.next, struct v2_child, node);
		conn = c->c.conn;
		conn_use(conn);
		if (c->state < V2_CHILD_STANDBY && c->purpose != V2_CHILD_REKEY)
			conn_settle(conn, CONN_WAIT_UP, exit ? exit : EXIT_IKE_NO_ANSWER);
		v2_child_kill(c);
		v2_conn_lost(v2, conn);
		conn_unuse(conn);
	}
}

static void deleting_event(struct v2_sa *sa, const char *sending)
{
	char age[32];
	ns_t ns = sa->ike->now.mono - sa->born;

	V2_EMIT(sa, v2_deleting, .state = ev_str(v2_state_libreswan(sa->state)),
		.age = ev_str(seconds_text(ns, 6, age, sizeof(age))), .sending = ev_str(sending),
		.by = ev_str(sa->is_ended_by_peer ? "peer" : "us"));
}

void v2_sa_terminate(struct v2_sa *sa)
{
	if (sa->state == V2_DEAD || sa->state == V2_DELETING)
		return;
	if (sa->state == V2_AUTH_VERIFYING) {
		v2_sa_reject(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	if (sa->state == V2_AUTH_SENT) {
		/* the peer may believe in it already: it is deleted when the response comes */
		sa->is_unwanted = true;
		conn_settle(sa->conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
		let_go(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	if (sa->state != V2_ESTABLISHED && sa->state != V2_REKEYED) {
		v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	deleting_event(sa, "sending notification");
	state_set(sa, V2_DELETING);
	let_go(sa, EXIT_IKE_NO_ANSWER);
	timer_stop(&sa->ike->timers, &sa->rekey_at);
	timer_stop(&sa->ike->timers, &sa->liveness);
	timer_stop(&sa->ike->timers, &sa->expire);
	v2_task_add(sa, V2_TASK_DELETE_IKE, 0);
}

void v2_sa_reject(struct v2_sa *sa, int exit)
{
	deleting_event(sa, "sending notification");
	sa->is_refusing = exit == EXIT_IKE_AUTH;
	state_set(sa, V2_DELETING);
	conn_settle(sa->conn, CONN_WAIT_UP, exit);
	let_go(sa, exit);
	v2_task_add(sa, V2_TASK_DELETE_IKE, 0);
	v2_conn_lost(sa->v2, sa->conn);
}

void v2_sa_kill(struct v2_sa *sa, int exit)
{
	uint8_t was = sa->state;

	if (was == V2_DEAD)
		return;
	if (was != V2_NEW && was != V2_DELETING)
		deleting_event(sa, "NOT sending notification");
	state_set(sa, V2_DEAD);
	timer_stop(&sa->ike->timers, &sa->resend);
	timer_stop(&sa->ike->timers, &sa->rekey_at);
	timer_stop(&sa->ike->timers, &sa->liveness);
	timer_stop(&sa->ike->timers, &sa->expire);
	timer_stop(&sa->ike->timers, &sa->keepalive);
	/* who waited for one that is not wanted any more was told then, or waits for another */
	if (was < V2_ESTABLISHED && sa->is_initiator && sa->rekeys == 0 && !sa->is_unwanted)
		conn_settle(sa->conn, CONN_WAIT_UP, exit);
	let_go(sa, exit);
	ike_request_release(sa->ike, sa->request, exit);
	sa->request = 0;
	alive_end(sa->ike, &sa->alive);
	v2_sa_leaves_half_open(sa);
	if (was != V2_NEW && was < V2_REKEYED)
		v2_conn_lost(sa->v2, sa->conn);
	v2_ready(sa);
}

void v2_sa_rekeyed(struct v2_sa *old)
{
	state_set(old, V2_REKEYED);
	timer_stop(&old->ike->timers, &old->rekey_at);
	timer_stop(&old->ike->timers, &old->liveness);
	/* should the Delete never come */
	timer_set(&old->ike->timers, &old->expire, old->ike->now.mono + 60 * NS_S);
}
