/* IKE_AUTH as its responder (RFC 7296 1.2, 2.9, 2.15, 2.19, 2.21.2): who is it, is it true, what
 * may it have. Two answers of keys and those of the data plane lie between the request and the
 * response; the request is parked meanwhile. */
#include "ikev2/exchanges.h"

#include "ike/match.h"
#include "ikev2/explain.h"
#include "ikev2/offer.h"
#include "ikev2/suite.h"
#include <stdio.h>

enum { AUTH_SHARED_KEY = 2 };

/* ---- who ---- */

static bool has_same_suite(void *ctx, const struct conn *c)
{
	const struct v2_sa *sa = ctx;
	struct proposals chosen;
	struct suite s;
	uint8_t why;
	size_t i;

	if (c == sa->conn || c == sa->conn->template)
		return true;
	if (!(c->conf->authby & AUTHBY_SECRET))
		return false;
	v2_proposal_of(&sa->suite, PROTO_IKE, 1, NULL, 0, &chosen);
	return proposals_choose(conn_ike_proposals(c), &chosen, true, &s, &i, &why) == OK;
}

/* The connection that would have it, were it not for its ike=: says so. */
static bool is_for_other(struct v2_sa *sa)
{
	const struct match want = { .version = VERSION_IKEV2,
		.local = sa->local,
		.remote = sa->remote,
		.theirs = &sa->peer_id,
		.ours = &sa->asked_id };
	struct proposals chosen;
	struct v2_difference d;
	enum match_why is;
	struct event_about about;
	char id[ID_STR];
	struct suite s;
	uint8_t why = 0;
	size_t i;
	const struct conn *c = match_conn(sa->ike, &want, NULL, &is, NULL);

	/* one that is for anybody is for nobody in particular */
	if (!c || !(c->conf->authby & AUTHBY_SECRET) || c->their_id.type == ID_NONE ||
		c->their_id.type == ID_ANY)
		return false;
	v2_proposal_of(&sa->suite, PROTO_IKE, 1, NULL, 0, &chosen);
	if (proposals_choose(conn_ike_proposals(c), &chosen, true, &s, &i, &why) == OK)
		return false;
	v2_difference(&chosen, conn_ike_proposals(c), why, &d);
	about = conn_about(c, 0);
	EMIT(&sa->ike->env.events, sa->ike->now, &about, v2_no_suite_for_id,
		.remote = ev_ep(sa->remote), .id = ev_str(id_format(&sa->peer_id, id, sizeof(id))),
		.by = ev_str(sa->conn->conf->name), .offered = ev_str(d.offered),
		.allowed = ev_str(d.allowed), .difference = ev_str(d.type),
		.theirs = ev_str(d.theirs), .ours = ev_str(d.ours),
		.theirs_conf = ev_str(d.words.theirs_conf), .ours_conf = ev_str(d.words.ours_conf),
		.ours_swanctl = ev_str(d.words.ours_swanctl));
	return true;
}

/* The connection may be another one than the addresses alone suggested. */
static bool switch_conn(struct v2_sa *sa, const struct v2_msg *m)
{
	struct ts_list tsi = { 0 }, tsr = { 0 };
	struct match want = {
		.version = VERSION_IKEV2,
		.local = sa->local,
		.remote = sa->remote,
		.theirs = &sa->peer_id,
		.ours = &sa->asked_id,
		.ts_ours = v2_has(m, V2_TSR) ? &tsr : NULL,
		.ts_theirs = v2_has(m, V2_TSI) ? &tsi : NULL,
		.accepts = has_same_suite,
		.ctx = sa,
	};
	const struct conn *current = sa->conn->template ? sa->conn->template : sa->conn;
	enum match_why why;
	struct conn *c;

	v2_ts_here(sa, m, v2_notify_find(m, N_USE_TRANSPORT_MODE), &tsi, &tsr);
	c = match_conn(sa->ike, &want, current, &why, NULL);
	if (!c)
		return false;
	if (c == current)
		return true;
	if (conn_is_template(c))
		c = conn_instantiate(c, &sa->remote);
	V2_EMIT(sa, v2_switched, .to = ev_str(c->conf->name));
	conn_use(c);
	conn_unuse(sa->conn);
	sa->conn = c;
	return true;
}

