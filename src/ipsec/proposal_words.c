/* Proposals in the words of configuration files: ike= and esp= of ipsec.conf, proposals and
 * esp_proposals of swanctl.conf. What cannot be written there is left out: algorithms that are not
 * known here, and proposals that have nothing else. */
#include "ipsec/proposal.h"

#include <stdio.h>

/* '#' stands for the key length. */
static const struct word {
	uint8_t type;
	uint16_t id;
	const char *conf, *swanctl;
} words[] = {
	{ TT_ENCR, ENCR_AES_GCM_16, "aes_gcm#", "aes#gcm16" },
	{ TT_ENCR, ENCR_AES_GCM_12, "aes_gcm_12_#", "aes#gcm12" },
	{ TT_ENCR, ENCR_AES_GCM_8, "aes_gcm_8_#", "aes#gcm8" },
	{ TT_ENCR, ENCR_AES_CCM_16, "aes_ccm#", "aes#ccm16" },
	{ TT_ENCR, ENCR_AES_CCM_12, "aes_ccm_12_#", "aes#ccm12" },
	{ TT_ENCR, ENCR_AES_CCM_8, "aes_ccm_8_#", "aes#ccm8" },
	{ TT_ENCR, ENCR_CHACHA20_POLY1305, "chacha20_poly1305", "chacha20poly1305" },
	{ TT_ENCR, ENCR_AES_CBC, "aes#", "aes#" },
	{ TT_ENCR, ENCR_AES_CTR, "aes_ctr#", "aes#ctr" },
	{ TT_ENCR, ENCR_CAMELLIA_CBC, "camellia#", "camellia#" },
	{ TT_ENCR, ENCR_3DES, "3des", "3des" },
	{ TT_ENCR, ENCR_NULL, "null", "null" },
	{ TT_PRF, PRF_HMAC_SHA2_512, "sha2_512", "prfsha512" },
	{ TT_PRF, PRF_HMAC_SHA2_384, "sha2_384", "prfsha384" },
	{ TT_PRF, PRF_HMAC_SHA2_256, "sha2_256", "prfsha256" },
	{ TT_PRF, PRF_HMAC_SHA1, "sha1", "prfsha1" },
	{ TT_PRF, PRF_HMAC_MD5, "md5", "prfmd5" },
	{ TT_PRF, PRF_AES128_XCBC, "aes_xcbc", "prfaesxcbc" },
	{ TT_PRF, PRF_AES128_CMAC, "aes_cmac", "prfaescmac" },
	{ TT_INTEG, INTEG_HMAC_SHA2_512_256, "sha2_512", "sha512" },
	{ TT_INTEG, INTEG_HMAC_SHA2_384_192, "sha2_384", "sha384" },
	{ TT_INTEG, INTEG_HMAC_SHA2_256_128, "sha2_256", "sha256" },
	{ TT_INTEG, INTEG_HMAC_SHA1_96, "sha1", "sha1" },
	{ TT_INTEG, INTEG_HMAC_MD5_96, "md5", "md5" },
	{ TT_INTEG, INTEG_AES_XCBC_96, "aes_xcbc", "aesxcbc" },
	{ TT_INTEG, INTEG_AES_CMAC_96, "aes_cmac", "aescmac" },
	{ TT_KE, KE_MODP1024, "modp1024", "modp1024" },
	{ TT_KE, KE_MODP1536, "modp1536", "modp1536" },
	{ TT_KE, KE_MODP2048, "modp2048", "modp2048" },
	{ TT_KE, KE_MODP3072, "modp3072", "modp3072" },
	{ TT_KE, KE_MODP4096, "modp4096", "modp4096" },
	{ TT_KE, KE_MODP6144, "modp6144", "modp6144" },
	{ TT_KE, KE_MODP8192, "modp8192", "modp8192" },
	{ TT_KE, KE_ECP_256, "dh19", "ecp256" },
	{ TT_KE, KE_ECP_384, "dh20", "ecp384" },
	{ TT_KE, KE_ECP_521, "dh21", "ecp521" },
	{ TT_KE, KE_BRAINPOOL_P224, "dh27", "ecp224bp" },
	{ TT_KE, KE_BRAINPOOL_P256, "dh28", "ecp256bp" },
	{ TT_KE, KE_BRAINPOOL_P384, "dh29", "ecp384bp" },
	{ TT_KE, KE_BRAINPOOL_P512, "dh30", "ecp512bp" },
	{ TT_KE, KE_CURVE25519, "dh31", "curve25519" },
	{ TT_KE, KE_CURVE448, "dh32", "curve448" },
};

