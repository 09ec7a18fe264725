#pragma once
/* How a tunnel ended that the peer took down. */
#include "diag/story.h"

struct ending {
	const struct event *e;	  /* the peer's Delete */
	ns_t age;		  /* how long the tunnel had been up */
	const struct event *back; /* the peer itself has set it up anew at once; NULL: no */
};
/* The newest first, of all that is kept; at most max. Gives how many. Rekeys are none. */
unsigned endings(const struct story *s, struct ending *ret, unsigned max);
