#include "diag/diag.h"
#include "diag/probed.h"

/* So often within so long; who is told waits for the answer, and who floods does not. */
enum { LOOP = 3 };
#define LOOP_MIN (800 * NS_MS)
#define LOOP_MAX (120 * NS_S)

static bool is_same(const union ev_v2_wrong_guess *a, const union ev_v2_wrong_guess *b)
{
	return addr_eq(&a->remote.ep.addr, &b->remote.ep.addr) &&
	       strcmp(a->sent.str, b->sent.str) == 0 && strcmp(a->wanted.str, b->wanted.str) == 0;
}

/* Is e the last of LOOP alike by one host? One wrong guess of each of several hosts is none, nor is
 * what one host sends without waiting. */
static bool is_loop(const struct story *s, const struct event *e)
{
	unsigned n = 1;

	for (const struct event *b = e; n < LOOP && b-- > &s->event[s->from];) {
		ns_t age = e->at.mono - b->at.mono;

		if (b->id != EV_v2_wrong_guess ||
			!is_same(FIELDS(b, v2_wrong_guess), FIELDS(e, v2_wrong_guess)))
			continue;
		if (age > LOOP_MAX || ++n == LOOP)
			return n == LOOP && age >= LOOP_MIN;
	}
	return false;
}

/* It is told the group that we want and comes with another one, again and again. */
static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_wrong_guess);
	const union ev_v2_wrong_guess *g = e ? FIELDS(e, v2_wrong_guess) : NULL;

	if (!g || story_is_up(s) || story_last(s, EV_v2_too_many_half_open) || !is_loop(s, e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer begins with group %s, is told that this end takes %s, and begins with "
		"%s again",
		g->sent.str, g->wanted.str, g->sent.str);
	finding_fix(f, FIX_HERE, FIX_WORDS, "the group %s first in ike=", g->sent.str);
	finding_fix(f, FIX_PEER, FIX_WORDS, "the group %s first in ike= (swanctl: proposals)",
		g->wanted.str);
	return LIKELY; /* not authenticated */
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_invalid_ke_refused);
	const union ev_v2_invalid_ke_refused *k = e ? FIELDS(e, v2_invalid_ke_refused) : NULL;
	struct probes p = story_probes(s);

	if (!k)
		return as_responder(s, f);
	if (story_is_up(s) || story_later(story_last(s, EV_v2_auth_sent), e))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer wants group %s, and ike= here offers %s", k->wanted.str,
		k->offered.str);
	if (probed_is_taken(&p.strong)) { /* all that it takes, not the group alone */
		finding_proof(f, p.strong.e);
		finding_conn(
			f, FIX_HERE, "", "ike", "%s", FIELDS(p.strong.e, probe_answer)->chosen.str);
		return CERTAIN;
	}
	finding_fix_list(f, FIX_HERE, "ike", k->wanted_conf.str);
	return story_count(s, EV_v2_invalid_ke_refused) > 1 ? CERTAIN : LIKELY;
}

const struct rule rule_invalid_ke_loop = {
	.id = "invalid-ke-loop",
	.title = "the peer asks for a group that is not offered",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "INVALID_KE_PAYLOAD again and again",
	.proof = "the group that the peer asks for is not in ike=",
	.remedy = "the group first in ike=",
	.judge = judge_it,
};
