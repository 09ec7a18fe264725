/* Key exchange: MODP (RFC 2409, 3526), ECP (RFC 5903, 6954), Curve25519 and 448 (RFC 8031); the
 * checks of RFC 6989. */
#include "crypto/prf.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

enum family { MODP, ECP, EDWARDS };

static const struct group {
	uint16_t id;
	uint8_t family; /* enum family */
	const char *name;
} groups[] = {
	{ KE_MODP1024, MODP, NULL }, /* RFC 2409 6.2: the library has no name for it */
	{ KE_MODP1536, MODP, "modp_1536" },
	{ KE_MODP2048, MODP, "modp_2048" },
	{ KE_MODP3072, MODP, "modp_3072" },
	{ KE_MODP4096, MODP, "modp_4096" },
	{ KE_MODP6144, MODP, "modp_6144" },
	{ KE_MODP8192, MODP, "modp_8192" },
	{ KE_ECP_256, ECP, "P-256" },
	{ KE_ECP_384, ECP, "P-384" },
	{ KE_ECP_521, ECP, "P-521" },
	{ KE_BRAINPOOL_P224, ECP, "brainpoolP224r1" },
	{ KE_BRAINPOOL_P256, ECP, "brainpoolP256r1" },
	{ KE_BRAINPOOL_P384, ECP, "brainpoolP384r1" },
	{ KE_BRAINPOOL_P512, ECP, "brainpoolP512r1" },
	{ KE_CURVE25519, EDWARDS, "X25519" },
	{ KE_CURVE448, EDWARDS, "X448" },
};

struct ke {
	const struct group *group;
	EVP_PKEY *key;
	struct buf public_value;
};

static const struct group *group_find(uint16_t id)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

/* RFC 2409 6.2: 2^1024 - 2^960 - 1 + 2^64 * { [2^894 pi] + 129093 } */
static const char modp1024[] =
	"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B"
	"22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E"
	"7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651EC"
	"E65381FFFFFFFFFFFFFFFF";

/* Parameters of the group and, when pub is given, a public value; to build a key from. */
static OSSL_PARAM *modp_params(const struct group *g, const BIGNUM *pub)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *p = NULL, *two = BN_new();
	OSSL_PARAM *params = NULL;
	bool ok = bld && two && BN_set_word(two, 2);

	if (ok && g->name)
		ok = OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, g->name, 0);
	else if (ok)
		ok = BN_hex2bn(&p, modp1024) &&
		     OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P, p) &&
		     OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_G, two);
	if (ok && pub)
		ok = OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PUB_KEY, pub);
	if (ok)
		params = OSSL_PARAM_BLD_to_param(bld);
	OSSL_PARAM_BLD_free(bld);
	BN_free(p);
	BN_free(two);
	return params;
}

