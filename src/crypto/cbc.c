/* CBC (NIST SP 800-38A 6.2) with AES, Camellia and 3DES, by OpenSSL. */
#include "crypto/cbc.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct cbc {
	EVP_CIPHER_CTX *seal, *open;
	size_t block_n;
};

/* By key size: 128, 192, 256. */
static const EVP_CIPHER *sized(
	const EVP_CIPHER *a, const EVP_CIPHER *b, const EVP_CIPHER *c, size_t key_n)
{
	return key_n == 16 ? a : key_n == 24 ? b : key_n == 32 ? c : NULL;
}

static enum err cipher_of(uint16_t encr, size_t key_n, const EVP_CIPHER **ret)
{
	switch (encr) {
	case ENCR_AES_CBC:
		*ret = sized(EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc(), key_n);
		break;
	case ENCR_CAMELLIA_CBC:
		*ret = sized(EVP_camellia_128_cbc(), EVP_camellia_192_cbc(), EVP_camellia_256_cbc(),
			key_n);
		break;
	case ENCR_3DES:
		*ret = key_n == 24 ? EVP_des_ede3_cbc() : NULL;
		break;
	default:
		return ERR_UNSUPPORTED;
	}
	return *ret ? OK : ERR_LENGTH;
}

static EVP_CIPHER_CTX *keyed(const EVP_CIPHER *cipher, const uint8_t *key, int enc)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();

	if (c && EVP_CipherInit_ex(c, cipher, NULL, key, NULL, enc) == 1 &&
		EVP_CIPHER_CTX_set_padding(c, 0) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

enum err cbc_new(uint16_t encr, struct bytes key, struct cbc **ret)
{
	const EVP_CIPHER *cipher = NULL;
	struct cbc *c;
	enum err e;

	if ((e = cipher_of(encr, key.n, &cipher)))
		return e;
	c = xalloc(sizeof(*c));
	c->block_n = alg_find(TT_ENCR, encr)->block_n;
	c->seal = keyed(cipher, key.p, 1);
	c->open = keyed(cipher, key.p, 0);
	if (!c->seal || !c->open) {
		cbc_free(c);
		return ERR_CRYPTO;
	}
	*ret = c;
	return OK;
}

void cbc_free(struct cbc *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->seal); /* wipes its key */
	EVP_CIPHER_CTX_free(c->open);
	free(c);
}

size_t cbc_block_n(const struct cbc *c)
{
	return c->block_n;
}

static enum err run(EVP_CIPHER_CTX *x, size_t block_n, const uint8_t *iv, uint8_t *text, size_t n)
{
	int got = 0;

	if (n % block_n != 0 || n > INT32_MAX)
		return ERR_LENGTH;
	if (n == 0)
		return OK;
	if (EVP_CipherInit_ex(x, NULL, NULL, NULL, iv, -1) != 1 ||
		EVP_CipherUpdate(x, text, &got, text, (int)n) != 1 || (size_t)got != n)
		return ERR_CRYPTO;
	return OK;
}

enum err cbc_encrypt(struct cbc *c, const uint8_t *iv, uint8_t *text, size_t n)
{
	return run(c->seal, c->block_n, iv, text, n);
}

enum err cbc_decrypt(struct cbc *c, const uint8_t *iv, uint8_t *text, size_t n)
{
	return run(c->open, c->block_n, iv, text, n);
}
