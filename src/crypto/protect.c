/* Encryption with integrity for IKE and ESP: AEADs (RFC 4106, 4309, 5282, 7634), or a cipher (RFC
 * 3602, 3686, 2451) and a MAC (RFC 4868, 2404, 3566, 4494). Contexts are keyed once. */
#include "crypto/protect.h"

#include "crypto/mac.h"
#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>

enum { NONCE_MAX = 16, SALT_MAX = 4, IV_STOCK = 256, GCM_IV_N = 8 };

struct protect {
	const struct alg *encr, *integ; /* integ NULL for an AEAD */
	enum protect_use use;
	EVP_CIPHER_CTX *seal, *open; /* NULL: not asked for, or the NULL cipher */
	struct mac *mac;
	uint8_t salt[SALT_MAX];
	size_t icv_n;
	bool is_ccm, is_gcm;
	/* GCM, sealing: the library holds the IV of this counter ready, and these are its octets */
	bool is_prepared;
	uint64_t prepared;
	uint8_t prepared_iv[GCM_IV_N];
	uint8_t ivs[IV_STOCK]; /* unpredictable octets for CBC, drawn many at a time: the generator
				*/
	size_t ivs_left;       /* has a system call in it */
};

static bool is_ccm(uint16_t encr)
{
	return encr >= ENCR_AES_CCM_8 && encr <= ENCR_AES_CCM_16;
}

static bool is_gcm(uint16_t encr)
{
	return encr >= ENCR_AES_GCM_8 && encr <= ENCR_AES_GCM_16;
}

/* By key size: 128, 192, 256. */
static const EVP_CIPHER *sized(
	const EVP_CIPHER *a, const EVP_CIPHER *b, const EVP_CIPHER *c, size_t bits)
{
	return bits == 128 ? a : bits == 192 ? b : bits == 256 ? c : NULL;
}

static const EVP_CIPHER *cipher_of(uint16_t encr, size_t bits)
{
	switch (encr) {
	case ENCR_AES_GCM_8:
	case ENCR_AES_GCM_12:
	case ENCR_AES_GCM_16:
		return sized(EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm(), bits);
	case ENCR_AES_CCM_8:
	case ENCR_AES_CCM_12:
	case ENCR_AES_CCM_16:
		return sized(EVP_aes_128_ccm(), EVP_aes_192_ccm(), EVP_aes_256_ccm(), bits);
	case ENCR_CHACHA20_POLY1305:
		return EVP_chacha20_poly1305();
	case ENCR_AES_CBC:
		return sized(EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc(), bits);
	case ENCR_AES_CTR:
		return sized(EVP_aes_128_ctr(), EVP_aes_192_ctr(), EVP_aes_256_ctr(), bits);
	case ENCR_CAMELLIA_CBC:
		return sized(EVP_camellia_128_cbc(), EVP_camellia_192_cbc(), EVP_camellia_256_cbc(),
			bits);
	case ENCR_3DES:
		return EVP_des_ede3_cbc();
	default:
		return NULL;
	}
}

static EVP_CIPHER_CTX *keyed(
	const struct protect *p, const EVP_CIPHER *c, const uint8_t *key, int enc)
{
	EVP_CIPHER_CTX *x = EVP_CIPHER_CTX_new();
	bool ok = x && EVP_CipherInit_ex(x, c, NULL, NULL, NULL, enc) == 1;
	int nonce_n = p->encr->salt_n + p->encr->iv_n;

	if (ok && p->encr->is_aead)
		ok = EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_IVLEN, nonce_n, NULL) == 1;
	if (ok && p->is_ccm)
		ok = EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, (int)p->icv_n, NULL) == 1;
	if (ok)
		ok = EVP_CipherInit_ex(x, NULL, NULL, key, NULL, enc) == 1;
	/* not where it means nothing: the library would set it again for each packet */
	if (ok && p->encr->block_n > 1)
		ok = EVP_CIPHER_CTX_set_padding(x, 0) == 1;
	if (ok && p->is_gcm)
		ok = EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_GCM_SET_IV_FIXED, p->encr->salt_n,
			     (void *)(uintptr_t)p->salt) == 1;
	if (ok)
		return x;
	EVP_CIPHER_CTX_free(x);
	return NULL;
}

