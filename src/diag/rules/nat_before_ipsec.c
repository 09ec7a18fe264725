#include "diag/flow.h"
#include "diag/local.h"

#define NAT(e)	 FIELDS(e, local_nat)
#define ENTRY(e) FIELDS(e, local_conntrack)

static const struct event *rewritten(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_nat, e)))
		if (NAT(e)->rule.str[0] && !NAT(e)->exempt.str[0])
			return e;
	return NULL;
}

/* A packet that got another destination, where this host has rules that give such ones. They are
 * not walked: that it was so is what connection tracking tells. */
static const struct event *redirected(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_conntrack, e)))
		if (ENTRY(e)->by.str[0])
			return e;
	return NULL;
}

/* What comes first maps the tunnel's packets to themselves. */
static enum certainty redirects(const struct story *s, struct finding *f, const struct event *e)
{
	const union ev_local_look *look = FIELDS(local_look_of(s), local_look);
	bool is_v6 = strchr(ENTRY(e)->to.str, ':') != NULL;
	const char *ip = is_v6 ? "ip6" : "ip", *to;
	char a[RANGE_STR], b[RANGE_STR];

	local_first(look->our_nets.str, a);
	to = local_first(look->their_nets.str, b);
	finding_proof(f, e);
	finding_cause(f,
		"this host gives packets to the other end another destination, and they miss the "
		"tunnel: %s from %s to %s goes to %s; a NAT rule (PREROUTING) does that, or has "
		"done "
		"it when that flow began",
		ENTRY(e)->protocol.str, ENTRY(e)->from.str, ENTRY(e)->to.str, ENTRY(e)->as_to.str);
	if (strcmp(ENTRY(e)->by.str, "nft") == 0)
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"nft 'table %s keep { chain in { type nat hook prerouting priority -105; "
			"%s saddr "
			"%s %s daddr %s dnat %s prefix to %s daddr map { %s : %s }; }; }'",
			ip, ip, a, ip, to, ip, ip, to, to);
	else
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"%s -t nat -I PREROUTING -s %s -d %s -j ACCEPT",
			is_v6 ? "ip6tables-legacy" : "iptables-legacy", a, to);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "conntrack -D%s -s %s -d %s", is_v6 ? " -f ipv6" : "",
		a, to);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s);
	const struct event *e = sure ? rewritten(s) : NULL;

	if (!e)
		return story_is_up(s) && (e = redirected(s)) ? redirects(s, f, e) : CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, flow_of(s));
	finding_cause(f,
		"a NAT rule of this host gives packets from %s to %s another source before they "
		"reach the tunnel, which no longer takes them: %s",
		NAT(e)->from.str, NAT(e)->to.str, NAT(e)->rule.str);
	finding_conn(f, FIX_HERE, "", "nat-exempt", "yes");
	if (strcmp(NAT(e)->backend.str, "nft") != 0)
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"%s -t nat -I POSTROUTING -s %s -d %s -j ACCEPT", NAT(e)->backend.str,
			NAT(e)->from.str, NAT(e)->to.str);
	/* flows that have begun keep their translation */
	finding_fix(f, FIX_HERE, FIX_COMMAND, "conntrack -D -s %s -d %s", NAT(e)->from.str,
		NAT(e)->to.str);
	return sure;
}

const struct rule rule_nat_before_ipsec = {
	.id = "nat-before-ipsec",
	.title = "a NAT rule rewrites the source before IPsec sees the packet",
	.layer = "NAT",
	.most = CERTAIN,
	.symptom = "the tunnel is up, ESPout=0B, no error; clear text leaves towards the Internet",
	.proof = "a walk of the NAT chains: the first rule that would take the tunnel's traffic",
	.remedy = "nat-exempt=yes, or an exemption that is inserted before that rule",
	.judge = judge_it,
};
