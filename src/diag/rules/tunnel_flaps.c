#include "diag/diag.h"
#include "diag/ending.h"
#include "diag/identity.h"
#include "diag/losses.h"

/* So often within so long is flapping; a person at the peer who tries something is done before, and
 * no lifetime is so short. After a time as long without another one it is over. */
enum { FLAPS = 4, FLAPS_MAX = 32 };
#define SPAN (600 * NS_S)

static const struct {
	enum end_how how;
	const char *what;
} kinds[] = {
	{ END_BY_PEER, "the peer deleted it" },
	{ END_SILENT, "the peer did not answer any more" },
	{ END_EXPIRED, "its lifetime was over" },
	{ END_FORGOTTEN, "the peer had lost it and began anew" },
};

/* What is young enough: since people took it down here, which is a new start, too. */
static unsigned young(const struct story *s, struct ending *e)
{
	const struct event *down = story_ever(s, EV_conn_terminating);
	unsigned n = endings(
			 s, END_BY_PEER | END_SILENT | END_EXPIRED | END_FORGOTTEN, e, FLAPS_MAX),
		 kept = 0;

	while (kept < n && story_age(s, e[kept].e) < SPAN && story_later(e[kept].e, down))
		kept++;
	return kept;
}

/* It does not come up again: why it does not is another finding. */
static bool is_stuck(const struct story *s, const struct event *end)
{
	static const enum event_id tried[] = { EV_v2_init_sent, EV_v2_auth_sent, EV_v1_main_i1_sent,
		EV_v1_main_i2_sent, EV_v1_main_i3_sent, EV_v1_aggr_i1_sent, EV_v2_init_answered,
		EV_v1_responding, EV_NONE };
	const struct event *e = story_last_of(s, tried);

	return !story_is_up(s) && story_later(e, end) && story_age(s, e) > 2 * NS_S;
}

static void by_peer(const struct ending *e, struct finding *f)
{
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"its log says why it deletes the tunnel: an idle timeout, a lifetime that is too "
		"short, a script, or another connection that takes its place");
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "group-policy: vpn-idle-timeout none");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "inactivity", "0s");
	finding_suspect(f, e->back ? &rule_reauth_gap : &rule_peer_idle_or_lifetime_delete);
}

static void silent(const struct story *s, const struct ending *e, struct finding *f)
{
	finding_conn(f, FIX_HERE, "", "retransmit-timeout", "120s");
	if (e->e->id == EV_v1_dpd_dead)
		finding_conn(f, FIX_HERE, "", "dpdtimeout", "120s");
	losses_measure(f, FACT(s, theirs));
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"its log and its uptime say whether it was there at these times");
	finding_suspect(f, &rule_lossy_path);
	finding_suspect(f, &rule_nat_mapping_expiry);
}

static void expired(struct finding *f, const struct event *e)
{
	const char *rekey = e->id == EV_v2_ike_expired	   ? FIELDS(e, v2_ike_expired)->rekey.str
			    : e->id == EV_v2_child_expired ? FIELDS(e, v2_child_expired)->rekey.str
							   : FIELDS(e, v1_expired)->rekey.str;

	if (strcmp(rekey, "no") == 0)
		finding_conn(f, FIX_HERE, "", "rekey", "yes");
	finding_conn(
		f, FIX_HERE, "", e->id == EV_v2_ike_expired ? "ikelifetime" : "salifetime", "8h");
	finding_suspect(f, &rule_rekey_no_expiry);
}

static void mend(const struct story *s, const struct ending *e, struct finding *f)
{
	switch (e->how) {
	case END_BY_PEER:
		by_peer(e, f);
		break;
	case END_SILENT:
		silent(s, e, f);
		break;
	case END_EXPIRED:
		expired(f, e->e);
		break;
	case END_FORGOTTEN:
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"its daemon or the whole host starts again and again: its log, journalctl "
			"and uptime say why");
		break;
	}
}

/* "; 4 times the peer deleted it, once its lifetime was over"; gives how many ways there were. */
static unsigned how_each(struct finding *f, const struct ending *e, unsigned n)
{
	unsigned ways = 0, count;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		count = 0;
		for (unsigned k = 0; k < n; k++)
			count += e[k].how == kinds[i].how;
		if (!count)
			continue;
		if (count == 1)
			finding_more(f, "%sonce %s", ways++ ? ", " : "; ", kinds[i].what);
		else
			finding_more(
				f, "%s%u times %s", ways++ ? ", " : "; ", count, kinds[i].what);
	}
	return ways;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct ending e[FLAPS_MAX];
	unsigned n = young(s, e), ways;
	bool is_done[END_FORGOTTEN + 1] = { false };

	if (n < FLAPS)
		return CERTAINTY_NONE;
	finding_cause(f, "the tunnel has come up and gone down %u times within %u seconds", n,
		(unsigned)MAX((e[0].e->at.mono - e[n - 1].e->at.mono) / NS_S, 1));
	ways = how_each(f, e, n);
	for (unsigned i = 0; i < n; i++) {
		finding_proof(f, e[i].e);
		if (!is_done[e[i].how])
			mend(s, &e[i], f);
		is_done[e[i].how] = true;
	}
	finding_next(f, "ipsec events, while it happens; the peer's log of the same seconds");
	f->counts = true;
	f->until = e[FLAPS - 1].e->at.mono + SPAN;
	if (is_stuck(s, e[0].e))
		return POSSIBLE;
	return ways == 1 && e[0].how != END_SILENT ? CERTAIN : LIKELY;
}

const struct rule rule_tunnel_flaps = {
	.id = "tunnel-flaps",
	.title = "the tunnel comes up and goes down again and again",
	.layer = "rekey and lifetime",
	.most = CERTAIN,
	.symptom = "the connection is up, and traffic stops again and again",
	.proof = "four endings of a tunnel that was up, within ten minutes, each with what ended "
		 "it; "
		 "rekeys, and what people take down here, are none",
	.remedy = "what ended it each time; the finding is over when the fourth last ending is ten "
		  "minutes old",
	.judge = judge_it,
};
