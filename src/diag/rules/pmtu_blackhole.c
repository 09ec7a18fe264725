#include "diag/flow.h"

#define MTU(e) FIELDS(e, flow_mtu)

/* What TCP and IP add to a segment. */
enum { TCP_IP_N = 40 };

/* Sizes up to one pass and all larger ones vanish, and nobody says so: no chance does that. */
static bool is_hole(const struct event *e)
{
	return e && MTU(e)->lost.u64 && !MTU(e)->told_by.str[0] && MTU(e)->mtu.u64 > TCP_IP_N &&
	       MTU(e)->mtu.u64 < MTU(e)->link.u64;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *in = flow_mtu_of(s, "inside"), *out = flow_mtu_of(s, "outside");
	unsigned mtu;

	if (!is_hole(in))
		return CERTAINTY_NONE;
	mtu = (unsigned)MTU(in)->mtu.u64;
	finding_proof(f, in);
	finding_proof(f, out);
	finding_cause(f,
		"packets of up to %u octets pass through the tunnel, those of %u and more are "
		"lost, and "
		"nobody says so: %s, and ICMP's \"fragmentation needed\" is filtered",
		mtu, (unsigned)MTU(in)->lost.u64,
		is_hole(out) ? "the path to the peer takes less than this host's link"
			     : "something on the path takes no larger ones");
	/* routes for what is sent from here, segments for what TCP sends from there */
	finding_conn(f, FIX_HERE, "", "mtu", "%u", mtu);
	finding_conn(f, FIX_HERE, "", "mss", "%u", mtu - TCP_IP_N);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "mtu", "%u", mtu);
	finding_fix(
		f, FIX_PEER, FIX_WORDS, "let ICMP type 3 code 4 (IPv6: type 2) through on the way");
	return CERTAIN;
}

const struct rule rule_pmtu_blackhole = {
	.id = "pmtu-blackhole",
	.title = "large packets are lost",
	.layer = "MTU",
	.most = CERTAIN,
	.symptom = "ping works, ssh and web pages freeze",
	.proof = "echo requests of several sizes that may not be fragmented, through the tunnel "
		 "and outside: a "
		 "threshold, and no ICMP error",
	.remedy = "mtu= with the largest size that passes, and mss= for TCP in both directions",
	.judge = judge_it,
};
