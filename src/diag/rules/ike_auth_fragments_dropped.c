#include "diag/diag.h"
#include "diag/silence.h"

enum {
	LARGE = 1200, /* what passes everywhere in one packet */
	FRAME = 1500 - 20 - 8,
};

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct silence q = story_silence(s);

	if (q.at != SILENT_AUTH || q.octets <= LARGE)
		return CERTAINTY_NONE;
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, q.end);
	finding_cause(f,
		"IKE_SA_INIT was answered, IKE_AUTH is not, and its datagrams have up to %u "
		"octets: "
		"%s",
		(unsigned)q.octets,
		q.octets > FRAME ? "IP cuts them, and fragments of UDP are dropped on the way"
				 : "the way may take less, and drops what is larger");
	finding_conn(f, FIX_HERE, "", "fragmentation", "yes");
	finding_conn(f, FIX_PEER_LIBRESWAN, "", "fragmentation", "yes");
	finding_conn(f, FIX_PEER_STRONGSWAN, "", "fragmentation", "yes");
	finding_fix(f, FIX_PEER_CISCO, FIX_WORDS, "crypto ikev2 fragmentation mtu 1280");
	if (silence_is_floated(&q))
		finding_suspect(f, &rule_udp4500_blocked);
	return q.octets > FRAME ? LIKELY : POSSIBLE;
}

const struct rule rule_ike_auth_fragments_dropped = {
	.id = "ike-auth-fragments-dropped",
	.title = "the large IKE_AUTH does not arrive",
	.layer = "MTU",
	.most = LIKELY,
	.symptom = "IKE_SA_INIT was answered, IKE_AUTH was not: are large packets lost?",
	.proof = "the small first message was answered, the large one that follows was not",
	.remedy = "fragmentation=yes on both ends, so that IKE cuts instead of IP",
	.judge = judge_it,
};
