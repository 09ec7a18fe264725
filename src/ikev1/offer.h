#pragma once
/* What is offered, chosen and accepted in Phase 1 and Phase 2. Ours stand as struct proposals (what
 * ike= and esp= say, or the defaults: conn_ike_proposals(), conn_esp_proposals()): of each, all
 * combinations are meant. Lifetimes are never a reason to refuse: the smaller one counts. */
#include "base/now.h"
#include "ikev1/message.h"

/* The transform that was agreed on, besides its suite: a value, without views. It goes back to the
 * initiator as it came (RFC 2408 4.2). */
struct v1_chosen {
	uint16_t auth, encap;	  /* enum v1_auth; enum v1_encap */
	uint32_t life_s, life_kb; /* as the transform says; 0: not said */
	uint32_t spi;		  /* Phase 2: the peer's, who receives on it */
	uint32_t spi_ours;	  /* Phase 2: to be set before v1_put_chosen() */
	uint8_t protocol, proposal, transform, id;
	uint16_t attributes_n;
	uint8_t attributes[V1_SA_ATTRIBUTES_MAX];
};

/* ---- Phase 1. PRF names the hash; INTEG has no meaning; AEADs, and PRFs that are no HMAC, are
 * passed over. auth: enum v1_auth, as it has to stand in the transform. ---- */

/* One proposal; free() ends it. group: only that one (Aggressive Mode sends its KE at once);
 * KE_NONE: any. Combinations beyond V1_TRANSFORMS_MAX are left out; n_t is 0 when there is none. */
struct v1_proposals *v1_offer_ike(
	const struct proposals *ours, uint16_t auth, uint16_t group, ns_t life);
/* The responder: ours in our order against theirs. ERR_MISMATCH: nothing in common. */
enum err must_use v1_choose_ike(const struct proposals *ours, uint16_t auth,
	const struct v1_proposals *theirs, struct v1_chosen *ret, struct suite *suite);
/* In what the nearest pair differs: "ENCR", "PRF", "DH", "AUTH", "protocol" (there is nothing like
 * ours); Phase 2: "ENCR", "INTEG", "DH", "ESN", "MODE"; "attribute": it has one that we do not
 * know. Static. */
const char *v1_difference(
	const struct proposals *ours, uint16_t auth, const struct v1_proposals *theirs);
/* Would ours have taken what was chosen as well? (The identity has led to another connection.) */
bool v1_is_allowed_ike(const struct proposals *ours, uint16_t auth, const struct v1_chosen *c);

/* ---- Phase 2, ESP ---- */
struct v1_esp_wish {
	const struct proposals *ours; /* KE is left aside; ESN, without any: ESN_NO */
	uint16_t group;		      /* PFS, in every transform; KE_NONE: none */
	bool takes_any_group;	      /* choosing: PFS in any group that we know, or none */
	bool takes_udp;		      /* choosing: see encap */
	/* enum v1_encap. Choosing: the mode (tunnel or transport) has to be that one; how its
	 * number is written (RFC, drafts) is the peer's word; UDP or not has to be as here, or,
	 * with takes_udp, may differ too. */
	uint16_t encap;
	uint32_t spi; /* ours */
	ns_t life;
	uint64_t life_bytes; /* 0: not said */
};
struct v1_proposals *v1_offer_esp(const struct v1_esp_wish *w); /* free() ends it */
enum err must_use v1_choose_esp(const struct v1_esp_wish *w, const struct v1_proposals *theirs,
	struct v1_chosen *ret, struct suite *suite);
const char *v1_difference_esp(const struct v1_esp_wish *w, const struct v1_proposals *theirs);

/* ---- both ---- */
/* The initiator: is the response exactly one proposal with one transform, whose values are one of
 * those offered? Its numbers, the order of attributes and lifetimes may differ. ERR_VALUE when not.
 */
enum err must_use v1_accept(const struct v1_proposals *offered, const struct v1_proposals *response,
	struct v1_chosen *ret, struct suite *suite);
/* The responder's SA payload: one proposal, one transform, attributes unmodified. */
void v1_put_chosen(struct v1_build *b, const struct v1_chosen *c);

/* Data of RESPONDER_LIFETIME (RFC 2407 4.6.3.1). protocol: PROTO_IKE or PROTO_ESP, whose attributes
 * have other numbers. 0: not said. */
enum { V1_LIFETIME_DATA = 24 };
struct bytes v1_lifetime_data(
	uint8_t protocol, uint32_t life_s, uint32_t life_kb, uint8_t room[V1_LIFETIME_DATA]);
/* The reverse; other attributes are left aside. ERR_VALUE, ERR_TRUNCATED. */
enum err must_use v1_lifetime_parse(
	struct bytes data, uint8_t protocol, uint32_t *life_s, uint32_t *life_kb);
