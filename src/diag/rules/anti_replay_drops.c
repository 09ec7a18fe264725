#include "diag/diag.h"
#include "diag/losses.h"

enum { WINDOW_MIN = 1024, WINDOW_MAX = 65536 };

/* No numbers in the cause that change each minute: it would be news each time. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_losing(s, "replay");
	unsigned window = e ? (unsigned)MIN(FIELDS(e, child_losing)->window.u64, WINDOW_MAX) : 0;

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"packets come so late that replay-window=%u drops them, more than one in a "
		"hundred: "
		"others overtake them on the way (several paths, queues by class), or somebody "
		"sends old ones again",
		window);
	if (window < WINDOW_MAX)
		finding_fix(f, FIX_HERE, FIX_CONN, "replay-window=%u",
			MIN(MAX(window * 8, (unsigned)WINDOW_MIN), (unsigned)WINDOW_MAX));
	return LIKELY;
}

const struct rule rule_anti_replay_drops = {
	.id = "anti-replay-drops",
	.title = "packets overtake one another too far",
	.layer = "data plane",
	.most = LIKELY,
	.symptom = "the tunnel is up and slow; packets are dropped for replay",
	.proof = "of what comes in within a minute, more than one in a hundred is older than the "
		 "replay "
		 "window (userspace ESP)",
	.remedy = "a larger replay-window=",
	.judge = judge_it,
};
