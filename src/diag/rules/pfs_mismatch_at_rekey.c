#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_esp_proposal);

	if (e && FIELDS(e, v2_no_esp_proposal)->rekeys.u64 &&
		strcmp(FIELDS(e, v2_no_esp_proposal)->difference.str, "DH") == 0) {
		const union ev_v2_no_esp_proposal *no = FIELDS(e, v2_no_esp_proposal);

		finding_proof(f, e);
		finding_cause(f, "the peer rekeys with PFS group '%s', allowed here is '%s'",
			no->theirs.str[0] ? no->theirs.str : "none",
			no->ours.str[0] ? no->ours.str : "none");
		if (!no->theirs.str[0])
			finding_fix(f, FIX_HERE, FIX_CONN, "pfs=no");
		else
			finding_fix(f, FIX_HERE, FIX_CONN, "esp=%s", no->theirs_conf.str);
		finding_fix(f, FIX_PEER_LIBRESWAN, FIX_CONN, "esp=%s", no->ours_conf.str);
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_CONN, "esp_proposals = %s",
			no->ours_swanctl.str);
		return CERTAIN;
	}
	e = story_last(s, EV_v2_rekey_failed);
	if (!e || strcmp(FIELDS(e, v2_rekey_failed)->notify.str, "NO_PROPOSAL_CHOSEN") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer refuses to rekey the tunnel with NO_PROPOSAL_CHOSEN: it wants another "
		"PFS group "
		"than %s, or none; at the end of its life the tunnel is gone",
		FIELDS(e, v2_rekey_failed)->groups.str[0] ? FIELDS(e, v2_rekey_failed)->groups.str
							  : "none");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_CONN, "esp=%s",
		FIELDS(e, v2_rekey_failed)->ours_conf.str);
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_CONN, "esp_proposals = %s",
		FIELDS(e, v2_rekey_failed)->ours_swanctl.str);
	return CERTAIN;
}

const struct rule rule_pfs_mismatch_at_rekey = {
	.id = "pfs-mismatch-at-rekey",
	.title = "the PFS groups differ: the tunnel ends at its first rekey",
	.layer = "rekey & lifetime",
	.most = CERTAIN,
	.symptom = "CREATE_CHILD_SA failed with error notification NO_PROPOSAL_CHOSEN",
	.proof = "a rekey is refused whose algorithms the first Child SA had",
	.remedy = "the same group in esp= at both ends, or pfs=no at both",
	.judge = judge_it,
};
