#include "diag/pfs.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const char *product;
	enum certainty c = pfs_rekey(s, f, &product);

	return strcmp(c ? product : "", "Juniper") == 0 || pfs_apple_minutes(s) ? CERTAINTY_NONE
										: c;
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
