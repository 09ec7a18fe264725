#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/losses.h"

enum { WINDOW_MIN = 1024, WINDOW_MAX = 65536 };

/* Where nothing passes, nothing is overtaken either: its numbers are below those that came before.
 */
static void begun_anew(const struct story *s, struct finding *f)
{
	finding_cause(f,
		"all that comes in by this SA has sequence numbers that were used long ago: the "
		"peer has begun to count anew (restored from a snapshot, another node of a "
		"cluster), or somebody sends old packets again and those of the peer are lost");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec rekey-child %s", story_name(s));
	finding_next(f, "ip -s xfrm state at both ends: oseq of the sender's SA is below seq of "
			"the receiver's");
	finding_suspect(f, &rule_sad_desync);
}

static unsigned larger(unsigned window)
{
	return MIN(MAX(window * 8, (unsigned)WINDOW_MIN), (unsigned)WINDOW_MAX);
}

/* Seen in passing. No numbers in the cause that change each minute: it would be news each time. */
static enum certainty in_passing(const struct story *s, const struct event *e, struct finding *f)
{
	unsigned window = (unsigned)MIN(FIELDS(e, child_losing)->window.u64, WINDOW_MAX);

	finding_proof(f, e);
	if (!FIELDS(e, child_losing)->passed.u64) {
		begun_anew(s, f);
		return LIKELY;
	}
	finding_cause(f,
		"packets come so late that replay-window=%u drops them, more than one in a "
		"hundred: "
		"others overtake them on the way (several paths, queues by class), or somebody "
		"sends old ones again",
		window);
	if (window < WINDOW_MAX)
		finding_conn(f, FIX_HERE, "", "replay-window", "%u", larger(window));
	return LIKELY;
}

/* A duplicate now and then is what the window is for: only when answers are missed. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_moved(s, "XfrmInStateSeqError"), *sa = flow_of(s),
			   *more = flow_answer_of(s, "more"), *named = flow_answer_of(s, "named"),
			   *losing = story_losing(s, "replay");

	if (losing)
		return in_passing(s, losing, f);
	named = named ? named : flow_answer_of(s, "guess");
	if (!e || !named || !sa ||
		FIELDS(named, flow_answer)->answered.u64 == FIELDS(named, flow_answer)->asked.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, named);
	finding_proof(f, more);
	if (!flow_heard(s) && !FIELDS(sa, flow_sa)->in.u64) {
		finding_proof(f, sa);
		begun_anew(s, f);
		return LIKELY;
	}
	finding_cause(f,
		"packets of the peer overtake one another so far that the replay window refuses "
		"them: %u "
		"while a test ran",
		(unsigned)FIELDS(e, flow_counter)->added.u64);
	finding_conn(f, FIX_HERE, "", "replay-window", "1024");
	finding_suspect(f, &rule_lossy_path);
	return LIKELY;
}

const struct rule rule_anti_replay_drops = {
	.id = "anti-replay-drops",
	.title = "packets overtake one another too far",
	.layer = "data plane",
	.most = LIKELY,
	.symptom = "the tunnel is up and slow: voice is fine, bulk is bad",
	.proof = "of what comes in within a minute, more than one in a hundred is older than the "
		 "replay window; or XfrmInStateSeqError grows while a test flow "
		 "runs, and answers are missed; when nothing at all passes, the peer has begun to "
		 "count anew",
	.remedy = "a larger replay-window=; one queue for ESP on the way; a rekey, when the peer "
		  "counts anew",
	.judge = judge_it,
};
