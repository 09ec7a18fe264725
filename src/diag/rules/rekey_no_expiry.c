#include "diag/diag.h"
#include "diag/words.h"

static bool has_limit(const struct event *e)
{
	const char *t = e->id == EV_v2_child_expired ? FIELDS(e, v2_child_expired)->limit.str
			: e->id == EV_v1_expired     ? FIELDS(e, v1_expired)->limit.str
						     : NULL;

	return t && t[0];
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_ike_expired, EV_v2_child_expired, EV_v1_expired,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const char *rekey, *what = "Child SA";

	if (!e)
		return CERTAINTY_NONE;
	if (e->id == EV_v2_ike_expired) {
		rekey = FIELDS(e, v2_ike_expired)->rekey.str;
		what = "IKE SA";
	} else if (e->id == EV_v2_child_expired) {
		rekey = FIELDS(e, v2_child_expired)->rekey.str;
	} else {
		rekey = FIELDS(e, v1_expired)->rekey.str;
		what = FIELDS(e, v1_expired)->what.str;
	}
	/* a limit is no lifetime: sequence-or-byte-limit */
	if (strcmp(rekey, "no") != 0 || has_limit(e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the %s has reached the end of its lifetime: rekey=no here, and the peer did not "
		"rekey in time",
		what);
	finding_conn(f, FIX_HERE, "", "rekey", "yes");
	finding_conn(f, FIX_HERE, "",
		strncmp(what, "I", 1) == 0 && strcmp(what, "IPsec SA") != 0 ? "ikelifetime"
									    : "salifetime",
		"24h");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "rekey", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "rekey_time", "1h");
	cisco_conn(f, s, "salifetime", "3600");
	return CERTAIN;
}

const struct rule rule_rekey_no_expiry = {
	.id = "rekey-no-expiry",
	.title = "the lifetime is over, and nobody rekeys",
	.layer = "rekey and lifetime",
	.most = CERTAIN,
	.symptom = "IKE SA expires after 3600 seconds; the tunnel is gone after exactly that time",
	.proof = "our own timer ended it, and the connection has rekey=no",
	.remedy = "rekey=yes at one end at least, or longer lifetimes",
	.judge = judge_it,
};
