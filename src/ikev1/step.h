#pragma once
/* The step of an ISAKMP SA: message, answer or timer in; a row of the table; its verdict; out. The
 * only place that assigns a state, and the only way to say something to the peer. */
#include "ikev1/transitions.h"
#include "ipsec/explain.h"

/* ---- steps (called by receive.c, v1.c and timers) ---- */
/* A message of Phase 1, Transaction or Informational, opened and wholly parsed; HASH is the
 * handlers' to verify. */
enum v1_verdict v1_step_message(struct v1_sa *sa, const struct v1_msg *m);
/* One of Quick Mode; c: whose message ID it has. */
enum v1_verdict v1_step_quick(struct v1_child *c, const struct v1_msg *m);
void v1_step_answer(struct v1_sa *sa, uint8_t ask, const struct answer *a);
/* A state without a message: the first one, and where Phase 1 goes on to XAUTH or Mode Config. */
void v1_step_to(struct v1_sa *sa, enum v1_state s);
void v1_ready(struct v1_sa *sa); /* something is to be done before the engine returns */
/* The end of every call: frees what became V1_DEAD. Never call it in a handler. */
void v1_leave(struct v1 *v1);

/* ---- what handlers use ---- */
/* return v1_refuse(sa, N1_...): V1_REFUSE with that notification. */
enum v1_verdict v1_refuse(struct v1_sa *sa, uint16_t notify);
enum v1_verdict v1_refuse_close(struct v1_sa *sa, uint16_t notify); /* V1_REFUSE_CLOSE */
/* The parked message, parsed again; lives as long as sa->parked. ERR_NOT_NOW: there is none. */
enum err must_use v1_parked(const struct v1_sa *sa, struct v1_msg *ret);

/* A new exchange of Phase 2 that we begin: message ID and IV of the line. */
void v1_line_begin(struct v1_sa *sa, struct v1_line *l, uint32_t message_id);
/* The message that is being handled begins an exchange, and is authentic: message ID, IV behind it
 * and memory of it go to the line. For messages that met a line already receive.c does that. */
void v1_line_take(struct v1_sa *sa, struct v1_line *l, const struct v1_msg *m);

/* ---- saying something (send.c) ----
 * Build into b, then send on the line. Phase 1 (message ID 0) is encrypted from MI3, MR3, AI2 on;
 * Phase 2 always. HASH is put by the caller's builder, or by v1_put_hash_1(). */
void v1_say_begin(struct v1_sa *sa, struct v1_line *l, uint8_t exchange, struct v1_build *b);
/* Finishes, encrypts when that is due, moves the IV on, sends, keeps it for repeats. wants_reply:
 * it is sent again (armed with fire) until v1_line_heard(). */
void v1_say(struct v1_sa *sa, struct v1_line *l, struct v1_build *b, bool is_encrypted,
	bool wants_reply);
/* What was awaited on that line came: nothing is sent again. */
void v1_line_heard(struct v1_sa *sa, struct v1_line *l);
/* The peer's last message on the line came again: so does our answer, a bounded number of times. */
void v1_repeat(struct v1_sa *sa, struct v1_line *l);
/* ---- inform.c ---- */
/* An Informational exchange of one message: HASH(1) | payloads, protected when the SA has keys, in
 * clear when not (then it proves nothing, and says no secret). */
/* The same, and why (x; NULL: nothing more). */
void v1_tell_why(struct v1_sa *sa, uint8_t protocol, struct bytes spi, uint16_t type,
	const struct explain *x);
void v1_tell_notify(
	struct v1_sa *sa, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data);
void v1_tell_delete_ike(struct v1_sa *sa);
void v1_tell_delete_child(struct v1_sa *sa, const struct v1_child *c);
/* HASH(1) = prf(SKEYID_a, M-ID | rest) is right? Constant time. ERR_INTEGRITY. */
enum err must_use v1_hash_1_check(const struct v1_sa *sa, const struct v1_msg *m);
/* The chain so far, without its HASH: puts HASH(1) before it. */
void v1_put_hash_1_room(struct v1_sa *sa, struct v1_build *b);
void v1_put_hash_1(struct v1_sa *sa, uint32_t message_id, struct v1_build *b);

/* ---- states ---- */
/* Phase 1 is authenticated (main_mode.c, aggressive_mode.c): on to XAUTH, Mode Config, or
 * v1_sa_established(). */
void v1_phase1_done(struct v1_sa *sa);
/* All is there that Quick Mode needs: the event, lifetimes, DPD, uniqueness, inheritance; Child SAs
 * that wait begin. */
void v1_sa_established(struct v1_sa *sa);
/* Polite end: Deletes go out, once. Child SAs leave the data plane. */
void v1_sa_terminate(struct v1_sa *sa);
/* It is over, nothing more is said; those who wait are told exit; what must be up is revived. */
void v1_sa_kill(struct v1_sa *sa, int exit);
/* A newer one with the peer has come to be: it takes no more Quick Modes, and ends in a minute. */
void v1_replaced(struct v1_sa *old);
/* Its time is over: a Delete goes out, Child SAs stay (orphans, or a newer ISAKMP SA has them). */
void v1_sa_expired(struct v1_sa *sa);
/* The peer deleted it (no Delete goes out), or it is forgotten: Child SAs stay likewise. */
void v1_sa_gone(struct v1_sa *sa);
void v1_conn_lost(struct v1 *v1, struct conn *c);
void v1_child_state_set(struct v1_child *c, enum v1_child_state s);
void v1_child_terminate(struct v1_child *c); /* a Delete goes out, then as kill */
void v1_child_kill(
	struct v1_child *c, int exit); /* out of the data plane, "ESP traffic information" */
