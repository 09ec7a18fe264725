#pragma once
/* Message ids (RFC 7296 2.1, 2.2, 2.3) with a window of one in each direction, and what was sent,
 * to be sent again. All zero is the state of a new IKE SA: both sides begin with 0. The other
 * side's request and our own are counted apart; who is the original initiator does not matter here.
 */
#include "base/bytes.h"

/* The datagrams of one message: one, or its fragments, in order. All zero: none. */
struct v2_sent {
	struct buf all; /* each: length (2) | octets */
};
void v2_sent_add(struct v2_sent *s, struct bytes datagram); /* copies; at most 65535 octets */
void v2_sent_done(struct v2_sent *s);
static inline bool v2_sent_any(const struct v2_sent *s)
{
	return s->all.n != 0;
}
/* Walk: *at from 0; false after the last. *ret is a view that lives until *s changes. */
bool v2_sent_next(const struct v2_sent *s, size_t *at, struct bytes *ret);

struct v2_window {
	/* requests of the peer */
	uint32_t expected;	 /* message id of its next request */
	bool busy;		 /* that request is here and not answered yet */
	struct v2_sent response; /* to request expected - 1 */
	/* our requests */
	uint32_t next; /* message id of the open request, or of the next one */
	bool is_open;  /* a request of ours waits for its response */
	struct v2_sent request;
};
void v2_window_done(struct v2_window *w);

enum v2_window_verdict {
	V2_WINDOW_NEW,	   /* handle it (after its ICV was verified) */
	V2_WINDOW_REPEAT,  /* verify, then send w->response again, and do nothing else */
	V2_WINDOW_BUSY,	   /* the same request again while we work on it: drop */
	V2_WINDOW_OUTSIDE, /* too old or too new: drop (INVALID_MESSAGE_ID is not sent: 2.3 forbids
			    * it as a response) */
};
enum v2_window_verdict v2_window_request(const struct v2_window *w, uint32_t message_id);
/* The verified request v2_window_request() called NEW is being handled: forgets the last response.
 */
void v2_window_begin(struct v2_window *w);
/* One datagram of its response (call again for further fragments) is stored. */
void v2_window_store_response(struct v2_window *w, struct bytes datagram);
/* The response is complete: the next request is expected. */
void v2_window_answered(struct v2_window *w);
/* The request is dropped after all, as if it had never come (an IKE_SA_INIT that was refused). */
void v2_window_forget(struct v2_window *w);

/* Opens our next request: *ret_id is its message id. ERR_NOT_NOW: one is open; ERR_EXHAUSTED: ids
 * are used up, the IKE SA must go (2.2). */
enum err must_use v2_window_open(struct v2_window *w, uint32_t *ret_id);
void v2_window_store_request(struct v2_window *w, struct bytes datagram);
/* The same message id goes out with other content: IKE_SA_INIT with a COOKIE or another KE (2.6),
 * or smaller fragments (RFC 7383 2.5.2). What was stored is forgotten, the request stays open. */
void v2_window_retry(struct v2_window *w);
/* Is it the response to our open request? */
bool v2_window_response(const struct v2_window *w, uint32_t message_id);
/* The response came and was verified (or the request is given up). */
void v2_window_close(struct v2_window *w);
/* Few ids are left in one of the directions: time to rekey the IKE SA. */
bool v2_window_is_worn(const struct v2_window *w);
