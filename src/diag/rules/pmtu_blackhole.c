#include "diag/flow.h"
#include "diag/identity.h"

#define MTU(e)	  FIELDS(e, flow_mtu)
#define OCTETS(e) ((unsigned)FIELDS(e, child_large_lost)->octets.u64)
/* It is told each minute while somebody tries. */
#define RECENT (900 * NS_S)
/* What nearly every path carries with ESP around it, and the least that IPv6 may have. */
enum { SAFE = 1280 };

/* What TCP and IP add to a segment. */
enum { TCP_IP_N = 40 };

/* Sizes up to one pass and all larger ones vanish, and nobody says so: no chance does that. */
static bool is_hole(const struct event *e)
{
	return e && MTU(e)->lost.u64 && !MTU(e)->told_by.str[0] && MTU(e)->mtu.u64 > TCP_IP_N &&
	       MTU(e)->mtu.u64 < MTU(e)->link.u64;
}

/* The first since such packets passed, and the last: NULL, none. */
static const struct event *lost_of(const struct story *s, const struct event **ret_first)
{
	const struct event *last = NULL;
	uint64_t passed = 0;

	*ret_first = NULL;
	for (unsigned i = s->n; i > s->from; i--) {
		const struct event *e = &s->event[i - 1];

		if (e->id == EV_child_large_pass)
			passed = MAX(passed, FIELDS(e, child_large_pass)->octets.u64);
		if (e->id != EV_child_large_lost)
			continue;
		if (passed >= OCTETS(e))
			break;
		last = last ? last : e;
		*ret_first = e;
	}
	return last;
}

/* Seen in passing, by what TCP sends again. How much would pass is not known. The cause has the
 * size of the first: others differ by some octets, and it would be news each time. */
static enum certainty in_passing(const struct story *s, struct finding *f)
{
	const struct event *first, *last = lost_of(s, &first), *measured = flow_mtu_of(s, "inside"),
				   *silent = story_last(s, EV_child_silent);

	if (!last || story_age(s, last) > RECENT || !story_is_up(s))
		return CERTAINTY_NONE;
	if (story_later(measured, last)) /* and it is no hole */
		return CERTAINTY_NONE;
	if (story_later(silent, last) && !story_later(story_last(s, EV_child_answered), silent))
		return CERTAINTY_NONE; /* nothing passes, of any size */
	finding_proof(f, last);
	finding_cause(f,
		"connections through the tunnel begin and then freeze, one after another: packets "
		"of %u octets go out again and again and are lost, small ones pass; something on "
		"the path takes no larger ones, and ICMP's \"fragmentation needed\" is filtered",
		OCTETS(first));
	if (OCTETS(first) > SAFE) {
		finding_conn(f, FIX_HERE, "", "mtu", "%u", (unsigned)SAFE);
		finding_conn(f, FIX_HERE, "", "mss", "%u", (unsigned)SAFE - TCP_IP_N);
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "mtu", "%u", (unsigned)SAFE);
	}
	finding_fix(
		f, FIX_PEER, FIX_WORDS, "let ICMP type 3 code 4 (IPv6: type 2) through on the way");
	finding_suspect(f, &rule_lossy_path);
	finding_suspect(f, &rule_return_path_missing_on_lan);
	finding_next(f, "ipsec diagnose %s measures the largest size that passes", story_name(s));
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *in = flow_mtu_of(s, "inside"), *out = flow_mtu_of(s, "outside");
	unsigned mtu;

	if (!is_hole(in))
		return in_passing(s, f);
	mtu = (unsigned)MTU(in)->mtu.u64;
	finding_proof(f, in);
	finding_proof(f, out);
	finding_cause(f,
		"packets of up to %u octets pass through the tunnel, those of %u and more are "
		"lost, and "
		"nobody says so: %s, and ICMP's \"fragmentation needed\" is filtered",
		mtu, (unsigned)MTU(in)->lost.u64,
		is_hole(out) ? "the path to the peer takes less than this host's link"
			     : "something on the path takes no larger ones");
	/* routes for what is sent from here, segments for what TCP sends from there */
	finding_conn(f, FIX_HERE, "", "mtu", "%u", mtu);
	finding_conn(f, FIX_HERE, "", "mss", "%u", mtu - TCP_IP_N);
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "mtu", "%u", mtu);
	finding_fix(
		f, FIX_PEER, FIX_WORDS, "let ICMP type 3 code 4 (IPv6: type 2) through on the way");
	return CERTAIN;
}

const struct rule rule_pmtu_blackhole = {
	.id = "pmtu-blackhole",
	.title = "large packets are lost",
	.layer = "MTU",
	.most = CERTAIN,
	.symptom = "ping works, ssh and web pages freeze",
	.proof = "echo requests of several sizes that may not be fragmented, through the tunnel "
		 "and outside: a "
		 "threshold, and no ICMP error; in passing: segments of TCP that go out again and "
		 "again, on connections of which one began after another had frozen, while "
		 "something comes in",
	.remedy = "mtu= with the largest size that passes, and mss= for TCP in both directions",
	.judge = judge_it,
};
