/* Another Child SA under an IKE SA (RFC 7296 1.3.1): a second connection between the same two ends,
 * or a Child SA that was lost while the IKE SA stayed. */
#include "ikev2/create.h"
#include "ikev2/exchanges.h"

#include "ikev2/explain.h"
#include "ikev2/narrow.h"
#include "ikev2/offer.h"

void v2_new_child_start(struct v2_sa *sa, struct conn *c)
{
	struct v2_child *n = v2_child_new(sa, c, V2_CHILD_NEW, true);

	if (!n) {
		V2_EMIT(sa, v2_too_many_children, .limit = ev_u64(LIMIT_CHILDREN));
		conn_settle(c, CONN_WAIT_UP, EXIT_IKE_LOCAL);
		return;
	}
	V2_CHILD_EMIT(n, v2_child_initiate, .ike = ev_u64(sa->serial));
	v2_task_add(sa, V2_TASK_NEW_CHILD, n->c.serial);
}

bool new_child_build(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b)
{
	struct v2_child *c = v2_child_by_serial(sa->v2, t->child);

	if (!c || c->sa != sa || c->state != V2_CHILD_WAITING)
		return false;
	if (v2_put_child_request(c, b))
		return true;
	conn_settle(c->c.conn, CONN_WAIT_UP, EXIT_IKE_LOCAL);
	v2_child_kill(c);
	return false;
}

void new_child_response(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_child *c = v2_child_by_serial(sa->v2, sa->task->child);
	const struct v2_notify *n = v2_notify_error(m);
	enum err e;

	if (!c || c->state != V2_CHILD_SENT)
		return;
	if (c->is_unwanted)
		v2_child_not_wanted(c, m);
	else if (v2_again_with_group(c, v2_invalid_ke_group(m)))
		v2_task_add(sa, V2_TASK_NEW_CHILD, c->c.serial);
	else if (n && n->type == N_TEMPORARY_FAILURE) {
		v2_child_state_set(c, V2_CHILD_WAITING);
		v2_retry_later(sa, V2_TASK_NEW_CHILD, c->c.serial, n);
	} else if (n || !v2_has(m, V2_SA)) {
		v2_explain_received(c, m);
		v2_child_refused(c, CREATE_CHILD_SA, n);
	} else if ((e = v2_take_child_response(c, m))) {
		v2_child_unacceptable(c, CREATE_CHILD_SA, m, e);
	} else {
		v2_child_install(c, true);
	}
}

/* ---- the responder ---- */

/* How well do these selectors fit c? -1: not at all. */
static int fit(const struct v2_sa *sa, const struct conn *c, const struct v2_msg *m)
{
	struct ts_list tsi, tsr, allowed_i, allowed_r;
	struct v2_narrowed n;

	v2_ts_here(sa, m, c->conf->type == TYPE_TRANSPORT, &tsi, &tsr);
	conn_ts_theirs(c, &allowed_i);
	conn_ts_ours(c, &allowed_r);
	if (v2_narrow(&tsi, &tsr, &allowed_i, &allowed_r, c->conf->narrowing || c->has_lent, &n) !=
		OK)
		return -1;
	return (n.has_first ? 1 : 0) + (n.is_whole ? 2 : 0);
}

static bool may_share(const struct v2_sa *sa, const struct conn *c)
{
	return !c->is_removed && !c->template && c->is_oriented && !conn_is_shunt(c) &&
	       c->conf->version == VERSION_IKEV2 && !conn_is_template(c) && !sa->conn->template &&
	       addr_eq(&c->local.addr, &sa->local.addr) &&
	       addr_eq(&c->remote.addr, &sa->remote.addr) && id_eq(&c->our_id, &sa->conn->our_id) &&
	       (c->their_id.type == ID_NONE || id_eq(&c->their_id, &sa->peer_id));
}

/* Several connections with the same two ends share an IKE SA: the selectors decide. */
static struct conn *conn_for(struct v2_sa *sa, const struct v2_msg *m)
{
	struct conn *c, *best = sa->conn;
	int best_fit = fit(sa, sa->conn, m);

	list_each (c, &sa->ike->conns, struct conn, node) {
		int f;

		if (c == sa->conn || !may_share(sa, c))
			continue;
		f = fit(sa, c, m);
		if (f > best_fit) {
			best = c;
			best_fit = f;
		}
	}
	return best;
}

enum v2_verdict new_child_request(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_child *c = v2_child_new(sa, conn_for(sa, m), V2_CHILD_NEW, false);
	uint16_t refusal;

	if (!c)
		return v2_no_room(sa);
	if (v2_cp_is_server(c->c.conn) && !c->c.conn->has_lent)
		return v2_deny_child(c, v2_cp_required(c));
	if ((refusal = v2_make_child_answer(c, m)))
		return v2_deny_child(c, refusal);
	c->has_answer_due = true;
	v2_child_install(c, true);
	return V_STAY;
}
