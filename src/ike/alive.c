#include "ike/alive.h"

#include "ike/engine.h"

#include <stdio.h>
#include <stdlib.h>

static void end(struct ike *ike, struct alive *a, int exit)
{
	uint32_t request = a->about.request;

	timer_stop(&ike->timers, &a->timer);
	free(a->conn);
	a->conn = NULL;
	a->about = (struct event_about){ 0 };
	ike_request_release(ike, request, exit);
}

static void fire(struct ike *ike, struct timer *t)
{
	struct alive *a = container_of(t, struct alive, timer);
	char seconds[16];

	snprintf(seconds, sizeof(seconds), "%.1f", (double)ALIVE_WAIT / (double)NS_S);
	EMIT(&ike->env.events, ike->now, &a->about, ike_not_alive, .seconds = ev_str(seconds));
	a->is_silent = true;
	end(ike, a, EXIT_IKE_NO_ANSWER);
}

void alive_ask(struct ike *ike, struct alive *a, const struct event_about *about)
{
	end(ike, a, EXIT_IKE_NO_ANSWER); /* not yet, at least: never 0 without one */
	a->about = *about;
	a->about.conn = a->conn = xstrdup(about->conn); /* the SA may become another one's */
	a->since = ike->now.mono;
	a->timer.fire = fire;
	timer_set(&ike->timers, &a->timer, ike->now.mono + ALIVE_WAIT);
}

void alive_heard(struct ike *ike, struct alive *a, const struct event_about *about)
{
	bool is_asked = a->about.request;
	char took[24];

	if (!is_asked && !a->is_silent)
		return;
	snprintf(took, sizeof(took), "%.1f", (double)(ike->now.mono - a->since) / (double)NS_MS);
	EMIT(&ike->env.events, ike->now, is_asked ? &a->about : about, ike_alive,
		.milliseconds = ev_str(took));
	a->is_silent = false;
	end(ike, a, EXIT_IKE_OK);
}

void alive_end(struct ike *ike, struct alive *a)
{
	end(ike, a, EXIT_IKE_NO_ANSWER);
}
