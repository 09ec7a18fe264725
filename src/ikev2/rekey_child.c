/* Rekeying a Child SA (RFC 7296 1.3.3, 2.8, 2.8.1, 2.25.1). The requester installs the new one
 * whole and deletes the old; the responder has inbound at once and outbound when it hears the peer
 * or the Delete.
 *
 * When both ends rekey the same one at once there are two new Child SAs. That of the exchange with
 * the lowest of the four nonces is deleted by the end that made it, the old one by the other end.
 * Only an end that saw the peer's request while its own was open knows of the collision; the other
 * one is answered TEMPORARY_FAILURE or CHILD_SA_NOT_FOUND and gives its attempt up. */
#include "ikev2/create.h"
#include "ikev2/exchanges.h"

bool v2_child_is_usable(const struct v2_child *c)
{
	return c->state == V2_CHILD_ESTABLISHED || c->state == V2_CHILD_STANDBY;
}

void v2_rekey_child_start(struct v2_child *c)
{
	if (!v2_child_is_usable(c) || c->replaced_by || c->sa->state != V2_ESTABLISHED)
		return;
	v2_task_add(c->sa, V2_TASK_REKEY_CHILD, c->c.serial);
}

struct v2_child *rekey_child_pending(struct v2_sa *sa, uint32_t old)
{
	struct v2_child *c;

	list_each (c, &sa->children, struct v2_child, node)
		if (c->rekeys == old && c->is_requester && c->state <= V2_CHILD_SENT)
			return c;
	return NULL;
}

/* ---- the requester ---- */

bool rekey_child_build(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b)
{
	struct v2_child *old = v2_child_by_serial(sa->v2, t->child);
	struct v2_child *c = rekey_child_pending(sa, t->child);
	struct v2_spi spi;

	if (!old || old->sa != sa || !v2_child_is_usable(old) || old->replaced_by) {
		if (c)
			v2_child_kill(c);
		return false;
	}
	if (!c)
		c = v2_child_new(sa, old->c.conn, V2_CHILD_REKEY, true);
	if (!c)
		return false;
	c->rekeys = old->c.serial;
	c->c.is_transport = old->c.is_transport;
	spi = v2_spi_octets(old->c.spi_in);
	v2_put_notify(b, PROTO_ESP, BYTES(spi.b), N_REKEY_SA, BYTES_NONE);
	if (v2_put_child_request(c, b))
		return true;
	v2_child_kill(c);
	return false;
}

/* Those who asked for the rekey of c. */
static void release(struct v2_child *c, int exit)
{
	ike_request_release(c->sa->ike, c->request, exit);
	c->request = 0;
}

/* Has the data plane all that it was given of c? */
static bool is_whole(const struct v2_child *c)
{
	return c->c.has_in && (c->c.has_out || c->state == V2_CHILD_STANDBY);
}

/* The attempt is over; old goes on, or is replaced already, or is to be made anew. */
static void given_up(struct v2_sa *sa, struct v2_child *c, const struct v2_notify *n)
{
	struct v2_child *old = v2_child_by_serial(sa->v2, c->rekeys);
	char offered[2048], ours[TS_LIST_STR], theirs[TS_LIST_STR], groups[256], conf[1024],
		swanctl[1024];
	struct conn *conn = c->c.conn;
	uint16_t why = n ? n->type : 0;
	struct ts_list tsi, tsr;

	conn_use(conn);
	v2_child_selectors(c, &tsi, &tsr);
	V2_CHILD_EMIT(c, v2_rekey_failed, .old = ev_u64(c->rekeys),
		.notify = ev_str(n ? v2_notify_name(n->type) : "nothing usable"),
		.offered = ev_str(proposals_format(v2_child_offered(c), offered, sizeof(offered))),
		.ts_local = ev_str(ts_list_format(&tsi, ours)),
		.ts_remote = ev_str(ts_list_format(&tsr, theirs)),
		.groups = ev_str(
			proposals_transforms(v2_child_offered(c), TT_KE, groups, sizeof(groups))),
		.ours_conf = ev_str(proposals_conf(v2_child_offered(c), conf, sizeof(conf))),
		.ours_swanctl =
			ev_str(proposals_swanctl(v2_child_offered(c), swanctl, sizeof(swanctl))),
		.product = ev_str(sa->product));
	if (old && v2_child_by_serial(sa->v2, c->rival))
		old->replaced_by = c->rival;
	v2_child_kill(c);
	if (!old || !v2_child_is_usable(old) || old->replaced_by) {
		v2_conn_lost(sa->v2, conn);
	} else if (why == N_CHILD_SA_NOT_FOUND) {
		/* 2.25: the peer does not have it (any more): away with it, and another one */
		v2_child_kill(old);
		if (conn->n_children == 0)
			v2_new_child_start(sa, conn);
	} else if (!is_whole(old) && why != N_TEMPORARY_FAILURE) {
		/* the data plane has lost it */
		v2_child_expired(old, "the data plane was restarted", "");
	} else {
		if (why != N_TEMPORARY_FAILURE)
			release(old, EXIT_IKE_PROPOSAL);
		v2_retry_later(sa, V2_TASK_REKEY_CHILD, old->c.serial, n);
	}
	conn_unuse(conn);
}

