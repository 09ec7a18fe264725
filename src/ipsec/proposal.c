/* Proposals: the defaults, the choice, the check of the peer's choice. RFC 7296 2.7, 3.3. */
#include "ipsec/proposal.h"

#include "crypto/forbidden.h"

#include <stdio.h>

/* clang-format off */
#define T(type, id, bits) { type, id, bits }
#define GROUPS T(TT_KE, KE_CURVE25519, 0), T(TT_KE, KE_ECP_256, 0), T(TT_KE, KE_ECP_384, 0), \
	T(TT_KE, KE_ECP_521, 0), T(TT_KE, KE_MODP2048, 0), T(TT_KE, KE_MODP3072, 0), \
	T(TT_KE, KE_MODP4096, 0), T(TT_KE, KE_MODP8192, 0)
#define PRFS T(TT_PRF, PRF_HMAC_SHA2_512, 0), T(TT_PRF, PRF_HMAC_SHA2_256, 0)
#define INTEGS T(TT_INTEG, INTEG_HMAC_SHA2_512_256, 0), T(TT_INTEG, INTEG_HMAC_SHA2_256_128, 0)
#define ESNS T(TT_ESN, ESN_YES, 0), T(TT_ESN, ESN_NO, 0)

static const struct proposals default_ike = { 5, {
	{ 1, PROTO_IKE, 0, { 0 }, 11, { T(TT_ENCR, ENCR_AES_GCM_16, 256), PRFS, GROUPS } },
	{ 2, PROTO_IKE, 0, { 0 }, 11, { T(TT_ENCR, ENCR_AES_GCM_16, 128), PRFS, GROUPS } },
	{ 3, PROTO_IKE, 0, { 0 }, 11, { T(TT_ENCR, ENCR_CHACHA20_POLY1305, 0), PRFS, GROUPS } },
	{ 4, PROTO_IKE, 0, { 0 }, 13, { T(TT_ENCR, ENCR_AES_CBC, 256), PRFS, INTEGS, GROUPS } },
	{ 5, PROTO_IKE, 0, { 0 }, 13, { T(TT_ENCR, ENCR_AES_CBC, 128), PRFS, INTEGS, GROUPS } },
} };

static const struct proposals default_esp = { 5, {
	{ 1, PROTO_ESP, 0, { 0 }, 3, { T(TT_ENCR, ENCR_AES_GCM_16, 256), ESNS } },
	{ 2, PROTO_ESP, 0, { 0 }, 3, { T(TT_ENCR, ENCR_AES_GCM_16, 128), ESNS } },
	{ 3, PROTO_ESP, 0, { 0 }, 3, { T(TT_ENCR, ENCR_CHACHA20_POLY1305, 0), ESNS } },
	{ 4, PROTO_ESP, 0, { 0 }, 5, { T(TT_ENCR, ENCR_AES_CBC, 256), INTEGS, ESNS } },
	{ 5, PROTO_ESP, 0, { 0 }, 5, { T(TT_ENCR, ENCR_AES_CBC, 128), INTEGS, ESNS } },
} };

#define V1_IKE(n, bits) { n, PROTO_IKE, 0, { 0 }, 8, { T(TT_ENCR, ENCR_AES_CBC, bits), \
	T(TT_PRF, PRF_HMAC_SHA2_256, 0), T(TT_PRF, PRF_HMAC_SHA2_512, 0), T(TT_PRF, PRF_HMAC_SHA1, 0), \
	T(TT_KE, KE_MODP2048, 0), T(TT_KE, KE_ECP_256, 0), T(TT_KE, KE_MODP3072, 0), T(TT_KE, KE_CURVE25519, 0) } }
static const struct proposals default_ike_v1 = { 2, { V1_IKE(1, 256), V1_IKE(2, 128) } };

/* the first has an integrity algorithm: esp=aes takes it from there */
#define V1_ESP(n, bits) { n, PROTO_ESP, 0, { 0 }, 4, { T(TT_ENCR, ENCR_AES_CBC, bits), \
	T(TT_INTEG, INTEG_HMAC_SHA2_256_128, 0), T(TT_INTEG, INTEG_HMAC_SHA2_512_256, 0), T(TT_INTEG, INTEG_HMAC_SHA1_96, 0) } }
static const struct proposals default_esp_v1 = { 4, { V1_ESP(1, 256), V1_ESP(2, 128),
	{ 3, PROTO_ESP, 0, { 0 }, 1, { T(TT_ENCR, ENCR_AES_GCM_16, 256) } },
	{ 4, PROTO_ESP, 0, { 0 }, 1, { T(TT_ENCR, ENCR_AES_GCM_16, 128) } },
} };
/* clang-format on */

static size_t size_of(const struct proposals *p)
{
	return offsetof(struct proposals, p) + p->n * sizeof(p->p[0]);
}

