#pragma once
/* One direction of encryption with integrity as IKE's SK payload (RFC 7296 3.14, RFC 5282) and ESP
 * (RFC 4303, 4106, 4309, 7634, 3686) use it: an AEAD, or a cipher and a MAC. Holds ready-keyed
 * library contexts, so that a packet costs no key schedule and no allocation (OpenSSL 3.0's HMAC
 * makes two small ones of its own). Not for two threads at once. */
#include "base/now.h"
#include "crypto/algs.h"

struct protect;

/* What it is for: the library's contexts are large, and who seals with a key seldom opens with it.
 */
enum protect_use { PROTECT_SEAL = 1, PROTECT_OPEN = 2, PROTECT_BOTH = 3 };

/* encr_key: key then salt, suite_encr_key_n() octets; integ_key: suite_integ_key_n().
 * *ret is written only on OK; ERR_UNSUPPORTED, ERR_LENGTH on refusal. */
enum err must_use protect_new(const struct suite *s, enum protect_use use, struct bytes encr_key,
	struct bytes integ_key, struct protect **ret);
void protect_free(struct protect *p); /* wipes; NULL is fine */

bool protect_is_aead(const struct protect *p);
size_t protect_iv_n(const struct protect *p);
size_t protect_icv_n(const struct protect *p);
size_t protect_block_n(const struct protect *p);

/* What is authenticated besides IV and text: head stands before the IV. tail is for a cipher with a
 * MAC only and follows the ciphertext: ESP's upper half of the sequence number (RFC 4303 2.2.1);
 * with an AEAD that half is inside head. */
struct protect_aad {
	struct bytes head, tail;
};

/* Encrypts text in place (text_n a multiple of protect_block_n, already padded) and writes IV and
 * ICV. counter makes the IV of AEADs and CTR (it must never repeat under one key: a message or
 * sequence number); CBC gets an unpredictable IV. The three places must not overlap. */
enum err must_use protect_seal(struct protect *p, uint64_t counter, struct protect_aad aad,
	uint8_t *iv, uint8_t *text, size_t text_n, uint8_t *icv);
/* Verifies in constant time, then decrypts text in place. ERR_INTEGRITY leaves text undefined and
 * is the only answer to a forged packet; ERR_LENGTH when text_n is no multiple of the block. */
enum err must_use protect_open(struct protect *p, struct protect_aad aad, const uint8_t *iv,
	uint8_t *text, size_t text_n, const uint8_t *icv);
