/* When to send a request again (RFC 7296 2.4 leaves the numbers to us). */
#include "ike/retransmit.h"

ns_t retransmit_begin(struct retransmit *r, ns_t interval, ns_t timeout)
{
	*r = (struct retransmit){
		.interval = interval > 0 ? interval : 500 * NS_MS,
		.timeout = timeout > 0 ? timeout : 60 * NS_S,
	};
	r->wait = r->interval;
	return r->wait;
}

bool retransmit_again(struct retransmit *r, ns_t *ret)
{
	r->waited += r->wait;
	if (r->waited >= r->timeout)
		return false;
	/* the wait after the first retransmission is as long as the one before it */
	if (r->count > 0)
		r->wait *= 2;
	r->count++;
	*ret = r->wait;
	return true;
}