static enum v2_verdict close_with(struct v2_sa *sa, uint16_t notify)
{
	v2_refuse(sa, notify, BYTES_NONE);
	return V_REFUSE_CLOSE;
}

static bool take_ids(struct v2_sa *sa, const struct v2_msg *m)
{
	id_done(&sa->peer_id);
	id_done(&sa->asked_id);
	if (id_from_wire(m->idi_type, m->idi, &sa->peer_id) != OK)
		return false;
	return !v2_has(m, V2_IDR) || id_from_wire(m->idr_type, m->idr, &sa->asked_id) == OK;
}

enum v2_verdict ike_auth_request(struct v2_sa *sa, const struct v2_msg *m)
{
	char theirs[ID_STR], asked[ID_STR], want_theirs[ID_STR], want_ours[ID_STR];

	timer_stop(&sa->ike->timers, &sa->resend);
	V2_EMIT(sa, v2_auth_processing, .payloads = ev_str(m->names));
	if (!take_ids(sa, m)) {
		V2_EMIT(sa, v2_malformed, .remote = ev_ep(sa->remote),
			.exchange = ev_str("IKE_AUTH"), .payload = ev_str("ID"),
			.why = ev_str(err_text(ERR_VALUE)));
		return close_with(sa, N_INVALID_SYNTAX);
	}
	if (!switch_conn(sa, m)) {
		if (is_for_other(sa))
			return close_with(sa, N_AUTHENTICATION_FAILED);
		V2_EMIT(sa, v2_id_refused,
			.id = ev_str(id_format(&sa->peer_id, theirs, sizeof(theirs))),
			.asked = ev_str(id_format(&sa->asked_id, asked, sizeof(asked))),
			.wanted = ev_str(
				id_format(&sa->conn->their_id, want_theirs, sizeof(want_theirs))),
			.ours = ev_str(id_format(&sa->conn->our_id, want_ours, sizeof(want_ours))));
		v2_explain_unproven(sa, EXPLAIN_ID);
		return close_with(sa, N_AUTHENTICATION_FAILED);
	}
	if (v2_auth_ask(sa, &sa->peer_id, m) != OK)
		return close_with(sa, N_AUTHENTICATION_FAILED);
	return V_PARK;
}

enum v2_verdict ike_auth_request_incomplete(struct v2_sa *sa, const struct v2_msg *m)
{
	/* without AUTH the peer wants EAP (2.16), which no connection of ours allows */
	V2_EMIT(sa, v2_auth_incomplete, .payloads = ev_str(m->names));
	return close_with(sa, v2_has(m, V2_IDI) ? N_AUTHENTICATION_FAILED : N_INVALID_SYNTAX);
}

/* ---- is it true ---- */

static enum v2_verdict no_secret(struct v2_sa *sa, const struct answer *a)
{
	char ours[ID_STR], theirs[ID_STR];

	V2_EMIT(sa, v2_no_secret, .ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))),
		.theirs = ev_str(id_format(&sa->peer_id, theirs, sizeof(theirs))),
		.why = ev_str(a->text ? a->text : err_text(a->e)));
	return close_with(sa, N_AUTHENTICATION_FAILED);
}

enum v2_verdict ike_auth_peer_verified(struct v2_sa *sa, const struct answer *a)
{
	struct v2_msg m;

	if (a->e != OK)
		return no_secret(sa, a);
	if (v2_parked(sa, &m) != OK)
		return V_CLOSE;
	if (!v2_auth_is(a, &m)) {
		v2_auth_mismatch(sa, a, &m);
		v2_explain_unproven(sa, EXPLAIN_SECRET);
		return close_with(sa, N_AUTHENTICATION_FAILED);
	}
	sa->peer_is_initial_contact = v2_notify_find(&m, N_INITIAL_CONTACT);
	if (v2_notify_find(&m, N_MOBIKE_SUPPORTED))
		V2_EMIT(sa, v2_mobike_ignored, );
	if (v2_auth_ask(sa, &sa->peer_id, NULL) != OK)
		return V_CLOSE;
	return V_NEXT;
}

