#include "diag/diag.h"
#include "diag/probed.h"
#include "diag/silence.h"

/* An initiator: the peer is there, speaks IKEv2, and has no word for IKEv1. */
static enum certainty as_probed(const struct story *s, struct finding *f)
{
	struct probes p = story_probes(s);

	if (story_version(s) != 1 ||
		(story_silence(s).at != SILENT_FIRST && !story_is_only_asked(s, &p)) ||
		p.other.is != PROBED_REFUSED || p.own.is != PROBED_SILENT ||
		p.strong.is > PROBED_SILENT)
		return CERTAINTY_NONE;
	finding_proof(f, p.own.e);
	finding_proof(f, p.other.e);
	finding_cause(f, "the peer answers IKEv2 and is silent to IKEv1: its ikev1-policy= drops "
			 "IKEv1, as recent "
			 "versions do by default");
	finding_setup(f, FIX_PEER_LIBRESWAN, "ikev1-policy", "accept");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev1");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"or load a connection of IKEv2 for us there, and write keyexchange=ikev2 here");
	finding_suspect(f, &rule_ike_version_mismatch);
	finding_suspect(f, &rule_conn_not_loaded_or_daemon_down);
	return LIKELY;
}

static const char *policy_nearest(const struct event *e)
{
	return e->id == EV_v1_policy_drop ? FIELDS(e, v1_policy_drop)->nearest.str
					  : FIELDS(e, v1_policy_reject)->nearest.str;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_v1_policy_drop, EV_v1_policy_reject, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	char from[ADDR_STR];

	/* a connection of IKEv2 is no use to it, whatever the policy */
	if (story_is_up(s) || (e && policy_nearest(e)[0]))
		return CERTAINTY_NONE;
	if (!e)
		return as_probed(s, f);
	finding_proof(f, e);
	finding_cause(f, "the peer begins with IKEv1, which ikev1-policy= here does not allow");
	finding_setup(f, FIX_HERE, "ikev1-policy", "accept");
	addr_format(&s->peer, from);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"and keyexchange=ikev1 in the conn of %s: one of IKEv2 takes no IKEv1",
		addr_is_set(&s->peer) ? from : "that peer");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "ikev2", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "keyexchange", "ikev2");
	return CERTAIN;
}

const struct rule rule_ikev1_disabled_by_default = {
	.id = "ikev1-disabled-by-default",
	.title = "IKEv1 is refused by ikev1-policy=",
	.layer = "config",
	.most = CERTAIN,
	.symptom = "ignoring IKEv1 packet as policy is set to silently drop all IKEv1 packets",
	.proof = "the policy here",
	.remedy = "ikev1-policy=accept, or IKEv2",
	.judge = judge_it,
};
