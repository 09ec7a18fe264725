#include "diag/explained.h"

#include "diag/identity.h"
#include "diag/nets.h"

/* Lines that give this end what the peer says that it has. */
static void fixes(const struct story *s, struct finding *f, const union ev_peer_explains *x)
{
	const char *theirs = x->theirs.str, *ours = x->ours.str;
	const struct event *no = story_last(s, EV_v2_child_refused),
			   *v1_no = story_last(s, EV_v1_quick_refused);

	if (f->rule == &rule_esp_proposal_mismatch) {
		finding_fix_list(f, FIX_HERE, "esp", theirs);
		if (no || v1_no)
			finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp",
				no ? FIELDS(no, v2_child_refused)->ours_conf.str
				   : FIELDS(v1_no, v1_quick_refused)->ours_conf.str);
		/* then esp= here has no group, whatever stands in it */
		if (strcmp(x->difference.str, "DH") == 0 && strcmp(FACT(s, pfs), "no") == 0) {
			finding_conn(f, FIX_HERE, "", "pfs", "yes");
			finding_conn(f, FIX_PEER_LIBRESWAN, "", "pfs", "no");
		}
	} else if (f->rule == &rule_esn_or_ipcomp_mismatch) {
		finding_conn(f, FIX_HERE, "", "esn", "either");
		finding_conn(f, FIX_PEER_LIBRESWAN, "", "esn", "either");
	} else if (f->rule == &rule_transport_tunnel_mismatch) {
		if (theirs[0])
			finding_conn(f, FIX_HERE, "", "type", "%s", theirs);
	} else if (f->rule == &rule_ts_mismatch_v2 || f->rule == &rule_ts_mismatch_v1) {
		/* with protocols and ports, which the facts have not */
		const char *us = no && FIELDS(no, v2_child_refused)->ts_local.str[0]
					 ? FIELDS(no, v2_child_refused)->ts_local.str
					 : FACT(s, our_nets);
		const char *them = no && FIELDS(no, v2_child_refused)->ts_remote.str[0]
					   ? FIELDS(no, v2_child_refused)->ts_remote.str
					   : FACT(s, their_nets);

		if (ours[0] && strcmp(ours, us) != 0)
			nets_fix_end(f, story_our_end(s), ours, us);
		if (theirs[0] && strcmp(theirs, them) != 0)
			nets_fix_end(f, story_their_end(s), theirs, them);
		nets_fix_peer(s, f, us, them);
	}
}

/* Any other class is none that a peer may name. */
static const struct rule *rule_of(const char *class)
{
	static const struct rule *const known[] = { &rule_esp_proposal_mismatch,
		&rule_esn_or_ipcomp_mismatch, &rule_transport_tunnel_mismatch, &rule_ts_mismatch_v2,
		&rule_ts_mismatch_v1 };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i]->id, class) == 0)
			return known[i];
	return NULL;
}

bool explained(const struct story *s, struct finding *ret)
{
	const struct event *e = story_last(s, EV_peer_explains);
	const union ev_peer_explains *x = e ? FIELDS(e, peer_explains) : NULL;

	/* who is authenticated says what it has itself: nobody knows better why it refuses */
	*ret = (struct finding){ .rule = x ? rule_of(x->class.str) : NULL, .certainty = CERTAIN };
	if (!x || !ret->rule || story_is_up(s))
		return false;
	finding_proof(ret, e);
	finding_proof(ret, story_last(s, EV_v2_child_refused));
	finding_proof(ret, story_last(s, EV_v1_quick_refused));
	finding_cause(ret, "the peer says why it refuses: %s%s%s%s%s%s%s%s", ret->rule->title,
		x->difference.str[0] ? "; they differ in " : "", x->difference.str,
		x->theirs.str[0] ? "; it has '" : "", x->theirs.str, x->theirs.str[0] ? "'" : "",
		x->ours.str[0] ? ", and for this end " : "", x->ours.str);
	fixes(s, ret, x);
	return true;
}

