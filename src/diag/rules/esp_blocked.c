#include "diag/local.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty sure = local_inner(s), c = sure ? local_drop(s, f, "esp") : CERTAINTY_NONE;

	return c == CERTAIN ? sure : sure == CERTAIN ? c : CERTAINTY_NONE;
}

const struct rule rule_esp_blocked = {
	.id = "esp-blocked",
	.title = "IKE passes, ESP does not",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "the tunnel is up, ESPin=0B: packets go out and nothing comes back",
	.proof = "a walk of this host's packet filter with a packet of ESP",
	.remedy = "let protocol 50 through, or write encapsulation=yes",
	.judge = judge_it,
};
