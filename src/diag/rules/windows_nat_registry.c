#include "diag/diag.h"
#include "diag/identity.h"

/* Windows gives up by then when nothing comes through. */
#define SOON (60 * NS_S)

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Something else was wrong with it, and is said. */
static bool is_explained(const struct story *s, const struct event *nat)
{
	static const enum event_id reasons[] = { EV_v1_psk_mismatch, EV_v1_hash_mismatch,
		EV_v1_no_secret, EV_v1_id_refused, EV_v1_wrong_id, EV_v1_quick_no_proposal,
		EV_v1_quick_no_connection, EV_v1_child_not_installed, EV_v1_notified, EV_NONE };

	return story_later(story_last_of(s, reasons), nat);
}

/* How it ended: the event; NULL: it has not, or somebody used it. */
static const struct event *ended(const struct story *s, const struct event *nat)
{
	static const enum event_id ends[] = { EV_v1_half_open_end, EV_v1_delete_child,
		EV_v1_delete_ike, EV_NONE };
	const struct event *e = NULL, *up = story_ever(s, EV_v1_child_established),
			   *traffic = story_ever(s, EV_child_traffic);

	/* not what was before another try of it, which is its own story */
	for (const struct event *i = MAX(nat, s->event + s->from); i < s->event + s->n && !e; i++)
		for (const enum event_id *id = ends; *id != EV_NONE; id++)
			if (i->id == *id)
				e = i;
	if (!e || e->at.mono - nat->at.mono > SOON || is_explained(s, nat))
		return NULL;
	if (up && story_later(up, nat) && traffic && FIELDS(traffic, child_traffic)->in.u64)
		return NULL;
	return e;
}

/* Where it goes on to UDP port 4500, and never comes there, a filter looks the same. */
static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *nat = story_ever(s, EV_v1_nat), *end = NULL;
	const union ev_v1_nat *n = nat ? FIELDS(nat, v1_nat) : NULL;
	bool is_windows = n && n->product.str && is(n->product.str, "Microsoft");

	if (is_windows && (is(n->nat.str, "us") || is(n->nat.str, "both")) &&
		is(FACT(s, type), "transport"))
		end = ended(s, nat);
	if (!end || story_age(s, end) > 3600 * NS_S)
		return CERTAINTY_NONE;
	finding_proof(f, nat);
	finding_proof(f, story_ever(s, EV_v1_child_established));
	finding_proof(f, end);
	finding_cause(f,
		"the peer is Windows and gives up, %s: this host (%s) is behind a NAT, and Windows "
		"does not speak L2TP/IPsec to a server behind one unless its registry says so",
		end->id == EV_v1_half_open_end ? "before it has authenticated"
					       : "without having sent anything through the tunnel",
		FACT(s, ours));
	finding_fix(f, FIX_PEER, FIX_COMMAND,
		"reg add HKLM\\SYSTEM\\CurrentControlSet\\Services\\PolicyAgent /v "
		"AssumeUDPEncapsulationContextOnSendRule /t REG_DWORD /d 2 /f");
	finding_fix(f, FIX_PEER, FIX_WORDS, "restart Windows then; or use IKEv2 instead of L2TP");
	if (end->id != EV_v1_half_open_end)
		return LIKELY;
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"forward UDP port 4500 as well as 500 to this host, in the router before it");
	finding_suspect(f, &rule_udp4500_blocked);
	return POSSIBLE;
}

const struct rule rule_windows_nat_registry = {
	.id = "windows-nat-registry",
	.title = "Windows with L2TP, and the server is behind a NAT",
	.layer = "interop with vendor Windows",
	.most = LIKELY,
	.symptom = "Windows says 809 or 789; phase 1 comes up, sometimes phase 2, and is deleted",
	.proof = "the vendor id of Windows, NAT detection, transport mode, and an end without "
		 "traffic",
	.remedy = "AssumeUDPEncapsulationContextOnSendRule=2 on Windows, or IKEv2",
	.judge = judge_it,
};
