#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/local.h"

#define ANSWER(e) FIELDS(e, flow_answer)
#define ERROR(e)  FIELDS(e, flow_error)
#define LAN(e)	  FIELDS(e, flow_lan)

enum { TIME_EXCEEDED = 11, UNREACHABLE = 3, TIME_EXCEEDED6 = 3, HOST_UNREACHABLE = 1 };

static bool is_v6(const struct event *e)
{
	return strchr(ERROR(e)->complainant.str, ':') != NULL;
}

/* A router counts TTL only of what it is about to forward. */
static bool forwards(const struct event *hop)
{
	return hop &&
	       ERROR(hop)->icmp_type.u64 == (unsigned)(is_v6(hop) ? TIME_EXCEEDED6 : TIME_EXCEEDED);
}

/* A host behind this end, which somebody behind the other one asks while the test runs. */
static enum certainty behind_us(const struct story *s, const struct event *e, struct finding *f)
{
	const struct event *look = local_look_of(s);
	bool is_asked = LAN(e)->own.str[0];

	finding_proof(f, e);
	finding_cause(f,
		"packets from %s come out of the tunnel and leave for %s by %s, and %s: its way "
		"back does not lead through this gateway, %sor it filters what comes from there",
		LAN(e)->from.str, LAN(e)->to.str, LAN(e)->device.str,
		is_asked ? "it answers this host itself and not those" : "nothing comes back",
		is_asked ? "" : "it is off, ");
	finding_fix(f, FIX_HERE, FIX_WORDS, "on %s: ip route add %s via %s", LAN(e)->to.str,
		FACT(s, their_nets)[0] ? FACT(s, their_nets) : LAN(e)->from.str,
		look && FIELDS(look, local_look)->inner.str[0] ? FIELDS(look, local_look)->inner.str
							       : "this gateway's inner address");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or make this gateway its default gateway, and let its own packet filter accept "
		"the "
		"other network");
	if (!is_asked)
		finding_next(f, "ipsec diagnose %s --lan asks %s itself, from here", story_name(s),
			LAN(e)->to.str);
	else
		finding_next(f, "on %s: tcpdump -ni any host %s", LAN(e)->to.str, LAN(e)->from.str);
	return POSSIBLE;
}

/* This host itself has no way to them, but for the one that packets for the peer take. */
static enum certainty not_behind_us(const struct event *e, struct finding *f)
{
	const char *net = FIELDS(e, local_behind)->net.str,
		   *down = FIELDS(e, local_behind)->down.str;

	finding_proof(f, e);
	if (down[0]) {
		finding_cause(f,
			"%s, by which hosts of %s are reached, is down: what comes out of the "
			"tunnel "
			"for them goes astray",
			down, net);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "ip link set %s up", down);
		return LIKELY;
	}
	finding_cause(f,
		"hosts of %s are to be behind this one, and none of its devices is on that "
		"network, nor "
		"does a route lead there: what comes out of the tunnel for them goes to %s",
		net,
		FIELDS(e, local_behind)->device.str[0] ? FIELDS(e, local_behind)->device.str
						       : "nowhere");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"give the device on that network its address again; or, where another router has "
		"it: ip route "
		"add %s via ROUTER",
		net);
	finding_fix(f, FIX_HERE, FIX_WORDS, "or correct the network of this end in the connection");
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *behind = local_next(s, EV_local_behind, NULL);
	const struct event *named = flow_answer_of(s, "named"), *heard = flow_heard(s);
	const struct event *hop = flow_error_of(s, "hop"), *no = flow_error_of(s, "named");
	const struct event *ours = flow_lan_unanswered(s);
	const char *gateway;

	if (story_is_up(s) && behind)
		/* where others answer, it may be one that nobody has yet */
		return MIN(not_behind_us(behind, f),
			strcmp(FIELDS(local_look_of(s), local_look)->flow.str, "answered") == 0
				? POSSIBLE
				: LIKELY);
	if (story_is_up(s) && ours && flow_lan_is_there(ours))
		return behind_us(s, ours, f);
	/* a gateway that is silent as well is another story, and so is a guess */
	if (!named || ANSWER(named)->answered.u64 || !heard)
		return CERTAINTY_NONE;
	gateway =
		heard->id == EV_flow_answer ? ANSWER(heard)->by.str : ERROR(heard)->complainant.str;
	finding_proof(f, named);
	finding_proof(f, heard);
	finding_proof(f, flow_of(s));
	if (no && !is_v6(no) && ERROR(no)->icmp_type.u64 == UNREACHABLE &&
		ERROR(no)->icmp_code.u64 == HOST_UNREACHABLE) {
		finding_proof(f, no);
		finding_cause(f,
			"the tunnel works, %s behind it answers; %s does not, and %s says that it "
			"cannot "
			"be reached: it is off, or not on that network",
			gateway, ANSWER(named)->to.str, ERROR(no)->complainant.str);
	} else {
		finding_cause(f,
			"the tunnel works, %s behind it answers; %s does not: its way back does "
			"not lead "
			"through that gateway, it filters what comes from %s, or it is off",
			gateway, ANSWER(named)->to.str, ANSWER(named)->from.str);
	}
	finding_fix(f, FIX_PEER, FIX_COMMAND, "ip route add %s via %s",
		FACT(s, our_nets)[0] ? FACT(s, our_nets) : ANSWER(named)->from.str, gateway);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"that is for the host %s; or make the VPN's gateway its default gateway, and let "
		"its own "
		"packet filter accept the other network",
		ANSWER(named)->to.str);
	if (!forwards(hop))
		finding_suspect(f, &rule_forwarding_disabled);
	finding_suspect(f, &rule_local_firewall_drops_inner);
	finding_next(f,
		"at the peer's gateway: ping %s; then the same from its address that faces this "
		"tunnel's network, and: tcpdump -ni any host %s and icmp",
		ANSWER(named)->to.str, ANSWER(named)->to.str);
	return POSSIBLE;
}

const struct rule rule_return_path_missing_on_lan = {
	.id = "return-path-missing-on-lan",
	.title = "hosts behind a gateway do not answer",
	.layer = "routing",
	.most = LIKELY,
	.symptom = "the other gateway can be reached through the tunnel, hosts behind it cannot",
	.proof =
		"a test flow: somebody at the other end answers, the host that was named does not; "
		"or, meanwhile, packets of hosts behind the peer leave for one behind this end, "
		"which answers this host and not them; or this host has no way to the network "
		"behind it",
	.remedy = "a route on that host back through its VPN gateway; its own packet filter",
	.judge = judge_it,
};
