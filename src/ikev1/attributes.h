#pragma once
/* The data attributes of a transform (RFC 2408 3.3), in the numbers of Phase 1 (RFC 2409 appendix
 * A) and of Phase 2 (RFC 2407 4.5): to values and back. */
#include "ikev1/proposals.h"

/* t->id, t->attributes are set: fills the rest. What is not ours makes t unchoosable. ERR_TRUNCATED
 * when they are no attributes. protocol: PROTO_IKE for Phase 1's, else Phase 2's. */
enum err must_use v1_attributes_parse(uint8_t protocol, struct v1_transform *t);
/* t's values as attributes. */
void v1_attributes_write(struct wr *w, uint8_t protocol, const struct v1_transform *t);
/* The ESP transform of an encryption algorithm (RFC 2407 4.4.4); 0: IKEv1 has none for it. */
uint8_t v1_esp_id(uint16_t encr);
/* Phase 1 has a number for that: CBC ciphers; hashes. */
bool v1_has_ike_cipher(uint16_t encr);
bool v1_has_ike_hash(uint16_t prf);
bool v1_has_esp_auth(uint16_t integ);

/* Lifetimes as attributes, whichever protocol; 0: not said. */
void v1_lifetimes_write(struct wr *w, uint8_t protocol, uint32_t life_s, uint32_t life_kb);
