/* The reply codes of the catalogue of events, and the exit statuses that no event has: numbers of
 * Libreswan 4.x. */
#include "cmd/explain.h"

#include "base/word.h"

#define UP_V1                                                                                      \
	"STATE_MAIN_I4 STATE_MAIN_R3 STATE_AGGR_I2 STATE_AGGR_R2 STATE_QUICK_I2 STATE_QUICK_R2"
#define WAIT "nothing, unless no further line follows: then read the 010 and 031 lines after it"

/* clang-format off */
static const struct code codes[] = {
	{ 0,   "an answer, or a report that belongs to no reply", "", "nothing; the text says what it is" },
	{ 1,   "raw output of a status command, key=value", "", "nothing" },
	{ 2,   "progress, or a fact that is worth a line", "", "nothing; where the text says that something was refused, the lines after it say what comes of it" },
	{ 3,   "something that a person should read: a warning, a refusal, or that an IKE SA is up", "", "read the text; ipsec explain 'LINE' says more of this very line" },
	{ 4,   "an IKE SA or a Child SA is established", "STATE_V2_ESTABLISHED_IKE_SA " UP_V1, "nothing: it works so far; ipsec trafficstatus shows whether packets pass" },
	{ 5,   "what a tunnel has carried, or what the peer assigned", "", "nothing" },
	{ 6,   "one tunnel that is up, of trafficstatus", "", "nothing; inBytes=0 with outBytes growing: nothing comes back" },
	{ 10,  "a message was repeated, since no answer came", "", "one or two are packet loss; many: UDP 500 and 4500 must be open at both ends and on the way, and the peer must run" },
	{ 21,  "there is no connection, tunnel or SA of that name", "", "ipsec connectionstatus lists what is loaded; ipsec add CONN loads one of ipsec.conf" },
	{ 22,  "neither left= nor right= is an address of this host", "", "left=%defaultroute, or the address that ip address shows; behind NAT it is the private one, and leftid= names the public one" },
	{ 29,  "the peer's address is not known (%any)", "", "ipsec up CONN --remote-host ADDRESS, or wait for the peer to begin" },
	{ 30,  "this connection never negotiates (type=passthrough, drop, reject)", "", "ipsec route CONN" },
	{ 31,  "no answer, or none that is acceptable, from the peer", "", "no answer at all: UDP 500 and 4500 must be open and the peer must run; refused: ike= must have an algorithm of each kind in common, and both ends the same IKE version" },
	{ 32,  "this end could not do its part: no secret, no key, or the data plane refused", "", "the line before it says which; for a secret: add it to ipsec.secrets and run ipsec rereadsecrets" },
	{ 33,  "the daemon does not run", "", "ipsec start; why it ended is in its log" },
	{ 36,  "the peer refused the IKE SA: authentication failed", "", "both ends need the same secret for the same two identities: compare leftid= and rightid= with the peer's, then the secret" },
	{ 37,  "the peer accepts none of the proposals for the Child SA", "", "esp= (and pfs=) as the peer has them" },
	{ 38,  "the peer refuses the traffic selectors, or assigned no address", "", "leftsubnet= and rightsubnet= must mirror the peer's; narrowing=yes takes less" },
	{ 39,  "the data plane of this host cannot do what the connection asks for", "", "ipsec status says which data plane runs; dataplane=kernel in config setup, or leave the keyword out" },
	{ 50,  "the daemon went away before it had answered", "", "its log says why; ipsec status says whether it is back" },
	{ 102, "IKEv1 Main Mode, initiator: the first message is sent", "STATE_MAIN_I1", WAIT },
	{ 103, "IKEv1 Main Mode, responder: the first message is answered", "STATE_MAIN_R1", WAIT },
	{ 104, "IKEv1 Main Mode, initiator: proposals are agreed on, keys are exchanged", "STATE_MAIN_I2", WAIT },
	{ 105, "IKEv1 Main Mode, responder: keys are exchanged", "STATE_MAIN_R2", WAIT },
	{ 106, "IKEv1 Main Mode, initiator: identity and proof of the secret are sent", "STATE_MAIN_I3", "when it stays here the peer could not read or verify it: the secrets or the identities differ" },
	{ 110, "IKEv1 Aggressive Mode, initiator: the first message is sent", "STATE_AGGR_I1", WAIT },
	{ 111, "IKEv1 Aggressive Mode, responder: the first message is answered", "STATE_AGGR_R1", WAIT },
	{ 115, "IKEv1 Quick Mode, initiator: esp= and the subnets are proposed", "STATE_QUICK_I1", "when it stays here the peer likes no proposal: compare esp=, pfs= and the subnets, which must be mirrored exactly" },
	{ 116, "IKEv1 Quick Mode, responder: the proposal is answered", "STATE_QUICK_R1", WAIT },
	{ 121, "IKEv1: XAUTH, the user's name and password are asked for", "STATE_XAUTH_R0", WAIT },
	{ 124, "IKEv1: Mode Config, an address is given", "STATE_MODE_CFG_R1", WAIT },
	{ 126, "IKEv1: Mode Config, an address is asked for", "STATE_MODE_CFG_I1", WAIT },
	{ 181, "IKEv2: IKE_SA_INIT is sent", "STATE_PARENT_I1", WAIT },
	{ 182, "IKEv2: IKE_AUTH is sent: the peer answers and proposals are agreed on", "STATE_PARENT_I2", "when it stays here UDP 4500 is blocked, or fragments are lost" },
	{ 214, "IKEv1: NO-PROPOSAL-CHOSEN is sent to the peer", "", "the line before it says what was offered and what is allowed" },
	{ 216, "IKEv1: PAYLOAD-MALFORMED is sent to the peer", "", "most often the secrets differ, so that decryption gives noise" },
	{ 217, "IKEv1: INVALID-KEY-INFORMATION is sent to the peer", "", "the peer's key exchange value does not fit its group; the peer is broken" },
	{ 218, "IKEv1: INVALID-ID-INFORMATION is sent to the peer", "", "the peer's identity, or its subnets, are not those of ipsec.conf" },
	{ 223, "IKEv1: INVALID-HASH-INFORMATION is sent to the peer", "", "the secrets differ: compare the lines of ipsec.secrets at both ends" },
	{ 224, "IKEv1: AUTHENTICATION-FAILED is sent to the peer", "", "the secrets or the identities differ" },
};
/* clang-format on */

const struct code *code_find(unsigned number)
{
	for (size_t i = 0; i < COUNT(codes); i++)
		if (codes[i].number == number)
			return &codes[i];
	return NULL;
}

const struct code *code_of_state(const char *state, const struct code *after)
{
	for (const struct code *c = after ? after + 1 : codes; c < codes + COUNT(codes); c++)
		if (word_in(c->states, state))
			return c;
	return NULL;
}
