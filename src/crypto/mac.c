/* HMAC and CMAC by OpenSSL, AES-XCBC (RFC 3566) over its AES. */
#include "crypto/mac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { AES_BLOCK = 16, XCBC_CHUNK = 16 * AES_BLOCK };

struct mac {
	EVP_MAC_CTX *keyed;  /* HMAC, CMAC */
	EVP_CIPHER_CTX *cbc; /* XCBC: AES with K1 */
	uint8_t k2[AES_BLOCK], k3[AES_BLOCK];
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

static EVP_CIPHER_CTX *aes_with(const EVP_CIPHER *mode, const uint8_t key[AES_BLOCK])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c && EVP_EncryptInit_ex(c, mode, NULL, key, NULL) == 1 &&
		EVP_CIPHER_CTX_set_padding(c, 0) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

/* n: whole blocks */
static bool encrypt(EVP_CIPHER_CTX *c, const uint8_t *in, uint8_t *out, size_t n)
{
	int got = 0;

	return n == 0 || (EVP_EncryptUpdate(c, out, &got, in, (int)n) == 1 && got == (int)n);
}

/* RFC 3566 4: K1, K2, K3 are the encryptions of 01.., 02.., 03... */
static bool xcbc_keys(struct mac *m, const uint8_t key[AES_BLOCK])
{
	uint8_t k[3][AES_BLOCK];
	EVP_CIPHER_CTX *c = aes_with(EVP_aes_128_ecb(), key);
	bool ok;

	for (int i = 0; i < 3; i++)
		memset(k[i], i + 1, AES_BLOCK);
	ok = c && encrypt(c, k[0], k[0], sizeof(k));
	EVP_CIPHER_CTX_free(c);
	if (ok)
		ok = (m->cbc = aes_with(EVP_aes_128_cbc(), k[0])) != NULL;
	memcpy(m->k2, k[1], AES_BLOCK);
	memcpy(m->k3, k[2], AES_BLOCK);
	wipe(k, sizeof(k));
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
	EVP_CIPHER_CTX_free(m->cbc);
	wipe(m, sizeof(*m));
	free(m);
}

/* The last block, at the end of n octets: masked with K2, or padded and masked with K3. */
static bool xcbc_end(struct mac *m, uint8_t text[XCBC_CHUNK], size_t n, uint8_t ret[AES_BLOCK])
{
	size_t whole = n == 0 ? 0 : (n - 1) / AES_BLOCK * AES_BLOCK;
	const uint8_t *mask = m->k2;
	uint8_t *last = text + whole;

	if (!encrypt(m->cbc, text, text, whole))
		return false;
	n -= whole;
	if (n < AES_BLOCK) {
		memset(last + n, 0, AES_BLOCK - n);
		last[n] = 0x80;
		mask = m->k3;
	}
	for (size_t i = 0; i < AES_BLOCK; i++)
		last[i] ^= mask[i];
	return encrypt(m->cbc, last, ret, AES_BLOCK);
}

/* RFC 3566 4: CBC-MAC, many blocks at a time. A full chunk waits until it is known not to be the
 * end. */
static bool xcbc(struct mac *m, const struct bytes *parts, size_t n, uint8_t ret[AES_BLOCK])
{
	static const uint8_t zero[AES_BLOCK];
	uint8_t text[XCBC_CHUNK];
	size_t have = 0;

	if (EVP_EncryptInit_ex(m->cbc, NULL, NULL, NULL, zero) != 1)
		return false;
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0, take; at < parts[i].n; at += take, have += take) {
			if (have == sizeof(text)) {
				if (!encrypt(m->cbc, text, text, have))
					return false;
				have = 0;
			}
			take = MIN(parts[i].n - at, sizeof(text) - have);
			memcpy(text + have, parts[i].p + at, take);
		}
	return xcbc_end(m, text, have, ret);
}

enum err mac_compute(struct mac *m, const struct bytes *parts, size_t n, uint8_t *ret, size_t ret_n)
{
	uint8_t full[EVP_MAX_MD_SIZE];
	size_t full_n = 16;
	bool ok;

	if (m->cbc)
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
