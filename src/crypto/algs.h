#pragma once
/* Every transform: IANA numbers, names, sizes. One table (algs.def) for IKEv1, IKEv2, ESP and XFRM.
 */
#include "base/rd.h"
#include "base/wr.h"

/* RFC 7296 3.3.2 */
enum transform_type { TT_ENCR = 1, TT_PRF = 2, TT_INTEG = 3, TT_KE = 4, TT_ESN = 5 };

/* IANA, "Internet Key Exchange Version 2 (IKEv2) Parameters" */
enum encr_id {
	ENCR_3DES = 3,
	ENCR_NULL = 11,
	ENCR_AES_CBC = 12,
	ENCR_AES_CTR = 13,
	ENCR_AES_CCM_8 = 14,
	ENCR_AES_CCM_12 = 15,
	ENCR_AES_CCM_16 = 16,
	ENCR_AES_GCM_8 = 18,
	ENCR_AES_GCM_12 = 19,
	ENCR_AES_GCM_16 = 20,
	ENCR_CAMELLIA_CBC = 23,
	ENCR_CHACHA20_POLY1305 = 28,
};
enum prf_id {
	PRF_HMAC_MD5 = 1,
	PRF_HMAC_SHA1 = 2,
	PRF_AES128_XCBC = 4,
	PRF_HMAC_SHA2_256 = 5,
	PRF_HMAC_SHA2_384 = 6,
	PRF_HMAC_SHA2_512 = 7,
	PRF_AES128_CMAC = 8,
};
enum integ_id {
	INTEG_NONE = 0,
	INTEG_HMAC_MD5_96 = 1,
	INTEG_HMAC_SHA1_96 = 2,
	INTEG_AES_XCBC_96 = 5,
	INTEG_AES_CMAC_96 = 8,
	INTEG_HMAC_SHA2_256_128 = 12,
	INTEG_HMAC_SHA2_384_192 = 13,
	INTEG_HMAC_SHA2_512_256 = 14,
	/* Ours alone, never negotiated: HMAC_SHA2_256_128 as old Linux and Android cut it, to 96
	 * bits (sha2-truncbug=). Of the range for private use. */
	INTEG_HMAC_SHA2_256_TRUNCBUG = 65012,
};
enum ke_id {
	KE_NONE = 0,
	KE_MODP1024 = 2,
	KE_MODP1536 = 5,
	KE_MODP2048 = 14,
	KE_MODP3072 = 15,
	KE_MODP4096 = 16,
	KE_MODP6144 = 17,
	KE_MODP8192 = 18,
	KE_ECP_256 = 19,
	KE_ECP_384 = 20,
	KE_ECP_521 = 21,
	KE_BRAINPOOL_P224 = 27,
	KE_BRAINPOOL_P256 = 28,
	KE_BRAINPOOL_P384 = 29,
	KE_BRAINPOOL_P512 = 30,
	KE_CURVE25519 = 31,
	KE_CURVE448 = 32,
};
enum esn_id { ESN_NO = 0, ESN_YES = 1 };

struct alg {
	const char *name;    /* as Libreswan prints it: AES_GCM_16, HMAC_SHA2_256, MODP2048 */
	const char *aliases; /* blank-separated, lower case: "aes_gcm aes_gcm_c aesgcm" */
	uint16_t id;
	uint16_t key_bits[3]; /* allowed key lengths, largest first; {0}: fixed, and no KEY_LENGTH
			       * attribute */
	uint16_t fixed_key_bits; /* key size where the length is fixed (3DES 192, CHACHA20 256) */
	uint16_t out_n;		 /* PRF: octets of output (= preferred key size); INTEG: key size;
				  * KE: octets of the public value */
	uint8_t type;		 /* enum transform_type */
	uint8_t salt_n;	 /* AEAD, CTR: octets of KEYMAT after the key (RFC 4106 8.1, 5282, 7634) */
	uint8_t iv_n;	 /* octets of explicit IV on the wire */
	uint8_t block_n; /* cipher block: text is padded to a multiple of it (1: stream modes) */
	uint8_t icv_n;	 /* AEAD and INTEG: octets of ICV on the wire */
	bool is_aead;
	bool is_weak; /* only used when named, with a warning */
	bool for_ike, for_esp;
};

/* NULL when unknown to us (an unknown transform of a peer is no error: it is never chosen). */
const struct alg *alg_find(enum transform_type type, uint16_t id);
/* By its name or an alias, any case, '-' and '_' alike. NULL when unknown. */
const struct alg *alg_by_name(enum transform_type type, const char *name, size_t name_n);
/* The nearest name or alias in these types (bits, 1 << enum transform_type), for "did you mean";
 * never a weak one. ret, or NULL when nothing is near. */
const char *alg_nearest(unsigned types, const char *name, char *ret, size_t room);
/* Walk the table: i from 0 until NULL. */
const struct alg *alg_at(size_t i);

/* The algorithms that two ends agreed on. Zero members: not part of it. */
struct suite {
	uint16_t encr, key_bits; /* key_bits 0: fixed */
	uint16_t integ, prf, ke, esn;
};
/* Octets of KEYMAT for the cipher (key and salt) and for the integrity algorithm. */
size_t suite_encr_key_n(const struct suite *s);
size_t suite_integ_key_n(const struct suite *s);
/* Between our own processes. */
void suite_put(struct wr *w, const struct suite *s);
struct suite suite_get(struct rd *r);
/* "AES_GCM_16_256" (with key length) */
#define ALG_STR 40
char *suite_encr_name(const struct suite *s, char *ret);
