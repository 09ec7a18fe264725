#pragma once
/* The step of an IKE SA: message, answer or timer in; a row of the table; its verdict; out. The
 * only place that assigns a state, and the only way to say something to the peer. */
#include "ikev2/transitions.h"

/* ---- steps (called by receive.c, v2.c and timers) ---- */
/* An authentic message (or one of IKE_SA_INIT) that the window lets through, wholly parsed. */
void v2_step_message(struct v2_sa *sa, const struct v2_msg *m);
void v2_step_answer(struct v2_sa *sa, uint8_t ask, const struct answer *a);
/* The first state of an IKE SA: V2_INIT_SENT or V2_INIT_ANSWERED; of one made by a rekey:
 * V2_ESTABLISHED. */
void v2_step_first(struct v2_sa *sa, enum v2_state s);
/* The data plane has what V2_AUTH_R_INSTALLING waited for and the response is out. */
void v2_step_installed(struct v2_sa *sa);
/* Something is to be done before the engine returns: v2_leave() sees to it. */
void v2_ready(struct v2_sa *sa);
/* The end of every call: frees what became V2_DEAD, begins tasks. Never call it in a handler. */
void v2_leave(struct v2 *v2);

/* ---- what handlers use ---- */
/* return v2_refuse(sa, N_...): V_REFUSE with that notification; data: its at most 4 octets, or
 * none. */
enum v2_verdict v2_refuse(struct v2_sa *sa, uint16_t notify, struct bytes data);
/* The same with TEMPORARY_FAILURE (2.25); why is for people. */
enum v2_verdict v2_not_now(struct v2_sa *sa, const char *why);
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

/* The response came (or the request is given up): nothing is sent again, the window is free. */
void v2_request_done(struct v2_sa *sa);
/* The request in the window (IKE_SA_INIT, which is not protected) is to be repeated from now on. */
void v2_retransmit_arm(struct v2_sa *sa);
/* Somebody asks for what is not answered yet: it goes out once more now, and not only when its time
 * has come. */
void v2_send_sooner(struct v2_sa *sa);
/* RFC 3948 2.3, when we are behind a NAT. */
void v2_keepalive_arm(struct v2_sa *sa);
/* The header of our next message. */
struct v2_header v2_header_of(
	const struct v2_sa *sa, uint8_t exchange, bool is_response, uint32_t message_id);

/* ---- tasks: what we want to ask of the peer ---- */
/* Appends unless the same is there or open; begins before the engine returns if the window is free.
 */
void v2_task_add(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child);
/* The window is free: begins the next task that is due. For v2_leave(). */
void v2_task_run(struct v2_sa *sa);
/* The same, not before that time. */
void v2_task_later(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, ns_t delay);

/* ---- states ---- */
/* Polite end: Delete goes to the peer as soon as the window is free, Child SAs leave the data plane
 * now. An IKE SA that is not established yet just goes. */
void v2_sa_terminate(struct v2_sa *sa);
/* We have found the peer unworthy after it believes in the IKE SA: those who wait are told exit,
 * the peer gets a Delete. */
void v2_sa_reject(struct v2_sa *sa, int exit);
/* It is over, nothing more is said: Child SAs leave the data plane, those who wait are told exit,
 * what must be up is revived. Freed at the end of the step. */
void v2_sa_kill(struct v2_sa *sa, int exit);
/* Both ends are authenticated (or it was made by a rekey): the event, lifetimes, liveness,
 * uniqueness. The state is the row's matter, or v2_step_first()'s. */
void v2_sa_established(struct v2_sa *sa);
/* rekey_ike.c: another IKE SA has its Child SAs; it waits for its Delete (V2_REKEYED). */
void v2_sa_rekeyed(struct v2_sa *old);
/* c has lost an SA: revived if it must be up and nothing else of it is there or coming. */
void v2_conn_lost(struct v2 *v2, struct conn *c);
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
