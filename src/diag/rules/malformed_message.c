#include "diag/diag.h"

/* What cannot be understood of a message, and whether its sender is proven. */
struct what {
	const struct event *e;
	const char *exchange, *why, *payload;
	bool is_proven;
};

static struct what of_v2(const struct event *e)
{
	struct what w = { .e = e, .payload = "" };

	switch (e ? (int)e->id : (int)EV_NONE) {
	case EV_v2_malformed:
		w.exchange = FIELDS(e, v2_malformed)->exchange.str;
		w.why = FIELDS(e, v2_malformed)->why.str;
		w.payload = FIELDS(e, v2_malformed)->payload.str;
		w.is_proven = strcmp(w.exchange, "IKE_SA_INIT") != 0;
		break;
	case EV_v2_critical:
		w.exchange = FIELDS(e, v2_critical)->exchange.str;
		w.why = "it has a critical payload that is not known here";
		w.is_proven = strcmp(w.exchange, "IKE_SA_INIT") != 0;
		break;
	case EV_v2_init_malformed:
		w.exchange = "IKE_SA_INIT";
		w.why = FIELDS(e, v2_init_malformed)->why.str;
		break;
	case EV_v2_bad_ke:
		w.exchange = "key exchange";
		w.why = FIELDS(e, v2_bad_ke)->why.str;
		w.payload = "KE";
		break;
	}
	return w;
}

static struct what of_v1(const struct event *e)
{
	struct what w = { .e = e, .payload = "", .is_proven = true };

	switch (e ? (int)e->id : (int)EV_NONE) {
	case EV_v1_malformed:
		w.exchange = FIELDS(e, v1_malformed)->exchange.str;
		w.why = FIELDS(e, v1_malformed)->why.str;
		w.payload = FIELDS(e, v1_malformed)->payload.str;
		w.is_proven = false;
		break;
	case EV_v1_id_malformed:
		w.exchange = "phase 1";
		w.why = FIELDS(e, v1_id_malformed)->why.str;
		w.payload = "ID";
		break;
	case EV_v1_quick_bad_ids:
		w.exchange = "Quick Mode";
		w.why = "its identities are no pair of networks";
		w.payload = "ID";
		break;
	case EV_v1_quick_bad_ke:
		w.exchange = "Quick Mode";
		w.why = "it is missing or of no use";
		w.payload = "KE";
		break;
	}
	return w;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	static const enum event_id v2[] = { EV_v2_malformed, EV_v2_critical, EV_v2_init_malformed,
		EV_v2_bad_ke, EV_NONE };
	static const enum event_id v1[] = { EV_v1_malformed, EV_v1_id_malformed,
		EV_v1_quick_bad_ids, EV_v1_quick_bad_ke, EV_NONE };
	const struct event *e2 = story_last_of(s, v2), *e1 = story_last_of(s, v1);
	bool has_payload;
	struct what w;

	if ((!e1 && !e2) || story_is_up(s))
		return CERTAINTY_NONE;
	w = e1 && !story_later(e2, e1) ? of_v1(e1) : of_v2(e2);
	has_payload = w.payload[0] && strcmp(w.payload, "none") != 0;
	finding_proof(f, w.e);
	finding_cause(f, "a message of the peer (%s) is refused, since %s%s%s; %s", w.exchange,
		w.why, has_payload ? ": payload " : "", has_payload ? w.payload : "",
		w.is_proven ? "it was not changed on its way: the peer's program is at fault"
			    : "the peer's program is at fault, it was changed on its way, or "
			      "somebody else sent it");
	finding_fix(f, FIX_PEER, FIX_WORDS, "a newer version of its program");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"report it with the packets: ipsec capture writes them to a file");
	return w.is_proven ? CERTAIN : LIKELY;
}

const struct rule rule_malformed_message = {
	.id = "malformed-message",
	.title = "a message of the peer is not as the RFC has it",
	.layer = "IKE negotiation",
	.most = CERTAIN,
	.symptom = "malformed IKE_SA_INIT request; to the peer: INVALID_SYNTAX, "
		   "UNSUPPORTED_CRITICAL_PAYLOAD or PAYLOAD_MALFORMED",
	.proof = "what the parser stopped at",
	.remedy = "another version of the peer's program",
	.judge = judge_it,
};
