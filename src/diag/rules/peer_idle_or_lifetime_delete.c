#include "diag/diag.h"
#include "diag/ending.h"

/* Once may be a person; twice at the same age is a timer. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct ending e[2];

	if (endings(s, END_BY_PEER, e, 2) < 2 || e[0].back || e[1].back || e[0].age < 60 * NS_S ||
		story_age(s, e[0].e) > 86400 * NS_S)
		return CERTAINTY_NONE;
	if (MAX(e[0].age, e[1].age) - MIN(e[0].age, e[1].age) > MAX(e[0].age, e[1].age) / 10)
		return CERTAINTY_NONE;
	finding_proof(f, e[1].e);
	finding_proof(f, e[0].e);
	finding_cause(f,
		"the peer deletes the tunnel %u seconds after it was set up, each time: its "
		"lifetime "
		"is shorter than ours and it does not rekey, or it takes down what is idle",
		(unsigned)(e[0].age / NS_S));
	finding_conn(f, FIX_HERE, "", "salifetime", "%us", (unsigned)(e[0].age / NS_S * 3 / 4));
	finding_conn(f, FIX_HERE, "", "auto", "start");
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "group-policy: vpn-idle-timeout none");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "inactivity", "0s");
	return CERTAIN;
}

const struct rule rule_peer_idle_or_lifetime_delete = {
	.id = "peer-idle-or-lifetime-delete",
	.title = "the peer deletes the tunnel after a fixed time",
	.layer = "rekey and lifetime",
	.most = CERTAIN,
	.symptom = "the peer deletes Child SA, at the same age each time",
	.proof = "the peer's Delete, at the same age each time, and no rekey before it",
	.remedy = "our lifetimes shorter than the peer's, so that we rekey first",
	.judge = judge_it,
};
