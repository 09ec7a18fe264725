#include "diag/flow.h"
#include "diag/identity.h"
#include "diag/losses.h"

enum { ENOUGH = 2 }; /* packets: a length is no accident */

static uint64_t spi_in(const struct event *up)
{
	return up->id == EV_v1_child_established ? FIELDS(up, v1_child_established)->spi_in.u64
						 : FIELDS(up, v2_child_established)->spi_in.u64;
}

/* Packets of this SA that came while a test ran, all with the length of the other ICV. */
static const struct event *other_length(const struct story *s, bool we_cut_short)
{
	static const enum event_id ids[] = { EV_v2_child_established, EV_v1_child_established,
		EV_NONE };
	const struct event *up = story_last_of(s, ids);

	if (!up || !flow_of(s) || flow_heard(s) || !story_length_tells_icv(s))
		return NULL;
	for (unsigned i = s->n; i > s->from; i--) {
		const struct event *e = &s->event[i - 1];
		const union ev_flow_esp *f;

		if (e->id != EV_flow_esp || FIELDS(e, flow_esp)->spi.u64 != spi_in(up))
			continue;
		f = FIELDS(e, flow_esp);
		return f->count.u64 >= ENOUGH && f->count.u64 == (we_cut_short ? f->cut_16.u64
									       : f->cut_12.u64)
			       ? e
			       : NULL;
	}
	return NULL;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	bool we_cut_short = strcmp(FACT(s, sha2_truncbug), "yes") == 0;
	const struct event *losing = story_losing(s, "icv_length"),
			   *seen = other_length(s, we_cut_short);

	if (!story_is_up(s) || (!losing && !seen))
		return CERTAINTY_NONE;
	finding_proof(f, seen ? seen : losing);
	finding_proof(f, seen ? flow_moved(s, "XfrmInStateProtoError") : NULL);
	finding_cause(f,
		"the peer cuts HMAC-SHA2-256 of ESP to %s bits and this end to %s: all of its "
		"packets have a length that only the other has, and are dropped, as ours are there",
		we_cut_short ? "128" : "96", we_cut_short ? "96" : "128");
	finding_conn(f, FIX_HERE, "", "sha2-truncbug", "%s", we_cut_short ? "no" : "yes");
	if (we_cut_short)
		return CERTAIN;
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"or let it cut to 128 bits, as RFC 4868 has it (not both): sha2-truncbug=no, in "
		"strongSwan sha256_96 = no; or algorithms without it at both ends: "
		"esp=aes256-sha2_512, esp=aes_gcm256");
	return CERTAIN;
}

const struct rule rule_sha2_truncation = {
	.id = "sha2-truncation",
	.title = "HMAC-SHA2-256 is cut differently",
	.layer = "data plane",
	.most = CERTAIN,
	.symptom = "IKE and the Child SA are up, and nothing passes in either direction",
	.proof = "with AES-CBC the length of an ESP packet tells the ICV: all that come have that "
		 "of "
		 "96 bits where this end has 128, or the other way round",
	.remedy = "sha2-truncbug=yes for that peer, or esp=aes256-sha2_512, esp=aes_gcm256",
	.judge = judge_it,
};
