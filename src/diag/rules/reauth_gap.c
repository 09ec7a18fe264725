#include "diag/diag.h"
#include "diag/ending.h"

/* Twice: what the peer deletes it sets up anew, itself and at once. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct ending e[2];
	ns_t gap;

	if (endings(s, END_BY_PEER, e, 2) < 2 || !e[0].back || !e[1].back || e[0].age < 60 * NS_S ||
		story_age(s, e[0].e) > 86400 * NS_S)
		return CERTAINTY_NONE;
	gap = e[0].back->at.mono - e[0].e->at.mono;
	finding_proof(f, e[1].e);
	finding_proof(f, e[0].e);
	finding_proof(f, e[0].back);
	finding_cause(f,
		"the peer deletes the tunnel and sets it up anew (break before make), the last "
		"time "
		"after %u seconds and with a gap of %u.%u s: it authenticates again instead of "
		"rekeying",
		(unsigned)(e[0].age / NS_S), (unsigned)(gap / NS_S),
		(unsigned)(gap / (NS_S / 10) % 10));
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "reauth", "no");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"in the connection: reauth_time = 0 and rekey_time = 4h; or strongswan.conf: "
		"charon { "
		"make_before_break = yes }");
	finding_conn(f, FIX_HERE, "", "ikelifetime", "24h");
	return CERTAIN;
}

const struct rule rule_reauth_gap = {
	.id = "reauth-gap",
	.title = "a short outage at each reauthentication",
	.layer = "rekey and lifetime",
	.most = CERTAIN,
	.symptom = "some seconds of loss at each ikelifetime of the peer",
	.proof = "the peer's Delete, then at once another IKE SA of its own, more than once",
	.remedy = "rekey instead of reauthenticating, or make before break",
	.judge = judge_it,
};
