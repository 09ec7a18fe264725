#include "diag/explained.h"

#include "diag/identity.h"

/* Lines that give this end what the peer says that it has. */
static void fixes(const struct story *s, struct finding *f, const union ev_peer_explains *x)
{
	const char *theirs = x->theirs.str, *ours = x->ours.str;
	const struct event *no = story_last(s, EV_v2_child_refused);

	if (f->rule == &rule_esp_proposal_mismatch) {
		finding_fix_list(f, FIX_HERE, "esp", theirs);
		if (no)
			finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp",
				FIELDS(no, v2_child_refused)->ours_conf.str);
	} else if (f->rule == &rule_esn_or_ipcomp_mismatch) {
		finding_conn(f, FIX_HERE, "", "esn", "either");
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "esn", "either");
	} else if (f->rule == &rule_transport_tunnel_mismatch) {
		if (theirs[0])
			finding_conn(f, FIX_HERE, "", "type", "%s", theirs);
	} else if (f->rule == &rule_ts_mismatch_v2) {
		if (ours[0] && strcmp(ours, FACT(s, our_nets)) != 0)
			finding_conn(f, FIX_HERE, story_our_end(s), "subnet", "%s", ours);
		if (theirs[0] && strcmp(theirs, FACT(s, their_nets)) != 0)
			finding_conn(f, FIX_HERE, story_their_end(s), "subnet", "%s", theirs);
	}
}

/* Any other class is none that a peer may name. */
static const struct rule *rule_of(const char *class)
{
	static const struct rule *const known[] = { &rule_esp_proposal_mismatch,
		&rule_esn_or_ipcomp_mismatch, &rule_transport_tunnel_mismatch,
		&rule_ts_mismatch_v2 };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i]->id, class) == 0)
			return known[i];
	return NULL;
}

bool explained(const struct story *s, struct finding *ret)
{
	const struct event *e = story_last(s, EV_peer_explains);
	const union ev_peer_explains *x = e ? FIELDS(e, peer_explains) : NULL;

	*ret = (struct finding){ .rule = x ? rule_of(x->class.str) : NULL, .certainty = LIKELY };
	if (!x || !ret->rule || story_is_up(s))
		return false;
	finding_proof(ret, e);
	finding_proof(ret, story_last(s, EV_v2_child_refused));
	finding_cause(ret, "the peer says why it refuses: %s%s%s%s%s%s%s%s", ret->rule->title,
		x->difference.str[0] ? "; they differ in " : "", x->difference.str,
		x->theirs.str[0] ? "; it has '" : "", x->theirs.str, x->theirs.str[0] ? "'" : "",
		x->ours.str[0] ? ", and for this end " : "", x->ours.str);
	fixes(s, ret, x);
	return true;
}
