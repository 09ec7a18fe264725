#include "diag/pfs.h"

#include "diag/words.h"

/* A rekey that we refuse for its group; NULL: none, or another one has worked since. */
static const struct event *refused_here(const struct story *s)
{
	const struct event *e = story_last(s, EV_v2_no_esp_proposal);

	return e && FIELDS(e, v2_no_esp_proposal)->rekeys.u64 &&
			       strcmp(FIELDS(e, v2_no_esp_proposal)->difference.str, "DH") == 0 &&
			       story_later(e, story_last(s, EV_v2_child_established))
		       ? e
		       : NULL;
}

static enum certainty as_responder(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v2_no_esp_proposal *no = FIELDS(e, v2_no_esp_proposal);

	finding_proof(f, e);
	finding_cause(f, "the peer rekeys with PFS group '%s', allowed here is '%s'",
		no->theirs.str[0] ? no->theirs.str : "none",
		no->ours.str[0] ? no->ours.str : "none");
	if (!no->theirs.str[0])
		finding_conn(f, FIX_HERE, "", "pfs", "no");
	else if (no->theirs_conf.str[0])
		finding_fix_list(f, FIX_HERE, "esp", no->theirs_conf.str);
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp", no->ours_conf.str);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "esp", no->ours_swanctl.str);
	cisco_conn(f, s, "esp", no->ours_conf.str);
	return CERTAIN;
}

enum certainty pfs_rekey(const struct story *s, struct finding *f, const char **product)
{
	const struct event *e = refused_here(s);
	const union ev_v2_rekey_failed *no;
	bool is_group;

	if (e) {
		*product = FIELDS(e, v2_no_esp_proposal)->product.str;
		return as_responder(s, e, f);
	}
	e = story_last(s, EV_v2_rekey_failed);
	if (!story_later(e, story_last(s, EV_v2_child_established)))
		return CERTAINTY_NONE;
	no = FIELDS(e, v2_rekey_failed);
	is_group = strcmp(no->notify.str, "INVALID_KE_PAYLOAD") == 0;
	if (!is_group && strcmp(no->notify.str, "NO_PROPOSAL_CHOSEN") != 0)
		return CERTAINTY_NONE;
	*product = no->product.str;
	finding_proof(f, e);
	finding_cause(f,
		"the peer refuses to rekey the tunnel with %s: it wants another PFS group than "
		"%s%s; at the end of its life the tunnel is gone",
		no->notify.str, no->groups.str[0] ? no->groups.str : "none",
		is_group ? "" : ", or none, or its algorithms were changed since");
	/* to be tried, unless the peer is one that has a group where it has PFS at all */
	if (no->groups.str[0] && !is_group && strcmp(no->product.str, "Juniper") != 0)
		finding_conn(f, FIX_HERE, "", "pfs", "no");
	finding_fix_list(f, FIX_PEER_LIBRESWAN, "esp", no->ours_conf.str);
	finding_fix_list(f, FIX_PEER_STRONGSWAN, "esp", no->ours_swanctl.str);
	cisco_conn(f, s, "esp", no->ours_conf.str);
	if (is_group)
		return CERTAIN;
	finding_suspect(f, &rule_esp_proposal_mismatch);
	finding_suspect(f, &rule_esn_or_ipcomp_mismatch);
	finding_next(f, "the peer's log names the proposals that it compares");
	return LIKELY;
}

unsigned pfs_apple_minutes(const struct story *s)
{
	static const unsigned ages[] = { 8, 24, 48 };
	const struct event *e = refused_here(s), *up = story_last(s, EV_v2_child_established);

	if (!e || !up || FIELDS(e, v2_no_esp_proposal)->theirs.str[0])
		return 0;
	for (size_t i = 0; i < COUNT(ages); i++) {
		ns_t age = e->at.mono - up->at.mono, minute = 60 * NS_S;

		if (age > ages[i] * minute - minute / 2 && age < ages[i] * minute + minute / 2)
			return ages[i];
	}
	return 0;
}