static EVP_PKEY *from_params(const char *type, int selection, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!c || !params || EVP_PKEY_fromdata_init(c) != 1 ||
		EVP_PKEY_fromdata(c, &key, selection, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	return key;
}

static EVP_PKEY *generate(const struct group *g)
{
	EVP_PKEY_CTX *c = NULL;
	EVP_PKEY *domain = NULL, *key = NULL;
	OSSL_PARAM *params = NULL;

	if (g->family == ECP)
		return EVP_EC_gen(g->name);
	if (g->family == EDWARDS)
		c = EVP_PKEY_CTX_new_from_name(NULL, g->name, NULL);
	else {
		params = modp_params(g, NULL);
		domain = from_params("DH", EVP_PKEY_KEY_PARAMETERS, params);
		c = domain ? EVP_PKEY_CTX_new_from_pkey(NULL, domain, NULL) : NULL;
	}
	if (!c || EVP_PKEY_keygen_init(c) != 1 || EVP_PKEY_keygen(c, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(domain);
	OSSL_PARAM_free(params);
	return key;
}

static bool public_of(const struct ke *k, size_t n, struct buf *ret)
{
	struct buf out = { xalloc(n + 1), n };
	BIGNUM *pub = NULL;
	size_t got = n;
	bool ok = false;

	switch ((enum family)k->group->family) {
	case EDWARDS:
		ok = EVP_PKEY_get_raw_public_key(k->key, out.p, &got) == 1 && got == n;
		break;
	case ECP: /* the library puts 04 before x | y */
		ok = EVP_PKEY_get_octet_string_param(
			     k->key, OSSL_PKEY_PARAM_PUB_KEY, out.p, n + 1, &got) == 1 &&
		     got == n + 1 && out.p[0] == 4;
		memmove(out.p, out.p + 1, n);
		break;
	case MODP:
		ok = EVP_PKEY_get_bn_param(k->key, OSSL_PKEY_PARAM_PUB_KEY, &pub) == 1 &&
		     BN_bn2binpad(pub, out.p, (int)n) == (int)n;
		BN_free(pub);
		break;
	}
	if (ok)
		*ret = out;
	else
		buf_done(&out);
	return ok;
}

struct ke *ke_new(uint16_t group)
{
	const struct group *g = group_find(group);
	struct ke *k;

	if (!g)
		return NULL;
	k = xalloc(sizeof(*k));
	k->group = g;
	k->key = generate(g);
	if (k->key && public_of(k, alg_find(TT_KE, group)->out_n, &k->public_value))
		return k;
	ke_free(k);
	return NULL;
}

bool ke_is_there(uint16_t group)
{
	const struct group *g = group_find(group);
	EVP_KEYMGMT *m;
	struct ke *k;

	if (!g)
		return false;
	if (g->family == MODP) {
		m = EVP_KEYMGMT_fetch(NULL, "DH", NULL);
		EVP_KEYMGMT_free(m);
		return m != NULL;
	}
	k = ke_new(group);
	ke_free(k);
	return k != NULL;
}

void ke_free(struct ke *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->key);
	buf_done(&k->public_value);
	free(k);
}

uint16_t ke_group(const struct ke *k)
{
	return k->group->id;
}

struct bytes ke_public(const struct ke *k)
{
	return buf_view(&k->public_value);
}

/* The library checks that the point is on the curve. */
static EVP_PKEY *ecp_peer(const struct group *g, struct bytes value)
{
	struct buf point = { xalloc(value.n + 1), value.n + 1 };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
			OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)g->name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key;

	point.p[0] = 4;
	memcpy(point.p + 1, value.p, value.n);
	key = from_params("EC", EVP_PKEY_PUBLIC_KEY, params);
	buf_done(&point);
	return key;
}

/* RFC 6989 2.1: 1 < r < p - 1. */
static bool modp_value_ok(const EVP_PKEY *ours, const BIGNUM *r)
{
	BIGNUM *p = NULL;
	bool ok = EVP_PKEY_get_bn_param(ours, OSSL_PKEY_PARAM_FFC_P, &p) == 1 &&
		  BN_sub_word(p, 1) && BN_cmp(r, BN_value_one()) > 0 && BN_cmp(r, p) < 0;

	BN_free(p);
	return ok;
}

static EVP_PKEY *modp_peer(const struct ke *k, struct bytes value)
{
	BIGNUM *r = BN_bin2bn(value.p, (int)value.n, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (r && modp_value_ok(k->key, r))
		params = modp_params(k->group, r);
	if (params)
		key = from_params("DH", EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	BN_free(r);
	return key;
}

static EVP_PKEY *peer_key(const struct ke *k, struct bytes value)
{
	switch ((enum family)k->group->family) {
	case EDWARDS:
		return EVP_PKEY_new_raw_public_key_ex(NULL, k->group->name, NULL, value.p, value.n);
	case ECP:
		return ecp_peer(k->group, value);
	case MODP:
		return modp_peer(k, value);
	}
	return NULL;
}

static bool is_zero(struct bytes b)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < b.n; i++)
		sum |= b.p[i];
	return sum == 0;
}

enum err ke_shared(const struct ke *k, struct bytes peer, struct secret *ret)
{
	EVP_PKEY_CTX *c = NULL;
	EVP_PKEY *theirs = NULL;
	struct secret out = { 0 };
	enum err e = ERR_CRYPTO;
	size_t n = 0;

	if (peer.n != k->public_value.n || !(theirs = peer_key(k, peer)))
		goto out;
	/* Without the library's own validation: what RFC 6989 asks for is done by now, and all our
	 * groups are of prime order or have a safe prime, so the exponentiation that it would add
	 * (seven times the cost of 2048-bit MODP) finds nothing more. */
	c = EVP_PKEY_CTX_new_from_pkey(NULL, k->key, NULL);
	if (!c || EVP_PKEY_derive_init(c) != 1 || EVP_PKEY_derive_set_peer_ex(c, theirs, 0) != 1)
		goto out;
	if (k->group->family == MODP) {
		unsigned pad = 1; /* leading zeroes count (RFC 7296 2.14) */
		OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad),
			OSSL_PARAM_construct_end() };

		if (EVP_PKEY_CTX_set_params(c, params) != 1)
			goto out;
	}
	if (EVP_PKEY_derive(c, NULL, &n) != 1)
		goto out;
	out = secret_new(n);
	if (EVP_PKEY_derive(c, out.p, &n) != 1 || n != out.n || is_zero(secret_view(&out)))
		goto out;
	secret_move(ret, &out);
	e = OK;
out:
	secret_done(&out);
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(theirs);
	return e;
}
