#include "diag/nets.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_quick_refused);
	const union ev_v1_quick_refused *no;
	struct nets n;

	if (story_is_up(s))
		return CERTAINTY_NONE;
	if (nets_of(s, &n) && n.is_v1) {
		if (nets_class(&n) != f->rule)
			return CERTAINTY_NONE;
		finding_proof(f, n.e);
		finding_cause(f, "the peer wants %s, %s%s", n.peers,
			n.here[0] ? "allowed here is "
				  : "and no connection here has these networks",
			n.here);
		nets_fix_here(s, f, &n);
		nets_fix_peer(s, f, n.allowed_ours, n.allowed_theirs);
		return CERTAIN;
	}
	if (!e || strcmp(FIELDS(e, v1_quick_refused)->notify.str, "INVALID_ID_INFORMATION") != 0)
		return CERTAINTY_NONE;
	no = FIELDS(e, v1_quick_refused);
	finding_proof(f, e);
	nets_not_taken(s, f, no->ts_local.str, no->ts_remote.str);
	nets_fix_peer(s, f, no->ts_local.str, no->ts_remote.str);
	finding_suspect(f, &rule_transport_tunnel_mismatch);
	if (story_last(s, EV_v1_xauth_in) && !story_last(s, EV_v1_cfg_address))
		finding_suspect(f, &rule_cp_required); /* such a peer lends addresses, most times */
	return LIKELY;
}

const struct rule rule_ts_mismatch_v1 = {
	.id = "ts-mismatch-v1",
	.title = "the networks of the two ends do not mirror each other (IKEv1)",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "cannot respond to IPsec SA request because no connection is known for",
	.proof = "the responder holds both pairs; the initiator is told INVALID_ID_INFORMATION",
	.remedy = "leftsubnet= and rightsubnet= exactly as the other end has them",
	.judge = judge_it,
};