static const struct word *word_of(const struct transform *t)
{
	for (size_t i = 0; i < COUNT(words); i++)
		if (words[i].type == t->type && words[i].id == t->id)
			return &words[i];
	return NULL;
}

uint16_t integ_of_prf(uint16_t prf)
{
	static const struct {
		uint16_t prf, integ;
	} pair[] = {
		{ PRF_HMAC_MD5, INTEG_HMAC_MD5_96 },
		{ PRF_HMAC_SHA1, INTEG_HMAC_SHA1_96 },
		{ PRF_AES128_XCBC, INTEG_AES_XCBC_96 },
		{ PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128 },
		{ PRF_HMAC_SHA2_384, INTEG_HMAC_SHA2_384_192 },
		{ PRF_HMAC_SHA2_512, INTEG_HMAC_SHA2_512_256 },
		{ PRF_AES128_CMAC, INTEG_AES_CMAC_96 },
	};

	for (size_t i = 0; i < COUNT(pair); i++)
		if (pair[i].prf == prf)
			return pair[i].integ;
	return INTEG_NONE;
}

/* ---- one proposal ---- */

enum { ITEM = 512 };
struct item {
	char s[ITEM];
	size_t at;
	bool is_swanctl;
};

static void put(struct item *x, const char *text, unsigned bits)
{
	const char *cut = strchr(text, '#');
	int n = cut ? snprintf(x->s + x->at, ITEM - x->at, "%.*s%u%s", (int)(cut - text), text,
			      bits, cut + 1)
		    : snprintf(x->s + x->at, ITEM - x->at, "%s", text);

	x->at = MIN(x->at + (size_t)MAX(n, 0), ITEM - 1);
}

/* What of a type can be written, of p alone. */
static void only_of(const struct proposal *p, uint8_t type, struct proposal *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type && word_of(&p->t[i]))
			ret->t[ret->n++] = p->t[i];
}

static void put_all(struct item *x, const struct proposal *one, const char *before)
{
	for (size_t i = 0; i < one->n; i++) {
		const struct word *w = word_of(&one->t[i]);

		put(x, x->at == 0 ? "" : x->is_swanctl ? "-" : i ? "+" : before, 0);
		put(x, x->is_swanctl ? w->swanctl : w->conf, one->t[i].key_bits);
	}
}

static void keep_ciphers(struct proposal *encr, bool is_aead)
{
	uint8_t n = 0;

	for (size_t i = 0; i < encr->n; i++)
		if (alg_find(TT_ENCR, encr->t[i].id)->is_aead == is_aead)
			encr->t[n++] = encr->t[i];
	encr->n = n;
}

/* Integrity that follows from the PRFs is not written. */
static bool follows(const struct proposal *integ, const struct proposal *prf)
{
	if (integ->n != prf->n)
		return false;
	for (size_t i = 0; i < prf->n; i++)
		if (integ_of_prf(prf->t[i].id) != integ->t[i].id)
			return false;
	return true;
}

static void as_integ(struct proposal *prf)
{
	for (size_t i = 0; i < prf->n; i++) {
		prf->t[i].type = TT_INTEG;
		prf->t[i].id = integ_of_prf(prf->t[i].id);
	}
}

static bool has_other_types(const struct proposal *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type > TT_ESN && p->t[i].id != 0)
			return true;
	return false;
}

static bool has(const struct proposal *p, uint8_t type, uint16_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type && p->t[i].id == id)
			return true;
	return false;
}

