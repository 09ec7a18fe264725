#include "diag/flow.h"
#include "diag/local.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = local_drop(s, f, "inner"), sure;
	const union ev_local_firewall *w;

	if (!c)
		return c;
	w = FIELDS(f->evidence[0], local_firewall);
	/* that an answer is forwarded says nothing of those */
	if (local_none_begins(s, f->evidence[0]))
		return story_is_up(s) ? c : CERTAINTY_NONE;
	/* between networks it is forwarded, which a test from this host itself says nothing of */
	sure = strchr(w->from.str, '/') && strchr(w->to.str, '/')
		       ? flow_forward(s, strcmp(w->direction.str, "in") == 0)
		       : local_inner(s);
	if (sure == CERTAIN && flow_of(s))
		finding_proof(f, story_last(s, EV_flow_forward));
	return c == CERTAIN ? sure : sure == CERTAIN ? c : CERTAINTY_NONE;
}

const struct rule rule_local_firewall_drops_inner = {
	.id = "local-firewall-drops-inner",
	.title = "this host's packet filter drops the tunnel's traffic",
	.layer = "local firewall",
	.most = CERTAIN,
	.symptom = "the tunnel is up and receives, and hosts behind this gateway get nothing",
	.proof = "a walk of the packet filter's chains with a packet that came from IPsec; an "
		 "answer for a "
		 "host behind this one that came in and was not forwarded",
	.remedy = "accept what comes from IPsec and what goes there in the chain that drops it",
	.judge = judge_it,
};
