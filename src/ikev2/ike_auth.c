/* IKE_AUTH as its initiator (RFC 7296 1.2, 2.15, 2.21.2). The first Child SA is made inside; when
 * the peer refuses that alone, the IKE SA stays. */
#include "ikev2/exchanges.h"

#include "ikev2/explain.h"
#include "ikev2/offer.h"
#include "ikev2/suite.h"
#include <stdio.h>

enum { AUTH_SHARED_KEY = 2 };

static struct v2_child *first_child(struct v2_sa *sa)
{
	struct v2_child *c;

	list_each (c, &sa->children, struct v2_child, node)
		if (c->purpose == V2_CHILD_IN_AUTH && c->state == V2_CHILD_SENT)
			return c;
	return NULL;
}

/* ---- the request ---- */

/* 2.4: true only when we have no other IKE SA with that peer. */
static bool is_initial_contact(const struct v2_sa *sa)
{
	const struct v2_sa *o;

	if (!sa->conn->conf->initial_contact)
		return false;
	list_each (o, &sa->v2->sas, struct v2_sa, node)
		if (o != sa && v2_sa_is_established(o) && id_eq(&o->peer_id, &sa->conn->their_id))
			return false;
	return true;
}

static void no_secret(struct v2_sa *sa, const struct answer *a)
{
	char ours[ID_STR], theirs[ID_STR];

	V2_EMIT(sa, v2_no_secret, .ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))),
		.theirs = ev_str(id_format(&sa->conn->their_id, theirs, sizeof(theirs))),
		.why = ev_str(a->text ? a->text : err_text(a->e)));
	V2_EMIT(sa, v2_no_secret_end, .state = ev_str(v2_state_libreswan(sa->state)));
}

enum v2_verdict ike_auth_signed(struct v2_sa *sa, const struct answer *a)
{
	struct ts_list tsi, tsr;
	struct v2_child *c;
	struct v2_build b;
	struct bytes d;
	size_t octets = 0, datagrams = 0;
	char suite[128];

	if (a->e != OK) {
		no_secret(sa, a);
		v2_sa_kill(sa, EXIT_IKE_LOCAL);
		return V_STAY;
	}
	c = v2_child_new(sa, sa->conn, V2_CHILD_IN_AUTH, true);
	v2_request_begin(sa, &b);
	v2_put_id(&b, V2_IDI, &sa->conn->our_id);
	if (sa->conn->theirs->id.type != ID_NONE && sa->conn->theirs->id.type != ID_ANY)
		v2_put_id(&b, V2_IDR, &sa->conn->theirs->id);
	v2_put_auth(&b, AUTH_SHARED_KEY, a->mac);
	if (is_initial_contact(sa))
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_INITIAL_CONTACT, BYTES_NONE);
	v2_put_cp_request(&b, sa->conn);
	v2_child_offer(c, false);
	v2_child_selectors(c, &tsi, &tsr);
	v2_put_child_offer(&b, c);
	v2_put_ts(&b, V2_TSI, &tsi);
	v2_put_ts(&b, V2_TSR, &tsr);
	v2_put_explain_vendor(&b);
	v2_child_state_set(c, V2_CHILD_SENT);
	v2_request_send(sa, IKE_AUTH, &b);
	for (size_t at = 0; v2_sent_next(&sa->window.request, &at, &d); datagrams++)
		octets = MAX(octets, d.n);
	V2_EMIT(sa, v2_auth_sent, .state = ev_str(v2_state_libreswan(V2_AUTH_SENT)),
		.suite = ev_str(v2_suite_text(sa, suite, sizeof(suite))),
		.remote = ev_ep(sa->remote), .octets = ev_u64(octets),
		.datagrams = ev_u64(datagrams));
	return V_NEXT;
}

/* ---- the response: the peer's identity and AUTH ---- */

enum v2_verdict ike_auth_response(struct v2_sa *sa, const struct v2_msg *m)
{
	char declared[ID_STR], wanted[ID_STR];
	struct id id = { 0 };

