/* Offers, choices and the check of a choice, Phase 1 and Phase 2 alike (RFC 2408 4.2, RFC 2409 5).
 */
#include "ikev1/attributes.h"
#include "ikev1/offer.h"

#include <stdlib.h>

enum { DOI_IPSEC = 1, SIT_IDENTITY_ONLY = 1, KEY_IKE = 1 };

/* ---- all combinations of ours, in order: proposals, ciphers, hashes, groups ---- */

/* What both phases need to walk ours, and to compare with theirs. */
struct ours {
	const struct proposals *all;
	uint8_t protocol;
	uint16_t auth;			/* Phase 1 */
	uint16_t group;			/* KE_NONE: Phase 1 any; Phase 2 none */
	const struct v1_esp_wish *wish; /* Phase 2 */
};

typedef bool visit(void *ctx, const struct suite *s); /* false: no more */

/* The i-th transform of that type; NULL. */
static const struct transform *of_type(const struct proposal *p, uint8_t type, size_t i)
{
	for (size_t k = 0; k < p->n; k++)
		if (p->t[k].type == type && i-- == 0)
			return &p->t[k];
	return NULL;
}

/* Phase 1: this cipher with all hashes and groups. */
static bool walk_ike(const struct ours *o, const struct proposal *p, const struct transform *encr,
	visit *v, void *ctx)
{
	const struct transform *prf, *ke;

	for (size_t i = 0; (prf = of_type(p, TT_PRF, i)); i++)
		for (size_t k = 0; (ke = of_type(p, TT_KE, k)); k++) {
			struct suite s = { .encr = encr->id,
				.key_bits = encr->key_bits,
				.prf = prf->id,
				.ke = ke->id };

			if (!v1_has_ike_hash(prf->id) || ke->id == KE_NONE ||
				(o->group != KE_NONE && o->group != ke->id))
				continue;
			if (!v(ctx, &s))
				return false;
		}
	return true;
}

/* Phase 2: this cipher with all integrity algorithms (an AEAD: with none) and ESN or not. */
static bool walk_esp(const struct ours *o, const struct proposal *p, const struct transform *encr,
	visit *v, void *ctx)
{
	static const struct transform none = { TT_INTEG, INTEG_NONE, 0 },
				      no_esn = { TT_ESN, ESN_NO, 0 };
	const struct alg *a = alg_find(TT_ENCR, encr->id);
	bool is_aead = a && a->is_aead;
	const struct transform *integ = is_aead ? &none : of_type(p, TT_INTEG, 0), *esn;

	for (size_t i = 1; integ; integ = is_aead ? NULL : of_type(p, TT_INTEG, i++)) {
		esn = of_type(p, TT_ESN, 0);
		esn = esn ? esn : &no_esn;
		for (size_t k = 1; esn; esn = of_type(p, TT_ESN, k++)) {
			struct suite s = { .encr = encr->id,
				.key_bits = encr->key_bits,
				.integ = integ->id,
				.ke = o->group,
				.esn = esn->id };

			if (!v1_has_esp_auth(integ->id) || is_aead != (integ->id == INTEG_NONE))
				continue;
			if (!v(ctx, &s))
				return false;
		}
	}
	return true;
}

/* A cipher of several key lengths with none said means all of them, the largest first. */
static bool walk_keys(const struct ours *o, const struct proposal *p, const struct transform *t,
	visit *v, void *ctx)
{
	const struct alg *a = alg_find(TT_ENCR, t->id);
	bool (*walk)(const struct ours *, const struct proposal *, const struct transform *,
		visit *, void *) = o->protocol == PROTO_IKE ? walk_ike : walk_esp;
	struct transform sized = *t;

	if (!a || !(o->protocol == PROTO_IKE ? v1_has_ike_cipher(t->id) : v1_esp_id(t->id) != 0))
		return true;
	if (t->key_bits != 0 || a->key_bits[0] == 0)
		return walk(o, p, t, v, ctx);
	for (size_t i = 0; i < COUNT(a->key_bits) && a->key_bits[i] != 0; i++) {
		sized.key_bits = a->key_bits[i];
		if (!walk(o, p, &sized, v, ctx))
			return false;
	}
	return true;
}

