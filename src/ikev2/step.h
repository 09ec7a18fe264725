#pragma once
/* The step of an IKE SA: message, answer or timer in; a row of the table; its verdict; out. The
 * only place that assigns a state, and the only way to say something to the peer. */
#include "ikev2/transitions.h"

/* ---- steps (called by engine glue: v2.c, receive.c) ---- */
/* An authentic message (or one of IKE_SA_INIT) that the window lets through, wholly parsed. */
void v2_step_message(struct v2_sa *sa, const struct v2_msg *m);
void v2_step_answer(struct v2_sa *sa, uint8_t ask, const struct answer *a);
/* Every entry ends with it: frees what became V2_DEAD, starts the next task. */
void v2_step_end(struct v2_sa *sa);

/* ---- what handlers use ---- */
/* return v2_refuse(sa, N_...): V_REFUSE with that notification; data: its at most 4 octets, or
 * none. */
enum v2_verdict v2_refuse(struct v2_sa *sa, uint16_t notify, struct bytes data);
/* The parked message, parsed again. Lives as long as sa->parked. ERR_NOT_NOW when there is none. */
enum err must_use v2_parked(const struct v2_sa *sa, struct v2_msg *ret);

/* Our response to the peer's open request: build the chain into b, then send it (protected, cut
 * into fragments, stored for repeats). */
void v2_reply_begin(struct v2_sa *sa, struct v2_build *b);
void v2_reply_send(struct v2_sa *sa, uint8_t exchange, struct v2_build *b);
/* A response that is one notification, or empty (notify 0). */
void v2_reply_notify(struct v2_sa *sa, uint8_t exchange, uint8_t protocol, struct bytes spi,
	uint16_t notify, struct bytes data);

/* Our request; the window must be free. It is sent again until v2_request_done(). */
void v2_request_begin(struct v2_sa *sa, struct v2_build *b);
void v2_request_send(struct v2_sa *sa, uint8_t exchange, struct v2_build *b);

/* Room for one chain at a time, LIMIT_MESSAGE octets. */
void *v2_room(struct v2_sa *sa);

/* ---- tasks: what we want to ask of the peer ---- */
/* Appends unless the same is there or open; starts at once when the window is free. */
void v2_task_add(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child);
/* The same, not before that time. */
void v2_task_later(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, ns_t delay);

/* ---- states ---- */
/* Polite end: Delete goes to the peer as soon as the window is free, Child SAs leave the data plane
 * now. An IKE SA that is not established yet just goes. */
void v2_sa_terminate(struct v2_sa *sa);
/* It is over, nothing more is said: Child SAs leave the data plane, those who wait are told exit,
 * what must be up is revived. Freed at the end of the step. */
void v2_sa_kill(struct v2_sa *sa, int exit);
/* rekey_ike.c: the new IKE SA is in use; the old one waits for its Delete. */
void v2_sa_established(struct v2_sa *sa);
void v2_sa_rekeyed(struct v2_sa *old);
void v2_child_state_set(struct v2_child *c, enum v2_child_state s);
/* Child: polite end. It keeps receiving until the peer answered. */
void v2_child_terminate(struct v2_child *c);
/* It is over: out of the data plane, "ESP traffic information", freed. */
void v2_child_kill(struct v2_child *c);

/* ---- Child SAs come to life (install.c) ---- */
/* Asks the data plane for inbound, and outbound when both; state becomes V2_CHILD_INSTALLING. When
 * all is answered: v2_auth_child_installed() or v2_create_child_installed(), by purpose. */
void v2_child_install(struct v2_child *c, bool both);
/* STANDBY: the peer was heard on it, or deleted the old one: outbound now. Asynchronous, without
 * call back; harmless in other states. */
void v2_child_use(struct v2_child *c);
/* State ESTABLISHED (or STANDBY when outbound is not there), the 004 line, lifetimes, people told.
 */
void v2_child_established(struct v2_child *c);
