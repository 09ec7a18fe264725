/* HMAC and CMAC by OpenSSL, AES-XCBC (RFC 3566) over its AES. */
#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct mac {
	EVP_MAC_CTX *keyed;  /* HMAC, CMAC */
	EVP_CIPHER_CTX *ecb; /* XCBC: AES with K1 */
	uint8_t k2[16], k3[16];
};

static const struct {
	const char *name, *digest;
} libs[] = {
	[MAC_HMAC_MD5] = { "HMAC", "MD5" },
	[MAC_HMAC_SHA1] = { "HMAC", "SHA1" },
	[MAC_HMAC_SHA2_256] = { "HMAC", "SHA256" },
	[MAC_HMAC_SHA2_384] = { "HMAC", "SHA384" },
	[MAC_HMAC_SHA2_512] = { "HMAC", "SHA512" },
	[MAC_AES_XCBC] = { NULL, NULL },
	[MAC_AES_CMAC] = { "CMAC", "AES-128-CBC" },
};

static EVP_CIPHER_CTX *aes_ecb(const uint8_t key[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c && EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
		EVP_CIPHER_CTX_set_padding(c, 0) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

static bool encrypt(EVP_CIPHER_CTX *c, const uint8_t in[16], uint8_t out[16])
{
	int n = 0;

	return EVP_EncryptUpdate(c, out, &n, in, 16) == 1 && n == 16;
}

/* RFC 3566 4: K1, K2, K3 are the encryptions of 01.., 02.., 03... */
static bool xcbc_keys(struct mac *m, const uint8_t key[16])
{
	uint8_t in[3][16], k1[16];
	EVP_CIPHER_CTX *c = aes_ecb(key);
	bool ok;

	for (int i = 0; i < 3; i++)
		memset(in[i], i + 1, 16);
	ok = c && encrypt(c, in[0], k1) && encrypt(c, in[1], m->k2) && encrypt(c, in[2], m->k3);
	EVP_CIPHER_CTX_free(c);
	if (ok)
		ok = (m->ecb = aes_ecb(k1)) != NULL;
	wipe(k1, sizeof(k1));
	return ok;
}

static bool evp_key(struct mac *m, enum mac_kind kind, struct bytes key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			kind == MAC_AES_CMAC ? OSSL_MAC_PARAM_CIPHER : OSSL_MAC_PARAM_DIGEST,
			(char *)(uintptr_t)libs[kind].digest, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, libs[kind].name, NULL);
	static const uint8_t none[1];
	bool ok;

	m->keyed = mac ? EVP_MAC_CTX_new(mac) : NULL;
	EVP_MAC_free(mac);
	ok = m->keyed && EVP_MAC_init(m->keyed, key.n ? key.p : none, key.n, params) == 1;
	return ok;
}

enum err mac_new(enum mac_kind kind, struct bytes key, struct mac **ret)
{
	struct mac *m;
	bool is_aes = kind == MAC_AES_XCBC || kind == MAC_AES_CMAC;

	if (is_aes && key.n != 16)
		return ERR_LENGTH;
	m = xalloc(sizeof(*m));
	if (kind == MAC_AES_XCBC ? !xcbc_keys(m, key.p) : !evp_key(m, kind, key)) {
		mac_free(m);
		return ERR_CRYPTO;
	}
	*ret = m;
	return OK;
}

void mac_free(struct mac *m)
{
	if (!m)
		return;
	EVP_MAC_CTX_free(m->keyed);
	EVP_CIPHER_CTX_free(m->ecb);
	wipe(m, sizeof(*m));
	free(m);
}

/* RFC 3566 4: CBC-MAC whose last block is masked with K2, or padded and masked with K3. */
static bool xcbc(struct mac *m, const struct bytes *parts, size_t n, uint8_t ret[16])
{
	uint8_t e[16] = { 0 }, block[16];
	size_t have = 0;
	const uint8_t *mask = m->k2;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < parts[i].n; k++) {
			if (have == 16) { /* only now is it known not to be the last */
				for (int j = 0; j < 16; j++)
					block[j] ^= e[j];
				if (!encrypt(m->ecb, block, e))
					return false;
				have = 0;
			}
			block[have++] = parts[i].p[k];
		}
	if (have < 16) {
		memset(block + have, 0, 16 - have);
		block[have] = 0x80;
		mask = m->k3;
	}
	for (int j = 0; j < 16; j++)
		block[j] ^= e[j] ^ mask[j];
	return encrypt(m->ecb, block, ret);
}

enum err mac_compute(struct mac *m, const struct bytes *parts, size_t n, uint8_t *ret, size_t ret_n)
{
	uint8_t full[EVP_MAX_MD_SIZE];
	size_t full_n = 16;
	bool ok;

	if (m->ecb)
		ok = xcbc(m, parts, n, full);
	else {
		/* a NULL key starts anew with the one that is there */
		ok = EVP_MAC_init(m->keyed, NULL, 0, NULL) == 1;
		for (size_t i = 0; ok && i < n; i++)
			ok = parts[i].n == 0 ||
			     EVP_MAC_update(m->keyed, parts[i].p, parts[i].n) == 1;
		ok = ok && EVP_MAC_final(m->keyed, full, &full_n, sizeof(full)) == 1;
	}
	if (ok && ret_n <= full_n)
		memcpy(ret, full, ret_n);
	wipe(full, sizeof(full));
	return !ok ? ERR_CRYPTO : ret_n > full_n ? ERR_LENGTH : OK;
}
