#pragma once
/* THE table of IKEv1: what happens when which message meets which state. First match wins; a
 * message without a row is dropped without effect. */
#include "ikev1/sa.h"

/* What to do with the peer. */
enum v1_verdict {
	V1_DROP, /* as if it had never come: the IV chain and the memory of what was heard stay */
	V1_STAY, /* handled; the state stays */
	V1_NEXT, /* handled; the row's next state */
	V1_PARK, /* the row's next state; the message is kept for v1_parked(), work goes on later */
	V1_REFUSE,	 /* tell the peer v1_refuse()'s notification; the state stays */
	V1_REFUSE_CLOSE, /* the same, and what the row is about (ISAKMP SA, Child SA) goes */
	V1_CLOSE,	 /* it goes; nothing is sent */
};

#define V1_P(payload) (1ull << (payload))

struct v1_row {
	uint8_t state;	  /* enum v1_state */
	uint8_t exchange; /* enum v1_exchange */
	bool is_encrypted;
	uint64_t must; /* V1_P() of the payloads that must be there */
	enum v1_verdict (*handler)(struct v1_sa *sa, const struct v1_msg *m);
	uint8_t next;
};

/* Quick Mode: by the state of the Child SA that its message ID names. Its first message of the peer
 * meets none: quick_request(). */
struct v1_quick_row {
	uint8_t state; /* enum v1_child_state */
	uint64_t must;
	enum v1_verdict (*handler)(struct v1_child *c, const struct v1_msg *m);
	uint8_t next;
};

/* What answers of keys and the data plane are for (struct ike_ask.kind). */
enum v1_ask {
	V1_ASK_SKEYID = 1,
	V1_ASK_XAUTH_VERIFY,
	V1_ASK_XAUTH_SECRET,
	V1_ASK_INSTALL, /* of a Child SA */
	V1_ASK_TRAFFIC, /* the same: counters, for DPD and lifetimes */
};

struct v1_answer_row {
	uint8_t state; /* in which the ISAKMP SA waits */
	uint8_t ask;
	enum v1_verdict (*handler)(struct v1_sa *sa, const struct answer *a);
	uint8_t next;
};

/* NULL: dropped. */
const struct v1_row *v1_row_find(uint8_t state, const struct v1_msg *m);
const struct v1_quick_row *v1_quick_row_find(uint8_t state, const struct v1_msg *m);
const struct v1_answer_row *v1_answer_row_find(uint8_t state, uint8_t ask);
const struct v1_row *v1_row_at(size_t i); /* to walk; NULL at the end */
