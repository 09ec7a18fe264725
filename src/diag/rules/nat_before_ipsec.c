#include "diag/flow.h"
#include "diag/local.h"

#define NAT(e) FIELDS(e, local_nat)

static const struct event *rewritten(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_nat, e)))
		if (NAT(e)->rule.str[0] && !NAT(e)->exempt.str[0])
			return e;
	return NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s);
	const struct event *e = sure ? rewritten(s) : NULL;

	if (!e)
		return CERTAINTY_NONE;
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
