/* Which transforms a peer takes. It is asked so that it need not keep state: with two groups, of
 * which it does not take the one whose value is sent, INVALID_KE_PAYLOAD says that it takes all
 * else, NO_PROPOSAL_CHOSEN that it does not (RFC 7296 1.2, 2.7). IKEv2 only. */
#include "probe/search.h"

#include <stdlib.h>

static const struct transform wanted[] = {
	{ TT_ENCR, ENCR_AES_GCM_16, 256 },
	{ TT_ENCR, ENCR_AES_GCM_16, 128 },
	{ TT_ENCR, ENCR_CHACHA20_POLY1305, 0 },
	{ TT_ENCR, ENCR_AES_CBC, 256 },
	{ TT_ENCR, ENCR_AES_CBC, 128 },
	{ TT_ENCR, ENCR_3DES, 0 },
	{ TT_PRF, PRF_HMAC_SHA2_512, 0 },
	{ TT_PRF, PRF_HMAC_SHA2_384, 0 },
	{ TT_PRF, PRF_HMAC_SHA2_256, 0 },
	{ TT_PRF, PRF_HMAC_SHA1, 0 },
	{ TT_INTEG, INTEG_HMAC_SHA2_512_256, 0 },
	{ TT_INTEG, INTEG_HMAC_SHA2_384_192, 0 },
	{ TT_INTEG, INTEG_HMAC_SHA2_256_128, 0 },
	{ TT_INTEG, INTEG_HMAC_SHA1_96, 0 },
};

struct search {
	struct suite taken;
	uint16_t port;
	struct proposal groups; /* that are not known to be taken */
	bool groups_known, is_over, is_all;
	size_t at;	       /* in wanted[] */
	struct proposal found; /* all that is taken, of every type */
};

static bool has(const struct proposal *p, const struct transform *t)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == t->type && p->t[i].id == t->id &&
			p->t[i].key_bits == t->key_bits)
			return true;
	return false;
}

static void add(struct proposal *p, struct transform t)
{
	if (!has(p, &t) && p->n < TRANSFORMS_MAX)
		p->t[p->n++] = t;
}

static void drop(struct proposal *p, uint16_t group)
{
	uint8_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].id != group)
			p->t[n++] = p->t[i];
	p->n = n;
}

static void found_group(struct search *s, uint16_t group)
{
	add(&s->found, (struct transform){ TT_KE, group, 0 });
	drop(&s->groups, group);
}

static void begin(struct probe *p, const struct ask *a)
{
	struct search *s = xalloc(sizeof(*s));
	const struct suite *taken = &a->chosen;
	struct proposals all;

	p->search = s;
	s->taken = *taken;
	s->port = a->to.port;
	offer_all(2, true, &all);
	for (size_t i = 0; i < all.p[0].n; i++)
		if (all.p[0].t[i].type == TT_KE)
			add(&s->groups, all.p[0].t[i]);
	add(&s->found, (struct transform){ TT_ENCR, taken->encr, taken->key_bits });
	add(&s->found, (struct transform){ TT_PRF, taken->prf, 0 });
	if (taken->integ)
		add(&s->found, (struct transform){ TT_INTEG, taken->integ, 0 });
	found_group(s, taken->ke);
}

static bool is_aead(uint16_t encr)
{
	const struct alg *a = alg_find(TT_ENCR, encr);

	return a && a->is_aead;
}

/* A cipher that is taken and needs integrity; NULL. */
static const struct transform *cipher_with_integrity(const struct search *s)
{
	for (size_t i = 0; i < s->found.n; i++)
		if (s->found.t[i].type == TT_ENCR && !is_aead(s->found.t[i].id))
			return &s->found.t[i];
	return NULL;
}

