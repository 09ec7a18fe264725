#include "diag/pfs.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const char *product;
	unsigned minutes = pfs_apple_minutes(s);
	enum certainty c = minutes ? pfs_rekey(s, f, &product) : CERTAINTY_NONE;

	if (!c)
		return CERTAINTY_NONE;
	finding_cause(f,
		"after %u minutes the peer rekeys without PFS, as Apple's devices do, and esp= or "
		"pfs= here wants a group",
		minutes);
	f->n_fix = 0;
	finding_conn(f, FIX_HERE, "", "pfs", "no");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"a profile (.mobileconfig) with EnablePFS and the group of this end under "
		"ChildSecurityAssociationParameters");
	return c;
}

const struct rule rule_apple_rekey_pfs = {
	.id = "apple-rekey-pfs",
	.title = "iPhone or Mac is cut off after 8, 24 or 48 minutes",
	.layer = "interop with vendor Apple",
	.most = CERTAIN,
	.symptom = "the tunnel ends after 8, 24 or 48 minutes",
	.proof = "the peer's rekey has no key exchange, at an age that only Apple has",
	.remedy = "pfs=no, or a profile with EnablePFS",
	.judge = judge_it,
};
