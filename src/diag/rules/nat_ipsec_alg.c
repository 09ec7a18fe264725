#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/probed.h"
#include "diag/silence.h"

enum { IKE = 500 };

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

/* By NAT detection; IKEv1 has it only later, and then an address that is no public one tells. */
static bool is_behind_nat(const struct story *s, const struct probes *p)
{
	const union ev_probe_answer *a = FIELDS(p->own.e, probe_answer);

	if (a->nat.str && a->nat.str[0])
		return !is(a->nat.str, "peer");
	return a->version.u64 == 1 && identity_is_private(FACT(s, ours)) &&
	       !identity_is_private(FACT(s, theirs));
}

static void passthrough_off(struct finding *f, enum fix_where where, const char *whose)
{
	finding_fix(f, where, FIX_WORDS,
		"in the router %s turn off \"IPsec passthrough\" (VPN passthrough, IPsec ALG)",
		whose);
}

/* What comes from port 500 is not answered, what comes from another port is. */
static enum certainty as_initiator(const struct story *s, struct finding *f)
{
	struct silence q = story_silence(s);
	struct probes p = story_probes(s);

	if (q.at != SILENT_FIRST || q.remote.port != IKE || story_is_up(s) ||
		!probed_is_taken(&p.own) || p.own.e->id != EV_probe_answer || !is_behind_nat(s, &p))
		return CERTAINTY_NONE;
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, p.own.e);
	finding_cause(f,
		"the peer answers a first message from another UDP port of this host, and not the "
		"same from port 500: the NAT in between treats port 500 as its own affair (\"IPsec "
		"passthrough\"), and gives the answers to somebody else or to nobody");
	finding_conn(f, FIX_HERE, story_our_end(s), "ikeport", "4500");
	/* both: what comes from port 4500 has a marker, which a port 500 does not expect */
	finding_conn(f, FIX_HERE, story_their_end(s), "ikeport", "4500");
	passthrough_off(f, FIX_HERE, "of this site");
	finding_suspect(f, &rule_ike_udp500_blocked);
	finding_next(f, "try again: a peer that has only begun to listen answers now");
	return LIKELY;
}

static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *v1 = story_last(s, EV_v1_half_open_end),
			   *e = v1 ? v1 : story_last(s, EV_v2_half_open_end);
	uint64_t neighbours, repeats;
	struct endpoint at;
	char t[ENDPOINT_STR];

	if (!e || story_is_up(s))
		return CERTAINTY_NONE;
	at = v1 ? FIELDS(e, v1_half_open_end)->remote.ep : FIELDS(e, v2_half_open_end)->remote.ep;
	neighbours = v1 ? FIELDS(e, v1_half_open_end)->neighbours.u64
			: FIELDS(e, v2_half_open_end)->neighbours.u64;
	repeats = v1 ? FIELDS(e, v1_half_open_end)->repeats.u64
		     : FIELDS(e, v2_half_open_end)->repeats.u64;
	if (at.port != IKE || !neighbours || !repeats)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"the peer at %s, behind a NAT, does not hear our answers (it has repeated its "
		"first message), while %llu more behind that NAT %s up: the NAT leaves port 500 as "
		"it is for several hosts (\"IPsec passthrough\"), and gives the answers to one of "
		"them",
		endpoint_format(&at, t), (unsigned long long)neighbours,
		neighbours == 1 ? "is" : "are");
	passthrough_off(f, FIX_PEER, "there");
	finding_conn(f, FIX_PEER_LIBRESWAN, "left", "ikeport", "4500");
	finding_conn(f, FIX_PEER_LIBRESWAN, "right", "ikeport", "4500");
	finding_conn(f, FIX_PEER_STRONGSWAN, story_our_end(s), "ikeport", "4500");
	finding_conn(f, FIX_PEER_STRONGSWAN, story_their_end(s), "ikeport", "4500");
	finding_suspect(f, &rule_lossy_path);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = as_initiator(s, f);

	return c ? c : as_responder(s, f);
}

const struct rule rule_nat_ipsec_alg = {
	.id = "nat-ipsec-alg",
	.title = "a router meddles with IPsec",
	.layer = "NAT",
	.most = LIKELY,
	.symptom = "one client behind the router works, the second does not; it works elsewhere",
	.proof = "through a NAT, another source port is answered where port 500 is not; a "
		 "responder has one that does not hear it, beside others behind the same NAT",
	.remedy = "IPsec passthrough of the router off; leftikeport=4500 and rightikeport=4500",
	.judge = judge_it,
};
