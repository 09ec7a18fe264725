#include "diag/nets.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const char *product;
	enum certainty c = nets_one_pair(s, f, &product);

	if (!c || strcmp(product, "Juniper") == 0)
		return CERTAINTY_NONE;
	finding_fix(f, FIX_PEER, FIX_WORDS, "one phase 2 (proxy ID, selector) for each pair");
	return c;
}

const struct rule rule_one_subnet_per_child = {
	.id = "one-subnet-per-child",
	.title = "of several networks only one pair works",
	.layer = "interop with vendor Cisco/Fortinet/Palo Alto",
	.most = CERTAIN,
	.symptom = "connected, and one network alone can be reached",
	.proof = "the peer's answer has one pair of those that were asked for",
	.remedy = "leftsubnets= and rightsubnets=: a tunnel for each pair",
	.judge = judge_it,
};
