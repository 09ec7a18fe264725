#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/silence.h"
#include "diag/local.h"

#define WHAT "UDP ports 500 and 4500 and ESP (protocol 50)"

/* Our own kernel did not let it out: EPERM is what a packet filter's DROP in OUTPUT gives. */
static const struct event *not_let_out(const struct story *s)
{
	const struct event *e = story_last(s, EV_v2_send_failed);
	bool is_filter;

	if (e)
		is_filter = FIELDS(e, v2_send_failed)->error.u64 == 1;
	else if ((e = story_last(s, EV_v1_send_failed)))
		is_filter = FIELDS(e, v1_send_failed)->error.u64 == 1;
	else
		return NULL;
	return is_filter ? e : NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *blocked = not_let_out(s);
	struct silence q;

	if (blocked && !story_is_up(s)) {
		if (local_drop(s, f, "ike") == CERTAIN) {
			finding_proof(f, blocked);
			return CERTAIN;
		}
		*f = (struct finding){ .rule = f->rule };
		finding_proof(f, blocked);
		finding_cause(f, "this host's own packet filter drops what we send to the peer");
		if (!local_look_of(s))
			finding_fix(f, FIX_HERE, FIX_WORDS,
				"let " WHAT " out through the packet filter of this host");
		finding_next(f, "nft list ruleset shows the rule, in a chain with hook output");
		return CERTAIN;
	}
	q = story_silence(s);
	if ((q.at == SILENT_FIRST || q.at == SILENT_NOT) && !story_is_up(s) &&
		local_drop(s, f, "ike") == CERTAIN)
		return CERTAIN;
	*f = (struct finding){ .rule = f->rule };
	if (q.at != SILENT_FIRST)
		return CERTAINTY_NONE;
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, q.end);
	finding_cause(f,
		"%s does not answer our first message, and nothing on the way complains: a packet "
		"filter drops UDP port 500 here, on the way or there, or nobody is there who knows "
		"us",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_peer_silent_unknown);
	if (story_version(s) == 1) { /* many have none, and say nothing to it */
		finding_suspect(f, &rule_ike_version_mismatch);
		finding_suspect(f, &rule_ikev1_disabled_by_default);
	}
	finding_next(f,
		"ipsec diagnose %s; at the peer: tcpdump -ni any udp port 500 or udp port 4500",
		story_name(s));
	return POSSIBLE;
}

const struct rule rule_ike_udp500_blocked = {
	.id = "ike-udp500-blocked",
	.title = "a packet filter drops IKE",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "retransmission; will wait 0.5 seconds for response, again and again",
	.proof = "no answer and no ICMP error to any repeat of the first message; ipsec diagnose "
		 "tells the causes apart; EPERM of our own kernel is certain",
	.remedy = "open UDP 500, UDP 4500 and ESP on both ends",
	.judge = judge_it,
};