/* t with everything else that fits, and one group that is taken, one that is not. */
static void offer_one(const struct search *s, const struct transform *t, struct proposals *ret)
{
	struct transform encr = { TT_ENCR, s->taken.encr, s->taken.key_bits };
	struct proposal *p = &ret->p[0];
	struct proposals all;

	if (t->type == TT_ENCR)
		encr = *t;
	else if (t->type == TT_INTEG)
		encr = *cipher_with_integrity(s);
	offer_all(2, true, &all);
	*ret = (struct proposals){ .n = 1, .p = { { .number = 1, .protocol = PROTO_IKE } } };
	add(p, encr);
	for (size_t i = 0; i < all.p[1].n; i++) {
		const struct transform *x = &all.p[1].t[i];

		if (x->type == TT_PRF && (t->type != TT_PRF || x->id == t->id))
			add(p, *x);
		if (x->type == TT_INTEG && !is_aead(encr.id) &&
			(t->type != TT_INTEG || x->id == t->id))
			add(p, *x);
	}
	/* the value that is sent is of the first */
	add(p, s->groups.t[s->groups.n - 1]);
	add(p, (struct transform){ TT_KE, s->taken.ke, 0 });
}

static void ask(struct probe *p, const struct proposals *offer)
{
	probe_ask(p, ASK_TRANSFORM, 2, p->search->port, offer);
}

static void ask_groups(struct probe *p)
{
	struct search *s = p->search;
	struct proposals offer;

	offer_of_suite(2, &s->taken, &offer);
	offer.p[0].n--; /* its group, the last, is known */
	for (size_t i = s->groups.n; i > 0; i--)
		add(&offer.p[0], s->groups.t[i - 1]);
	ask(p, &offer);
}

void search_next(struct probe *p, const struct ask *taken)
{
	struct search *s;
	struct proposals offer;

	if (!p->search && !taken)
		return;
	if (!p->search)
		begin(p, taken);
	s = p->search;
	if (s->is_over)
		return;
	if (!s->groups_known && s->groups.n) {
		ask_groups(p);
		return;
	}
	while (s->at < COUNT(wanted) &&
		(has(&s->found, &wanted[s->at]) ||
			(wanted[s->at].type == TT_INTEG && !cipher_with_integrity(s))))
		s->at++;
	s->is_all = s->at == COUNT(wanted);
	/* a peer that takes every group would have to keep state for each question */
	s->is_over = s->is_all || s->groups.n == 0;
	if (s->is_over)
		return;
	offer_one(s, &wanted[s->at], &offer);
	ask(p, &offer);
}

void search_stop(struct probe *p)
{
	p->search->is_over = true;
	p->search->is_all = false;
}

bool search_is_over(const struct probe *p)
{
	return !p->search || p->search->is_over;
}

void search_take(struct probe *p, const struct ask *a)
{
	struct search *s = p->search;

	if (a->outcome == ASK_REFUSED && !s->groups_known)
		s->groups_known = true;
	else if (a->outcome == ASK_GROUP && !s->groups_known &&
		 has(&s->groups, &(struct transform){ TT_KE, a->wanted, 0 }))
		found_group(s, a->wanted);
	else if (a->outcome == ASK_GROUP && s->groups_known && a->wanted == s->taken.ke)
		add(&s->found, wanted[s->at++]);
	else if (a->outcome == ASK_REFUSED && s->groups_known)
		s->at++;
	else if (a->outcome == ASK_TAKEN && !s->groups_known)
		found_group(s, a->chosen.ke);
	else
		s->is_over = true; /* it is silent, or contradicts itself */
}

void search_tell(struct probe *p, struct now now, const struct event_sink *out)
{
	const struct event_about about = { .conn = p->conn };
	struct proposals all = { .n = 1 };
	char encr[256], prfs[256], integ[256], ke[256];

	if (!p->search)
		return;
	all.p[0] = p->search->found;
	EMIT(out, now, &about, probe_transforms,
		.encr = ev_str(proposals_transforms(&all, TT_ENCR, encr, sizeof(encr))),
		.prf = ev_str(proposals_transforms(&all, TT_PRF, prfs, sizeof(prfs))),
		.integ = ev_str(proposals_transforms(&all, TT_INTEG, integ, sizeof(integ))),
		.ke = ev_str(proposals_transforms(&all, TT_KE, ke, sizeof(ke))),
		.is_all = ev_u64(p->search->is_all));
}
