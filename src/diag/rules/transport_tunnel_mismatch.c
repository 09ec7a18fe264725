#include "diag/diag.h"
#include "diag/words.h"

#define AT_ONCE (10 * NS_S)

/* The peer asked for transport mode, got tunnel mode, and did not want that. */
static enum certainty not_granted(const struct story *s, struct finding *f)
{
	const struct event *no = story_ever(s, EV_v2_mode_not_granted),
			   *up = story_ever(s, EV_v2_child_established),
			   *end = story_last(s, EV_v2_child_deleted_by_peer);

	if (!no || !story_later(up, no) || !story_later(end, up) ||
		end->about.serial != no->about.serial || end->at.mono - no->at.mono > AT_ONCE)
		return CERTAINTY_NONE;
	finding_proof(f, no);
	finding_proof(f, end);
	finding_cause(f, "the peer asks for transport mode, type= here is tunnel, and the peer "
			 "deletes the tunnel at once");
	finding_conn(f, FIX_HERE, "", "type", "transport");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "type", "tunnel");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "type", "tunnel");
	cisco_conn(f, s, "type", "tunnel");
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_mode_refused);
	const char *ours, *theirs;
	enum certainty c = not_granted(s, f);

	if (c || story_is_up(s))
		return c;
	if (e) {
		theirs = FIELDS(e, v2_mode_refused)->offered.str;
		ours = FIELDS(e, v2_mode_refused)->allowed.str;
	} else if ((e = story_last(s, EV_v1_quick_no_connection))) {
		theirs = FIELDS(e, v1_quick_no_connection)->mode.str;
		ours = FIELDS(e, v1_quick_no_connection)->our_mode.str;
		if (strcmp(ours, theirs) == 0)
			return CERTAINTY_NONE;
	} else {
		return CERTAINTY_NONE;
	}
	finding_proof(f, e);
	finding_cause(f, "the peer wants %s mode, and type= here is %s", theirs, ours);
	finding_conn(f, FIX_HERE, "", "type", "%s", theirs);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "type", "%s", ours);
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "type", "%s", ours);
	cisco_conn(f, s, "type", ours);
	return CERTAIN;
}

const struct rule rule_transport_tunnel_mismatch = {
	.id = "transport-tunnel-mismatch",
	.title = "one end wants transport mode, the other tunnel mode",
	.layer = "traffic selectors",
	.most = CERTAIN,
	.symptom = "the peer wants tunnel mode, allowed here: transport mode",
	.proof = "USE_TRANSPORT_MODE is missing in what the peer sent",
	.remedy = "the same type= at both ends",
	.judge = judge_it,
};