static void walk(const struct ours *o, visit *v, void *ctx)
{
	const struct transform *encr;

	for (size_t i = 0; i < o->all->n; i++) {
		const struct proposal *p = &o->all->p[i];

		if (p->protocol != o->protocol)
			continue;
		for (size_t k = 0; (encr = of_type(p, TT_ENCR, k)); k++)
			if (!walk_keys(o, p, encr, v, ctx))
				return;
	}
}

static struct ours ours_ike(const struct proposals *all, uint16_t auth, uint16_t group)
{
	return (struct ours){ .all = all, .protocol = PROTO_IKE, .auth = auth, .group = group };
}

static struct ours ours_esp(const struct v1_esp_wish *w)
{
	return (struct ours){ .all = w->ours, .protocol = PROTO_ESP, .group = w->group, .wish = w };
}

/* ---- offering ---- */

struct offering {
	struct v1_proposals *to;
	struct v1_transform like; /* all but number, id and suite */
	uint8_t protocol;
};

static bool has_suite(const struct v1_proposals *p, const struct suite *s)
{
	for (size_t i = 0; i < p->n_t; i++)
		if (memcmp(&p->t[i].suite, s, sizeof(*s)) == 0)
			return true;
	return false;
}

static bool offer_one(void *ctx, const struct suite *s)
{
	struct offering *x = ctx;
	struct v1_transform t = x->like;

	if (has_suite(x->to, s))
		return true;
	t.number = (uint8_t)(x->to->n_t + 1);
	t.id = x->protocol == PROTO_IKE ? KEY_IKE : v1_esp_id(s->encr);
	t.suite = *s;
	x->to->t[x->to->n_t++] = t;
	x->to->p[0].n = (uint16_t)x->to->n_t;
	return x->to->n_t < V1_TRANSFORMS_MAX;
}

static uint32_t seconds(ns_t life)
{
	ns_t s = life / NS_S;

	return s > UINT32_MAX ? UINT32_MAX : s > 0 ? (uint32_t)s : 0;
}

static uint32_t kilobytes(uint64_t bytes)
{
	uint64_t kb = bytes / 1024;

	return kb > UINT32_MAX ? UINT32_MAX : (uint32_t)kb;
}

static struct v1_proposals *offer(
	const struct ours *o, const struct v1_transform *like, uint32_t spi)
{
	struct v1_proposals *p = xalloc(sizeof(*p));
	struct offering x = { .to = p, .like = *like, .protocol = o->protocol };

	p->doi = DOI_IPSEC;
	p->situation = SIT_IDENTITY_ONLY;
	p->n = 1;
	p->p[0] = (struct v1_proposal){ .number = 1, .protocol = o->protocol };
	if (o->protocol == PROTO_ESP) {
		struct wr w = wr_to(p->p[0].spi, sizeof(p->p[0].spi));

		wr_u32(&w, spi);
		p->p[0].spi_n = 4;
	}
	walk(o, offer_one, &x);
	return p;
}

struct v1_proposals *v1_offer_ike(
	const struct proposals *ours, uint16_t auth, uint16_t group, ns_t life)
{
	struct ours o = ours_ike(ours, auth, group);
	struct v1_transform like = { .is_choosable = true, .auth = auth, .life_s = seconds(life) };

	return offer(&o, &like, 0);
}

struct v1_proposals *v1_offer_esp(const struct v1_esp_wish *w)
{
	struct ours o = ours_esp(w);
	struct v1_transform like = { .is_choosable = true,
		.encap = w->encap,
		.life_s = seconds(w->life),
		.life_kb = kilobytes(w->life_bytes) };

	return offer(&o, &like, w->spi);
}

/* ---- comparing ---- */