/* ---- what may it have ---- */

/* Everything of the Child SA but the data plane. 0, or the notification that refuses it. */
static uint16_t make_child(struct v2_child *c, const struct v2_msg *m)
{
	uint16_t refusal;

	if (v2_cp_is_server(c->c.conn)) {
		if (!v2_has(m, V2_CP))
			return v2_cp_required(c);
		if (v2_cp_lease(c->sa, c, m) != OK)
			return N_INTERNAL_ADDRESS_FAILURE;
	}
	if ((refusal = v2_child_mode(c, m)) || (refusal = v2_child_choose(c, m, false)) ||
		(refusal = v2_child_narrow(c, m)))
		return refusal;
	c->ni = buf_from(buf_view(&c->sa->ni));
	c->nr = buf_from(buf_view(&c->sa->nr));
	return v2_child_derive(c, BYTES_NONE) == OK ? 0 : N_NO_PROPOSAL_CHOSEN;
}

/* IDr, AUTH and: the Child SA c, or the notification why there is none, or neither (childless). */
static void respond(struct v2_sa *sa, const struct v2_child *c, uint16_t refusal)
{
	struct v2_build b;

	v2_reply_begin(sa, &b);
	v2_put_id(&b, V2_IDR, &sa->conn->our_id);
	v2_put_auth(&b, AUTH_SHARED_KEY, secret_view(&sa->our_auth));
	if (c) {
		v2_put_cp_reply(&b, c);
		v2_put_child_choice(&b, c);
		v2_put_ts(&b, V2_TSI, &c->c.ts_remote);
		v2_put_ts(&b, V2_TSR, &c->c.ts_local);
	}
	if (refusal)
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, refusal, BYTES_NONE);
	v2_put_explain(&b, sa);
	if (sa->peer_reads_explain)
		v2_put_explain_vendor(&b);
	v2_reply_send(sa, IKE_AUTH, &b);
	secret_done(&sa->our_auth);
}

static void respond_without(struct v2_sa *sa, struct v2_child *c, uint16_t refusal)
{
	if (c) {
		V2_CHILD_EMIT(c, v2_child_denied, .exchange = ev_str("IKE_AUTH"),
			.notify = ev_str(v2_notify_name(refusal)));
		v2_child_kill(c);
		conn_lease_return(sa->conn);
	}
	respond(sa, NULL, refusal);
	v2_step_installed(sa);
}

enum v2_verdict ike_auth_answer(struct v2_sa *sa, const struct answer *a)
{
	struct v2_child *c;
	struct v2_msg m;
	uint16_t refusal;

	if (a->e != OK)
		return no_secret(sa, a);
	if (v2_parked(sa, &m) != OK)
		return V_CLOSE;
	secret_done(&sa->our_auth);
	sa->our_auth = secret_from(a->mac);
	sa->peer_reads_explain = v2_has_explain_vendor(&m);
	v2_sa_established(sa);
	v2_unique(sa);
	if (!v2_has(&m, V2_SA) || !v2_has(&m, V2_TSI) || !v2_has(&m, V2_TSR)) {
		sa->is_childless = true;
		respond_without(sa, NULL, 0);
		return V_STAY;
	}
	c = v2_child_new(sa, sa->conn, V2_CHILD_IN_AUTH, false);
	if ((refusal = make_child(c, &m))) {
		respond_without(sa, c, refusal);
		return V_STAY;
	}
	c->has_answer_due = true;
	v2_child_install(c, true);
	return V_NEXT;
}

void v2_auth_respond_installed(struct v2_child *c, enum err e)
{
	struct v2_sa *sa = c->sa;

	c->has_answer_due = false;
	if (e != OK) {
		V2_CHILD_EMIT(c, v2_child_not_installed, .why = ev_str(c->install_text),
			.is_unsupported = ev_u64(c->install_error == ERR_UNSUPPORTED),
			.is_taken = ev_u64(c->install_error == ERR_EXISTS));
		respond_without(sa, c, N_TEMPORARY_FAILURE);
		return;
	}
	respond(sa, c, 0);
	v2_step_installed(sa);
	v2_child_established(c);
}
