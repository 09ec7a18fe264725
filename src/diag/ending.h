#pragma once
/* How a tunnel ended that was up: rekeys, and what people take down here, are no endings. */
#include "diag/story.h"

enum end_how {
	END_BY_PEER = 1,   /* it sent Delete */
	END_SILENT = 2,	   /* it did not answer any more */
	END_EXPIRED = 4,   /* our own timer */
	END_FORGOTTEN = 8, /* it began anew with INITIAL_CONTACT (RFC 7296 2.4): it has lost all */
};

struct ending {
	const struct event *e; /* that ended the last Child SA */
	enum end_how how;
	ns_t age;		  /* how long the tunnel had been up */
	const struct event *back; /* the peer itself has set it up anew at once; NULL: no */
};
/* Those of how (a set of enum end_how), the newest first, of all that is kept; at most max. Gives
 * how many. */
unsigned endings(const struct story *s, unsigned how, struct ending *ret, unsigned max);
