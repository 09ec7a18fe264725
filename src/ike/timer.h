#pragma once
/* Timers of the engine: a heap of places inside the objects that wait. Setting an armed timer moves
 * it; a timer must be stopped before its object is freed. */
#include "base/now.h"

struct ike;

struct timer {
	ns_t at;     /* monotonic */
	size_t slot; /* place in the heap, counted from 1; 0: not armed */
	/* Called once, disarmed before. May free the object around the timer. */
	void (*fire)(struct ike *ike, struct timer *t);
};

struct timers {
	struct timer **heap;
	size_t n, room;
};

void timer_set(struct timers *h, struct timer *t, ns_t at);
void timer_stop(struct timers *h, struct timer *t); /* harmless when not armed */
static inline bool timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}
/* When the next one is due; NS_NEVER. */
ns_t timers_next(const struct timers *h);
/* Takes out the first that is due; NULL when none is. */
struct timer *timers_due(struct timers *h, ns_t now);
void timers_done(struct timers *h);