static enum err mac_for(uint16_t integ, struct bytes key, struct mac **ret)
{
	switch (integ) {
	case INTEG_HMAC_MD5_96:
		return mac_new(MAC_HMAC_MD5, key, ret);
	case INTEG_HMAC_SHA1_96:
		return mac_new(MAC_HMAC_SHA1, key, ret);
	case INTEG_AES_XCBC_96:
		return mac_new(MAC_AES_XCBC, key, ret);
	case INTEG_AES_CMAC_96:
		return mac_new(MAC_AES_CMAC, key, ret);
	case INTEG_HMAC_SHA2_256_128:
	case INTEG_HMAC_SHA2_256_TRUNCBUG:
		return mac_new(MAC_HMAC_SHA2_256, key, ret);
	case INTEG_HMAC_SHA2_384_192:
		return mac_new(MAC_HMAC_SHA2_384, key, ret);
	case INTEG_HMAC_SHA2_512_256:
		return mac_new(MAC_HMAC_SHA2_512, key, ret);
	default:
		return ERR_UNSUPPORTED; /* a cipher alone is never used */
	}
}

static enum err set_cipher(struct protect *p, enum protect_use use, struct bytes key)
{
	size_t key_n = key.n - p->encr->salt_n;
	const EVP_CIPHER *c = cipher_of(p->encr->id, key_n * 8);

	memcpy(p->salt, key.n ? key.p + key_n : p->salt, p->encr->salt_n);
	if (p->encr->id == ENCR_NULL)
		return OK;
	if (!c)
		return ERR_UNSUPPORTED;
	if (use & PROTECT_SEAL && !(p->seal = keyed(p, c, key.p, 1)))
		return ERR_CRYPTO;
	if (use & PROTECT_OPEN && !(p->open = keyed(p, c, key.p, 0)))
		return ERR_CRYPTO;
	return OK;
}

enum err protect_new(const struct suite *s, enum protect_use use, struct bytes encr_key,
	struct bytes integ_key, struct protect **ret)
{
	const struct alg *encr = alg_find(TT_ENCR, s->encr);
	struct protect *p;
	enum err e;

	if (!encr)
		return ERR_UNSUPPORTED;
	if (encr_key.n != suite_encr_key_n(s) || integ_key.n != suite_integ_key_n(s))
		return ERR_LENGTH;
	p = xalloc(sizeof(*p));
	p->encr = encr;
	p->use = use;
	p->is_ccm = is_ccm(s->encr);
	p->is_gcm = is_gcm(s->encr);
	p->icv_n = encr->icv_n;
	if (!encr->is_aead) {
		p->integ = alg_find(TT_INTEG, s->integ);
		if ((e = mac_for(s->integ, integ_key, &p->mac)))
			goto fail;
		p->icv_n = p->integ->icv_n;
	}
	if ((e = set_cipher(p, use, encr_key)))
		goto fail;
	*ret = p;
	return OK;
fail:
	protect_free(p);
	return e;
}

void protect_free(struct protect *p)
{
	if (!p)
		return;
	EVP_CIPHER_CTX_free(p->seal);
	EVP_CIPHER_CTX_free(p->open);
	mac_free(p->mac);
	wipe(p, sizeof(*p));
	free(p);
}

bool protect_is_aead(const struct protect *p)
{
	return p->encr->is_aead;
}

size_t protect_iv_n(const struct protect *p)
{
	return p->encr->iv_n;
}

size_t protect_icv_n(const struct protect *p)
{
	return p->icv_n;
}

size_t protect_block_n(const struct protect *p)
{
	return p->encr->block_n;
}

/* salt | IV; CTR: and the block counter, from 1 (RFC 3686 4). */
static void nonce_of(const struct protect *p, const uint8_t *iv, uint8_t ret[NONCE_MAX])
{
	memset(ret, 0, NONCE_MAX);
	memcpy(ret, p->salt, p->encr->salt_n);
	memcpy(ret + p->encr->salt_n, iv, p->encr->iv_n);
	if (p->encr->id == ENCR_AES_CTR)
		ret[15] = 1;
}

