#pragma once
/* When to send a request again, and when to give up: arithmetic only. The waits are interval, then
 * interval, 2 interval, 4 interval, ...; it is over when the waits that ended add up to timeout
 * (64 s for 500 ms and 60 s, after 7 retransmissions). */
#include "base/now.h"

struct retransmit {
	ns_t interval, timeout;
	ns_t waited;	/* sum of the waits that are over */
	ns_t wait;	/* the one that runs */
	unsigned count; /* retransmissions so far */
};

/* The request was sent for the first time: gives how long to wait. interval 0: 500 ms; timeout 0:
 * 60 s. */
ns_t retransmit_begin(struct retransmit *r, ns_t interval, ns_t timeout);
/* That wait is over without an answer. True: send again and wait *ret; false: give up. */
bool retransmit_again(struct retransmit *r, ns_t *ret);
