#include "diag/icmp.h"
#include "diag/identity.h"
#include "diag/silence.h"
#include "diag/local.h"
#include "diag/probed.h"

#define WHAT "UDP ports 500 and 4500 and ESP (protocol 50)"

/* Both ports: what comes from 4500 has a marker, which our port 500 does not expect. */
static void by_4500(const struct story *s, struct finding *f)
{
	finding_conn(f, FIX_HERE, story_our_end(s), "ikeport", "4500");
	finding_conn(f, FIX_HERE, story_their_end(s), "ikeport", "4500");
}

/* UDP port 4500 tells that the peer is there. */
static enum certainty only_500(const struct story *s, const struct probes *p, struct finding *f)
{
	finding_proof(f, p->main.e);
	finding_proof(f, p->natt.e);
	finding_cause(f,
		"%s answers on UDP port 4500 and not on UDP port 500: a packet filter here, on the "
		"way or "
		"there drops UDP port 500 alone",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	local_let_through(s, f, WHAT);
	by_4500(s, f);
	return CERTAIN;
}

/* Its daemon answers on the other port. */
static enum certainty refused_500(const struct story *s, const struct probes *p, struct finding *f)
{
	struct icmp i = story_icmp(s);
	char by[ADDR_STR];

	if (i.remote.port != 500 || !icmp_is_one_port(s, &i) || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, i.e);
	finding_proof(f, p->natt.e);
	finding_cause(f,
		"the peer's IKE daemon answers on UDP port 4500, and %s answers \"port "
		"unreachable\" "
		"for UDP port 500: a packet filter rejects UDP port 500 alone, or the daemon does "
		"not "
		"listen there",
		addr_format(&i.by, by));
	finding_fix(f, FIX_PEER, FIX_WORDS, "let " WHAT " through the packet filter of %s", by);
	by_4500(s, f);
	return LIKELY;
}

/* Its kernel answers for UDP port 4500, so it would for UDP port 500, too. */
static enum certainty dropped_and_down(
	const struct story *s, const struct probes *p, struct finding *f)
{
	finding_proof(f, p->main.e);
	finding_proof(f, p->natt.e);
	finding_cause(f,
		"%s says with ICMP that nothing listens on its UDP port 4500, and says nothing of "
		"UDP port 500: its host is up, a packet filter drops UDP port 500 here, on the way "
		"or there, and its IKE daemon seems not to run",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	local_let_through(s, f, WHAT);
	icmp_start_there(f);
	finding_suspect(f, &rule_peer_not_listening_icmp);
	finding_suspect(f, &rule_ike_version_mismatch);
	finding_next(f, "at the peer: ss -lunp 'sport = :500 or sport = :4500'");
	return LIKELY;
}

/* Then it is what the NAT makes of port 500: nat-ipsec-alg. */
static bool is_through_nat(const struct probed_one *o)
{
	const char *nat = o->e->id == EV_probe_answer ? FIELDS(o->e, probe_answer)->nat.str : NULL;

	return nat && (strcmp(nat, "us") == 0 || strcmp(nat, "both") == 0);
}

/* The attempt comes from UDP port 500, probes from another. */
static enum certainty only_from_500(
	const struct story *s, const struct probes *p, struct finding *f)
{
	finding_proof(f, p->own.e);
	finding_cause(f, "the peer has answered the same first message just now, from another UDP "
			 "port of this host: what "
			 "comes from UDP port 500 is dropped (a filter, or a router's own IPsec "
			 "support), or the peer has "
			 "only begun to listen");
	if (probed_is_answered(&p->natt)) { /* it goes there at once */
		finding_proof(f, p->natt.e);
		finding_conn(f, FIX_HERE, story_our_end(s), "ikeport", "4500");
		finding_conn(f, FIX_HERE, story_their_end(s), "ikeport", "4500");
	}
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_nat_ipsec_alg);
	finding_next(f,
		"try again; if it is silent again, look for rules with source port 500 on the way");
	return LIKELY;
}

static void nothing_at_all(const struct story *s, const struct probes *p, struct finding *f)
{
	const struct event *echo = story_last(s, EV_flow_answer);
	bool is_there = echo && FIELDS(echo, flow_answer)->answered.u64;

	finding_proof(f, p->main.e);
	finding_proof(f, p->natt.e);
	finding_proof(f, p->other.e);
	finding_proof(f, is_there ? echo : NULL);
	finding_cause(f,
		"%s answers nothing that it was asked, on UDP port 500 and 4500, in either "
		"version, with all "
		"algorithms, and nothing on the way complains: a packet filter drops UDP here, on "
		"the way or there, "
		"or %s",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer",
		is_there ? "its daemon ignores us; somebody is at that address: echo requests are "
			   "answered"
			 : "nobody is at that address");
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *blocked = local_not_let_out(s, false);
	struct silence q;
	struct probes p = story_probes(s);
	enum certainty c;

	if (blocked && !story_is_up(s))
		return local_refused(s, f, blocked, "ike", WHAT);
	q = story_silence(s);
	if ((q.at == SILENT_FIRST || q.at == SILENT_NOT) && !story_is_up(s) &&
		local_drop(s, f, "ike") == CERTAIN)
		return CERTAIN;
	*f = (struct finding){ .rule = f->rule };
	if ((c = icmp_rejected(s, f, false)) || (c = refused_500(s, &p, f)))
		return c;
	if (q.at != SILENT_FIRST && !story_is_only_asked(s, &p))
		return CERTAINTY_NONE;
	if (p.main.is == PROBED_SILENT && probed_is_answered(&p.natt))
		return only_500(s, &p, f);
	if (probes_are_half_silent(&p))
		return dropped_and_down(s, &p, f);
	if (q.at == SILENT_FIRST && probed_is_taken(&p.own) && probed_is_answered(&p.main))
		return is_through_nat(&p.own) ? CERTAINTY_NONE : only_from_500(s, &p, f);
	/* it answers another question, or something else complains: no filter */
	if (probed_is_answered(&p.main) || probed_is_answered(&p.natt) ||
		p.main.is == PROBED_ERROR || p.complaint.e)
		return CERTAINTY_NONE;
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, q.end);
	finding_cause(f,
		"%s does not answer our first message, and nothing on the way complains: a packet "
		"filter drops UDP port 500 here, on the way or there, or nobody is there who knows "
		"us",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	if (probes_are_silent(&p))
		nothing_at_all(s, &p, f);
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_peer_silent_unknown);
	finding_suspect(f, &rule_ike_version_mismatch); /* some are silent then */
	if (story_version(s) == 1 && !p.main.is)	/* many have none, and say nothing to it */
		finding_suspect(f, &rule_ikev1_disabled_by_default);
	if (p.main.is)
		finding_next(f, "at the peer: tcpdump -ni any udp port 500 or udp port 4500");
	else
		finding_next(f,
			"ipsec diagnose %s; at the peer: tcpdump -ni any udp port 500 or udp port "
			"4500",
			story_name(s));
	return POSSIBLE;
}

const struct rule rule_ike_udp500_blocked = {
	.id = "ike-udp500-blocked",
	.title = "a packet filter drops IKE",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "retransmission; will wait 0.5 seconds for response, again and again",
	.proof = "no answer and no ICMP error to any repeat of the first message, or one that only "
		 "a "
		 "filter sends (administratively prohibited); ipsec diagnose "
		 "tells the causes apart; EPERM of our own kernel is certain",
	.remedy = "open UDP 500, UDP 4500 and ESP on both ends",
	.judge = judge_it,
};
