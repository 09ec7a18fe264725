#include "diag/drift.h"
#include "diag/words.h"

/* That it is missing is certain; why, not where another kernel had it: that is said first. */
static enum certainty missing(const struct story *s)
{
	return drift_kernel(s) && strcmp(GOOD(s, plane), "kernel") == 0 ? LIKELY : CERTAIN;
}

/* What the kernel said to a tunnel that was agreed on, for want of code. */
static enum certainty refused_tunnel(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v2_child_not_installed, EV_v1_child_not_installed,
		EV_NONE };
	const struct event *e = story_last_of(s, ids);
	const char *why;
	bool is_unsupported;

	if (!e || story_is_up(s))
		return CERTAINTY_NONE;
	if (e->id == EV_v2_child_not_installed) {
		why = FIELDS(e, v2_child_not_installed)->why.str;
		is_unsupported = FIELDS(e, v2_child_not_installed)->is_unsupported.u64;
	} else {
		why = FIELDS(e, v1_child_not_installed)->why.str;
		is_unsupported = FIELDS(e, v1_child_not_installed)->is_unsupported.u64;
	}
	if (!is_unsupported && (!story_is_foreign(s) || !why[0] || strcmp(why, "same policy") == 0))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(
		f, "the tunnel was agreed on, and this host's kernel does not take it: %s", why);
	finding_setup(f, FIX_HERE, "dataplane", "auto");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "modprobe -a esp4 esp6 xfrm_user");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec restart");
	finding_next(f, "uname -r; ls /lib/modules: when the running kernel has no folder there, "
			"it was updated; boot the new one");
	if (!is_unsupported) { /* other suites do not look first */
		finding_suspect(f, &rule_kernel_regression);
		return POSSIBLE;
	}
	return missing(s);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_conn_needs_kernel, EV_conn_no_device,
		EV_kernel_no_esp, EV_esp_refused, EV_NONE };
	static const enum event_id better[] = { EV_conn_added, EV_service_ready, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_later(story_last_of(s, better), e))
		return refused_tunnel(s, f);
	finding_proof(f, e);
	if (e->id == EV_conn_needs_kernel) {
		const union ev_conn_needs_kernel *n = FIELDS(e, conn_needs_kernel);

		finding_cause(f,
			"connection \"%s\" needs the kernel's ESP for %s, and it is not used%s%s",
			n->name.str, n->what.str, n->why.str[0] ? ": " : "", n->why.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"modprobe -a esp4 esp6 xfrm_user && ipsec restart");
	} else if (e->id == EV_conn_no_device) {
		const union ev_conn_no_device *n = FIELDS(e, conn_no_device);

		finding_cause(f,
			"connection \"%s\" needs %s for %s=, which this kernel does not make: %s",
			n->name.str, n->what.str, n->keyword.str, n->why.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"modprobe -a xfrm_interface ip_vti ip6_vti; ipsec restart");
	} else if (e->id == EV_kernel_no_esp) {
		finding_cause(f, "ESP is to be the kernel's (dataplane=kernel), and is not: %s",
			FIELDS(e, kernel_no_esp)->why.str);
		finding_setup(f, FIX_HERE, "dataplane", "auto");
		finding_fix(
			f, FIX_HERE, FIX_COMMAND, "modprobe -a esp4 esp6 xfrm_user; ipsec restart");
	} else {
		finding_cause(f, "userspace ESP cannot start: %s", FIELDS(e, esp_refused)->why.str);
		finding_fix(f, FIX_HERE, FIX_COMMAND, "modprobe tun && ipsec restart");
	}
	finding_next(f, "uname -r; ls /lib/modules: when the running kernel has no folder there, "
			"it was updated; boot the new one");
	return missing(s);
}

const struct rule rule_kernel_lacks_esp = {
	.id = "kernel-lacks-esp",
	.title = "the kernel has no ESP, or lacks a part of it",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "cannot load connection: needs the kernel's ESP",
	.proof = "the kernel's own answer when it was tried",
	.remedy = "load the modules, boot the installed kernel, give the container NET_ADMIN",
	.judge = judge_it,
};
