#include "diag/flow.h"
#include "diag/icmp.h"
#include "diag/identity.h"
#include "diag/probed.h"
#include "diag/silence.h"

#define ASKED_LATELY (60 * NS_S)

/* Our own kernel says that nobody on the link has the address: no answer to ARP. */
static enum certainty nobody_on_link(const struct story *s, struct finding *f)
{
	struct icmp i = story_icmp(s);
	char t[ADDR_STR];

	if (!i.e || i.trouble != ICMP_NO_HOST || !addr_eq(&i.by, &i.local) || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, i.e);
	finding_cause(f,
		"this host (%s) itself says that the next hop to the peer does not answer on the "
		"link: the peer, or the router to it, is off or has another address",
		addr_format(&i.by, t));
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ip neighbour show nud failed");
	finding_fix(f, FIX_HERE, FIX_WORDS, "if the peer has another address, correct %s",
		story_their_host(s));
	return LIKELY;
}

/* No probe is answered, either: a filter looks the same. */
static enum certainty nobody_there(const struct story *s, const struct probes *p, struct finding *f)
{
	finding_proof(f, p->main.e);
	finding_proof(f, p->natt.e);
	finding_cause(f, "no probe is answered, on whichever port and in whichever version: the "
			 "host is off, its address is "
			 "another one, or it ignores us");
	finding_fix(
		f, FIX_HERE, FIX_WORDS, "compare %s with the peer's admin", story_their_host(s));
	finding_fix(f, FIX_PEER, FIX_COMMAND, "tcpdump -ni any udp port 500 or udp port 4500");
	finding_suspect(f, &rule_ike_udp500_blocked);
	return POSSIBLE;
}

/* Up, as far as this end knows; asked now, the peer answers neither in the tunnel nor in IKE. */
static enum certainty gone_since(const struct story *s, struct finding *f)
{
	const struct event *e = flow_ike(s), *outside = flow_answer_of(s, "outside");
	bool is_there = outside && FIELDS(outside, flow_answer)->answered.u64;

	if (!e || e->id != EV_ike_not_alive || !story_is_up(s) || story_age(s, e) > ASKED_LATELY ||
		story_is_refused(s))
		return CERTAINTY_NONE;
	f->until = e->at.mono + ASKED_LATELY; /* nobody asks again: it may be over */
	finding_proof(f, e);
	finding_proof(f, flow_of(s));
	finding_proof(f, outside);
	finding_cause(f, is_there ? "the tunnel is up here only: the peer's host answers, its IKE "
				    "does not, nor "
				    "does anything in the tunnel: it has begun anew and forgotten "
				    "the tunnel, its "
				    "daemon hangs, or a packet filter has come between"
				  : "the tunnel is up here only: the peer answers nothing, neither "
				    "in the tunnel "
				    "nor in IKE: it is off, or the way to it is broken");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec down %s; ipsec up %s", story_name(s),
		story_name(s));
	finding_fix(f, FIX_PEER, FIX_COMMAND, "tcpdump -ni any udp port 500 or udp port 4500");
	finding_next(f, "a new attempt tells: when it comes up, the peer had forgotten the "
			"tunnel; else it says at which step it is stuck");
	finding_suspect(f, &rule_udp4500_blocked);
	finding_suspect(f, &rule_ike_udp500_blocked);
	return is_there ? POSSIBLE : LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct probes p = story_probes(s);
	struct silence q;
	enum certainty c = nobody_on_link(s, f);

	if (!c)
		c = gone_since(s, f);
	if (c)
		return c;
	q = story_silence(s);
	if ((q.at == SILENT_FIRST || story_is_only_asked(s, &p)) && probes_are_silent(&p))
		return nobody_there(s, &p, f);
	if (q.at != SILENT_AUTH || silence_is_floated(&q) || q.sent->id != EV_v2_auth_sent ||
		q.octets > 1200)
		return CERTAINTY_NONE;
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, q.end);
	finding_cause(f,
		"the peer has answered our first message and is silent since, on the same "
		"port and to a message that is not large: it died, or the way to it broke, "
		"in between");
	finding_fix(f, FIX_PEER, FIX_COMMAND, "tcpdump -ni any udp port 500 or udp port 4500");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec up %s", story_name(s));
	finding_suspect(f, &rule_ike_auth_fragments_dropped);
	finding_suspect(f, &rule_lossy_path);
	return POSSIBLE;
}

const struct rule rule_peer_silent_unknown = {
	.id = "peer-silent-unknown",
	.title = "the peer is off, has another address, or ignores us",
	.layer = "network path",
	.most = LIKELY,
	.symptom = "retransmission; will wait 0.5 seconds for response, again and again",
	.proof = "no answer; only the other end can say more",
	.remedy = "compare right= with the peer's admin, look there with tcpdump",
	.judge = judge_it,
};
