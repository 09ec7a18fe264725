#include "diag/nets.h"
#include "diag/pfs.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const char *product = "";
	enum certainty c = nets_one_pair(s, f, &product);

	if (c && strcmp(product, "Juniper") == 0) {
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"Junos: under security ipsec vpn one traffic-selector (local-ip, "
			"remote-ip) "
			"for each pair");
		return c;
	}
	*f = (struct finding){ .rule = f->rule };
	c = pfs_rekey(s, f, &product);
	if (!c || strcmp(product, "Juniper") != 0)
		return CERTAINTY_NONE;
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"Junos: under security ipsec policy perfect-forward-secrecy keys has the group "
		"that esp= needs here");
	if (!story_last(s, EV_v2_no_esp_proposal)) /* what it has is not known */
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"or that group of the SRX in esp=; pfs=no is right only where its policy "
			"has "
			"none");
	return c;
}

const struct rule rule_juniper_srx_rekey_or_proxy_id = {
	.id = "juniper-srx-rekey-or-proxy-id",
	.title = "Juniper SRX: a rekey is refused, or only one pair of networks works",
	.layer = "interop with vendor Juniper",
	.most = CERTAIN,
	.symptom = "CREATE_CHILD_SA failed with error notification NO_PROPOSAL_CHOSEN",
	.proof = "Juniper's vendor id, and a rekey that is refused or networks that are left out",
	.remedy = "the group of the SRX in esp=, and a tunnel for each traffic-selector",
	.judge = judge_it,
};
