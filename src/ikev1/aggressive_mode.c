/* Aggressive Mode (RFC 2409 5.4), both roles:
 *
 *   AI1 SA, KE, Ni, IDii, VID    AR1 SA, KE, Nr, IDir, HASH_R, VID, NAT-D    AI2 HASH_I, NAT-D
 *
 * HASH_R goes to whoever asks: that is its weakness (SECURITY.md), so only connections with
 * aggressive=yes have it. */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"

#include <stdio.h>

/* ---- initiator ---- */

void aggressive_mode_start(struct v1 *v1, struct conn *c, uint32_t rekeys)
{
	struct v1_sa *sa = v1_sa_new(v1, c, true);
	uint16_t groups[1];
	char old[16] = "";
	struct v1_build b;

	sa->rekeys = rekeys;
	sa->is_aggressive = true;
	if (rekeys)
		snprintf(old, sizeof(old), "%u", rekeys);
	V1_EMIT(sa, v1_aggressive_warning, );
	V1_EMIT(sa, v1_initiate, .mode = ev_str("Aggressive Mode"), .old = ev_str(old),
		.remote = ev_ep(sa->remote));
	phase1_offer(sa);
	if (proposals_groups(conn_ike_proposals(c), groups, 1) == 0 ||
		!phase1_ke_start(sa, groups[0])) {
		v1_sa_kill(sa, EXIT_IKE_LOCAL);
		return;
	}
	phase1_nonce(sa, &sa->ni);
	v1_say_begin(sa, &sa->line, V1_AGGRESSIVE_MODE, &b);
	buf_set(&sa->sa_body, v1_put_sa(&b, sa->offered));
	v1_put_ke(&b, ke_public(sa->ke));
	v1_put_nonce(&b, buf_view(&sa->ni));
	phase1_put_id(sa, &b);
	phase1_put_vendors(sa, &b);
	v1_say(sa, &sa->line, &b, false, true);
	v1_step_to(sa, V1_AGGR_I1_SENT);
	V1_EMIT(sa, v1_aggr_i1_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
}

enum v1_verdict aggressive_mode_ar1(struct v1_sa *sa, const struct v1_msg *m)
{
	if (!phase1_take_choice(sa, m) || sa->suite.ke != ke_group(sa->ke) ||
		ke_shared(sa->ke, m->ke, &sa->g_xy) != OK)
		return V1_DROP;
	if (!phase1_take_id(sa, m) || !phase1_id_is_wanted(sa))
		return V1_DROP;
	memcpy(sa->rcookie, m->h.rcookie, sizeof(sa->rcookie));
	buf_set(&sa->gxr, m->ke);
	buf_set(&sa->nr, m->nonce);
	phase1_take_vendors(sa, m);
	v1_line_heard(sa, &sa->line);
	timer_stop(&sa->ike->timers, &sa->patience);
	phase1_ask(sa, sa->conn->their_id.type == ID_NONE ? &sa->peer_id : &sa->conn->their_id);
	return V1_PARK;
}

enum v1_verdict aggressive_mode_i_keyed(struct v1_sa *sa, const struct answer *a)
{
	struct v1_build b;
	struct v1_msg m;

	if (!phase1_keyed(sa, a)) {
		v1_sa_kill(sa, EXIT_IKE_LOCAL);
		return V1_STAY;
	}
	if (v1_parked(sa, &m) != OK)
		return V1_CLOSE;
	if (!phase1_hash_is(sa, &m, a->where))
		return v1_refuse_close(sa, N1_INVALID_HASH_INFORMATION);
	phase1_take_nat(sa, &m);
	v1_say_begin(sa, &sa->line, V1_AGGRESSIVE_MODE, &b);
	phase1_put_hash(sa, &b);
	phase1_put_nat(sa, &b);
	phase1_put_initial_contact(sa, &b);
	v1_say(sa, &sa->line, &b, true, false);
	sa->peer_is_initial_contact = v1_notify_find(&m, N1_INITIAL_CONTACT);
	v1_phase1_done(sa);
	return V1_STAY;
}

/* ---- responder ---- */

void aggressive_mode_ai1(struct v1 *v1, const struct datagram *d, const struct v1_msg *m)
{
	struct phase1_request q = { .v1 = v1, .d = d, .m = m, .is_aggressive = true };
	char peer[ADDR_STR], serial[16];
	struct id theirs = { 0 };
	struct v1_sa *sa;
	struct conn *c;
	enum err e;

	if (phase1_is_repeat(&q) || id_from_wire(m->id[0].type, m->id[0].data, &theirs) != OK)
		return;
	q.theirs = &theirs;
	c = phase1_admit(&q);
	id_done(&theirs);
	if (!c)
		return;
	sa = phase1_open(&q, c);
	V1_EMIT(sa, v1_aggressive_warning, );
	if (!phase1_take_id(sa, m) || !phase1_ke_start(sa, sa->suite.ke)) {
		v1_sa_kill(sa, EXIT_IKE_AUTH);
		return;
	}
	snprintf(serial, sizeof(serial), "%u", sa->serial);
	V1_EMIT(sa, v1_responding, .mode = ev_str("Aggressive Mode"), .serial = ev_str(serial),
		.name = ev_str(c->conf->name),
		.source = ev_str(addr_format(&sa->remote.addr, peer)), .remote = ev_ep(sa->remote));
	if ((e = ke_shared(sa->ke, m->ke, &sa->g_xy))) {
		V1_EMIT(sa, v1_crypto_failed, .state = ev_str(v1_state_libreswan(sa)),
			.why = ev_str(err_text(e)));
		v1_sa_kill(sa, EXIT_IKE_AUTH);
		return;
	}
	buf_set(&sa->gxi, m->ke);
	buf_set(&sa->ni, m->nonce);
	phase1_nonce(sa, &sa->nr);
	phase1_ask(sa, &sa->peer_id);
	v1_step_to(sa, V1_AGGR_R_KEYING);
}

enum v1_verdict aggressive_mode_r_keyed(struct v1_sa *sa, const struct answer *a)
{
	struct v1_build b;

	if (!phase1_keyed(sa, a))
		return v1_refuse_close(sa, N1_AUTHENTICATION_FAILED);
	v1_say_begin(sa, &sa->line, V1_AGGRESSIVE_MODE, &b);
	v1_put_chosen(&b, &sa->chosen);
	v1_put_ke(&b, ke_public(sa->ke));
	v1_put_nonce(&b, buf_view(&sa->nr));
	phase1_put_id(sa, &b);
	phase1_put_hash(sa, &b);
	phase1_put_nat(sa, &b);
	phase1_put_vendors(sa, &b);
	v1_say(sa, &sa->line, &b, false, false);
	if (!sa->line.has_said)
		return V1_CLOSE;
	v1_step_to(sa, V1_AGGR_R1_SENT);
	if (!sa->line.is_withheld)
		V1_EMIT(sa, v1_aggr_r1_sent, .state = ev_str(v1_state_libreswan(sa)),
			.remote = ev_ep(sa->remote));
	return V1_NEXT;
}

enum v1_verdict aggressive_mode_ai2(struct v1_sa *sa, const struct v1_msg *m)
{
	if (!phase1_hash_is(sa, m, NULL))
		return V1_DROP;
	phase1_take_nat(sa, m);
	sa->peer_is_initial_contact = v1_notify_find(m, N1_INITIAL_CONTACT);
	v1_phase1_done(sa);
	return V1_STAY;
}
