#pragma once
/* Between the files of the Transaction exchange. Handlers get a message that is authentic and
 * expected; what they say goes out on sa->transaction.line. */
#include "ikev1/exchanges.h"

/* A value that is added may be a view of room. */
struct v1_saying {
	struct v1_attrs a;
	struct wr w; /* to room */
	uint8_t room[2048];
};
void v1_saying_init(struct v1_saying *s, uint8_t type);
/* The octets are copied; what does not fit is left out. */
void v1_saying_add(struct v1_saying *s, uint16_t type, struct bytes value);

/* ---- transaction.c ---- */
/* An exchange of ours (REQUEST, SET), sent again until it is answered; the state is what is
 * awaited. */
void transaction_start(struct v1_sa *sa, struct v1_attrs *a, enum v1_state s);
/* The REPLY or ACK to what the peer has begun. */
void transaction_answer(struct v1_sa *sa, struct v1_attrs *a);
/* Something is to come of the peer, or of keys, in reasonable time. */
void transaction_wait(struct v1_sa *sa, enum v1_state s);
/* XAUTH is done: Mode Config, or all is there. */
void transaction_next(struct v1_sa *sa);
void transaction_over(struct v1_sa *sa);
/* It cannot be: people who wait are told, the peer gets a Delete. */
void transaction_fail(struct v1_sa *sa, int exit);

/* ---- xauth_server.c ---- */
void xauth_ask(struct v1_sa *sa);
void xauth_replied(struct v1_sa *sa, const struct v1_attrs *a);
void xauth_acked(struct v1_sa *sa, const struct v1_attrs *a);
/* ---- xauth_client.c ---- */
void xauth_requested(struct v1_sa *sa, const struct v1_attrs *a);
void xauth_told(struct v1_sa *sa, const struct v1_attrs *a);

/* ---- mode_config.c: the client ---- */
void mode_config_ask(struct v1_sa *sa);
void mode_config_replied(struct v1_sa *sa, const struct v1_attrs *a);
void mode_config_set(struct v1_sa *sa, const struct v1_attrs *a);
/* The same on an ISAKMP SA that is up: acknowledged, but addresses in use do not change. */
void mode_config_set_again(struct v1_sa *sa, const struct v1_attrs *a);
/* ---- mode_config_server.c ---- */
void mode_config_push(struct v1_sa *sa);
void mode_config_acked(struct v1_sa *sa, const struct v1_attrs *a);
void mode_config_requested(struct v1_sa *sa, const struct v1_attrs *a);

/* ---- user.c ---- */
/* sa->user is decided: an instance of the connection for this user alone. */
void user_settle(struct v1_sa *sa);
/* Who is lent an address: the user, else the peer's identity. To be freed with id_done(). */
struct id user_id(const struct v1_sa *sa);
