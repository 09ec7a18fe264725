#pragma once
/* Keys of IKEv1: SKEYID and what comes of it, the hashes that authenticate, KEYMAT of IPsec SAs
 * (RFC 2409 5, appendix B), and the cipher of the ISAKMP SA with its chain of IVs. prf: enum
 * prf_id, the HMAC of the negotiated hash; ni, nr: bodies of the nonce payloads. */
#include "ikev1/message.h"

enum { V1_HASH_MAX = 64 };

/* prf(PSK, Ni_b | Nr_b): only the process that has the PSK, and tests. */
enum err must_use v1_skeyid_psk(
	uint16_t prf, struct bytes psk, struct bytes ni, struct bytes nr, struct secret *ret);

struct v1_keys {
	struct secret skeyid, skeyid_d, skeyid_a, skeyid_e;
	struct secret cipher; /* the cipher's, from SKEYID_e (appendix B) */
};
void v1_keys_done(struct v1_keys *k);
/* All from SKEYID and g^xy. s: suite of the ISAKMP SA. cookies: 8 octets each. *ret is written only
 * on OK (its old content wiped). */
enum err must_use v1_keys_derive(const struct suite *s, struct bytes skeyid, struct bytes g_xy,
	struct bytes icookie, struct bytes rcookie, struct v1_keys *ret);

/* HASH_I or HASH_R (5): own is who sends it. prf(SKEYID, g^own | g^other | CKY-own | CKY-other |
 * SAi_b | IDown_b) */
struct v1_phase1_hash {
	struct bytes public_own, public_other; /* as in the KE payloads */
	struct bytes cookie_own, cookie_other;
	struct bytes sa_body; /* SAi_b: the initiator's, for both */
	struct bytes id_body; /* of own */
};
enum err must_use v1_hash_phase1(
	const struct v1_keys *k, uint16_t prf, const struct v1_phase1_hash *h, struct secret *ret);

/* Phase 2 (5.5, 5.7; Transaction: draft-dukes-ike-mode-cfg-02 3.1 is HASH(1) too). rest: all behind
 * the HASH payload, without padding. */
enum err must_use v1_hash_1(uint16_t prf, struct bytes skeyid_a, uint32_t message_id,
	struct bytes rest, struct secret *ret);
enum err must_use v1_hash_2(uint16_t prf, struct bytes skeyid_a, uint32_t message_id,
	struct bytes ni, struct bytes rest, struct secret *ret);
enum err must_use v1_hash_3(uint16_t prf, struct bytes skeyid_a, uint32_t message_id,
	struct bytes ni, struct bytes nr, struct secret *ret);

/* KEYMAT = prf+(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b) for each direction, by the SPI
 * of who receives. */
struct v1_child_keys {
	struct secret encr_in, integ_in, encr_out, integ_out;
};
void v1_child_keys_done(struct v1_child_keys *k);
struct v1_keymat {
	uint16_t prf; /* the ISAKMP SA's */
	struct bytes skeyid_d;
	struct bytes g_xy; /* none without PFS */
	uint8_t protocol;
	uint32_t spi_in, spi_out; /* ours; the peer's */
	struct bytes ni, nr;	  /* Quick Mode's, initiator's first whoever we are */
};
enum err must_use v1_child_keymat(
	const struct v1_keymat *k, const struct suite *child, struct v1_child_keys *ret);

/* ---- encryption of ISAKMP messages (appendix B): CBC, the last block of a message is the IV of
 * the next of its exchange ---- */
struct v1_iv {
	uint8_t n; /* 8 or 16; 0: none yet */
	uint8_t b[16];
};
/* Phase 1: hash(g^xi | g^xr), cut to a block of the cipher. */
enum err must_use v1_iv_phase1(
	const struct suite *s, struct bytes gxi, struct bytes gxr, struct v1_iv *ret);
/* Phase 2: hash(last block of Phase 1 | message ID). */
enum err must_use v1_iv_phase2(
	const struct suite *s, const struct v1_iv *phase1, uint32_t message_id, struct v1_iv *ret);

struct v1_cipher;
/* key: v1_keys.cipher. */
enum err must_use v1_cipher_new(const struct suite *s, struct bytes key, struct v1_cipher **ret);
void v1_cipher_free(struct v1_cipher *c); /* wipes; NULL is fine */
/* message: whole, in clear, of v1_build_end(). Gives the datagram in room: V1_F_ENCRYPTION set,
 * padded, length patched; none when it does not fit or the library refuses (*iv stays then). *iv
 * becomes the next one. message and room may be the same place. */
struct bytes v1_encrypt(
	struct v1_cipher *c, struct v1_iv *iv, struct bytes message, void *room, size_t n);
/* The whole message opened, header and flags as they are, padding still behind it. *next is the IV
 * behind it, for the caller to take when the message proves authentic: CBC itself verifies nothing.
 * ERR_LENGTH: no whole blocks. *ret, *next are written only on OK. */
enum err must_use v1_decrypt(struct v1_cipher *c, const struct v1_iv *iv, struct bytes datagram,
	struct buf *ret, struct v1_iv *next);