	if (sa->is_unwanted) {
		v2_sa_reject(sa, EXIT_IKE_NO_ANSWER);
		return V_STAY;
	}
	if (id_from_wire(m->idr_type, m->idr, &id) != OK) {
		V2_EMIT(sa, v2_malformed, .remote = ev_ep(sa->remote),
			.exchange = ev_str("IKE_AUTH"), .payload = ev_str("IDr"),
			.why = ev_str(err_text(ERR_VALUE)));
		v2_sa_reject(sa, EXIT_IKE_AUTH);
		return V_STAY;
	}
	id_done(&sa->peer_id);
	sa->peer_id = id;
	if (sa->conn->their_id.type != ID_NONE && !id_eq(&sa->conn->their_id, &id)) {
		V2_EMIT(sa, v2_wrong_id,
			.wanted = ev_str(id_format(&sa->conn->their_id, wanted, sizeof(wanted))),
			.declared = ev_str(id_format(&id, declared, sizeof(declared))));
		v2_sa_reject(sa, EXIT_IKE_AUTH);
		return V_STAY;
	}
	if (v2_auth_ask(sa, &sa->peer_id, m) != OK)
		return V_CLOSE;
	return V_PARK;
}

/* No IDr and AUTH: the IKE SA is refused (2.21.2). */
enum v2_verdict ike_auth_refused(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_error(m);
	char ours[ID_STR], theirs[ID_STR];

	if (n)
		V2_EMIT(sa, v2_auth_rejected, .notify = ev_str(v2_notify_name(n->type)),
			.ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))),
			.theirs = ev_str(id_format(&sa->conn->their_id, theirs, sizeof(theirs))));
	else
		V2_EMIT(sa, v2_unexpected, .exchange = ev_str("IKE_AUTH"),
			.which = ev_str("response"), .state = ev_str(v2_state_name(sa->state)),
			.payloads = ev_str(m->names));
	v2_explain_heard(sa, m);
	V2_EMIT(sa, v2_fatal, .state = ev_str(v2_state_libreswan(sa->state)));
	v2_sa_kill(sa, EXIT_IKE_AUTH);
	return V_STAY;
}

/* ---- the Child SA ---- */

static enum err take_child(struct v2_child *c, const struct v2_msg *m)
{
	enum err e;

	if ((e = v2_child_accept(c, m, false)) || (e = v2_cp_reply_received(c->sa, c, m)))
		return e;
	c->ni = buf_from(buf_view(&c->sa->ni));
	c->nr = buf_from(buf_view(&c->sa->nr));
	return v2_child_derive(c, BYTES_NONE);
}

static void child_response(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_child *c = first_child(sa);
	const struct v2_notify *n = v2_notify_error(m);
	enum err e;

	if (!c)
		return;
	if (n || !v2_has(m, V2_SA)) {
		v2_explain_received(c, m);
		v2_child_refused(c, IKE_AUTH, n);
		return;
	}
	if (!(e = take_child(c, m))) {
		v2_child_install(c, true);
		return;
	}
	v2_child_unacceptable(c, IKE_AUTH, m, e);
}

/* ---- the peer's AUTH is judged ---- */

enum v2_verdict ike_auth_verified(struct v2_sa *sa, const struct answer *a)
{
	struct v2_msg m;

	if (a->e != OK) {
		no_secret(sa, a);
		v2_sa_reject(sa, EXIT_IKE_LOCAL); /* the peer believes in it */
		return V_STAY;
	}
	if (v2_parked(sa, &m) != OK)
		return V_CLOSE;
	if (!v2_auth_is(a, &m)) {
		v2_auth_mismatch(sa, a, &m);
		v2_sa_reject(sa, EXIT_IKE_AUTH);
		return V_STAY;
	}
	sa->peer_reads_explain = v2_has_explain_vendor(&m);
	v2_sa_established(sa);
	child_response(sa, &m);
	return V_NEXT;
}

static void replace_reauthenticated(struct v2_sa *sa)
{
	struct v2_sa *old = v2_sa_by_serial(sa->v2, sa->reauth_of);

	if (old)
		v2_sa_terminate(old);
	sa->reauth_of = 0;
}

static void initiator_installed(struct v2_child *c, enum err e)
{
	struct v2_sa *sa = c->sa;

	if (e == OK) {
		v2_child_established(c);
		replace_reauthenticated(sa);
		return;
	}
	v2_child_not_installed(c);
}

void v2_auth_child_installed(struct v2_child *c, enum err e)
{
	if (c->is_requester)
		initiator_installed(c, e);
	else
		v2_auth_respond_installed(c, e);
}
