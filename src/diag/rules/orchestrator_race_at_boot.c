#include "diag/diag.h"
#include "diag/local.h"

/* What is not there by then does not come with the network. */
#define BOOT (600 * NS_S)

static void order_units(struct finding *f)
{
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"so that it is not late after the next boot: After=network-online.target in the "
		"daemon's unit (clearswan's has it), and the service enabled that waits for the "
		"network (systemd-networkd-wait-online or NetworkManager-wait-online)");
}

/* It began to wait when the daemon was started; a person who loads it is told at once. */
static enum certainty waits(const struct story *s, struct finding *f)
{
	static const enum event_id over[] = { EV_conn_waited, EV_v2_initiate, EV_v1_initiate,
		EV_conn_not_ours, EV_NONE };
	const struct event *e = story_ever(s, EV_conn_waits);
	const union ev_conn_waits *w = e ? FIELDS(e, conn_waits) : NULL;

	if (!e || e->about.request || story_is_up(s) || story_age(s, e) > BOOT ||
		story_later(story_last_of(s, over), e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the daemon was started before this host had an address of the connection: neither "
		"%s nor %s is one yet; it begins by itself as soon as one is",
		w->left.str, w->right.str);
	finding_fix(f, FIX_HERE, FIX_WORDS, "give this host its address of the two: ip address");
	order_units(f);
	finding_suspect(f, &rule_not_oriented);
	f->until = e->at.mono + BOOT;
	return LIKELY;
}

/* Who writes connections began beside the daemon, and was slower. */
static enum certainty written_late(const struct story *s, struct finding *f)
{
	static const enum event_id better[] = { EV_conn_added, EV_NONE };
	const struct event *e = local_written_late(s), *unknown = story_last(s, EV_conn_unknown);
	const union ev_local_config *c = e ? FIELDS(e, local_config) : NULL;

	if (!e || !unknown || story_later(story_last_of(s, better), unknown))
		return CERTAINTY_NONE;
	finding_proof(f, unknown);
	finding_proof(f, e);
	finding_cause(f,
		"connection \"%s\" is not loaded: the daemon had read its files when %s was "
		"written, %llu s after its start",
		FIELDS(unknown, conn_unknown)->name.str, c->file.str,
		(unsigned long long)(c->written.u64 - c->started.u64));
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec reload");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"whoever writes %s at boot: let it run \"ipsec reload\" afterwards, or before the "
		"daemon (Before=ipsec.service)",
		c->file.str);
	finding_suspect(f, &rule_conn_not_loaded_or_daemon_down);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = written_late(s, f);

	return c ? c : waits(s, f);
}

const struct rule rule_orchestrator_race_at_boot = {
	.id = "orchestrator-race-at-boot",
	.title = "started before the network, or before its connections were written",
	.layer = "config",
	.most = LIKELY,
	.symptom = "after a reboot some tunnels are missing or late",
	.proof = "what waits for an address since the daemon's start; when the file was written, "
		 "against "
		 "that",
	.remedy = "it goes on by itself; ipsec reload; After=network-online.target",
	.judge = judge_it,
};