/* ---- before it is authenticated ---- */

/* Classes that may be named by anybody. */
static const struct rule *rule_of_hint(const union ev_peer_hints *x)
{
	static const struct rule *const known[] = { &rule_ike_proposal_mismatch,
		&rule_ike_version_mismatch, &rule_v1_mode_mismatch, &rule_psk_mismatch_v2,
		&rule_psk_mismatch_v1, &rule_id_mismatch };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i]->id, x->class.str) == 0)
			return known[i];
	return NULL;
}

/* The last one, unless the peer has gone on since: then it was not the peer's, or is over. */
static const struct event *hint(const struct story *s, bool *is_disputed)
{
	static const enum event_id goes_on[] = { EV_v2_auth_sent, EV_v2_ike_established,
		EV_v1_main_i2_sent, EV_v1_main_i3_sent, EV_v1_ike_established, EV_NONE };
	const struct event *last = story_last(s, EV_peer_hints), *on = story_last_of(s, goes_on);

	if (!last || story_is_up(s) || story_later(on, last))
		return NULL;
	*is_disputed = false;
	for (const struct event *e = on ? on : &s->event[s->from]; e < last; e++)
		if (e->id == EV_peer_hints && strcmp(FIELDS(e, peer_hints)->class.str,
						      FIELDS(last, peer_hints)->class.str) != 0)
			*is_disputed = true;
	return last;
}

/* Words for a person: nothing that --fix applies comes from who may be anybody. */
static void compare(struct finding *f, const union ev_peer_hints *x)
{
	static const struct {
		const struct rule *rule;
		const char *keyword;
	} t[] = { { &rule_ike_proposal_mismatch, "ike=" },
		{ &rule_ike_version_mismatch, "keyexchange=" },
		{ &rule_v1_mode_mismatch, "aggressive=" },
		{ &rule_id_mismatch, "leftid= and rightid=" },
		{ &rule_psk_mismatch_v1, "the secret in ipsec.secrets" },
		{ &rule_psk_mismatch_v2, "the secret in ipsec.secrets" } };

	for (size_t i = 0; i < COUNT(t); i++)
		if (t[i].rule == f->rule)
			finding_fix(f, FIX_HERE, FIX_WORDS, "compare %s with the peer's%s%s",
				t[i].keyword, x->theirs.str[0] ? ": it may have " : "",
				x->theirs.str);
}

unsigned with_hinted(const struct story *s, struct finding *ret, unsigned n, unsigned max)
{
	bool is_disputed;
	const struct event *e = hint(s, &is_disputed);
	const union ev_peer_hints *x = e ? FIELDS(e, peer_hints) : NULL;
	struct finding f = { .rule = x ? rule_of_hint(x) : NULL };
	unsigned at = 0;

	if (!f.rule || max == 0)
		return n;
	finding_cause(&f, "the peer refuses us: %s", f.rule->title);
	while (at < n && ret[at].rule != f.rule)
		at++;
	if (at < n) {
		f = ret[at];
		memmove(&ret[at], &ret[at + 1], (--n - at) * sizeof(*ret));
	}
	f.certainty = MAX(f.certainty, is_disputed ? POSSIBLE : LIKELY);
	finding_more(&f,
		"; it says so itself, or somebody in its name (not authenticated)%s%s%s%s%s",
		x->difference.str[0] ? ": they differ in " : "", x->difference.str,
		x->theirs.str[0] ? "; it has '" : "", x->theirs.str, x->theirs.str[0] ? "'" : "");
	finding_proof(&f, e);
	compare(&f, x);
	for (at = 0; at < n && ret[at].certainty > f.certainty; at++)
		;
	if (at >= max)
		return n;
	memmove(&ret[at + 1], &ret[at], (MIN(n, max - 1) - at) * sizeof(*ret));
	ret[at] = f;
	return MIN(n + 1, max);
}
