#include "diag/local.h"

/* Anything that came from the peer. */
static bool is_answered(const struct story *s)
{
	static const enum event_id answers[] = { EV_v2_auth_sent, EV_v2_init_refused, EV_v2_cookie,
		EV_v2_invalid_ke, EV_v2_init_unacceptable, EV_v2_init_incomplete, EV_v2_net_error,
		EV_v1_net_error, EV_v1_main_i2_sent, EV_v1_ignored, EV_v1_refused,
		EV_v1_unacceptable, EV_v1_ike_established, EV_ike_version_refused, EV_NONE };

	return story_last_of(s, answers) != NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id first[] = { EV_v2_init_sent, EV_v1_main_i1_sent,
		EV_v1_aggr_i1_sent, EV_NONE };
	static const enum event_id repeats[] = { EV_v2_retransmit, EV_v1_retransmit, EV_NONE };
	const struct event *sent = story_last_of(s, first);

	if (!is_answered(s) && !story_is_up(s) && local_drop(s, f, "ike") == CERTAIN)
		return CERTAIN;
	*f = (struct finding){ .rule = f->rule };
	if (!sent || is_answered(s) || story_age(s, sent) < 2500 * NS_MS)
		return CERTAINTY_NONE;
	finding_proof(f, sent);
	finding_proof(f, story_last_of(s, repeats));
	finding_cause(f,
		"%s does not answer our first message, and nothing on the way complains: a packet "
		"filter drops UDP port 500 here, on the way or there, or nobody is there who knows "
		"us",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload");
	finding_fix(f, FIX_PEER, FIX_COMMAND,
		"firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload");
	finding_next(f,
		"ipsec diagnose %s; at the peer: tcpdump -ni any udp port 500 or udp port 4500",
		s->conn ? s->conn : "");
	return POSSIBLE;
}

const struct rule rule_ike_udp500_blocked = {
	.id = "ike-udp500-blocked",
	.title = "a packet filter drops IKE",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "retransmission; will wait 0.5 seconds for response, again and again",
	.proof = "no answer and no ICMP error to any repeat of the first message; ipsec diagnose "
		 "tells the causes apart",
	.remedy = "open UDP 500, UDP 4500 and ESP on both ends",
	.judge = judge_it,
};
