#include "diag/local.h"

#define FW(e) FIELDS(e, local_firewall)

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = local_dual(s);
	bool is_inner =
		e && (strcmp(FW(e)->what.str, "inner") == 0 || strcmp(FW(e)->what.str, "esp") == 0);

	if (!e || (is_inner ? !local_inner(s) : story_is_up(s)))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"this host has two packet filters: %s lets the packets through, but that does "
		"not undo what %s does, table %s, chain %s: %s",
		FW(e)->other.str, FW(e)->backend.str, FW(e)->table.str, FW(e)->chain.str,
		FW(e)->rule.str);
	local_open(s, f, e);
	return is_inner ? local_inner(s) : CERTAIN;
}

const struct rule rule_dual_firewall_backends = {
	.id = "dual-firewall-backends",
	.title = "two packet filters, and the rule is in the other one",
	.layer = "local firewall",
	.most = CERTAIN,
	.symptom = "a rule that accepts was added, and packets are still dropped",
	.proof = "both backends are read, and every base chain is walked by its priority",
	.remedy = "put the rule where the drop is, or use one backend only",
	.judge = judge_it,
};
