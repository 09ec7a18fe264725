/* What OpenSSL does not do on this host: its configuration (FIPS, a provider that is not there) may
 * take algorithms away. And where that may stand. */
#include "crypto/forbidden.h"

#include "crypto/prf.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_cipher(const char *name)
{
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, name, NULL);

	EVP_CIPHER_free(c);
	return c != NULL;
}

static bool has_digest(const char *name)
{
	EVP_MD *m = EVP_MD_fetch(NULL, name, NULL);

	EVP_MD_free(m);
	return m != NULL;
}

static bool has_mac(const char *name)
{
	EVP_MAC *m = EVP_MAC_fetch(NULL, name, NULL);

	EVP_MAC_free(m);
	return m != NULL;
}

static bool has_encr(uint16_t id)
{
	switch (id) {
	case ENCR_AES_GCM_8:
	case ENCR_AES_GCM_12:
	case ENCR_AES_GCM_16:
		return has_cipher("AES-256-GCM");
	case ENCR_AES_CCM_8:
	case ENCR_AES_CCM_12:
	case ENCR_AES_CCM_16:
		return has_cipher("AES-256-CCM");
	case ENCR_CHACHA20_POLY1305:
		return has_cipher("ChaCha20-Poly1305");
	case ENCR_AES_CBC:
		return has_cipher("AES-256-CBC");
	case ENCR_AES_CTR:
		return has_cipher("AES-256-CTR");
	case ENCR_CAMELLIA_CBC:
		return has_cipher("CAMELLIA-256-CBC");
	case ENCR_3DES:
		return has_cipher("DES-EDE3-CBC");
	default:
		return true;
	}
}

static bool has_prf(uint16_t id)
{
	switch (id) {
	case PRF_HMAC_MD5:
		return has_digest("MD5");
	case PRF_HMAC_SHA1:
		return has_digest("SHA1");
	case PRF_HMAC_SHA2_256:
		return has_digest("SHA256");
	case PRF_HMAC_SHA2_384:
		return has_digest("SHA384");
	case PRF_HMAC_SHA2_512:
		return has_digest("SHA512");
	case PRF_AES128_XCBC:
		return has_cipher("AES-128-ECB");
	case PRF_AES128_CMAC:
		return has_mac("CMAC");
	default:
		return true;
	}
}

/* The same under an HMAC of another number. */
static bool has_integ(uint16_t id)
{
	switch (id) {
	case INTEG_HMAC_MD5_96:
		return has_prf(PRF_HMAC_MD5);
	case INTEG_HMAC_SHA1_96:
		return has_prf(PRF_HMAC_SHA1);
	case INTEG_HMAC_SHA2_256_128:
	case INTEG_HMAC_SHA2_256_TRUNCBUG:
		return has_prf(PRF_HMAC_SHA2_256);
	case INTEG_HMAC_SHA2_384_192:
		return has_prf(PRF_HMAC_SHA2_384);
	case INTEG_HMAC_SHA2_512_256:
		return has_prf(PRF_HMAC_SHA2_512);
	case INTEG_AES_XCBC_96:
		return has_prf(PRF_AES128_XCBC);
	case INTEG_AES_CMAC_96:
		return has_prf(PRF_AES128_CMAC);
	default:
		return true;
	}
}

static bool has(const struct alg *a)
{
	switch (a->type) {
	case TT_ENCR:
		return has_encr(a->id);
	case TT_PRF:
		return has_prf(a->id);
	case TT_INTEG:
		return has_integ(a->id);
	case TT_KE:
		return a->id == KE_NONE || ke_is_there(a->id);
	default:
		return true;
	}
}

uint64_t crypto_forbidden(void)
{
	const struct alg *a;
	uint64_t ret = 0;

	for (size_t i = 0; i < 64 && (a = alg_at(i)); i++)
		if (!has(a))
			ret |= (uint64_t)1 << i;
	ERR_clear_error();
	return ret;
}

bool alg_is_in(uint64_t set, uint8_t type, uint16_t id)
{
	const struct alg *a;

	for (size_t i = 0; i < 64 && (a = alg_at(i)); i++)
		if (a->type == type && a->id == id)
			return set >> i & 1;
	return false;
}

char *crypto_config_file(void)
{
	char *name = CONF_get1_default_config_file(), *ret = name ? xstrdup(name) : NULL;

	OPENSSL_free(name);
	return ret;
}

/* "word = value" or "word value"; gives the value. */
static bool is_line(const char *line, const char *word, const char **value)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || !strchr(" \t=", line[n]) || line[n] == '\0')
		return false;
	*value = line + n + strspn(line + n, " \t=");
	return true;
}

bool crypto_policy_in(const char *text, struct crypto_policy *ret)
{
	unsigned line = 0;

	*ret = (struct crypto_policy){ 0 };
	for (; *text; text += *text == '\n') {
		char t[sizeof(ret->text)];
		const char *value;

		line++;
		text += strspn(text, " \t\r");
		snprintf(t, sizeof(t), "%.*s", (int)strcspn(text, "#\r\n"), text);
		for (size_t n = strlen(t); n && (t[n - 1] == ' ' || t[n - 1] == '\t'); n--)
			t[n - 1] = '\0';
		text += strcspn(text, "\n");
		if (is_line(t, "default_properties", &value)) {
			ret->line = line;
			memcpy(ret->text, t, sizeof(t));
			return true;
		}
		if (is_line(t, ".include", &value) && ret->n_include < COUNT(ret->include))
			snprintf(ret->include[ret->n_include++], sizeof(ret->include[0]), "%s",
				value);
	}
	return false;
}