static bool mode_fits(const struct v1_esp_wish *w, uint16_t encap)
{
	/* not said: tunnel mode (as other implementations take it) */
	uint16_t is = encap == V1_ENCAP_NONE ? V1_ENCAP_TUNNEL : encap;

	if ((is > V1_ENCAP_UDP_TRANSPORT && is != V1_ENCAP_UDP_TUNNEL_DRAFT &&
		    is != V1_ENCAP_UDP_TRANSPORT_DRAFT) ||
		v1_encap_is_transport(is) != v1_encap_is_transport(w->encap))
		return false;
	return w->takes_udp || v1_encap_is_udp(is) == v1_encap_is_udp(w->encap);
}

static bool group_fits(const struct ours *o, uint16_t theirs, uint16_t ours)
{
	return theirs == ours || (o->wish && o->wish->takes_any_group);
}

/* The name of what differs first, NULL when nothing does; *score: how much agrees before it. */
static const char *differs(
	const struct ours *o, const struct suite *s, const struct v1_transform *t, unsigned *score)
{
	const struct {
		const char *name;
		bool fits;
	} checks[] = {
		{ "ENCR", t->suite.encr == s->encr && t->suite.key_bits == s->key_bits },
		{ "PRF", t->suite.prf == s->prf },
		{ "INTEG", t->suite.integ == s->integ },
		{ "AUTH", t->auth == o->auth },
		{ "MODE", !o->wish || mode_fits(o->wish, t->encap) },
		{ "ESN", t->suite.esn == s->esn },
		{ "DH", group_fits(o, t->suite.ke, s->ke) },
	};
	const char *first = NULL;

	*score = 0;
	for (size_t i = 0; i < COUNT(checks); i++) {
		if (checks[i].fits)
			++*score;
		else if (!first)
			first = checks[i].name;
	}
	return first;
}

struct choosing {
	const struct ours *o;
	const struct v1_proposals *theirs;
	const struct v1_proposal *p; /* found */
	const struct v1_transform *t;
	const char *why; /* of the nearest */
	unsigned best;
};

static void compare(struct choosing *x, const struct suite *s, const struct v1_proposal *p)
{
	for (size_t i = 0; i < p->n && !x->t; i++) {
		const struct v1_transform *t = &x->theirs->t[p->first + i];
		unsigned score;
		const char *why = differs(x->o, s, t, &score);

		if (!why && t->is_choosable) {
			x->p = p;
			x->t = t;
		} else if (!x->why || score > x->best) {
			x->why = why ? why : "attribute";
			x->best = score;
		}
	}
}

static bool choose_one(void *ctx, const struct suite *s)
{
	struct choosing *x = ctx;

	for (size_t i = 0; i < x->theirs->n && !x->t; i++) {
		const struct v1_proposal *p = &x->theirs->p[i];

		if (p->protocol == x->o->protocol && !p->is_joined)
			compare(x, s, p);
	}
	return !x->t;
}

static enum err take(const struct v1_proposal *p, const struct v1_transform *t,
	struct v1_chosen *ret, struct suite *suite)
{
	uint32_t spi = p->protocol == PROTO_ESP ? v1_proposal_spi(p) : 0;

	/* RFC 2407 4.5 knows no SPI 0, and 1 to 255 are reserved (RFC 4303 2.1) */
	if (p->protocol == PROTO_ESP && spi < 256)
		return ERR_VALUE;
	*ret = (struct v1_chosen){
		.auth = t->auth,
		.encap = t->encap,
		.life_s = t->life_s,
		.life_kb = t->life_kb,
		.spi = spi,
		.protocol = p->protocol,
		.proposal = p->number,
		.transform = t->number,
		.id = t->id,
		.attributes_n = (uint16_t)t->attributes.n,
	};
	if (t->attributes.n != 0)
		memcpy(ret->attributes, t->attributes.p, t->attributes.n);
	*suite = t->suite;
	return OK;
}

static enum err choose(const struct ours *o, const struct v1_proposals *theirs,
	struct v1_chosen *ret, struct suite *suite)
{
	struct choosing x = { .o = o, .theirs = theirs };

	walk(o, choose_one, &x);
	return x.t ? take(x.p, x.t, ret, suite) : ERR_MISMATCH;
}

