/* Chosen algorithms (RFC 7296 2.7): as the one proposal of a response, and as people read them. */
#include "ikev2/suite.h"

#include <stdio.h>

static void put(struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
	p->t[p->n++] = (struct transform){ .type = type, .id = id, .key_bits = key_bits };
}

void v2_proposal_of(const struct suite *s, uint8_t protocol, uint8_t number, const uint8_t *spi,
	uint8_t spi_n, struct proposals *ret)
{
	struct proposal *p = &ret->p[0];

	ret->n = 1;
	*p = (struct proposal){ .number = number, .protocol = protocol, .spi_n = spi_n };
	if (spi_n)
		memcpy(p->spi, spi, spi_n);
	put(p, TT_ENCR, s->encr, s->key_bits);
	if (protocol == PROTO_IKE)
		put(p, TT_PRF, s->prf, 0);
	if (s->integ != INTEG_NONE)
		put(p, TT_INTEG, s->integ, 0);
	if (s->ke != KE_NONE)
		put(p, TT_KE, s->ke, 0);
	if (protocol != PROTO_IKE)
		put(p, TT_ESN, s->esn, 0);
}

void v2_difference(const struct proposals *theirs, const struct proposals *ours, uint8_t why,
	struct v2_difference *ret)
{
	ret->type = why ? transform_type_name(why) : "protocol";
	proposals_in_words(theirs, ours, ret->type, &ret->words);
	proposals_format(theirs, ret->offered, sizeof(ret->offered));
	proposals_format(ours, ret->allowed, sizeof(ret->allowed));
	proposals_transforms(theirs, why, ret->theirs, sizeof(ret->theirs));
	proposals_transforms(ours, why, ret->ours, sizeof(ret->ours));
}

void v2_proposal_without_ke(struct proposal *p)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < p->n; i++)
		if (p->t[i].type != TT_KE)
			p->t[n++] = p->t[i];
	p->n = n;
}

static const char *name_of(enum transform_type type, uint16_t id, const char *otherwise)
{
	const struct alg *a = id ? alg_find(type, id) : NULL;

	return a ? a->name : otherwise;
}

const char *v2_ke_name(uint16_t group)
{
	return name_of(TT_KE, group, "?");
}

char *v2_suite_text(const struct v2_sa *sa, char *s, size_t n)
{
	char encr[ALG_STR];

	snprintf(s, n, "cipher=%s integ=%s prf=%s group=%s", suite_encr_name(&sa->suite, encr),
		name_of(TT_INTEG, sa->suite.integ, "n/a"), name_of(TT_PRF, sa->suite.prf, "?"),
		v2_ke_name(sa->suite.ke));
	return s;
}

char *v2_xfrm_text(const struct suite *c, char *s, size_t n)
{
	char encr[ALG_STR];

	snprintf(s, n, "%s-%s%s%s", suite_encr_name(c, encr), name_of(TT_INTEG, c->integ, "NONE"),
		c->ke ? "-" : "", name_of(TT_KE, c->ke, ""));
	return s;
}
