/* Offers of everything. IKEv2 lists the transforms of each type, so that two proposals (with and
 * without integrity of its own) say all; IKEv1 wants every combination written out, so that what
 * fits into one datagram has to be chosen. */
#include "probe/ask.h"

#include <stdio.h>

static void add(struct proposal *p, uint8_t type, uint16_t id, uint16_t bits)
{
	if (p->n < TRANSFORMS_MAX)
		p->t[p->n++] = (struct transform){ type, id, bits };
}

/* All of the table of that type, in its order. */
static void add_all(struct proposal *p, uint8_t type, bool is_aead, bool weak)
{
	const struct alg *a;

	for (size_t i = 0; (a = alg_at(i)); i++) {
		if (a->type != type || !a->for_ike || a->id == 0 || (a->is_weak && !weak) ||
			(type == TT_ENCR && a->is_aead != is_aead))
			continue;
		if (a->key_bits[0] == 0)
			add(p, type, a->id, 0);
		for (size_t k = 0; k < COUNT(a->key_bits) && a->key_bits[k]; k++)
			add(p, type, a->id, a->key_bits[k]);
	}
}

static void all_v2(bool weak, struct proposals *ret)
{
	*ret = (struct proposals){ .n = 2 };
	for (size_t i = 0; i < ret->n; i++) {
		struct proposal *p = &ret->p[i];

		p->number = (uint8_t)(i + 1);
		p->protocol = PROTO_IKE;
		add_all(p, TT_ENCR, i == 0, weak);
		add_all(p, TT_PRF, false, weak);
		if (i == 1)
			add_all(p, TT_INTEG, false, weak);
		add_all(p, TT_KE, false, weak);
	}
}

/* clang-format off */
#define T(type, id, bits) { type, id, bits }
#define AES T(TT_ENCR, ENCR_AES_CBC, 256), T(TT_ENCR, ENCR_AES_CBC, 128)
#define STRONG_V1 { 1, PROTO_IKE, 0, { 0 }, 8, { AES, T(TT_PRF, PRF_HMAC_SHA2_256, 0), T(TT_PRF, PRF_HMAC_SHA2_512, 0), \
	T(TT_PRF, PRF_HMAC_SHA1, 0), T(TT_KE, KE_MODP2048, 0), T(TT_KE, KE_ECP_256, 0), T(TT_KE, KE_MODP3072, 0) } }
#define SHORT_V1 { 1, PROTO_IKE, 0, { 0 }, 6, { AES, T(TT_PRF, PRF_HMAC_SHA2_256, 0), T(TT_PRF, PRF_HMAC_SHA1, 0), \
	T(TT_KE, KE_MODP2048, 0), T(TT_KE, KE_ECP_256, 0) } }
#define WEAK_V1(n, cipher, count) { n, PROTO_IKE, 0, { 0 }, count, { T(TT_PRF, PRF_HMAC_SHA1, 0), T(TT_PRF, PRF_HMAC_MD5, 0), \
	T(TT_KE, KE_MODP1024, 0), T(TT_KE, KE_MODP1536, 0), cipher } }
static const struct proposals strong_v1 = { 2, { STRONG_V1,
	{ 2, PROTO_IKE, 0, { 0 }, 7, { AES, T(TT_PRF, PRF_HMAC_SHA2_256, 0), T(TT_PRF, PRF_HMAC_SHA2_384, 0), T(TT_KE, KE_MODP4096, 0), T(TT_KE, KE_ECP_384, 0), T(TT_KE, KE_CURVE25519, 0) } } } };
static const struct proposals weak_v1 = { 3, { WEAK_V1(1, AES, 6), WEAK_V1(2, T(TT_ENCR, ENCR_3DES, 0), 5),
	{ 3, PROTO_IKE, 0, { 0 }, 4, { T(TT_ENCR, ENCR_3DES, 0), T(TT_PRF, PRF_HMAC_SHA1, 0), T(TT_PRF, PRF_HMAC_MD5, 0), T(TT_KE, KE_MODP2048, 0) } } } };
static const struct proposals other_v1 = { 4, { SHORT_V1, WEAK_V1(2, AES, 6), WEAK_V1(3, T(TT_ENCR, ENCR_3DES, 0), 5),
	{ 4, PROTO_IKE, 0, { 0 }, 4, { T(TT_ENCR, ENCR_3DES, 0), T(TT_PRF, PRF_HMAC_SHA1, 0), T(TT_PRF, PRF_HMAC_MD5, 0), T(TT_KE, KE_MODP2048, 0) } } } };
/* clang-format on */

void offer_all(unsigned version, bool weak, struct proposals *ret)
{
	if (version == 2)
		all_v2(weak, ret);
	else
		*ret = weak ? weak_v1 : strong_v1;
}

void offer_other(unsigned version, struct proposals *ret)
{
	if (version == 2)
		all_v2(true, ret);
	else
		*ret = other_v1;
}

void offer_of_suite(unsigned version, const struct suite *s, struct proposals *ret)
{
	struct proposal *p = &ret->p[0];

	*ret = (struct proposals){ .n = 1 };
	p->number = 1;
	p->protocol = PROTO_IKE;
	add(p, TT_ENCR, s->encr, s->key_bits);
	add(p, TT_PRF, s->prf, 0);
	if (version == 2 && s->integ)
		add(p, TT_INTEG, s->integ, 0);
	add(p, TT_KE, s->ke, 0);
}

char *offer_legacy(const struct proposals *p, char *s, size_t n)
{
	static const uint8_t types[] = { TT_ENCR, TT_PRF, TT_INTEG, TT_KE };
	char one[128];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < COUNT(types); i++) {
		proposals_legacy(p, transform_type_name(types[i]), one, sizeof(one));
		if (one[0] && at + strlen(one) + 2 < n)
			at += (size_t)snprintf(s + at, n - at, "%s%s", at ? " " : "", one);
	}
	return s;
}
