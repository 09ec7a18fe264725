#include "diag/flow.h"
#include "diag/icmp.h"
#include "diag/identity.h"
#include "diag/losses.h"
#include "diag/probed.h"

#include <stdio.h>

/* Of a tunnel that is up, where anybody could send us such ICMP: nor has the peer answered what it
 * was asked. */
static enum certainty is_unanswered(const struct story *s, const struct icmp *i)
{
	const struct event *asked = flow_ike(s), *again = story_last(s, EV_v2_retransmit);

	if (!icmp_is_refused(i) || story_age(s, i->e) > ICMP_LATELY)
		return CERTAINTY_NONE;
	if (asked && asked->id == EV_ike_not_alive && story_age(s, asked) < ICMP_LATELY)
		return CERTAIN;
	if (asked && asked->id == EV_ike_alive && story_later(asked, i->e))
		return CERTAINTY_NONE;
	if (story_is_in_udp(s)) /* a NAT that has forgotten the peer says the same */
		return CERTAINTY_NONE;
	if (i->e->id == EV_v1_net_error) /* which tells it only of what was asked twice */
		return LIKELY;
	return again && story_age(s, again) < ICMP_LATELY && story_later(i->e, again)
		       ? LIKELY
		       : CERTAINTY_NONE;
}

/* It was up, and the peer's daemon has ended since. */
static enum certainty ended_there(const struct story *s, const struct icmp *i, struct finding *f)
{
	enum certainty c = is_unanswered(s, i);
	const struct event *asked = flow_ike(s);
	char t[ADDR_STR];

	if (!c)
		return c;
	f->until = i->e->at.mono + ICMP_LATELY; /* nobody asks again: it may be over */
	finding_proof(f, i->e);
	if (c == CERTAIN)
		finding_proof(f, asked);
	finding_cause(f,
		"the tunnel is up here only: nothing listens on UDP port %u of %s any more, whose "
		"host is up and answers with ICMP \"port unreachable\"",
		i->remote.port, addr_format(&i->remote.addr, t));
	icmp_start_there(f);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec down %s; ipsec up %s", story_name(s),
		story_name(s));
	if (!story_is_in_udp(s))
		return c;
	finding_suspect(f, &rule_nat_mapping_expiry);
	return LIKELY;
}

static enum certainty nobody_listens(const struct story *s, const struct icmp *i, struct finding *f)
{
	struct probes p = story_probes(s);
	bool nor_4500 = p.natt.is == PROBED_ERROR && i->remote.port != 4500;
	char t[ADDR_STR];

	if (!addr_is_set(&i->remote.addr)) { /* a log that does not name the peer */
		addr_format(&i->by, t);
		finding_cause(f,
			"%s answers our message with ICMP \"port unreachable\": if that is the "
			"peer, nothing listens on UDP port 500 there; else a packet filter on the "
			"way rejects it",
			t);
		icmp_start_there(f);
		finding_suspect(f, &rule_ike_udp500_blocked);
		return LIKELY;
	}
	addr_format(&i->remote.addr, t);
	finding_proof(f, nor_4500 ? p.natt.e : NULL);
	finding_cause(f,
		"nothing listens on UDP port %u of %s%s: that host is up and answers with ICMP "
		"\"port unreachable\" (a packet filter there can reject with that, too)",
		i->remote.port, t, nor_4500 ? ", nor on UDP port 4500" : "");
	icmp_start_there(f);
	finding_fix(f, FIX_HERE, FIX_WORDS, "if %s is not the peer's address, correct %s", t,
		story_their_host(s));
	finding_suspect(f, &rule_ike_udp500_blocked);
	return CERTAIN;
}

/* A host on the way speaks in the peer's place. */
static enum certainty other_speaks(const struct story *s, const struct icmp *i, struct finding *f)
{
	char by[ADDR_STR], to[ENDPOINT_STR];

	addr_format(&i->by, by);
	if (addr_is_set(&i->remote.addr))
		endpoint_format(&i->remote, to);
	else /* a log that does not name it */
		snprintf(to, sizeof(to), "the peer");
	if (i->trouble == ICMP_NO_PORT) {
		finding_cause(f,
			"%s%s answers \"port unreachable\" in its place: a packet filter on the "
			"way "
			"rejects UDP port %u to %s",
			by, addr_is_set(&i->remote.addr) ? ", which is not the peer," : "",
			i->remote.port ? i->remote.port : 500, to);
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"on %s let UDP ports 500 and 4500 and ESP (protocol 50) through to the "
			"peer",
			by);
		finding_suspect(f, &rule_ike_udp500_blocked);
		return LIKELY;
	}
	finding_cause(f, "%s, a router on the way, has no %s %s: the peer is off, or %s is wrong",
		by, i->trouble == ICMP_NO_NET ? "route to the network of" : "answer from", to,
		story_their_host(s));
	finding_fix(f, FIX_HERE, FIX_WORDS, "if that is not the peer's address, correct %s",
		story_their_host(s));
	finding_fix(f, FIX_PEER, FIX_WORDS, "start the host, or repair its link and its routes");
	finding_suspect(f, &rule_peer_silent_unknown);
	return LIKELY;
}

/* Of UDP port 500 nothing is known, since that is silent. */
static enum certainty nobody_at_4500(
	const struct story *s, const struct probes *p, struct finding *f)
{
	finding_proof(f, p->natt.e);
	finding_cause(f,
		"nothing listens on UDP port 4500 of %s, whose host is up: its IKE daemon seems "
		"not "
		"to run",
		FACT(s, theirs)[0] ? FACT(s, theirs) : "the peer");
	icmp_start_there(f);
	finding_suspect(f, &rule_ike_udp500_blocked);
	return POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct icmp i = story_icmp(s);
	struct probes p = story_probes(s);

	if (i.e && story_is_up(s))
		return ended_there(s, &i, f);
	if (!i.e && !story_is_up(s) && probes_are_half_silent(&p))
		return nobody_at_4500(s, &p, f);
	/* our own kernel has no neighbour: that nobody is there, is another class; and so is a
	 * filter that says that it is one */
	if (!i.e || i.trouble == ICMP_OTHER || icmp_is_filter(&i) || icmp_is_one_port(s, &i) ||
		(i.trouble == ICMP_NO_HOST && addr_eq(&i.by, &i.local)))
		return CERTAINTY_NONE;
	finding_proof(f, i.e);
	if (i.trouble == ICMP_NO_PORT && !addr_is_set(&i.remote.addr))
		return nobody_listens(s, &i, f);
	if (i.trouble == ICMP_NO_PORT && addr_eq(&i.by, &i.remote.addr))
		return nobody_listens(s, &i, f);
	return other_speaks(s, &i, f);
}

const struct rule rule_peer_not_listening_icmp = {
	.id = "peer-not-listening-icmp",
	.title = "no IKE daemon at the peer's address",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "Connection refused [errno 111, origin ICMP type 3 code 3]",
	.proof = "the ICMP error that the kernel reports for our message, and who sent it",
	.remedy = "start the peer's daemon, or correct right=",
	.judge = judge_it,
};
