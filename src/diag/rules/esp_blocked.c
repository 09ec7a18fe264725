#include "diag/flow.h"
#include "diag/icmp.h"
#include "diag/identity.h"
#include "diag/local.h"
#include "diag/losses.h"

/* It is told each minute while it goes on. */
#define RECENT (200 * NS_S)
enum { IKE_LIVES = 120 };

/* The first since something came in; NULL: there is none. */
static const struct event *first_of(const struct story *s)
{
	const struct event *answered = story_last(s, EV_child_answered), *first = NULL;

	for (unsigned i = s->n; i > s->from && &s->event[i - 1] != answered; i--)
		if (s->event[i - 1].id == EV_child_silent)
			first = &s->event[i - 1];
	return first;
}

/* Seen in passing: what would be answered goes out, nothing comes in. It can also be the hosts
 * behind the peer, which a test of one's own tells apart. The cause has no numbers: they change,
 * and it would be news each time. */
static enum certainty carries_nothing(const struct story *s, struct finding *f)
{
	static const char *const dropped_here[] = { "no_sa", "no_policy", "selector_in",
		"integrity", "replay", "icv_length" };
	const struct event *e = story_last(s, EV_child_silent), *first = first_of(s),
			   *ike = flow_ike(s), *elsewhere = story_last(s, EV_child_elsewhere);
	bool is_alive, is_udp = story_is_in_udp(s);

	if ((ike && ike->id == EV_ike_not_alive) || story_is_refused(s))
		return CERTAINTY_NONE;
	if (!first || story_age(s, e) > RECENT || !story_is_up(s))
		return CERTAINTY_NONE;
	if (elsewhere && story_age(s, elsewhere) <= RECENT) /* answers come by another tunnel */
		return CERTAINTY_NONE;
	for (size_t i = 0; i < COUNT(dropped_here); i++)
		if (story_losing(s, dropped_here[i])) /* so it does arrive */
			return CERTAINTY_NONE;
	/* as it was in the beginning: without DPD nobody asks the peer later on */
	is_alive = FIELDS(first, child_silent)->heard.u64 < IKE_LIVES;
	finding_proof(f, e);
	finding_cause(f,
		"the tunnel is up and carries nothing: packets that would be answered (TCP, ping) "
		"go "
		"out, and for a minute and more nothing has come in%s; %s is lost on the way, or "
		"the "
		"hosts behind the peer do not answer",
		is_alive ? ", though the peer has answered IKE shortly before" : "",
		is_udp ? "ESP in UDP port 4500" : "ESP");
	if (!is_udp)
		finding_conn(f, FIX_HERE, "", "encapsulation", "yes");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"let %s through, in both directions, and see whether the "
		"hosts there have a way back to %s",
		is_udp ? "UDP port 4500" : "protocol 50",
		FACT(s, our_nets)[0] ? FACT(s, our_nets) : "the networks here");
	finding_suspect(f, &rule_no_route_to_remote_subnet);
	finding_suspect(f, &rule_local_firewall_drops_inner);
	if (story_length_tells_icv(s))
		finding_suspect(f, &rule_sha2_truncation);
	finding_next(f, "ipsec diagnose %s sends a test through the tunnel, and looks at this host",
		story_name(s));
	return POSSIBLE;
}

static void by_udp(const struct story *s, struct finding *f)
{
	if (story_is_in_udp(s)) {
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"let UDP port 4500 through in both directions, on the way and at the peer: "
			"all of "
			"it, not only IKE");
		return;
	}
	finding_conn(f, FIX_HERE, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "encapsulation", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "encapsulation", "yes");
	finding_fix(
		f, FIX_PEER, FIX_WORDS, "or let ESP (IP protocol 50) through in both directions");
}

/* The same is seen when all hosts that were asked are there and send their answers elsewhere: so
 * never certain. */
static enum certainty judge_flow(const struct story *s, struct finding *f)
{
	const struct event *sa = flow_of(s), *hop = flow_answer_of(s, "hop"),
			   *asked = flow_answer_of(s, "named"), *ike = flow_ike(s);

	if ((ike && ike->id == EV_ike_not_alive) || story_is_refused(s))
		return CERTAINTY_NONE;
	if (!story_is_up(s) || !flow_is_one_way(s) || flow_moved_xfrm(s) ||
		flow_moved(s, "TcpExtIPReversePathFilter"))
		return CERTAINTY_NONE;
	asked = asked ? asked : flow_answer_of(s, "guess");
	finding_proof(f, sa);
	finding_proof(f, asked);
	finding_proof(f, hop);
	finding_proof(f, ike);
	finding_cause(f,
		"%u octets of a test went into the tunnel and nothing came out of it, not even a "
		"word of the peer's gateway about TTL; IKE %s, so %s is filtered on the way, in "
		"one direction or in both",
		(unsigned)FIELDS(sa, flow_sa)->out.u64,
		ike ? "passes, as the peer has just answered" : "has passed",
		story_is_in_udp(s) ? "ESP in UDP port 4500" : "ESP (protocol 50)");
	by_udp(s, f);
	finding_suspect(f, &rule_return_path_missing_on_lan);
	finding_suspect(f, &rule_forwarding_disabled);
	finding_suspect(f, &rule_local_firewall_drops_inner);
	if (story_length_tells_icv(s))
		finding_suspect(f, &rule_sha2_truncation);
	finding_next(f,
		"at the peer: does its SA's counter of octets in grow while this is repeated? Or "
		"name "
		"the inner address of its gateway: ipsec diagnose %s --through ADDRESS",
		story_name(s));
	return hop && asked ? LIKELY : POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = local_drop_inner(s, f, "esp");

	if (c)
		return c;
	*f = (struct finding){ .rule = f->rule };
	c = judge_flow(s, f); /* the test that the other asks for */
	return c ? c : carries_nothing(s, f);
}

const struct rule rule_esp_blocked = {
	.id = "esp-blocked",
	.title = "IKE passes, ESP does not",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "the tunnel is up, ESPin=0B: packets go out and nothing comes back",
	.proof =
		"a walk of this host's packet filter with a packet of ESP; a test flow: octets out "
		"grow, octets in do not, no failure counter moves, and nobody behind the tunnel "
		"answers; in passing: TCP and pings that go out for a minute without anything "
		"coming in",
	.remedy = "let protocol 50 through, or write encapsulation=yes",
	.judge = judge_it,
};
