/* The kernel's names for algorithms (Linux net/xfrm/xfrm_algo.c: aead_list, ealg_list, aalg_list).
 */
#include "dataplane/xfrm/xfrm.h"

static const struct {
	uint16_t id;
	const char *name;
} ciphers[] = {
	/* the name has no tag length: it goes with the key */
	{ ENCR_AES_GCM_16, "rfc4106(gcm(aes))" },
	{ ENCR_AES_GCM_12, "rfc4106(gcm(aes))" },
	{ ENCR_AES_GCM_8, "rfc4106(gcm(aes))" },
	{ ENCR_AES_CCM_16, "rfc4309(ccm(aes))" },
	{ ENCR_AES_CCM_12, "rfc4309(ccm(aes))" },
	{ ENCR_AES_CCM_8, "rfc4309(ccm(aes))" },
	{ ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)" },
	{ ENCR_AES_CBC, "cbc(aes)" },
	{ ENCR_AES_CTR, "rfc3686(ctr(aes))" },
	{ ENCR_CAMELLIA_CBC, "cbc(camellia)" },
	{ ENCR_3DES, "cbc(des3_ede)" },
	{ ENCR_NULL, "ecb(cipher_null)" },
}, integs[] = {
	{ INTEG_HMAC_SHA2_512_256, "hmac(sha512)" },
	{ INTEG_HMAC_SHA2_384_192, "hmac(sha384)" },
	{ INTEG_HMAC_SHA2_256_128, "hmac(sha256)" },
	{ INTEG_HMAC_SHA2_256_TRUNCBUG, "hmac(sha256)" },
	{ INTEG_HMAC_SHA1_96, "hmac(sha1)" },
	{ INTEG_HMAC_MD5_96, "hmac(md5)" },
	{ INTEG_AES_XCBC_96, "xcbc(aes)" },
	{ INTEG_AES_CMAC_96, "cmac(aes)" },
};

static const char *cipher(uint16_t id)
{
	for (size_t i = 0; i < COUNT(ciphers); i++)
		if (ciphers[i].id == id)
			return ciphers[i].name;
	return NULL;
}

static const char *integ(uint16_t id)
{
	for (size_t i = 0; i < COUNT(integs); i++)
		if (integs[i].id == id)
			return integs[i].name;
	return NULL;
}

enum err xfrm_suite_of(const struct suite *s, struct xfrm_suite *ret)
{
	const struct alg *e = alg_find(TT_ENCR, s->encr), *i = alg_find(TT_INTEG, s->integ);
	struct xfrm_suite x = { 0 };

	if (!e || !cipher(e->id))
		return ERR_UNSUPPORTED;
	if (e->is_aead) {
		x.aead = cipher(e->id);
		x.icv_bits = e->icv_n * 8u;
	} else {
		x.crypt = cipher(e->id);
		x.auth = i ? integ(i->id) : NULL;
		if (!x.auth)
			return ERR_UNSUPPORTED;
		x.icv_bits = i->icv_n * 8u;
	}
	*ret = x;
	return OK;
}
