/* Main Mode as its initiator (RFC 2409 5.4):
 *
 *   MI1 SA, VID  MR1 SA, VID   MI2 KE, Ni, NAT-D  MR2 KE, Nr, NAT-D   MI3* IDii, HASH_I  MR3* IDir,
 * HASH_R
 */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ipsec/explain.h"

#include <stdio.h>

void main_mode_start(struct v1 *v1, struct conn *c, uint32_t rekeys)
{
	struct v1_sa *sa = v1_sa_new(v1, c, true);
	char old[16] = "";
	struct v1_build b;

	sa->rekeys = rekeys;
	if (rekeys)
		snprintf(old, sizeof(old), "%u", rekeys);
	V1_EMIT(sa, v1_initiate, .mode = ev_str("Main Mode"), .old = ev_str(old),
		.remote = ev_ep(sa->remote));
	phase1_offer(sa);
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	buf_set(&sa->sa_body, v1_put_sa(&b, sa->offered));
	phase1_put_vendors(sa, &b);
	v1_say(sa, &sa->line, &b, false, true);
	v1_step_to(sa, V1_MAIN_I1_SENT);
	V1_EMIT(sa, v1_main_i1_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
}

enum v1_verdict main_mode_mr1(struct v1_sa *sa, const struct v1_msg *m)
{
	struct v1_build b;

	if (!phase1_take_choice(sa, m))
		return V1_DROP;
	memcpy(sa->rcookie, m->h.rcookie, sizeof(sa->rcookie));
	phase1_take_vendors(sa, m);
	if (!phase1_ke_start(sa, sa->suite.ke))
		return V1_CLOSE;
	phase1_nonce(sa, &sa->ni);
	v1_line_heard(sa, &sa->line);
	timer_stop(&sa->ike->timers, &sa->patience);
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	v1_put_ke(&b, ke_public(sa->ke));
	v1_put_nonce(&b, buf_view(&sa->ni));
	phase1_put_nat(sa, &b);
	v1_say(sa, &sa->line, &b, false, true);
	v1_step_to(sa, V1_MAIN_I2_SENT);
	V1_EMIT(sa, v1_main_i2_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
	return V1_NEXT;
}

enum v1_verdict main_mode_mr2(struct v1_sa *sa, const struct v1_msg *m)
{
	if (ke_shared(sa->ke, m->ke, &sa->g_xy) != OK)
		return V1_DROP;
	buf_set(&sa->gxr, m->ke);
	buf_set(&sa->nr, m->nonce);
	v1_line_heard(sa, &sa->line);
	phase1_take_nat(sa, m);
	phase1_ask(sa, &sa->conn->their_id);
	return V1_NEXT;
}

enum v1_verdict main_mode_i_keyed(struct v1_sa *sa, const struct answer *a)
{
	struct v1_build b;

	if (!phase1_keyed(sa, a)) {
		v1_sa_kill(sa, EXIT_IKE_LOCAL);
		return V1_STAY;
	}
	v1_say_begin(sa, &sa->line, V1_MAIN_MODE, &b);
	phase1_put_id(sa, &b);
	phase1_put_hash(sa, &b);
	phase1_put_initial_contact(sa, &b);
	v1_put_vendor(&b, explain_vendor());
	v1_say(sa, &sa->line, &b, true, true);
	v1_step_to(sa, V1_MAIN_I3_SENT);
	V1_EMIT(sa, v1_main_i3_sent, .state = ev_str(v1_state_libreswan(sa)),
		.remote = ev_ep(sa->remote));
	return V1_NEXT;
}

enum v1_verdict main_mode_mr3(struct v1_sa *sa, const struct v1_msg *m)
{
	if (!phase1_take_id(sa, m))
		return v1_refuse_close(sa, N1_INVALID_ID_INFORMATION);
	if (!phase1_id_is_wanted(sa))
		return v1_refuse_close(sa, N1_INVALID_ID_INFORMATION);
	if (!phase1_hash_is(sa, m, NULL))
		return v1_refuse_close(sa, N1_INVALID_HASH_INFORMATION);
	v1_line_heard(sa, &sa->line);
	sa->peer_is_initial_contact = v1_notify_find(m, N1_INITIAL_CONTACT);
	sa->peer_reads_explain = explain_is_vendor(m->vendor, m->n_vendor);
	v1_phase1_done(sa);
	return V1_STAY;
}