void rekey_child_response(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_child *c = rekey_child_pending(sa, sa->task->child);
	const struct v2_notify *n = v2_notify_error(m);
	enum err e;

	if (!c)
		return;
	if (c->is_unwanted) {
		struct v2_child *old = v2_child_by_serial(sa->v2, c->rekeys);

		v2_child_not_wanted(c, m);
		/* its keys died with an earlier process: another one */
		if (old && v2_child_is_usable(old) && !old->replaced_by)
			v2_retry_soon(sa, V2_TASK_REKEY_CHILD, old->c.serial);
		return;
	}
	if (v2_again_with_group(c, v2_invalid_ke_group(m))) {
		v2_task_add(sa, V2_TASK_REKEY_CHILD, c->rekeys);
		return;
	}
	if (n || !v2_has(m, V2_SA)) {
		given_up(sa, c, n);
		return;
	}
	if ((e = v2_take_child_response(c, m))) {
		v2_child_unacceptable(c, CREATE_CHILD_SA, m, e);
		return;
	}
	v2_lowest_nonce(buf_view(&c->ni), buf_view(&c->nr), &c->lowest_nonce);
	v2_child_install(c, true);
}

void rekey_child_installed(struct v2_child *c)
{
	struct v2_sa *sa = c->sa;
	struct v2_child *old = v2_child_by_serial(sa->v2, c->rekeys);
	struct v2_child *rival = v2_child_by_serial(sa->v2, c->rival);

	if (rival && v2_nonce_is_lower(&c->lowest_nonce, &rival->lowest_nonce)) {
		/* ours is the redundant one; the peer deletes the old one. Until then, or until the
		 * peer is heard, packets take the old one: our response may still be under way, and
		 * when our Delete arrives the peer hears nothing on ours any more */
		V2_CHILD_EMIT(c, v2_rekey_collision, .old = ev_u64(c->rekeys),
			.kept = ev_u64(rival->c.serial));
		v2_child_state_set(c, V2_CHILD_STANDBY);
		v2_child_terminate(c);
		if (old && old->state != V2_CHILD_DELETING)
			child_remove(sa->ike, &c->c, DP_OUT);
		else
			v2_child_use(rival);
		if (old) {
			old->replaced_by = rival->c.serial;
			release(old, EXIT_IKE_OK);
		}
		return;
	}
	v2_child_established(c);
	if (rival)
		V2_CHILD_EMIT(c, v2_rekey_collision, .old = ev_u64(c->rekeys),
			.kept = ev_u64(c->c.serial));
	if (!old || old->sa != sa)
		return;
	old->replaced_by = c->c.serial;
	release(old, EXIT_IKE_OK);
	v2_child_terminate(old);
}

/* ---- the responder ---- */

/* 2.25. While a request of ours is open, the peer may mean what it has just made for us: its
 * response is still under way. */
static enum v2_verdict not_found(struct v2_sa *sa, const struct v2_notify *rekey)
{
	struct rd r = rd_from(rekey->spi);
	uint32_t spi;

	if (sa->window.is_open && sa->task &&
		(sa->task->kind == V2_TASK_NEW_CHILD || sa->task->kind == V2_TASK_REKEY_CHILD))
		return v2_not_now(sa, "a Child SA is being made");
	spi = rd_u32(&r);
	V2_EMIT(sa, v2_child_unknown, .spi = ev_x32(spi), .children = ev_u64(sa->n_children));
	v2_reply_notify(
		sa, CREATE_CHILD_SA, rekey->protocol, rekey->spi, N_CHILD_SA_NOT_FOUND, BYTES_NONE);
	return V_STAY;
}

enum v2_verdict rekey_child_request(
	struct v2_sa *sa, const struct v2_msg *m, const struct v2_notify *rekey)
{
	struct rd r = rd_from(rekey->spi);
	uint32_t spi = rd_u32(&r);
	struct v2_child *old = rd_end(&r) ? v2_child_by_peer_spi(sa, spi) : NULL;
	struct v2_child *c, *ours;
	uint16_t refusal;

	if (!old || rekey->protocol != PROTO_ESP || old->state == V2_CHILD_GONE)
		return not_found(sa, rekey);
	/* 2.25.1: we are closing it, or it is not ready, or it has been replaced by another request
	 */
	if (!v2_child_is_usable(old) || old->replaced_by)
		return v2_not_now(sa, old->replaced_by ? "the Child SA has been rekeyed"
						       : "the Child SA is being made or deleted");
	c = v2_child_new(sa, old->c.conn, V2_CHILD_REKEY, false);
	if (!c)
		return v2_no_room(sa);
	c->rekeys = old->c.serial;
	c->c.is_transport = old->c.is_transport;
	if ((refusal = v2_make_child_answer(c, m)))
		return v2_deny_child(c, refusal);
	ours = rekey_child_pending(sa, old->c.serial);
	if (ours && ours->state == V2_CHILD_SENT && !ours->is_unwanted) {
		ours->rival = c->c.serial;
		c->rival = ours->c.serial;
	}
	c->has_answer_due = true;
	v2_child_install(c, false);
	return V_STAY;
}

void rekey_child_answered(struct v2_child *c)
{
	struct v2_child *old = v2_child_by_serial(c->sa->v2, c->rekeys);

	if (!old)
		return;
	/* in a collision the nonces of our own exchange decide */
	if (!c->rival)
		old->replaced_by = c->c.serial;
}

void v2_rekey_child_deleted(struct v2_sa *sa, struct v2_child *old)
{
	struct v2_child *c;

	list_each (c, &sa->children, struct v2_child, node)
		if (c->rekeys == old->c.serial && !c->is_requester)
			v2_child_use(c);
}
