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
/* Less is none. */
#define NO_CHANCE 0.01

static const struct event *some_lost(const struct event *e)
{
	const union ev_flow_answer *a = e ? FIELDS(e, flow_answer) : NULL;

	return a && strcmp(a->way.str, "outside") == 0 && a->answered.u64 &&
			       a->answered.u64 + LOST_MIN <= a->asked.u64
		       ? e
		       : NULL;
}

/* Each question to a port of the peer was lost, at the rate of the echo requests: so often by
 * chance. Hosts that answer so many a second and no more lose some, too, and filter IKE. */
static double chance(const struct story *s, const union ev_flow_answer *a, bool is_4500)
{
	double rate = (double)(a->asked.u64 - a->answered.u64 + 1) / (double)(a->asked.u64 + 1);
	uint64_t n = 0;
	double ret = 1;

	for (unsigned i = s->from; i < s->n; i++) {
		const struct event *e = &s->event[i];
		uint16_t port = e->id == EV_probe_silence ? FIELDS(e, probe_silence)->remote.ep.port
				: e->id == EV_probe_answer ? FIELDS(e, probe_answer)->remote.ep.port
							   : 0;

		if (!port || (port == 4500) != is_4500)
			continue;
		if (e->id == EV_probe_answer)
			return 1;
		n += FIELDS(e, probe_silence)->packets.u64;
	}
	for (; n && ret > NO_CHANCE; n--)
		ret *= rate;
	return ret;
}

const struct event *story_loss(const struct story *s)
{
	const struct event *e = story_is_up(s) ? NULL : some_lost(story_last(s, EV_flow_answer));

	return e && chance(s, FIELDS(e, flow_answer), false) > NO_CHANCE &&
			       chance(s, FIELDS(e, flow_answer), true) > NO_CHANCE
		       ? e
		       : NULL;
}

const struct event *story_flow_loss(const struct story *s)
{
	const struct event *sa = flow_of(s);

	return story_is_up(s) && sa && !FIELDS(sa, flow_sa)->in.u64 && !flow_answer_of(s, "more")
		       ? some_lost(flow_answer_of(s, "outside"))
		       : NULL;
}

bool story_is_in_udp(const struct story *s)
{
	const struct event *e = story_ever(s, EV_v2_child_established);
	const struct event *v1 = story_ever(s, EV_v1_child_established);

	if (story_later(v1, e))
		return FIELDS(v1, v1_child_established)->natd.str[0] != '\0';
	return e && FIELDS(e, v2_child_established)->natd.str[0];
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

void losses_measure(struct finding *f, const char *whom)
{
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ping -c 50 -i 0.2 %s", whom[0] ? whom : "PEER");
}
