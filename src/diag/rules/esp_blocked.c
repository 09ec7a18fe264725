#include "diag/local.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	return local_drop_inner(s, f, "esp");
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