struct proposals *proposals_new(const struct proposals *p)
{
	struct proposals *copy = xalloc(size_of(p));

	memcpy(copy, p, size_of(p));
	return copy;
}

void proposals_copy(struct proposals *to, const struct proposals *from)
{
	memcpy(to, from, size_of(from));
}

const struct proposals *proposals_default_ike(void)
{
	return &default_ike;
}

const struct proposals *proposals_default_esp(void)
{
	return &default_esp;
}

const struct proposals *proposals_default_ike_v1(void)
{
	return &default_ike_v1;
}

const struct proposals *proposals_default_esp_v1(void)
{
	return &default_esp_v1;
}

static const uint8_t types[] = { TT_ENCR, TT_PRF, TT_INTEG, TT_KE, TT_ESN };

static bool has_type(const struct proposal *p, uint8_t type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type)
			return true;
	return false;
}

/* Does it need (or can it do without) that type? NONE among the transforms makes it optional. */
static bool has_none(const struct proposal *p, uint8_t type)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type && p->t[i].id == 0)
			return true;
	return !has_type(p, type);
}

static bool is_named(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ' ') && (at[n] == ',' || at[n] == '\0'))
			return true;
	return false;
}

static void add_name(char *list, size_t n, const struct transform *t)
{
	const struct alg *a = alg_find((enum transform_type)t->type, t->id);
	size_t at = strlen(list);

	if (a && !is_named(list, a->name) && at + strlen(a->name) + 3 < n)
		snprintf(list + at, n - at, "%s%s", at ? ", " : "", a->name);
}

/* One proposal. False: of a type that it had nothing is left. */
static bool proposal_without(
	const struct proposal *p, uint64_t set, struct proposal *ret, char *gone, size_t n)
{
	*ret = *p;
	ret->n = 0;
	for (size_t i = 0; i < p->n; i++)
		if (alg_is_in(set, p->t[i].type, p->t[i].id))
			add_name(gone, n, &p->t[i]);
		else
			ret->t[ret->n++] = p->t[i];
	for (size_t i = 0; i < COUNT(types); i++)
		if (has_type(p, types[i]) && !has_type(ret, types[i]))
			return false;
	return true;
}

void proposals_without(
	const struct proposals *p, uint64_t set, struct proposals *ret, char *gone, size_t n)
{
	ret->n = 0;
	gone[0] = '\0';
	for (size_t i = 0; i < p->n; i++)
		if (proposal_without(&p->p[i], set, &ret->p[ret->n], gone, n))
			ret->n++;
	for (size_t i = 0; i < ret->n; i++)
		ret->p[i].number = (uint8_t)(i + 1);
}

static bool same(const struct transform *a, const struct transform *b)
{
	return a->type == b->type && a->id == b->id && a->key_bits == b->key_bits;
}

static void set(struct suite *s, const struct transform *t)
{
	switch (t->type) {
	case TT_ENCR:
		s->encr = t->id;
		s->key_bits = t->key_bits;
		break;
	case TT_PRF:
		s->prf = t->id;
		break;
	case TT_INTEG:
		s->integ = t->id;
		break;
	case TT_KE:
		s->ke = t->id;
		break;
	case TT_ESN:
		s->esn = t->id;
		break;
	default:
		break;
	}
}

/* The first transform of ours of that type that is in theirs as well. */
static bool common(
	const struct proposal *ours, const struct proposal *theirs, uint8_t type, struct suite *ret)
{
	for (size_t i = 0; i < ours->n; i++)
		for (size_t k = 0; k < theirs->n; k++)
			if (ours->t[i].type == type && same(&ours->t[i], &theirs->t[k])) {
				set(ret, &ours->t[i]);
				return true;
			}
	return has_none(ours, type) && has_none(theirs, type);
}

static bool type_counts(uint8_t type, bool with_ke)
{
	return type != TT_KE || with_ke;
}

/* Is any of theirs of a type that we do not know? Then all of it is unacceptable (3.3.6). */
static bool has_unknown_type(const struct proposal *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type < TT_ENCR || p->t[i].type > TT_ESN)
			return true;
	return false;
}

/* OK, or the number of types that agree before the first that does not, in *score and *why. */
static bool pair(const struct proposal *ours, const struct proposal *theirs, bool with_ke,
	struct suite *ret, unsigned *score, uint8_t *why)
{
	struct suite s = { 0 };

	*score = 0;
	*why = 0;
	if (ours->protocol != theirs->protocol || has_unknown_type(theirs))
		return false;
	for (size_t i = 0; i < COUNT(types); i++) {
		uint8_t type = types[i];

		if (!type_counts(type, with_ke))
			continue;
		if (common(ours, theirs, type, &s))
			++*score;
		else if (*why == 0)
			*why = type;
	}
	if (*why != 0)
		return false;
	*ret = s;
	return true;
}

