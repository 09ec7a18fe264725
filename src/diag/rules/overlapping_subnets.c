#include "diag/local.h"

#define OVERLAP(e) FIELDS(e, local_overlap)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = local_next(s, EV_local_overlap, NULL);
	char ours[RANGE_STR];
	struct prefix p;
	bool is_answered;

	if (!e)
		return CERTAINTY_NONE;
	is_answered = strcmp(FIELDS(look, local_look)->flow.str, "answered") == 0;
	finding_proof(f, e);
	finding_cause(f, "the other end's network %s is %s %s, %s: %s", OVERLAP(e)->net.str,
		strcmp(OVERLAP(e)->how.str, "equal") == 0 ? "the same as" : "a part of",
		OVERLAP(e)->other.str, OVERLAP(e)->where.str,
		is_answered ? "of two hosts with one address only one can be reached"
			    : "its hosts are looked for here, not behind the tunnel");
	finding_fix(f, FIX_HERE, FIX_WORDS, "renumber one of the two networks");
	local_first(FIELDS(look, local_look)->our_nets.str, ours);
	if (prefix_parse(ours, &p) == OK && p.addr.family == 4 && p.bits >= 16) {
		finding_conn(f, FIX_HERE, "left", "subnet", "10.99.0.0/%u", p.bits);
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"iptables -t nat -I POSTROUTING -s %s -d %s -j NETMAP --to 10.99.0.0/%u",
			ours, OVERLAP(e)->net.str, p.bits);
		finding_conn(f, FIX_PEER_LIBRESWAN, "right", "subnet", "10.99.0.0/%u", p.bits);
	}
	return is_answered ? POSSIBLE : CERTAIN;
}

const struct rule rule_overlapping_subnets = {
	.id = "overlapping-subnets",
	.title = "the same network at both ends",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "connected, and some hosts cannot be reached, depending on where one is",
	.proof = "the networks of the connection and of this host's devices, compared",
	.remedy = "renumber one of the networks, or translate one with NETMAP",
	.judge = judge_it,
};
