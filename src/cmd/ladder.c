#include "cmd/ladder.h"

#include "cmd/diagnose_config.h"
#include "cmd/patience.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct now diagnose_now(void)
{
	struct timespec wall;
	ns_t t;

	clock_gettime(CLOCK_REALTIME, &wall);
	t = (ns_t)wall.tv_sec * NS_S + wall.tv_nsec;
	/* events come with wall time only */
	return (struct now){ .mono = t, .wall = t };
}

void diagnose_show(const struct event *e)
{
	static char t[64 << 10];

	if (out_is_json() && event_json(e, t, sizeof(t)))
		out_event(t, -1);
	else if (!out_is_json())
		puts(event_line(e, false, t, sizeof(t)));
	fflush(stdout);
}

/* A step: shown. */
void ladder_shown(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	l->found += e->id == EV_found_finding;
	if (l->fixes)
		fixes_take(l->fixes, e);
	diagnose_show(e);
	page_take(l->page, e, false);
}

/* The same, and what the rules judge. */
void ladder_told(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	diagnose_show(e);
	page_take(l->page, e, false);
	diag_take(&l->diag, e);
}

/* Not shown one by one. */
void ladder_kept(void *ctx, const struct event *e)
{
	struct ladder *l = ctx;

	if (l->is_theirs && diagnose_is_their_daemon(e))
		return;
	diag_take(&l->diag, e);
	page_take(l->page, e, false);
	l->seen++;
}

void ladder_given_up(struct ladder *l)
{
	const char *who;

	while ((who = patience_news()))
		LADDER_STEP(l, "given up",
			"%s: no answer within %.1f s; what it would have said is not known, and "
			"nothing "
			"is concluded from it",
			who, PATIENCE / (double)NS_S);
}
