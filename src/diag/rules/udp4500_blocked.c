#include "diag/icmp.h"
#include "diag/identity.h"
#include "diag/local.h"
#include "diag/probed.h"
#include "diag/silence.h"

enum { LARGE = 1200 }; /* what passes everywhere in one packet */

#define WHAT "UDP port 4500"

/* A responder: the peer went on to another port and never arrived. */
static enum certainty as_responder_v2(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_half_open_end);

	if (!e || story_later(story_last(s, EV_v2_auth_processing), e) || story_is_up(s) ||
		FIELDS(e, v2_half_open_end)->repeats.u64) /* it has not had our answer */
		return CERTAINTY_NONE;
	finding_proof(f, story_last(s, EV_v2_init_answered));
	finding_proof(f, e);
	finding_cause(f,
		"the peer has had our answer to IKE_SA_INIT, or not, and its IKE_AUTH does not "
		"arrive here: it goes to UDP port 4500 when there is a NAT, and a packet filter "
		"may drop that; or it is too large for the way");
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_ike_auth_fragments_dropped);
	finding_suspect(f, &rule_lossy_path);
	return POSSIBLE;
}

static enum certainty as_responder(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_half_open_end);

	if (!e || strcmp(FIELDS(e, v1_half_open_end)->state.str, "STATE_MAIN_R2") != 0 ||
		story_later(story_last(s, EV_v1_psk_mismatch), story_last(s, EV_v1_main_r2_sent)))
		return CERTAINTY_NONE;
	finding_proof(f, story_last(s, EV_v1_nat));
	finding_proof(f, e);
	finding_cause(f,
		"the peer has had two answers from us and does not go on: its third "
		"message, which goes to UDP port 4500 when there is a NAT, does not arrive "
		"here, or our second answer does not arrive there");
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_lossy_path);
	finding_suspect(f, &rule_psk_mismatch_v1);
	return POSSIBLE;
}

/* The peer repeats what came before, so it has not had our message: or cannot read it. */
static enum certainty as_repeated(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v1_psk_suspected);

	if (!e || strcmp(FIELDS(e, v1_psk_suspected)->sign.str, "repeats") != 0 ||
		FIELDS(e, v1_psk_suspected)->remote.ep.port != 4500)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f, "the peer repeats its second message: our third, the first to UDP port "
			 "4500, does not arrive there, or is not understood");
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_psk_mismatch_v1);
	return POSSIBLE;
}

/* Where the port that it went to is not told. */
static enum certainty silent_somewhere(
	const struct story *s, const struct silence *q, struct finding *f)
{
	if (q->sent->id != EV_v2_auth_sent || q->octets || !q->repeat)
		return CERTAINTY_NONE;
	finding_proof(f, q->sent);
	finding_proof(f, q->repeat);
	finding_proof(f, q->end);
	finding_cause(f, "the peer has answered our first message and does not answer the first "
			 "encrypted one: when there is a NAT, that goes to UDP port 4500, which a "
			 "packet filter may drop; or it was too large for the way");
	local_let_through(s, f, WHAT);
	finding_suspect(f, &rule_ike_auth_fragments_dropped);
	return POSSIBLE;
}

/* Its daemon has answered on the other port just now. */
static enum certainty refused(const struct story *s, struct finding *f)
{
	struct icmp i = story_icmp(s);
	char by[ADDR_STR];

	if (i.remote.port != 4500 || !icmp_is_one_port(s, &i) || story_is_up(s))
		return CERTAINTY_NONE;
	finding_proof(f, i.e);
	finding_cause(f,
		"the peer has answered on UDP port 500, and %s answers \"port unreachable\" for "
		"UDP "
		"port 4500, to which we went on: a packet filter rejects UDP port 4500, or the "
		"peer's daemon does not listen there",
		addr_format(&i.by, by));
	finding_fix(f, FIX_PEER, FIX_WORDS, "let " WHAT " through the packet filter of %s", by);
	finding_suspect(f, &rule_peer_not_listening_icmp);
	finding_next(f, "at the peer: ss -lunp 'sport = :4500'");
	return LIKELY;
}

/* The same question on both ports: one is answered. */
static bool is_proven(const struct probes *p)
{
	return probed_is_answered(&p->main) && p->natt.is == PROBED_SILENT;
}

static enum certainty proven_silent(
	const struct story *s, const struct probes *p, bool matters, struct finding *f)
{
	finding_proof(f, p->main.e);
	finding_proof(f, p->natt.e);
	finding_cause(f,
		"the peer answers on UDP port 500 and not on UDP port 4500: a packet filter here, "
		"on the way or "
		"there drops UDP port 4500%s",
		matters ? ""
			: ", which is needed when there is a NAT; it is not why the attempt ends");
	local_let_through(s, f, "UDP port 4500");
	return matters ? CERTAIN : POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	struct silence q = story_silence(s);
	struct probes p = story_probes(s);
	const struct event *blocked = local_not_let_out(s, true);
	enum certainty c;

	if (blocked && !story_is_up(s))
		return local_refused(s, f, blocked, "natt", WHAT);
	if ((c = icmp_rejected(s, f, true)) || (c = refused(s, f)))
		return c;
	if (is_proven(&p) && !story_is_up(s))
		return proven_silent(s, &p, q.at == SILENT_AUTH, f);
	if (probed_is_answered(&p.natt) && q.at == SILENT_AUTH)
		return CERTAINTY_NONE;
	if (q.at != SILENT_AUTH || !silence_is_floated(&q)) {
		if (q.at == SILENT_AUTH && (c = silent_somewhere(s, &q, f)))
			return c;
		c = as_responder(s, f);
		if (!c)
			c = as_responder_v2(s, f);
		return c ? c : as_repeated(s, f);
	}
	finding_proof(f, q.sent);
	finding_proof(f, q.repeat);
	finding_proof(f, q.end);
	finding_cause(f, "the peer has answered on UDP port 500 and does not on UDP port 4500, to "
			 "which we went on because of a NAT: a packet filter here, on the way or "
			 "there drops UDP port 4500");
	local_let_through(s, f, WHAT);
	if (q.sent->id == EV_v1_main_i3_sent)
		finding_suspect(f, &rule_psk_mismatch_v1);
	if (q.octets > LARGE || q.datagrams > 1)
		finding_suspect(f, &rule_ike_auth_fragments_dropped);
	finding_next(f,
		"ipsec diagnose %s asks the peer on UDP port 4500; at the peer: tcpdump -ni any "
		"udp "
		"port 4500",
		story_name(s));
	return q.octets > LARGE ? POSSIBLE : LIKELY;
}

const struct rule rule_udp4500_blocked = {
	.id = "udp4500-blocked",
	.title = "UDP port 500 passes, UDP port 4500 does not",
	.layer = "network path",
	.most = CERTAIN,
	.symptom = "IKE_SA_INIT was answered, IKE_AUTH was not: is UDP port 4500 filtered",
	.proof = "the first exchange was answered, the next goes to another port and is small; a "
		 "probe on "
		 "each port is certain",
	.remedy = "open UDP 4500 on both ends and between them",
	.judge = judge_it,
};