static void put_counter(uint8_t *iv, uint64_t counter)
{
	for (size_t i = 8; i-- > 0; counter >>= 8)
		iv[i] = (uint8_t)counter;
}

static bool random_iv(struct protect *p, uint8_t *iv)
{
	size_t n = p->encr->iv_n;

	if (p->ivs_left < n) {
		if (RAND_bytes(p->ivs, sizeof(p->ivs)) != 1)
			return false;
		p->ivs_left = sizeof(p->ivs);
	}
	p->ivs_left -= n;
	memcpy(iv, p->ivs + p->ivs_left, n);
	return true;
}

static bool update(EVP_CIPHER_CTX *c, uint8_t *out, const uint8_t *in, size_t n)
{
	int got = 0;

	return EVP_CipherUpdate(c, out, &got, in, (int)n) == 1 && (!out || got == (int)n);
}

static enum err aead_seal(struct protect *p, struct bytes aad, const uint8_t *iv, uint8_t *text,
	size_t n, uint8_t *icv)
{
	EVP_CIPHER_CTX *c = p->seal;
	uint8_t nonce[NONCE_MAX];
	int got = 0;

	nonce_of(p, iv, nonce);
	if (EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) != 1)
		return ERR_CRYPTO;
	if (p->is_ccm && !update(c, NULL, NULL, n)) /* CCM wants the length first */
		return ERR_CRYPTO;
	if (!update(c, NULL, aad.p, aad.n) || !update(c, text, text, n))
		return ERR_CRYPTO;
	if (EVP_CipherFinal_ex(c, text + n, &got) != 1)
		return ERR_CRYPTO;
	if (EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, (int)p->icv_n, icv) != 1)
		return ERR_CRYPTO;
	return OK;
}

static enum err aead_open(struct protect *p, struct bytes aad, const uint8_t *iv, uint8_t *text,
	size_t n, const uint8_t *icv)
{
	EVP_CIPHER_CTX *c = p->open;
	uint8_t nonce[NONCE_MAX];
	int got = 0;

	nonce_of(p, iv, nonce);
	if (EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) != 1)
		return ERR_CRYPTO;
	if (EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, (int)p->icv_n, (void *)(uintptr_t)icv) !=
		1)
		return ERR_CRYPTO;
	if (p->is_ccm) /* CCM judges when it decrypts */
		return update(c, NULL, NULL, n) && update(c, NULL, aad.p, aad.n) &&
				       update(c, text, text, n)
			       ? OK
			       : ERR_INTEGRITY;
	if (!update(c, NULL, aad.p, aad.n) || !update(c, text, text, n))
		return ERR_CRYPTO;
	return EVP_CipherFinal_ex(c, text + n, &got) == 1 ? OK : ERR_INTEGRITY;
}

/* ---- GCM: most of what ESP carries. Setting an IV costs the library more than its use, so it is
 * given with the tag (opening), or counts for itself and comes with the tag (sealing). ---- */

/* The library's IV becomes salt | counter. */
static bool gcm_prepare(struct protect *p, uint64_t counter)
{
	uint8_t nonce[NONCE_MAX] = { 0 };

	memcpy(nonce, p->salt, p->encr->salt_n);
	put_counter(nonce + p->encr->salt_n, counter);
	p->prepared = counter;
	p->is_prepared =
		EVP_CIPHER_CTX_ctrl(p->seal, EVP_CTRL_GCM_SET_IV_FIXED, -1, nonce) == 1 &&
		EVP_CIPHER_CTX_ctrl(p->seal, EVP_CTRL_GCM_IV_GEN, GCM_IV_N, p->prepared_iv) == 1;
	return p->is_prepared;
}

