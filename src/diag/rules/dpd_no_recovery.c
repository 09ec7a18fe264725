#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/words.h"

static void comes_back(const struct story *s, struct finding *f, bool is_v1)
{
	finding_conn(f, FIX_HERE, "", "auto", "start");
	if (is_v1)
		finding_conn(f, FIX_HERE, "", "dpdaction", "restart");
	if (s->facts && FIELDS(s->facts, conn_facts)->dpddelay.u64 == 0)
		finding_conn(f, FIX_HERE, "", "dpddelay", "30");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec up %s", story_name(s));
}

static bool comes_again(const struct story *s, const struct event *dead)
{
	static const enum event_id again[] = { EV_conn_revive, EV_conn_reviving, EV_v2_initiate,
		EV_v1_initiate, EV_v2_child_established, EV_v1_child_established,
		EV_v1_quick_initiate, EV_conn_terminating, EV_NONE };

	return story_later(story_last_of(s, again), dead);
}

/* That nobody acknowledges our Delete is no matter: of an SA that we took down, or that a rekey has
 * replaced. */
static bool is_farewell(const struct event *e)
{
	return e->id == EV_v2_timeout &&
	       strcmp(FIELDS(e, v2_timeout)->state.str, "STATE_V2_IKE_SA_DELETE") == 0;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id up[] = { EV_v2_child_established, EV_v1_child_established,
		EV_NONE };
	static const enum event_id dead[] = { EV_v2_timeout, EV_v1_timeout, EV_v1_dpd_dead,
		EV_NONE };
	const struct event *was_up = story_last_of(s, up), *e = story_last_of(s, dead);

	/* Who is to come back by itself says so at once; a template's peer comes when it wants,
	 * and traffic when there is some. */
	if (addr_is_set(&s->peer) || strcmp(FACT(s, auto_), "ondemand") == 0 ||
		strcmp(FACT(s, auto_), "route") == 0)
		return CERTAINTY_NONE;
	if (!was_up || !story_later(e, was_up) || comes_again(s, e) || story_age(s, e) < NS_S)
		return CERTAINTY_NONE;
	if (is_farewell(e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	if (e->id == EV_v1_dpd_dead) {
		const char *action = FIELDS(e, v1_dpd_dead)->action.str;

		finding_cause(f,
			"the peer is dead (DPD, %s seconds without a sign), and with dpdaction=%s "
			"nothing here brings the tunnel back",
			FIELDS(e, v1_dpd_dead)->seconds.str, action);
		comes_back(s, f, true);
		/* hold: packets for it bring it up again */
		return strcmp(action, "clear") == 0 || strcmp(action, "none") == 0 ? CERTAIN
										   : CERTAINTY_NONE;
	}
	finding_cause(f,
		"the peer of a tunnel that was up does not answer any more, and nothing here "
		"brings the tunnel back: the connection is not to be up by itself");
	comes_back(s, f, e->id == EV_v1_timeout || story_is_swanctl(s)); /* strongSwan's */
	if (story_is_foreign(s)) { /* another daemon's log: packets may bring it back, too */
		finding_more(f, ", or waits for packets");
		return LIKELY;
	}
	return CERTAIN;
}

const struct rule rule_dpd_no_recovery = {
	.id = "dpd-no-recovery",
	.title = "the peer died, and the tunnel does not come back",
	.layer = "DPD and NAT mappings",
	.most = CERTAIN,
	.symptom = "The peer does not answer any more; DPD: no sign of the peer",
	.proof = "the end of the tunnel, and that no attempt follows it",
	.remedy = "auto=start or auto=ondemand, dpddelay=30; dpdaction=restart with IKEv1",
	.judge = judge_it,
};