enum err proposals_choose(const struct proposals *ours, const struct proposals *theirs,
	bool with_ke, struct suite *ret, size_t *chosen, uint8_t *why)
{
	unsigned best = 0;
	uint8_t best_why = 0;

	for (size_t i = 0; i < ours->n; i++)
		for (size_t k = 0; k < theirs->n; k++) {
			unsigned score;
			uint8_t this_why;

			if (pair(&ours->p[i], &theirs->p[k], with_ke, ret, &score, &this_why)) {
				*chosen = k;
				return OK;
			}
			if (this_why != 0 && score >= best && (score > best || best_why == 0)) {
				best = score;
				best_why = this_why;
			}
		}
	*why = best_why;
	return ERR_MISMATCH;
}

/* One transform of each type, all of them in what we offered? */
static bool is_pick(const struct proposal *offered, const struct proposal *picked, bool with_ke,
	struct suite *ret)
{
	struct suite s = { 0 };

	for (size_t i = 0; i < picked->n; i++) {
		bool found = false;

		for (size_t k = 0; k < i; k++)
			if (picked->t[k].type == picked->t[i].type)
				return false;
		/* an exchange without KE payload (IKE_AUTH) offered no group */
		if (!type_counts(picked->t[i].type, with_ke)) {
			if (picked->t[i].id != KE_NONE)
				return false;
			continue;
		}
		for (size_t k = 0; k < offered->n; k++)
			found |= same(&picked->t[i], &offered->t[k]);
		/* NONE may be said although it was not offered (3.3.6) */
		if (!found && !(picked->t[i].id == 0 && has_none(offered, picked->t[i].type)))
			return false;
		set(&s, &picked->t[i]);
	}
	for (size_t i = 0; i < COUNT(types); i++)
		if (type_counts(types[i], with_ke) && !has_type(picked, types[i]) &&
			!has_none(offered, types[i]))
			return false;
	*ret = s;
	return true;
}

enum err proposals_accept(const struct proposals *offered, const struct proposals *response,
	bool with_ke, struct suite *ret)
{
	if (response->n != 1)
		return ERR_VALUE;
	for (size_t i = 0; i < offered->n; i++) {
		const struct proposal *o = &offered->p[i];

		if (o->protocol == response->p[0].protocol && o->number == response->p[0].number &&
			is_pick(o, &response->p[0], with_ke, ret))
			return OK;
	}
	return ERR_VALUE;
}

size_t proposals_groups(const struct proposals *p, uint16_t *ret, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->p[i].n && n < max; k++) {
			const struct transform *t = &p->p[i].t[k];
			size_t seen = 0;

			if (t->type != TT_KE || t->id == KE_NONE)
				continue;
			while (seen < n && ret[seen] != t->id)
				seen++;
			if (seen == n)
				ret[n++] = t->id;
		}
	return n;
}

bool proposals_has(const struct proposals *p, uint8_t type, uint16_t id)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->p[i].n; k++)
			if (p->p[i].t[k].type == type && p->p[i].t[k].id == id)
				return true;
	return false;
}

void proposals_put(struct wr *w, const struct proposals *p)
{
	wr_u8(w, (uint8_t)p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct proposal *q = &p->p[i];

		wr_u8(w, q->number);
		wr_u8(w, q->protocol);
		wr_u8(w, q->spi_n);
		wr_bytes(w, bytes_of(q->spi, q->spi_n));
		wr_u8(w, q->n);
		for (size_t k = 0; k < q->n; k++) {
			wr_u8(w, q->t[k].type);
			wr_u16(w, q->t[k].id);
			wr_u16(w, q->t[k].key_bits);
		}
	}
}

static void proposal_get(struct rd *r, struct proposal *q)
{
	q->number = rd_u8(r);
	q->protocol = rd_u8(r);
	q->spi_n = rd_u8(r);
	if (q->spi_n > sizeof(q->spi))
		rd_fail(r);
	else
		rd_copy(r, q->spi, q->spi_n);
	q->n = rd_u8(r);
	if (q->n > TRANSFORMS_MAX)
		rd_fail(r);
	for (size_t k = 0; k < q->n && !r->failed; k++) {
		q->t[k].type = rd_u8(r);
		q->t[k].id = rd_u16(r);
		q->t[k].key_bits = rd_u16(r);
	}
}

enum err proposals_get(struct rd *r, struct proposals *ret)
{
	struct proposals p = { .n = rd_u8(r) };

	if (p.n > PROPOSALS_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < p.n && !r->failed; i++)
		proposal_get(r, &p.p[i]);
	if (r->failed)
		return ERR_VALUE;
	*ret = p;
	return OK;
}
