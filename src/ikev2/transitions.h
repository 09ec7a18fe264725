#pragma once
/* THE table of IKEv2: what happens when which message meets which state. First match wins; a
 * message without a row is dropped without effect. */
#include "ikev2/sa.h"

/* What to do with the peer. */
enum v2_verdict {
	V_DROP,	  /* as if it had never come */
	V_STAY,	  /* handled; the state stays */
	V_NEXT,	  /* handled; the row's next state */
	V_PARK,	  /* the row's next state; the message is kept for v2_parked(), the response comes
		     later */
	V_REFUSE, /* answer with v2_refuse()'s notification; the state stays */
	V_REFUSE_CLOSE, /* the same, and the IKE SA goes (2.21.2) */
	V_CLOSE,	/* the IKE SA goes; nothing is sent */
};

#define P(payload) (1ull << ((payload)-32))

struct v2_row {
	uint8_t state;	  /* enum v2_state */
	uint8_t exchange; /* enum v2_exchange */
	bool is_response;
	uint64_t must;	 /* P() of the payloads that must be there */
	uint16_t notify; /* and this notification; 0: any */
	enum v2_verdict (*handler)(struct v2_sa *sa, const struct v2_msg *m);
	uint8_t next;
};

/* What answers of keys and the data plane are for (struct ike_ask.kind). */
enum v2_ask {
	V2_ASK_OUR_MAC = 1,
	V2_ASK_PEER_MAC,
	V2_ASK_INSTALL,
	V2_ASK_LIVENESS,
	V2_ASK_ADOPT_IN, /* from here on: what an earlier process installed */
	V2_ASK_ADOPT_OUT,
	V2_ASK_ADOPT_POLICY,
};

struct v2_answer_row {
	uint8_t state; /* in which the IKE SA waits */
	uint8_t ask;   /* enum v2_ask */
	enum v2_verdict (*handler)(struct v2_sa *sa, const struct answer *a);
	uint8_t next;
};

/* NULL: dropped. */
const struct v2_row *v2_row_find(uint8_t state, const struct v2_msg *m);
const struct v2_answer_row *v2_answer_row_find(uint8_t state, uint8_t ask);
const struct v2_row *v2_row_at(size_t i); /* to walk; NULL at the end */
