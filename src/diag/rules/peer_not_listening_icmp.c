#include "diag/diag.h"

/* The ICMP error as both versions tell of it. */
static const struct event *icmp(
	const struct story *s, struct addr *complainant, struct endpoint *remote, uint64_t *error)
{
	const struct event *e = story_last(s, EV_v2_net_error);

	if (e) {
		*complainant = FIELDS(e, v2_net_error)->complainant.addr;
		*remote = FIELDS(e, v2_net_error)->remote.ep;
		*error = FIELDS(e, v2_net_error)->error.u64;
	} else if ((e = story_last(s, EV_v1_net_error))) {
		*complainant = FIELDS(e, v1_net_error)->complainant.addr;
		*remote = FIELDS(e, v1_net_error)->remote.ep;
		*error = FIELDS(e, v1_net_error)->error.u64;
	}
	return e;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct addr complainant;
	struct endpoint remote;
	uint64_t error;
	const struct event *e = icmp(s, &complainant, &remote, &error);
	char t[ADDR_STR], u[ENDPOINT_STR];

	if (!e || error != 111 || story_is_up(s)) /* ECONNREFUSED: type 3 code 3 */
		return CERTAINTY_NONE;
	finding_proof(f, e);
	addr_format(&complainant, t);
	endpoint_format(&remote, u);
	if (!addr_eq(&complainant, &remote.addr)) {
		finding_cause(f,
			"%s, which is not the peer, answers with \"port unreachable\" in its "
			"place: a packet filter on the way rejects UDP port %u to %s",
			t, remote.port, u);
		finding_fix(f, FIX_PEER, FIX_WORDS,
			"on %s let UDP ports 500 and 4500 and ESP (protocol 50) through to the "
			"peer",
			t);
		finding_suspect(f, &rule_ike_udp500_blocked);
		return LIKELY;
	}
	finding_cause(f,
		"nothing listens on UDP port %u of %s: that host is up and answers with ICMP "
		"\"port unreachable\"",
		remote.port, t);
	finding_fix(f, FIX_PEER_LIBRESWAN, FIX_COMMAND, "systemctl start ipsec");
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_COMMAND, "systemctl start strongswan");
	finding_fix(f, FIX_HERE, FIX_WORDS, "if %s is not the peer's address, correct right=", t);
	return CERTAIN;
}

const struct rule rule_peer_not_listening_icmp = {
	.id = "peer-not-listening-icmp",
	.title = "no IKE daemon at the peer's address",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "Connection refused [errno 111, origin ICMP type 3 code 3]",
	.proof = "the ICMP error \"port unreachable\" that the kernel reports for our message, and "
		 "who sent it",
	.remedy = "start the peer's daemon, or correct right=",
	.judge = judge_it,
};
