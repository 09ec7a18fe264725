#include "diag/nets.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct nets n;

	if (!nets_of(s, &n) || nets_class(&n) != f->rule)
		return CERTAINTY_NONE;
	finding_proof(f, n.e);
	finding_cause(f,
		"the peer wants everything to everything (%s), as a route-based gateway does%s; "
		"allowed here is %s",
		n.peers, strcmp(n.product, "Microsoft") == 0 ? " (Azure's default)" : "", n.here);
	if (!n.is_answer && !n.is_v1)
		finding_conn(f, FIX_HERE, "", "narrowing", "yes");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or a tunnel with routes: ipsec-interface=yes, leftsubnet=%s, rightsubnet=%s, and "
		"a route over ipsec1 to each network",
		n.ours, n.theirs);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"Azure: Set-AzVirtualNetworkGatewayConnection -UsePolicyBasedTrafficSelectors "
		"$true; others: the networks as selectors (proxy IDs)");
	return CERTAIN;
}

const struct rule rule_azure_wide_selectors = {
	.id = "azure-wide-selectors",
	.title = "the peer is route-based and wants 0.0.0.0/0 on both sides",
	.layer = "interop with vendor Azure",
	.most = CERTAIN,
	.symptom = "TS_UNACCEPTABLE, or traffic one way",
	.proof = "0.0.0.0/0 on both sides in what the peer sends, and networks here",
	.remedy = "a tunnel with routes here, or policy-based selectors in Azure",
	.judge = judge_it,
};
