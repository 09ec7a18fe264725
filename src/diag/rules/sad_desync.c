#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/losses.h"

#define RECENT (900 * NS_S)

/* The daemon's list is right and the kernel's is not, or the peer uses an SA that is no more: what
 * it sends while a test runs is refused. */
static enum certainty judge_flow(const struct story *s, struct finding *f)
{
	const struct event *spi = flow_moved(s, "XfrmInNoStates"),
			   *policy = flow_moved(s, "XfrmInNoPols"), *e = spi ? spi : policy;

	if (!e || flow_heard(s) || !FIELDS(flow_of(s), flow_sa)->out.u64)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, flow_of(s));
	finding_cause(f, "%u packets came in %s while a test ran, and none was taken",
		(unsigned)FIELDS(e, flow_counter)->added.u64,
		spi ? "with an SPI that no SA of this host has"
		    : "by an SA, and no policy lets them on");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec down %s; ipsec up %s",
		s->conn ? s->conn : "CONN", s->conn ? s->conn : "CONN");
	finding_suspect(f, &rule_foreign_xfrm_writer);
	return LIKELY;
}

/* A daemon asks the kernel for an SA of its own, and there is none; one that has just ended looks
 * so, too. */
static enum certainty not_there(const struct event *e, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f,
		"the daemon has the SA %s in its list, and the kernel does not: what comes in by "
		"it "
		"is dropped, and nothing leaves",
		FIELDS(e, kernel_sa_gone)->spi.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"end the tunnel and bring it up again: ipsec down and ipsec up, or swanctl "
		"--terminate and --initiate");
	finding_next(f, "ip xfrm state, against ipsec trafficstatus or swanctl --list-sas");
	finding_suspect(f, &rule_foreign_xfrm_writer);
	return LIKELY;
}

/* Seen in passing, of a tunnel that gets no answers. The kernel counts for all tunnels together: it
 * can be another one's. */
static enum certainty in_passing(const struct story *s, struct finding *f)
{
	const struct event *spi = story_losing(s, "no_sa"), *policy = story_losing(s, "no_policy"),
			   *e = spi ? spi : policy;

	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the tunnel is up and carries nothing: packets that would be answered (TCP, ping) "
		"go out, and what comes in %s",
		spi ? "has an SPI that no SA of this host has, or other encapsulation than its SA "
		      "(XfrmInNoStates, XfrmInStateMismatch)"
		    : "by its SA is let on by no policy (XfrmInNoPols)");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec down %s; ipsec up %s", story_name(s),
		story_name(s));
	finding_suspect(f, &rule_foreign_xfrm_writer);
	finding_suspect(f, &rule_encap_mismatch);
	finding_next(f, "ipsec diagnose %s sends a test through the tunnel, and looks at this host",
		story_name(s));
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id ids[] = { EV_kernel_sa_lost, EV_kernel_sa_gone,
		EV_kernel_leftover, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e || story_age(s, e) > RECENT) {
		enum certainty c = judge_flow(s, f);

		return c ? c : in_passing(s, f);
	}
	if (e->id == EV_kernel_sa_gone)
		return not_there(e, f);
	finding_proof(f, e);
	if (e->id == EV_kernel_sa_lost) {
		finding_cause(f,
			"our SA %s to %s was no longer in the kernel, while the tunnel counted as "
			"up; it "
			"is made anew",
			FIELDS(e, kernel_sa_lost)->spi.str, FIELDS(e, kernel_sa_lost)->dst.str);
		finding_suspect(f, &rule_foreign_xfrm_writer);
	} else {
		finding_cause(f,
			"the kernel had %s that no tunnel owned, from a daemon that did not end in "
			"good "
			"order; it is removed",
			FIELDS(e, kernel_leftover)->what.str);
	}
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec status; ip -s xfrm state");
	return CERTAIN;
}

const struct rule rule_sad_desync = {
	.id = "sad-desync",
	.title = "the kernel and the daemon disagree about SAs",
	.layer = "kernel",
	.most = CERTAIN,
	.symptom = "somebody took our SA out of the kernel; removed what an earlier daemon left",
	.proof = "the kernel's SAs, against those of the daemon; XfrmInNoStates or XfrmInNoPols "
		 "grows while a "
		 "test flow runs, or while a tunnel gets no answers",
	.remedy = "ipsec down and ipsec up; the daemon repairs what it notices",
	.judge = judge_it,
};
