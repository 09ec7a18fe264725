#include "diag/flow.h"

#define ANSWER(e) FIELDS(e, flow_answer)

/* A duplicate now and then is what the window is for: only when answers are missed. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = flow_moved(s, "XfrmInStateSeqError"),
			   *more = flow_answer_of(s, "more"), *named = flow_answer_of(s, "named");

	named = named ? named : flow_answer_of(s, "guess");
	if (!e || !named || !flow_of(s) || ANSWER(named)->answered.u64 == ANSWER(named)->asked.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, named);
	finding_proof(f, more);
	finding_cause(f,
		"packets of the peer overtake one another so far that the replay window refuses "
		"them: %u "
		"while a test ran",
		(unsigned)FIELDS(e, flow_counter)->added.u64);
	finding_fix(f, FIX_HERE, FIX_CONN, "replay-window=1024");
	finding_suspect(f, &rule_lossy_path);
	return LIKELY;
}

const struct rule rule_anti_replay_drops = {
	.id = "anti-replay-drops",
	.title = "packets overtake one another too far",
	.layer = "data plane",
	.most = LIKELY,
	.symptom = "slow: voice is fine, bulk is bad",
	.proof = "XfrmInStateSeqError grows while a test flow runs, and answers are missed",
	.remedy = "a larger replay-window=; one queue for ESP on the way",
	.judge = judge_it,
};
