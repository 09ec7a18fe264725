#include "diag/losses.h"

#include "diag/flow.h"

/* It is told each minute while it goes on. */
#define RECENT (200 * NS_S)

const struct event *story_losing(const struct story *s, const char *reason)
{
	for (unsigned i = s->n; story_is_up(s) && i > s->from; i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == EV_child_losing &&
			strcmp(FIELDS(e, child_losing)->reason.str, reason) == 0)
			return FIELDS(e, child_losing)->count.u64 && story_age(s, e) < RECENT
				       ? e
				       : NULL;
	}
	return NULL;
}

/* Of eight: one may be by chance. */
enum { LOST_MIN = 2 };

static const struct event *some_lost(const struct event *e)
{
	const union ev_flow_answer *a = e ? FIELDS(e, flow_answer) : NULL;

	return a && strcmp(a->way.str, "outside") == 0 && a->answered.u64 &&
			       a->answered.u64 + LOST_MIN <= a->asked.u64
		       ? e
		       : NULL;
}

const struct event *story_loss(const struct story *s)
{
	return story_is_up(s) ? NULL : some_lost(story_last(s, EV_flow_answer));
}

const struct event *story_flow_loss(const struct story *s)
{
	const struct event *sa = flow_of(s);

	return story_is_up(s) && sa && !FIELDS(sa, flow_sa)->in.u64 && !flow_answer_of(s, "more")
		       ? some_lost(flow_answer_of(s, "outside"))
		       : NULL;
}

bool story_length_tells_icv(const struct story *s)
{
	const struct event *v1 = story_last(s, EV_v1_child_established),
			   *v2 = story_last(s, EV_v2_child_established);
	const char *suite = story_later(v1, v2) ? FIELDS(v1, v1_child_established)->xfrm.str
			    : v2		? FIELDS(v2, v2_child_established)->xfrm.str
						: NULL;

	return suite && strstr(suite, "CBC") && strstr(suite, "SHA2_256");
}
