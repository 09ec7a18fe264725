#include "diag/diag.h"

static enum certainty as_server(
	const struct event *e, const char *pool, bool is_full, struct finding *f)
{
	if (!is_full)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "every address of the pool %s is lent: there is none for this peer", pool);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"make rightaddresspool= larger than %s, in the conn and wherever it is routed",
		pool);
	finding_conn(f, FIX_HERE, "", "dpddelay", "30");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec status");
	return CERTAIN;
}

/* It has addresses, but of IPv4 for a peer that asks for IPv6, or the other way round. */
static enum certainty of_other_kind(const struct event *e, struct finding *f)
{
	const union ev_v2_cp_no_address *no = FIELDS(e, v2_cp_no_address);

	if (!no->asked.str[0])
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer asks for an address (%s), and the pool %s has none of that kind",
		no->asked.str, no->pool.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"give rightaddresspool= a range of the other IP version, too");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"ask for an address of the pool's IP version (swanctl: vips)");
	return CERTAIN;
}

static enum certainty as_client(const struct event *e, struct finding *f, enum certainty c)
{
	finding_proof(f, e);
	finding_cause(
		f, "the peer has no address to lend us: its pool is used up, or it lends none");
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_WORDS,
		"a larger rightaddresspool= in the conn; ipsec status shows who has its addresses");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		"a larger pools { ... addrs = ... }; swanctl --list-pools --leases shows who has "
		"them");
	return c;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_cp_no_address);

	if (e && !FIELDS(e, v2_cp_no_address)->is_full.u64)
		return of_other_kind(e, f);
	if (e)
		return as_server(e, FIELDS(e, v2_cp_no_address)->pool.str,
			FIELDS(e, v2_cp_no_address)->is_full.u64 != 0, f);
	if ((e = story_last(s, EV_v1_cfg_no_lease)))
		return as_server(e, FIELDS(e, v1_cfg_no_lease)->pool.str,
			FIELDS(e, v1_cfg_no_lease)->is_full.u64 != 0, f);
	e = story_last(s, EV_v2_child_refused);
	if (e && strcmp(FIELDS(e, v2_child_refused)->notify.str, "INTERNAL_ADDRESS_FAILURE") == 0)
		return as_client(e, f, CERTAIN);
	if ((e = story_last(s, EV_v1_cfg_no_address)))
		return as_client(e, f, LIKELY);
	return CERTAINTY_NONE;
}

const struct rule rule_address_pool_exhausted = {
	.id = "address-pool-exhausted",
	.title = "no address left to lend",
	.layer = "address pool",
	.most = CERTAIN,
	.symptom = "no address to lease; to the peer: INTERNAL_ADDRESS_FAILURE",
	.proof = "the pool that has none left; a client has the notification",
	.remedy = "a larger addresspool=; dpddelay= gives back what dead peers hold",
	.judge = judge_it,
};
