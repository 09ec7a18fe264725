#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/losses.h"

/* It is told each half minute while it goes on, silence each minute. */
#define RECENT (200 * NS_S)

/* Words for both; the name of the other one. */
static void say(const struct story *s, struct finding *f, const char *other)
{
	const char *file = FACT(s, file)[0] ? FACT(s, file) : "/etc/ipsec.conf";

	finding_cause(f,
		"two tunnels have the same networks: what is sent to %s leaves by this one, and "
		"the answers come in by \"%s\", which sends nothing; the kernel takes packets of "
		"these networks only by the tunnel that has the policy, so they are dropped",
		FACT(s, their_nets)[0] ? FACT(s, their_nets) : "the other end's networks", other);
	finding_conn(f, FIX_HERE, "", "ipsec-interface", "1");
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"sed -i "
		"'/^conn[[:space:]]*%s[[:space:]]*$/a\\\\tipsec-interface=2\\n\\tmetric=200' %s && "
		"ipsec replace %s && ipsec up %s",
		other, file, other, other);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or let only one of them be up: auto=add for \"%s\", and: ipsec down %s", other,
		other);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"answer by the tunnel that packets come in by: prefer it by BGP (AS path, MED) or "
		"by "
		"its routes; at AWS, dead peer detection with \"restart\" moves the answers when a "
		"tunnel is down");
}

/* Seen in passing. What comes by another way and is taken here is no fault. */
static enum certainty in_passing(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_child_elsewhere),
			   *silent = story_last(s, EV_child_silent),
			   *lost = story_losing(s, "selector_in");

	if (!lost)
		lost = story_losing(s, "no_policy");
	if (!e || !silent || !lost || story_age(s, e) > RECENT || story_age(s, silent) > RECENT)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, silent);
	finding_proof(f, lost);
	say(s, f, FIELDS(e, child_elsewhere)->other.str);
	return LIKELY;
}

/* One of the two counters moves for the flow's own packets, the other one's for their answers. The
 * gateways themselves may answer by the right one. */
static enum certainty judge_flow(const struct story *s, struct finding *f)
{
	const struct event *e = flow_elsewhere(s), *named = flow_answer_of(s, "named"),
			   *lost = flow_moved(s, "XfrmInTmplMismatch");

	if (!lost)
		lost = flow_moved(s, "XfrmInNoPols");
	if (!e || !lost || !FIELDS(flow_of(s), flow_sa)->out.u64 ||
		(named ? FIELDS(named, flow_answer)->answered.u64 != 0 : flow_heard(s) != NULL))
		return CERTAINTY_NONE;
	finding_proof(f, flow_of(s));
	finding_proof(f, e);
	finding_proof(f, lost);
	finding_proof(f, named);
	say(s, f, FIELDS(e, flow_elsewhere)->other.str);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = story_is_up(s) ? judge_flow(s, f) : CERTAINTY_NONE;

	return c || !story_is_up(s) ? c : in_passing(s, f);
}

const struct rule rule_aws_dual_tunnel_asymmetry = {
	.id = "aws-dual-tunnel-asymmetry",
	.title = "traffic goes by one tunnel and returns by another",
	.layer = "interop with vendor",
	.most = LIKELY,
	.symptom = "one of two tunnels to a cloud (AWS has two for each connection) works, both "
		   "together do not",
	.proof = "two connections with the same networks: octets out grow on one, octets in on "
		 "the other, and this host drops what comes in (XfrmInTmplMismatch)",
	.remedy = "a device for each: ipsec-interface= with different numbers, and metric=; or "
		  "one of them up at a time",
	.judge = judge_it,
};