static enum err gcm_seal(struct protect *p, uint64_t counter, struct bytes aad, uint8_t *iv,
	uint8_t *text, size_t n, uint8_t *icv)
{
	OSSL_PARAM ends[] = { OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, icv, p->icv_n),
		OSSL_PARAM_octet_string(
			OSSL_CIPHER_PARAM_AEAD_TLS1_GET_IV_GEN, p->prepared_iv, GCM_IV_N),
		OSSL_PARAM_END };
	int got = 0;

	if (!(p->is_prepared && p->prepared == counter) && !gcm_prepare(p, counter))
		return ERR_CRYPTO;
	memcpy(iv, p->prepared_iv, GCM_IV_N);
	p->is_prepared = false;
	if (!update(p->seal, NULL, aad.p, aad.n) || !update(p->seal, text, text, n) ||
		EVP_CipherFinal_ex(p->seal, text + n, &got) != 1 ||
		EVP_CIPHER_CTX_get_params(p->seal, ends) != 1)
		return ERR_CRYPTO;
	p->prepared = counter + 1;
	p->is_prepared = true;
	return OK;
}

static enum err gcm_open(struct protect *p, struct bytes aad, const uint8_t *iv, uint8_t *text,
	size_t n, const uint8_t *icv)
{
	const OSSL_PARAM begins[] = { OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG,
					      (void *)(uintptr_t)icv, p->icv_n),
		OSSL_PARAM_octet_string(
			OSSL_CIPHER_PARAM_AEAD_TLS1_SET_IV_INV, (void *)(uintptr_t)iv, GCM_IV_N),
		OSSL_PARAM_END };
	int got = 0;

	if (EVP_CIPHER_CTX_set_params(p->open, begins) != 1 ||
		!update(p->open, NULL, aad.p, aad.n) || !update(p->open, text, text, n))
		return ERR_CRYPTO;
	return EVP_CipherFinal_ex(p->open, text + n, &got) == 1 ? OK : ERR_INTEGRITY;
}

static enum err cipher_run(
	struct protect *p, EVP_CIPHER_CTX *c, const uint8_t *iv, uint8_t *text, size_t n)
{
	uint8_t nonce[NONCE_MAX];

	if (!c)
		return OK;
	nonce_of(p, iv, nonce);
	if (EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) != 1 || !update(c, text, text, n))
		return ERR_CRYPTO;
	return OK;
}

static enum err mac_run(struct protect *p, struct protect_aad aad, const uint8_t *iv,
	const uint8_t *text, size_t n, uint8_t *icv)
{
	const struct bytes parts[] = { aad.head, bytes_of(iv, p->encr->iv_n), bytes_of(text, n),
		aad.tail };

	return mac_compute(p->mac, parts, COUNT(parts), icv, p->icv_n);
}

enum err protect_seal(struct protect *p, uint64_t counter, struct protect_aad aad, uint8_t *iv,
	uint8_t *text, size_t text_n, uint8_t *icv)
{
	enum err e;

	assert(p->use & PROTECT_SEAL);
	if (text_n % p->encr->block_n != 0)
		return ERR_LENGTH;
	if (p->is_gcm)
		return gcm_seal(p, counter, aad.head, iv, text, text_n, icv);
	if (p->encr->iv_n == 8 && p->encr->block_n == 1)
		put_counter(iv, counter);
	else if (p->encr->iv_n != 0 && !random_iv(p, iv))
		return ERR_CRYPTO;
	if (p->encr->is_aead)
		return aead_seal(p, aad.head, iv, text, text_n, icv);
	if ((e = cipher_run(p, p->seal, iv, text, text_n)))
		return e;
	return mac_run(p, aad, iv, text, text_n, icv);
}

enum err protect_open(struct protect *p, struct protect_aad aad, const uint8_t *iv, uint8_t *text,
	size_t text_n, const uint8_t *icv)
{
	uint8_t expected[64];
	enum err e;

	assert(p->use & PROTECT_OPEN);
	if (text_n % p->encr->block_n != 0)
		return ERR_LENGTH;
	if (p->is_gcm)
		return gcm_open(p, aad.head, iv, text, text_n, icv);
	if (p->encr->is_aead)
		return aead_open(p, aad.head, iv, text, text_n, icv);
	if ((e = mac_run(p, aad, iv, text, text_n, expected)))
		return e;
	if (!bytes_eq_ct(bytes_of(expected, p->icv_n), bytes_of(icv, p->icv_n)))
		return ERR_INTEGRITY;
	return cipher_run(p, p->open, iv, text, text_n);
}
