#include "diag/diag.h"

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_no_proposal);
	const union ev_v2_no_proposal *no = e ? FIELDS(e, v2_no_proposal) : NULL;

	if (!no || story_is_up(s) || !no->legacy.str[0] ||
		strcmp(no->product.str, "Microsoft") != 0)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(
		f, "the peer is Windows with its default, which offers only %s", no->legacy.str);
	finding_fix(f, FIX_PEER, FIX_COMMAND,
		"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\RasMan\\Parameters /v "
		"NegotiateDH2048_AES256 /t REG_DWORD /d 1 /f");
	return CERTAIN;
}

const struct rule rule_windows_weak_default = {
	.id = "windows-weak-default",
	.title = "Windows offers MODP1024 only",
	.layer = "interop with vendor Windows",
	.most = CERTAIN,
	.symptom = "policy match error (13868)",
	.proof = "the vendor id of Windows, and weak transforms only",
	.remedy = "Set-VpnConnectionIPsecConfiguration on Windows",
	.judge = judge_it,
};
