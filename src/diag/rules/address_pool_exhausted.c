#include "diag/diag.h"

static enum certainty as_server(const struct event *e, const char *pool, struct finding *f)
{
	finding_proof(f, e);
	finding_cause(f, "every address of the pool %s is lent: there is none for this peer", pool);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"make rightaddresspool= larger than %s, in the conn and wherever it is routed",
		pool);
	finding_conn(f, FIX_HERE, "", "dpddelay", "30");
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec status");
	return CERTAIN;
}

/* Nothing is used up: something else stands in the way, and the event names it. */
static enum certainty cannot(const char *pool, const char *why, struct finding *f)
{
	finding_cause(f, "no address of the pool %s can be lent to this peer: %s", pool, why);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec status");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"compare rightaddresspool= with the pools of other conns, and with the addresses "
		"that users have of their own");
	return LIKELY;
}

static bool has(const char *list, const char *word, char mark)
{
	return strstr(list, word) || strchr(list, mark);
}

/* In another daemon's log, which does not say more. */
static enum certainty lends_none(const char *asked, struct finding *f)
{
	finding_cause(f, "the peer asks for %s, and the connection here has none to lend", asked);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"pools = NAME in the connection, and pools { NAME { addrs = ... } } with addresses "
		"of the IP version that is asked for; in strongSwan's ipsec.conf: rightsourceip=");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"if it is to have none: no request for an address (vips, leftsourceip=%%config, "
		"leftmodecfgclient=yes)");
	return LIKELY;
}

/* It has addresses, but of IPv4 for a peer that asks for IPv6, or the other way round. */
static enum certainty not_lent_v2(const struct event *e, struct finding *f)
{
	const union ev_v2_cp_no_address *no = FIELDS(e, v2_cp_no_address);
	const char *asked = no->asked.str, *pool = no->pool.str;

	if (!asked[0])
		return CERTAINTY_NONE;
	finding_proof(f, e);
	if (!pool[0])
		return lends_none(asked, f);
	if ((has(asked, "IPv4", '.') && strchr(pool, '.')) ||
		(has(asked, "IPv6", ':') && strchr(pool, ':')))
		return cannot(pool, no->why.str, f);
	finding_cause(f, "the peer asks for an address (%s), and the pool %s has none of that kind",
		asked, pool);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"give rightaddresspool= a range of the other IP version, too");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"ask for an address of the pool's IP version (swanctl: vips)");
	return CERTAIN;
}

/* IKEv1 asks for IPv4 alone. */
static enum certainty not_lent_v1(const struct event *e, struct finding *f)
{
	const union ev_v1_cfg_no_lease *no = FIELDS(e, v1_cfg_no_lease);

	finding_proof(f, e);
	if (no->pool.str[0])
		return cannot(no->pool.str, no->why.str, f);
	finding_cause(f, "the peer asks for an address of IPv4, and rightaddresspool= has none: %s",
		no->why.str);
	finding_fix(f, FIX_HERE, FIX_WORDS, "give rightaddresspool= a range of IPv4, too");
	return LIKELY; /* a user may have an address of its own */
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
		return not_lent_v2(e, f);
	if (e)
		return as_server(e, FIELDS(e, v2_cp_no_address)->pool.str, f);
	if ((e = story_last(s, EV_v1_cfg_no_lease)))
		return FIELDS(e, v1_cfg_no_lease)->is_full.u64
			       ? as_server(e, FIELDS(e, v1_cfg_no_lease)->pool.str, f)
			       : not_lent_v1(e, f);
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
