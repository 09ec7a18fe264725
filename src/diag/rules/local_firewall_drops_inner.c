#include "diag/local.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s), c = sure ? local_drop(s, f, "inner") : CERTAINTY_NONE;

	/* what is not understood says nothing while nothing is known to be lost */
	return c == CERTAIN ? sure : sure == CERTAIN ? c : CERTAINTY_NONE;
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
