/* What a story proves: struck from the list aloud, so that nobody looks there for days. */
#include "diag/diag.h"
#include "diag/probed.h"

/* In order: a later fact proves what the earlier ones do, and more. */
static const struct {
	enum event_id id;
	const char *what;
} proofs[] = {
	{ EV_v2_child_established, "everything up to the tunnel: address, port, version, "
				   "algorithms, secret, identities, selectors" },
	{ EV_v1_child_established, "everything up to the tunnel: address, port, version, "
				   "algorithms, secret, identities, selectors" },
	{ EV_v2_ike_established, "your secret and identities: each end has verified the other; and "
				 "address, port, version and algorithms of ike=" },
	{ EV_v1_ike_established, "your secret and identities: each end has verified the other; and "
				 "address, port, version and algorithms of ike=" },
	{ EV_v1_xauth_answering,
		"your secret and identities: XAUTH comes after them; and address, port, "
		"version and algorithms of ike=" },
	{ EV_v1_rejected,
		"your secret: who refuses us has proven that it holds it; and address, port, "
		"version and algorithms of ike=" },
	{ EV_v2_auth_mismatch, "the peer's identity, the way between the two and the algorithms of "
			       "ike=: the peer's encrypted message is readable" },
	{ EV_v2_auth_rejected,
		"the way between the two, its ports, IKEv2 and the algorithms of ike=: "
		"each end reads the other's encrypted messages" },
	{ EV_v2_wrong_id,
		"the way between the two, its ports, IKEv2 and the algorithms of ike=: each "
		"end reads the other's encrypted messages" },
	{ EV_v1_other_secret,
		"the way between the two, IKEv1 and the algorithms of ike=; and that the "
		"peer has the secret that stands for its address" },
	{ EV_v2_auth_sent, "the peer's address, UDP port 500, IKEv2 and the algorithms of ike=: "
			   "the peer has agreed to them" },
	{ EV_v1_main_i2_sent, "the peer's address, UDP port 500, IKEv1 and the algorithms of ike=: "
			      "the peer has agreed to them" },
	{ EV_v2_auth_processing, "the way between the two and the algorithms of ike=: the peer's "
				 "encrypted message is readable" },
	{ EV_v2_init_refused, "the peer's address, the way to it and UDP port 500: it answers" },
	{ EV_v2_invalid_ke, "the peer's address, the way to it and UDP port 500: it answers" },
	{ EV_v1_ignored, "the peer's address, the way to it and UDP port 500: it answers" },
	{ EV_v1_refused, "the peer's address, the way to it and UDP port 500: it answers" },
	{ EV_v2_net_error, "this end's own packet filter and route: the packet has left, something "
			   "answered it" },
	{ EV_v1_net_error, "this end's own packet filter and route: the packet has left, something "
			   "answered it" },
};

unsigned proven(const struct story *s, const char *ret[PROVEN_MAX])
{
	struct probes p = story_probes(s);
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(proofs) && n == 0; i++)
		if (story_last(s, proofs[i].id))
			ret[n++] = proofs[i].what;
	if (story_is_up(s))
		return n;
	/* probes prove what an attempt could not */
	if (probed_is_answered(&p.main) && n == 0)
		ret[n++] = "the peer's address and the way to it: its UDP port of IKE answers a "
			   "probe, so no filter is "
			   "in between";
	if (probed_is_answered(&p.natt))
		ret[n++] = "UDP port 4500: the peer answers a probe there";
	return n;
}
