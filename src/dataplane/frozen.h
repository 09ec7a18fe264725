#pragma once
/* Connections of TCP that freeze with their first data, as the counters of an SA show it where no
 * packet can be looked at: a burst of large packets, and then one of them alone, again and again,
 * each time after twice as long (RFC 6298 5.5). It is seen where a tunnel carries little else at
 * that time. Whether it was TCP the caller must know otherwise. */
#include "base/now.h"

#include <stdbool.h>

enum { FROZEN_LOOK_MS = 500, FROZEN_LARGE = 1000 };

/* What is kept of an outbound SA; begins as zeros. */
struct dp_frozen {
	ns_t began, last;   /* the burst; the last one alone */
	ns_t gap;	    /* between the last two of those */
	uint64_t came;	    /* what came in by the look before */
	uint32_t low, high; /* octets that each of those has */
	unsigned n;	    /* of those */
};

/* What was added since the look before. */
struct dp_frozen_look {
	ns_t now;
	uint64_t packets, octets; /* out, by this SA */
	uint64_t came;		  /* packets in, by all SAs of its policy */
};

/* One has frozen, and goes on being so. w->began, w->low: since when, and with what size at least.
 */
bool dp_frozen_see(struct dp_frozen *w, const struct dp_frozen_look *look);
/* So much went out, and was answered, as nobody sends without acknowledgements. */
bool dp_frozen_is_flow(const struct dp_frozen_look *look);
