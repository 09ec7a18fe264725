/* A Child SA that we asked for does not come to be: the event with both sides' values, the exit
 * status of those who wait, and its end. */
#include "ikev2/create.h"
#include "ikev2/exchanges.h"
#include "ikev2/offer.h"

static int exit_of(const struct v2_notify *n)
{
	return n && (n->type == N_TS_UNACCEPTABLE || n->type == N_SINGLE_PAIR_REQUIRED)
		       ? EXIT_IKE_TS
		       : EXIT_IKE_PROPOSAL;
}

void v2_child_refused(struct v2_child *c, uint8_t exchange, const struct v2_notify *n)
{
	struct ts_list tsi, tsr;
	char offered[2048], ours[TS_LIST_STR], theirs[TS_LIST_STR], conf[1024], swanctl[1024];
	struct conn *conn = c->c.conn;
	struct v2 *v2 = c->sa->v2;

	v2_child_selectors(c, &tsi, &tsr);
	V2_CHILD_EMIT(c, v2_child_refused, .exchange = ev_str(v2_exchange_name(exchange)),
		.notify = ev_str(n ? v2_notify_name(n->type) : "(no notification)"),
		.offered = ev_str(proposals_format(v2_child_offered(c), offered, sizeof(offered))),
		.ts_local = ev_str(ts_list_format(&tsi, ours)),
		.ts_remote = ev_str(ts_list_format(&tsr, theirs)),
		.ours_conf = ev_str(proposals_conf(v2_child_offered(c), conf, sizeof(conf))),
		.ours_swanctl =
			ev_str(proposals_swanctl(v2_child_offered(c), swanctl, sizeof(swanctl))),
		.needs_esn = ev_u64(proposals_has(v2_child_offered(c), TT_ESN, 1) !=
				    proposals_has(v2_child_offered(c), TT_ESN, 0)),
		.product = ev_str(c->sa->product));
	conn_use(conn);
	if (!c->rekeys)
		conn_settle(conn, CONN_WAIT_UP, exit_of(n));
	ike_request_release(v2->ike, c->request, exit_of(n));
	c->request = 0;
	v2_child_kill(c);
	v2_conn_lost(v2, conn);
	conn_unuse(conn);
}

static void end(struct v2_child *c, int exit)
{
	struct conn *conn = c->c.conn;
	struct v2 *v2 = c->sa->v2;

	conn_use(conn);
	if (!c->rekeys)
		conn_settle(conn, CONN_WAIT_UP, exit);
	ike_request_release(v2->ike, c->request, exit);
	c->request = 0;
	child_farewell(v2->ike, &c->c);
	v2_child_terminate(c);
	v2_conn_lost(v2, conn);
	conn_unuse(conn);
}

void v2_child_unacceptable(struct v2_child *c, uint8_t exchange, const struct v2_msg *m, enum err e)
{
	char offered[2048], chosen[512], tsi[TS_LIST_STR], tsr[TS_LIST_STR], ours[TS_LIST_STR],
		theirs[TS_LIST_STR], si[TS_LIST_STR], sr[TS_LIST_STR];
	struct ts_list local, remote;

	v2_child_selectors(c, &local, &remote);
	V2_CHILD_EMIT(c, v2_child_unacceptable, .exchange = ev_str(v2_exchange_name(exchange)),
		.why = ev_str(err_text(e)),
		.offered = ev_str(proposals_format(v2_child_offered(c), offered, sizeof(offered))),
		.chosen = ev_str(proposals_format(&m->sa, chosen, sizeof(chosen))),
		.ts_local = ev_str(ts_list_format(&local, ours)),
		.ts_remote = ev_str(ts_list_format(&remote, theirs)),
		.tsi = ev_str(ts_list_format(&m->tsi, tsi)),
		.tsr = ev_str(ts_list_format(&m->tsr, tsr)),
		.relation_i = ev_str(ts_list_relation(&m->tsi, &local)),
		.relation_r = ev_str(ts_list_relation(&m->tsr, &remote)),
		.subnets_i = ev_str(ts_list_subnets(&m->tsi, si)),
		.subnets_r = ev_str(ts_list_subnets(&m->tsr, sr)),
		.product = ev_str(c->sa->product));
	end(c, e == ERR_MISMATCH ? EXIT_IKE_TS : EXIT_IKE_PROPOSAL);
}

void v2_child_not_installed(struct v2_child *c)
{
	struct v2_child *old = v2_child_by_serial(c->sa->v2, c->rekeys);

	V2_CHILD_EMIT(c, v2_child_not_installed, .why = ev_str(c->install_text),
		.is_unsupported = ev_u64(c->install_error == ERR_UNSUPPORTED),
		.is_taken = ev_u64(c->install_error == ERR_EXISTS));
	if (old) {
		ike_request_release(c->sa->ike, old->request, EXIT_IKE_DATAPLANE);
		old->request = 0;
		v2_retry_later(old->sa, V2_TASK_REKEY_CHILD, old->c.serial, NULL);
	}
	end(c, EXIT_IKE_DATAPLANE);
}
