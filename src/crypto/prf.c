/* PRFs and hashes: HMAC (RFC 2104, 4868), AES-XCBC (RFC 4434), AES-CMAC (RFC 4615), prf+. */
#include "crypto/prf.h"

#include "crypto/mac.h"
#include <openssl/evp.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>

/* RFC 4434 2: a key of another length is padded with zeroes, or hashed with the key 0. */
static enum err aes_key(enum mac_kind kind, struct bytes key, uint8_t ret[16])
{
	static const uint8_t zero[16];
	struct mac *m;
	enum err e;

	memset(ret, 0, 16);
	if (key.n == 16 || (key.n < 16 && kind == MAC_AES_XCBC)) {
		if (key.n != 0)
			memcpy(ret, key.p, key.n);
		return OK;
	}
	if ((e = mac_new(kind, BYTES(zero), &m)))
		return e;
	e = mac_compute(m, &key, 1, ret, 16);
	mac_free(m);
	return e;
}

static bool kind_of(uint16_t id, enum mac_kind *ret)
{
	switch (id) {
	case PRF_HMAC_MD5:
		*ret = MAC_HMAC_MD5;
		return true;
	case PRF_HMAC_SHA1:
		*ret = MAC_HMAC_SHA1;
		return true;
	case PRF_AES128_XCBC:
		*ret = MAC_AES_XCBC;
		return true;
	case PRF_HMAC_SHA2_256:
		*ret = MAC_HMAC_SHA2_256;
		return true;
	case PRF_HMAC_SHA2_384:
		*ret = MAC_HMAC_SHA2_384;
		return true;
	case PRF_HMAC_SHA2_512:
		*ret = MAC_HMAC_SHA2_512;
		return true;
	case PRF_AES128_CMAC:
		*ret = MAC_AES_CMAC;
		return true;
	default:
		return false;
	}
}

/* A keyed MAC that serves as that prf. */
static enum err keyed(uint16_t id, struct bytes key, struct mac **ret)
{
	enum mac_kind kind;
	uint8_t short_key[16];
	enum err e;

	if (!kind_of(id, &kind))
		return ERR_UNSUPPORTED;
	if (kind != MAC_AES_XCBC && kind != MAC_AES_CMAC)
		return mac_new(kind, key, ret);
	if ((e = aes_key(kind, key, short_key)))
		return e;
	e = mac_new(kind, BYTES(short_key), ret);
	wipe(short_key, sizeof(short_key));
	return e;
}

enum err prf(uint16_t id, struct bytes key, const struct bytes *parts, size_t n, struct secret *ret)
{
	struct mac *m = NULL;
	struct secret out = { 0 };
	enum err e;

	if ((e = keyed(id, key, &m)))
		return e;
	out = secret_new(alg_find(TT_PRF, id)->out_n);
	e = mac_compute(m, parts, n, out.p, out.n);
	if (e == OK)
		secret_move(ret, &out);
	secret_done(&out);
	mac_free(m);
	return e;
}

enum { PRF_PARTS_MAX = 8 };

enum err prf_plus(uint16_t id, struct bytes key, const struct bytes *parts, size_t n, size_t ret_n,
	struct secret *ret)
{
	struct bytes all[PRF_PARTS_MAX + 2];
	struct secret out = { 0 };
	struct mac *m = NULL;
	size_t step, at = 0;
	uint8_t round = 0, t[64];
	enum err e;

	if ((e = keyed(id, key, &m)))
		return e;
	step = alg_find(TT_PRF, id)->out_n;
	if (n > PRF_PARTS_MAX || ret_n > 255 * step) {
		e = ERR_LIMIT;
		goto out;
	}
	out = secret_new(ret_n);
	memcpy(all + 1, parts, n * sizeof(*parts));
	all[n + 1] = bytes_of(&round, 1);
	for (all[0] = BYTES_NONE; at < ret_n; all[0] = bytes_of(t, step)) {
		size_t take = MIN(step, ret_n - at);

		round++;
		if ((e = mac_compute(m, all, n + 2, t, step)))
			goto out;
		memcpy(out.p + at, t, take);
		at += take;
	}
	secret_move(ret, &out);
out:
	wipe(t, sizeof(t));
	secret_done(&out);
	mac_free(m);
	return e;
}

static void digest(const EVP_MD *md, const struct bytes *parts, size_t n, uint8_t *ret)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = c && EVP_DigestInit_ex(c, md, NULL) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(c, parts[i].p, parts[i].n) == 1;
	if (!ok || EVP_DigestFinal_ex(c, ret, NULL) != 1)
		abort(); /* SHA is always there */
	EVP_MD_CTX_free(c);
}

void sha1(const struct bytes *parts, size_t n, uint8_t ret[20])
{
	digest(EVP_sha1(), parts, n, ret);
}

void sha256(const struct bytes *parts, size_t n, uint8_t ret[32])
{
	digest(EVP_sha256(), parts, n, ret);
}

static const EVP_MD *hash_of(uint16_t prf)
{
	switch (prf) {
	case PRF_HMAC_MD5:
		return EVP_md5();
	case PRF_HMAC_SHA1:
		return EVP_sha1();
	case PRF_HMAC_SHA2_256:
		return EVP_sha256();
	case PRF_HMAC_SHA2_384:
		return EVP_sha384();
	case PRF_HMAC_SHA2_512:
		return EVP_sha512();
	default:
		return NULL;
	}
}

enum err prf_hash(uint16_t prf, const struct bytes *parts, size_t n, uint8_t ret[64], size_t *ret_n)
{
	const EVP_MD *md = hash_of(prf);
	EVP_MD_CTX *c = md ? EVP_MD_CTX_new() : NULL;
	bool ok = c && EVP_DigestInit_ex(c, md, NULL) == 1;

	if (!md)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(c, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(c, ret, NULL) == 1;
	EVP_MD_CTX_free(c);
	if (!ok)
		return ERR_CRYPTO; /* MD5, where the library's policy forbids it */
	*ret_n = (size_t)EVP_MD_get_size(md);
	return OK;
}

static void system_fill(void *ctx, void *ret, size_t n)
{
	(void)ctx;
	if (RAND_bytes(ret, (int)n) != 1)
		abort(); /* nothing safe can be done without random numbers */
}

struct rng rng_system(void)
{
	return (struct rng){ system_fill, NULL };
}

enum err crypto_begin(void)
{
	uint8_t octet;

	if (OPENSSL_init_crypto(
		    OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1 ||
		RAND_bytes(&octet, 1) != 1)
		return ERR_CRYPTO;
	return OK;
}
