#include "diag/local.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	return local_drop_inner(s, f, "inner");
}

const struct rule rule_local_firewall_drops_inner = {
	.id = "local-firewall-drops-inner",
	.title = "this host's packet filter drops the tunnel's traffic",
	.layer = "local firewall",
	.most = CERTAIN,
	.symptom = "the tunnel is up and receives, and hosts behind this gateway get nothing",
	.proof = "a walk of the packet filter's chains with a packet that came from IPsec",
	.remedy = "accept what comes from IPsec and what goes there in the chain that drops it",
	.judge = judge_it,
};