static bool write_one(struct item *x, const struct proposal *p)
{
	struct proposal encr, prf, integ, ke;
	bool is_aead, is_ike = p->protocol == PROTO_IKE;

	only_of(p, TT_ENCR, &encr);
	only_of(p, TT_PRF, &prf);
	only_of(p, TT_INTEG, &integ);
	only_of(p, TT_KE, &ke);
	is_aead = encr.n && integ.n == 0 && alg_find(TT_ENCR, encr.t[0].id)->is_aead;
	keep_ciphers(&encr, is_aead);
	if ((!is_ike && p->protocol != PROTO_ESP) || has_other_types(p) || encr.n == 0 ||
		(is_ike && (prf.n == 0 || ke.n == 0)) || (!is_ike && !is_aead && integ.n == 0))
		return false;
	put_all(x, &encr, "-");
	if (is_ike && !is_aead && (integ.n == 0 || follows(&integ, &prf))) {
		if (x->is_swanctl) /* there a PRF follows from the integrity */
			as_integ(&prf);
	} else {
		put_all(x, &integ, "-");
	}
	if (is_ike)
		put_all(x, &prf, "-");
	/* Libreswan takes what follows such a cipher and a '-' for its integrity */
	put_all(x, &ke, is_aead && !is_ike ? ";" : "-");
	if (x->is_swanctl && has(p, TT_ESN, 1) && !has(p, TT_ESN, 0)) /* esn= of ipsec.conf */
		put(x, "-esn", 0);
	return x->at + 1 < ITEM;
}

static bool has_item(const char *s, const char *item)
{
	size_t n = strlen(item);

	for (; *s; s += strcspn(s, ","), s += *s == ',')
		if (strcspn(s, ",") == n && strncmp(s, item, n) == 0)
			return true;
	return false;
}

static char *write_all(const struct proposals *p, bool is_swanctl, char *s, size_t n)
{
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		struct item x = { .is_swanctl = is_swanctl };

		if (!write_one(&x, &p->p[i]) || has_item(s, x.s))
			continue;
		if (at + 1 + x.at >= n)
			break;
		at += (size_t)snprintf(s + at, n - at, "%s%s", at ? "," : "", x.s);
	}
	return s;
}

char *proposals_conf(const struct proposals *p, char *s, size_t n)
{
	return write_all(p, false, s, n);
}

char *proposals_swanctl(const struct proposals *p, char *s, size_t n)
{
	return write_all(p, true, s, n);
}

/* ---- what is out of date ---- */

static bool is_legacy(const struct transform *t)
{
	const struct alg *a = alg_find((enum transform_type)t->type, t->id);

	if (a)
		return a->is_weak;
	if (t->type == TT_ENCR) /* DES, RC5, IDEA, CAST, Blowfish */
		return t->id >= 1 && t->id <= 9;
	return t->type == TT_KE && (t->id == 1 || (t->id >= 22 && t->id <= 24)); /* RFC 8247 */
}

char *proposals_legacy(const struct proposals *p, const char *type, char *s, size_t n)
{
	uint8_t found = 0;

	s[0] = '\0';
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->p[i].n; k++) {
			const struct transform *t = &p->p[i].t[k];

			if (strcmp(transform_type_name(t->type), type) != 0)
				continue;
			if (!is_legacy(t))
				return s;
			found = t->type;
		}
	return found ? proposals_transforms(p, found, s, n) : s;
}

static bool has_common_group(const struct proposals *theirs, const struct proposals *ours)
{
	uint16_t group[TRANSFORMS_MAX];
	size_t n = proposals_groups(theirs, group, COUNT(group));

	for (size_t i = 0; i < n; i++)
		if (proposals_has(ours, TT_KE, group[i]))
			return true;
	return false;
}

void proposals_in_words(const struct proposals *theirs, const struct proposals *ours,
	const char *type, struct proposal_words *ret)
{
	proposals_conf(theirs, ret->theirs_conf, sizeof(ret->theirs_conf));
	proposals_conf(ours, ret->ours_conf, sizeof(ret->ours_conf));
	proposals_swanctl(ours, ret->ours_swanctl, sizeof(ret->ours_swanctl));
	proposals_legacy(theirs, type, ret->legacy, sizeof(ret->legacy));
	/* what else differs can be brought together: groups that nobody is to have any more cannot
	 */
	if (!ret->legacy[0] && !has_common_group(theirs, ours))
		proposals_legacy(
			theirs, transform_type_name(TT_KE), ret->legacy, sizeof(ret->legacy));
}
