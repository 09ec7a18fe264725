#pragma once
/* Proposals as values (RFC 7296 3.3): what is offered, what is chosen, the first difference. */
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/algs.h"

enum protocol_id { PROTO_NONE = 0, PROTO_IKE = 1, PROTO_AH = 2, PROTO_ESP = 3 };

struct transform {
	uint8_t type; /* enum transform_type */
	uint16_t id;
	uint16_t key_bits; /* 0: no KEY_LENGTH attribute */
};

/* Windows offers 18 proposals. */
enum { TRANSFORMS_MAX = 64, PROPOSALS_MAX = 32 };

struct proposal {
	uint8_t number;	  /* 1, 2, ... */
	uint8_t protocol; /* enum protocol_id */
	uint8_t spi_n;	  /* 0, 4 or 8 */
	uint8_t spi[8];
	uint8_t n;
	struct transform t[TRANSFORMS_MAX];
};

struct proposals {
	size_t n;
	struct proposal p[PROPOSALS_MAX];
};

/* On the heap, with room for its n proposals only (a configuration keeps many): such a one is read,
 * and copied by proposals_copy(), never as a struct. free() ends it. */
struct proposals *proposals_new(const struct proposals *p);
void proposals_copy(struct proposals *to, const struct proposals *from);

/* Libreswan 4.10's defaults (5.1 of the fact sheet), IKEv2. Static. */
const struct proposals *proposals_default_ike(void);
const struct proposals *proposals_default_esp(void);

/* IKEv1's, in its terms: IKE has ENCR, PRF (the hash) and KE, ESP has no ESN. Within a proposal all
 * combinations are meant. As Libreswan 5.x's, without what is weak (3DES, MODP1536): that must be
 * named. Static. */
const struct proposals *proposals_default_ike_v1(void);
const struct proposals *proposals_default_esp_v1(void);

/* The responder's choice (RFC 7296 2.7): ours in our order of preference, first of theirs that has
 * a common value in each type. For ESP, with_ke says whether KE transforms count (CREATE_CHILD_SA)
 * or are left aside (IKE_AUTH). *ret is the chosen suite, *chosen their proposal's index.
 * ERR_MISMATCH: nothing in common; then *why names the transform type in which the nearest pair of
 * proposals differs (0 when protocols differ). */
enum err must_use proposals_choose(const struct proposals *ours, const struct proposals *theirs,
	bool with_ke, struct suite *ret, size_t *chosen, uint8_t *why);
/* The initiator's check: is the response exactly one proposal with one transform of each type, all
 * among those offered? ERR_VALUE when not. */
enum err must_use proposals_accept(const struct proposals *offered,
	const struct proposals *response, bool with_ke, struct suite *ret);
/* p without the algorithms of a set (crypto/forbidden.h), and without proposals of which nothing is
 * left in a type that they had; gone: their names, comma-separated, "": none. gone has n octets. */
void proposals_without(
	const struct proposals *p, uint64_t set, struct proposals *ret, char *gone, size_t n);
/* Every KE group named, in order, each once. Gives how many. */
size_t proposals_groups(const struct proposals *p, uint16_t *ret, size_t max);
bool proposals_has(const struct proposals *p, uint8_t type, uint16_t id);

/* "1:IKE:ENCR=AES_CBC_256;PRF=HMAC_SHA2_512;INTEG=HMAC_SHA2_512_256;DH=MODP2048 2:..." as Libreswan
 * logs remote proposals; cut at n. Gives s. */
char *proposals_format(const struct proposals *p, char *s, size_t n);
/* "1:IKE=AES_GCM_C_256-HMAC_SHA2_512+HMAC_SHA2_256-NONE-MODP2048+..." as it logs its own (one
 * proposal). */
char *proposal_format(const struct proposal *p, char *s, size_t n);
/* "MODP1024 MODP2048": all transforms of that type, each once; cut at n. Gives s. */
char *proposals_transforms(const struct proposals *p, uint8_t type, char *s, size_t n);
/* "aes256-sha2_256-modp2048,aes_gcm256-sha2_512-dh19+dh14": as ike= and esp= write them; ESN, and
 * what is not known here, is left out. Whole proposals, at most n. Gives s. */
char *proposals_conf(const struct proposals *p, char *s, size_t n);
/* "aes256-sha256-modp2048": the same in the words of swanctl.conf. */
char *proposals_swanctl(const struct proposals *p, char *s, size_t n);
/* Are all transforms of that type ("DH") weak or gone? Then their names, else "". Gives s. */
char *proposals_legacy(const struct proposals *p, const char *type, char *s, size_t n);
/* All of it, of two sets that have nothing in common in that type, for events; legacy: of that type
 * or, where groups have nothing in common either, of theirs. */
struct proposal_words {
	char theirs_conf[1024], ours_conf[1024], ours_swanctl[1024], legacy[128];
};
void proposals_in_words(const struct proposals *theirs, const struct proposals *ours,
	const char *type, struct proposal_words *ret);
/* The integrity that belongs to a PRF, for ciphers that need one (Libreswan's rule). */
uint16_t integ_of_prf(uint16_t prf);
const char *transform_type_name(uint8_t type); /* "ENCR", "PRF", "INTEG", "DH", "ESN" */

void proposals_put(struct wr *w, const struct proposals *p);
enum err must_use proposals_get(struct rd *r, struct proposals *ret);
