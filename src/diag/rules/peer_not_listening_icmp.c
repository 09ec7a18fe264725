#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/probed.h"

#include <stdio.h>

/* ICMP's type 3 and ICMPv6's type 1 in the same words. */
enum trouble { NO_PORT, NO_HOST, NO_NET, PROHIBITED, OTHER };

struct icmp {
	const struct event *e;
	struct addr by, local;
	struct endpoint remote;
	enum trouble trouble;
};

static enum trouble trouble_of(uint64_t error, uint64_t type, uint64_t code)
{
	if (error == 111)
		return NO_PORT;
	if (type == 3 && (code == 9 || code == 10 || code == 13))
		return PROHIBITED;
	if (type == 1 && (code == 1 || code == 5))
		return PROHIBITED;
	return error == 101 ? NO_NET : error == 113 ? NO_HOST : OTHER;
}

/* As both versions tell of it. */
static struct icmp icmp_of(const struct story *s)
{
	struct icmp i = { .e = story_last(s, EV_v2_net_error) };
	struct probes p = story_probes(s);

	if (i.e) {
		const union ev_v2_net_error *n = FIELDS(i.e, v2_net_error);

		i.by = n->complainant.addr;
		i.local = n->local.ep.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	} else if ((i.e = story_last(s, EV_v1_net_error))) {
		const union ev_v1_net_error *n = FIELDS(i.e, v1_net_error);

		i.by = n->complainant.addr;
		i.local = n->local.ep.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	} else if (p.complaint.e && !probed_is_answered(&p.main)) { /* 4500 alone is no failure */
		const union ev_probe_refused *n = FIELDS(p.complaint.e, probe_refused);

		i.e = p.complaint.e;
		i.by = n->complainant.addr;
		i.local = n->local.addr;
		i.remote = n->remote.ep;
		i.trouble = trouble_of(n->error.u64, n->icmp_type.u64, n->icmp_code.u64);
	}
	return i;
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
		finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND, "systemctl start ipsec");
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_COMMAND, "systemctl start strongswan");
		finding_suspect(f, &rule_ike_udp500_blocked);
		return LIKELY;
	}
	addr_format(&i->remote.addr, t);
	finding_proof(f, nor_4500 ? p.natt.e : NULL);
	finding_cause(f,
		"nothing listens on UDP port %u of %s%s: that host is up and answers with ICMP "
		"\"port unreachable\"",
		i->remote.port, t, nor_4500 ? ", nor on UDP port 4500" : "");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND, "systemctl start ipsec");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_COMMAND, "systemctl start strongswan");
	finding_fix(f, FIX_HERE, FIX_WORDS, "if %s is not the peer's address, correct %s", t,
		story_their_host(s));
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
	if (i->trouble == NO_PORT || i->trouble == PROHIBITED) {
		finding_cause(f,
			"%s%s answers %s in its place: a packet filter on the way rejects UDP port "
			"%u to %s",
			by, addr_is_set(&i->remote.addr) ? ", which is not the peer," : "",
			i->trouble == NO_PORT ? "\"port unreachable\""
					      : "\"administratively prohibited\"",
			i->remote.port ? i->remote.port : 500, to);
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"on %s let UDP ports 500 and 4500 and ESP (protocol 50) through to the "
			"peer",
			by);
		finding_suspect(f, &rule_ike_udp500_blocked);
		return LIKELY;
	}
	finding_cause(f, "%s, a router on the way, has no %s %s: the peer is off, or %s is wrong",
		by, i->trouble == NO_NET ? "route to the network of" : "answer from", to,
		story_their_host(s));
	finding_fix(f, FIX_HERE, FIX_WORDS, "if that is not the peer's address, correct %s",
		story_their_host(s));
	finding_fix(f, FIX_PEER, FIX_WORDS, "start the host, or repair its link and its routes");
	finding_suspect(f, &rule_peer_silent_unknown);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct icmp i = icmp_of(s);
	char to[ENDPOINT_STR];

	/* our own kernel has no neighbour: that nobody is there, is another class */
	if (!i.e || i.trouble == OTHER || story_is_up(s) ||
		(i.trouble == NO_HOST && addr_eq(&i.by, &i.local)))
		return CERTAINTY_NONE;
	finding_proof(f, i.e);
	if (i.trouble == NO_PORT && !addr_is_set(&i.remote.addr))
		return nobody_listens(s, &i, f);
	if (!addr_eq(&i.by, &i.remote.addr))
		return other_speaks(s, &i, f);
	if (i.trouble == NO_PORT)
		return nobody_listens(s, &i, f);
	finding_cause(f,
		"the peer's host rejects UDP port %u (%s) with ICMP: its packet filter does",
		i.remote.port, endpoint_format(&i.remote, to));
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"let UDP ports 500 and 4500 and ESP (protocol 50) through the packet filter there");
	return CERTAIN;
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
