#include "diag/diag.h"
#include "diag/identity.h"

enum { OFTEN = 3 };

static void keeps(struct finding *f, bool is_outside)
{
	finding_setup(f, is_outside ? FIX_PEER_LIBRESWAN : FIX_HERE, "keep-alive", "10");
	finding_conn(f, is_outside ? FIX_PEER_LIBRESWAN : FIX_HERE, "", "nat-keepalive", "yes");
	if (is_outside)
		finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
			"strongswan.conf: charon { keep_alive = 10s }");
	finding_conn(f, FIX_HERE, "", "dpddelay", "15");
}

/* The same host from another port: its NAT has made another mapping. */
static bool has_new_port(const struct event *e)
{
	struct endpoint was, is;

	if (e->id == EV_v2_peer_moved) {
		was = FIELDS(e, v2_peer_moved)->was_at.ep;
		is = FIELDS(e, v2_peer_moved)->remote.ep;
	} else if (e->id == EV_v1_peer_moved) {
		was = FIELDS(e, v1_peer_moved)->was_at.ep;
		is = FIELDS(e, v1_peer_moved)->remote.ep;
	} else {
		return false;
	}
	return addr_eq(&was.addr, &is.addr) && was.port != is.port;
}

static enum certainty from_outside(const struct story *s, struct finding *f)
{
	const struct event *last = NULL;
	unsigned n = 0;

	for (unsigned i = s->from; i < s->n; i++)
		if (has_new_port(&s->event[i])) {
			last = &s->event[i];
			finding_proof(f, last);
			n++;
		}
	if (n < OFTEN || story_age(s, last) > 3600 * NS_S)
		return CERTAINTY_NONE;
	finding_cause(f,
		"the peer's NAT has changed its port %u times since the tunnel is up: it forgets "
		"the "
		"mapping when nothing is sent, and until the peer sends again nothing reaches it",
		n);
	keeps(f, true);
	return LIKELY;
}

/* A peer that is silent to who sits behind a NAT, but lets it in at once when it begins anew. */
static enum certainty from_inside(const struct story *s, struct finding *f)
{
	const struct event *dead = NULL, *up = NULL, *again = NULL,
			   *moved = story_ever(s, EV_resolve_changed),
			   *v2 = story_ever(s, EV_v2_net_error),
			   *v1 = story_ever(s, EV_v1_net_error),
			   *refused = story_later(v1, v2) ? v1 : v2;

	for (unsigned i = 0; i < s->n; i++) {
		const struct event *e = &s->event[i];
		bool is_up = e->id == EV_v2_child_established || e->id == EV_v1_child_established;

		if (is_up && dead && !again)
			again = e;
		else if (is_up)
			up = e;
		else if (up && !dead && (e->id == EV_v2_timeout || e->id == EV_v1_dpd_dead))
			dead = e;
	}
	if (story_later(moved, dead) && story_later(again, moved))
		return CERTAINTY_NONE; /* its name has another address */
	if (story_later(refused, up) && story_later(again, refused))
		return CERTAINTY_NONE; /* through that NAT somebody did answer */
	if (!dead || !again || story_age(s, again) > 900 * NS_S ||
		again->at.mono - dead->at.mono > 30 * NS_S)
		return CERTAINTY_NONE;
	if (!(up->id == EV_v2_child_established ? FIELDS(up, v2_child_established)->natd.str[0]
						: FIELDS(up, v1_child_established)->natd.str[0]))
		return CERTAINTY_NONE;
	finding_proof(f, dead);
	finding_proof(f, again);
	finding_cause(f,
		"the peer was silent, and answered at once when the tunnel was set up anew, "
		"which goes through a NAT: its mapping was forgotten, or the peer was "
		"restarted meanwhile");
	keeps(f, false);
	return POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = from_outside(s, f);

	return c ? c : from_inside(s, f);
}

const struct rule rule_nat_mapping_expiry = {
	.id = "nat-mapping-expiry",
	.title = "a NAT forgets or changes its mapping",
	.layer = "DPD and NAT mappings",
	.most = LIKELY,
	.symptom = "the peer is at 192.0.2.1:61000 now (NAT mapping changed), again and again",
	.proof = "the same address with another port each time; or silence that ends with a new "
		 "attempt, through a NAT",
	.remedy = "keep-alive= and dpddelay= shorter than the NAT's patience",
	.judge = judge_it,
};