static const char *difference(const struct ours *o, const struct v1_proposals *theirs)
{
	struct choosing x = { .o = o, .theirs = theirs };

	walk(o, choose_one, &x);
	return x.why ? x.why : "protocol";
}

enum err v1_choose_ike(const struct proposals *ours, uint16_t auth,
	const struct v1_proposals *theirs, struct v1_chosen *ret, struct suite *suite)
{
	struct ours o = ours_ike(ours, auth, KE_NONE);

	return choose(&o, theirs, ret, suite);
}

const char *v1_difference(
	const struct proposals *ours, uint16_t auth, const struct v1_proposals *theirs)
{
	struct ours o = ours_ike(ours, auth, KE_NONE);

	return difference(&o, theirs);
}

enum err v1_choose_esp(const struct v1_esp_wish *w, const struct v1_proposals *theirs,
	struct v1_chosen *ret, struct suite *suite)
{
	struct ours o = ours_esp(w);

	return choose(&o, theirs, ret, suite);
}

const char *v1_difference_esp(const struct v1_esp_wish *w, const struct v1_proposals *theirs)
{
	struct ours o = ours_esp(w);

	return difference(&o, theirs);
}

/* ---- what was chosen ---- */

/* As a transform again, its attributes views into c. */
static enum err as_transform(const struct v1_chosen *c, struct v1_transform *ret)
{
	*ret = (struct v1_transform){ .number = c->transform,
		.id = c->id,
		.attributes = bytes_of(c->attributes, c->attributes_n) };
	return v1_attributes_parse(c->protocol, ret);
}

bool v1_is_allowed_ike(const struct proposals *ours, uint16_t auth, const struct v1_chosen *c)
{
	struct v1_proposals *one = xalloc(sizeof(*one));
	struct v1_chosen again;
	struct suite suite;
	bool is;

	one->n = one->n_t = one->p[0].n = 1;
	one->p[0].protocol = PROTO_IKE;
	is = c->protocol == PROTO_IKE && as_transform(c, &one->t[0]) == OK &&
	     v1_choose_ike(ours, auth, one, &again, &suite) == OK;
	free(one);
	return is;
}

static bool is_same_offer(const struct v1_transform *a, const struct v1_transform *b)
{
	return memcmp(&a->suite, &b->suite, sizeof(a->suite)) == 0 && a->auth == b->auth &&
	       a->encap == b->encap;
}

enum err v1_accept(const struct v1_proposals *offered, const struct v1_proposals *response,
	struct v1_chosen *ret, struct suite *suite)
{
	const struct v1_proposal *p = &response->p[0];
	const struct v1_transform *t = &response->t[0];

	if (response->n != 1 || response->n_t != 1 || p->n != 1 || !t->is_choosable)
		return ERR_VALUE;
	for (size_t i = 0; i < offered->n; i++)
		for (size_t k = 0; k < offered->p[i].n; k++)
			if (offered->p[i].protocol == p->protocol &&
				is_same_offer(&offered->t[offered->p[i].first + k], t))
				return take(p, t, ret, suite);
	return ERR_VALUE;
}

void v1_put_chosen(struct v1_build *b, const struct v1_chosen *c)
{
	struct v1_proposals *one = xalloc(sizeof(*one));
	struct v1_proposal *p = &one->p[0];

	one->doi = DOI_IPSEC;
	one->situation = SIT_IDENTITY_ONLY;
	one->n = one->n_t = 1;
	*p = (struct v1_proposal){ .number = c->proposal, .protocol = c->protocol, .n = 1 };
	if (c->protocol == PROTO_ESP) {
		struct wr w = wr_to(p->spi, sizeof(p->spi));

		wr_u32(&w, c->spi_ours);
		p->spi_n = 4;
	}
	one->t[0] = (struct v1_transform){ .number = c->transform,
		.id = c->id,
		.attributes = bytes_of(c->attributes, c->attributes_n) };
	(void)v1_put_sa(b, one);
	free(one);
}
