#include "diag/diag.h"
#include "diag/words.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id better[] = { EV_v2_initiate, EV_v1_initiate, EV_NONE };
	const struct event *e = story_last(s, EV_resolve_failed);
	const union ev_resolve_failed *r;

	if (!e || story_later(story_last_of(s, better), e) ||
		story_age(s, e) > (ns_t)(3 * FIELDS(e, resolve_failed)->seconds.u64 + 30) * NS_S)
		return CERTAINTY_NONE; /* it is asked again and again: who is silent knows it now */
	r = FIELDS(e, resolve_failed);
	finding_proof(f, e);
	finding_cause(f, "the name \"%s\" cannot be resolved: %s", r->host.str, r->why.str);
	finding_fix(
		f, FIX_HERE, FIX_COMMAND, "getent ahosts '%s'; cat /etc/resolv.conf", r->host.str);
	finding_fix(f, FIX_HERE, FIX_WORDS, "write the address instead of the name in %s",
		story_is_swanctl(s) ? "local_addrs or remote_addrs" : "left= or right=");
	return CERTAIN;
}

const struct rule rule_dns_name_unresolvable = {
	.id = "dns-name-unresolvable",
	.title = "right= is a name that cannot be resolved",
	.layer = "DNS",
	.most = CERTAIN,
	.symptom = "cannot resolve \"vpn.example.com\"",
	.proof = "what the resolver of this host answers",
	.remedy = "an address instead of the name, or repair the resolver",
	.judge = judge_it,
};
