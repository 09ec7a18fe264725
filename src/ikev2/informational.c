/* The INFORMATIONAL exchange (RFC 7296 1.4): Delete, liveness, notifications; and the requests that
 * come at the wrong time. */
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"
#include "ikev2/offer.h"

/* 2.21.2: an initiator that rejects us may say so here. */
static bool is_rejected(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_error(m);

	if (!n)
		return false;
	V2_EMIT(sa, v2_peer_complains, .notify = ev_str(v2_notify_name(n->type)),
		.remote = ev_ep(sa->remote));
	return n->type == N_AUTHENTICATION_FAILED || n->type == N_INVALID_SYNTAX;
}

enum v2_verdict informational_request(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_build b;
	bool is_over;

	v2_reply_begin(sa, &b);
	is_over = v2_delete_received(sa, m, &b);
	is_over |= is_rejected(sa, m);
	v2_reply_send(sa, INFORMATIONAL, &b);
	if (is_over) {
		sa->is_ended_by_peer = true;
		v2_rekey_ike_deleted(sa);
		v2_sa_kill(sa, EXIT_IKE_AUTH);
	}
	return V_STAY;
}

enum v2_verdict informational_response(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_child *c = sa->task ? v2_child_by_serial(sa->v2, sa->task->child) : NULL;

	(void)m;
	if (!sa->task)
		return V_STAY;
	if (sa->task->kind == V2_TASK_DELETE_CHILD && c && c->sa == sa) {
		struct conn *conn = c->c.conn;

		conn_use(conn);
		v2_rekey_child_deleted(sa, c);
		v2_child_kill(c);
		v2_conn_lost(sa->v2, conn);
		conn_unuse(conn);
	}
	if (sa->task->kind == V2_TASK_DELETE_IKE) {
		v2_rekey_ike_deleted(sa);
		v2_sa_kill(sa, EXIT_IKE_OK);
	}
	return V_STAY;
}

bool v2_informational_request(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b)
{
	struct v2_child *c = v2_child_by_serial(sa->v2, t->child);

	if (t->kind == V2_TASK_LIVENESS)
		return sa->state == V2_ESTABLISHED;
	if (t->kind == V2_TASK_DELETE_IKE) {
		if (sa->is_refusing) /* 2.21.2 */
			v2_put_notify(
				b, PROTO_NONE, BYTES_NONE, N_AUTHENTICATION_FAILED, BYTES_NONE);
		v2_put_delete(b, PROTO_IKE, 0, 0, BYTES_NONE);
		return true;
	}
	if (t->kind == V2_TASK_DELETE_CHILD && c && c->sa == sa) {
		struct v2_spi spi = v2_spi_octets(c->c.spi_in);

		v2_put_delete(b, PROTO_ESP, sizeof(spi.b), 1, BYTES(spi.b));
		return true;
	}
	return false;
}

/* 2.21.3: a request that lacks what it must have is fatal for the IKE SA. */
enum v2_verdict malformed_request(struct v2_sa *sa, const struct v2_msg *m)
{
	V2_EMIT(sa, v2_unexpected, .exchange = ev_str(v2_exchange_name(m->h.exchange)),
		.which = ev_str("request"), .state = ev_str(v2_state_name(sa->state)),
		.payloads = ev_str(m->names));
	v2_refuse(sa, N_INVALID_SYNTAX, BYTES_NONE);
	return V_REFUSE_CLOSE;
}

/* 2.25.2: this IKE SA is on its way out. */
enum v2_verdict create_child_sa_too_late(struct v2_sa *sa, const struct v2_msg *m)
{
	(void)m;
	return v2_not_now(sa, sa->state == V2_REKEYED ? "the IKE SA has been rekeyed"
						      : "the IKE SA is being deleted");
}
