/* Main Mode as its responder (RFC 2409 5.4). Nothing is kept of MI1 that its sender has not been
 * let in for (phase1_gate.c). The secret is chosen before the identity is known, by address; when
 * the identity of MI3 leads to another one, the peer has proven nothing about it. */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ipsec/explain.h"

void main_mode_mi1(struct v1 *v1, const struct datagram *d, const struct v1_msg *m)
{
	struct phase1_request q = { .v1 = v1, .d = d, .m = m };
	struct v1_build b;
	struct v1_sa *sa;
	struct conn *c;

	if (phase1_is_repeat(&q) || !(c = phase1_admit(&q)))
		return;
	sa = phase1_open(&q, c);
	V1_EMIT(sa, v1_responding, .mode = ev_str("Main Mode"), .serial = ev_str(""),
		.name = ev_str(""), .source = ev_str(""), .remote = ev_ep(sa->remote));
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	v1_put_chosen(&b, &sa->chosen);
	phase1_put_vendors(sa, &b);
	v1_say(sa, &sa->line, &b, false, false);
	if (!sa->line.has_said) {
		v1_sa_kill(sa, EXIT_IKE_NO_ANSWER);
		return;
	}
	v1_step_to(sa, V1_MAIN_R1_SENT);
	V1_EMIT(sa, v1_main_r1_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
}

enum v1_verdict main_mode_mi2(struct v1_sa *sa, const struct v1_msg *m)
{
	static const struct id any;
	enum err e;

	if (!phase1_ke_start(sa, sa->suite.ke))
		return V1_CLOSE;
	if ((e = ke_shared(sa->ke, m->ke, &sa->g_xy))) {
		V1_EMIT(sa, v1_crypto_failed, .state = ev_str(v1_state_libreswan(sa)),
			.why = ev_str(err_text(e)));
		return v1_refuse_close(sa, N1_INVALID_KEY_INFORMATION);
	}
	buf_set(&sa->gxi, m->ke);
	buf_set(&sa->ni, m->nonce);
	phase1_nonce(sa, &sa->nr);
	phase1_take_nat(sa, m);
	phase1_ask(sa, sa->conn->template ? &any : &sa->conn->their_id);
	return V1_NEXT;
}

enum v1_verdict main_mode_r_keyed(struct v1_sa *sa, const struct answer *a)
{
	struct v1_build b;

	if (!phase1_keyed(sa, a))
		return v1_refuse_close(sa, N1_AUTHENTICATION_FAILED);
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	v1_put_ke(&b, ke_public(sa->ke));
	v1_put_nonce(&b, buf_view(&sa->nr));
	phase1_put_nat(sa, &b);
	v1_say(sa, &sa->line, &b, false, false);
	v1_step_to(sa, V1_MAIN_R2_SENT);
	V1_EMIT(sa, v1_main_r2_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
	return V1_NEXT;
}

static void answer(struct v1_sa *sa, bool is_initial_contact)
{
	struct v1_build b;

	sa->peer_is_initial_contact = is_initial_contact;
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	phase1_put_id(sa, &b);
	phase1_put_hash(sa, &b);
	if (sa->peer_reads_explain)
		v1_put_vendor(&b, explain_vendor());
	v1_say(sa, &sa->line, &b, true, false);
	v1_phase1_done(sa);
}

enum v1_verdict main_mode_mi3(struct v1_sa *sa, const struct v1_msg *m)
{
	const struct conn *before = sa->conn;

	if (!phase1_take_id(sa, m))
		return v1_refuse_close(sa, N1_INVALID_ID_INFORMATION);
	if (!phase1_hash_is(sa, m, NULL))
		return v1_refuse_close(sa, N1_INVALID_HASH_INFORMATION);
	sa->peer_reads_explain = explain_is_vendor(m->vendor, m->n_vendor);
	if (!phase1_switch_conn(sa))
		return v1_refuse_close(sa, N1_INVALID_ID_INFORMATION);
	if (sa->conn == before && id_eq(&sa->asked_id, &sa->peer_id)) {
		answer(sa, v1_notify_find(m, N1_INITIAL_CONTACT));
		return V1_STAY;
	}
	phase1_ask(sa, &sa->peer_id);
	return V1_PARK;
}

/* The same secret must be the one of the identity: who knows that of all the world could else say
 * that he is anybody. */
enum v1_verdict main_mode_r_checked(struct v1_sa *sa, const struct answer *a)
{
	struct v1_msg m;
	char id[ID_STR];

	if (a->e != OK) {
		phase1_no_secret(sa, a);
		return v1_refuse_close(sa, N1_AUTHENTICATION_FAILED);
	}
	if (!bytes_eq_ct(a->mac, secret_view(&sa->keys.skeyid))) {
		V1_EMIT(sa, v1_other_secret, .id = ev_str(id_format(&sa->peer_id, id, sizeof(id))),
			.where = ev_str(a->where));
		return v1_refuse_close(sa, N1_AUTHENTICATION_FAILED);
	}
	if (v1_parked(sa, &m) != OK)
		return V1_CLOSE;
	answer(sa, v1_notify_find(&m, N1_INITIAL_CONTACT));
	return V1_STAY;
}
