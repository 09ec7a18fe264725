/* Proposals as Libreswan logs them. */
#include "ipsec/proposal.h"

#include <stdarg.h>
#include <stdio.h>

const char *transform_type_name(uint8_t type)
{
	switch (type) {
	case TT_ENCR:
		return "ENCR";
	case TT_PRF:
		return "PRF";
	case TT_INTEG:
		return "INTEG";
	case TT_KE:
		return "DH";
	case TT_ESN:
		return "ESN";
	case 6: /* RFC 9370 */
		return "ADDKE1";
	case 7:
		return "ADDKE2";
	case 8:
		return "ADDKE3";
	case 9:
		return "ADDKE4";
	case 10:
		return "ADDKE5";
	case 11:
		return "ADDKE6";
	case 12:
		return "ADDKE7";
	default:
		return "?";
	}
}

struct text {
	char *s;
	size_t n, at;
};

static void put(struct text *t, const char *fmt, ...) printf_like(2, 3);
static void put(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int got;

	if (t->at + 1 >= t->n)
		return;
	va_start(ap, fmt);
	got = vsnprintf(t->s + t->at, t->n - t->at, fmt, ap);
	va_end(ap);
	t->at = MIN(t->at + (size_t)(got > 0 ? got : 0), t->n - 1);
}

/* In lists of proposals AEADs have a letter for the length of their ICV, as in Libreswan: 8, 12, 16
 * octets are A, B, C. */
static const char *name_of(const struct transform *t)
{
	const struct alg *a = alg_find((enum transform_type)t->type, t->id);

	if (t->type != TT_ENCR)
		return a ? a->name : NULL;
	switch (t->id) {
	case ENCR_AES_GCM_8:
		return "AES_GCM_A";
	case ENCR_AES_GCM_12:
		return "AES_GCM_B";
	case ENCR_AES_GCM_16:
		return "AES_GCM_C";
	case ENCR_AES_CCM_8:
		return "AES_CCM_A";
	case ENCR_AES_CCM_12:
		return "AES_CCM_B";
	case ENCR_AES_CCM_16:
		return "AES_CCM_C";
	default:
		return a ? a->name : NULL;
	}
}

/* "AES_CBC_256"; the number of what is not known here */
static const char *name(const struct transform *t, char *s, size_t n)
{
	const char *text = name_of(t);
	size_t at;

	if (t->type == TT_ESN && t->id <= ESN_YES)
		text = t->id == ESN_YES ? "ENABLED" : "DISABLED";
	if (text)
		snprintf(s, n, "%s", text);
	else
		snprintf(s, n, "%u", t->id);
	at = strlen(s);
	if (t->key_bits)
		snprintf(s + at, n - at, "_%u", t->key_bits);
	return s;
}

static const char *protocol_name(uint8_t p)
{
	return p == PROTO_IKE ? "IKE" : p == PROTO_ESP ? "ESP" : p == PROTO_AH ? "AH" : "?";
}

/* Types in the order of their numbers, transforms of a type in theirs, whatever a peer sent. */
static void put_transforms(struct text *t, const struct proposal *p)
{
	const char *between = "";
	char one[64];

	for (unsigned type = 0; type <= UINT8_MAX; type++)
		for (size_t i = 0; i < p->n; i++) {
			if (p->t[i].type != type)
				continue;
			put(t, "%s%s=%s", between, transform_type_name(p->t[i].type),
				name(&p->t[i], one, sizeof(one)));
			between = ";";
		}
}

char *proposals_format(const struct proposals *p, char *s, size_t n)
{
	struct text t = { s, n, 0 };

	s[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct proposal *q = &p->p[i];

		put(&t, "%s%u:%s:", i ? " " : "", q->number, protocol_name(q->protocol));
		put_transforms(&t, q);
	}
	return s;
}

char *proposal_format(const struct proposal *p, char *s, size_t n)
{
	static const uint8_t ike[] = { TT_ENCR, TT_PRF, TT_INTEG, TT_KE };
	static const uint8_t esp[] = { TT_ENCR, TT_INTEG, TT_KE, TT_ESN };
	const uint8_t *type = p->protocol == PROTO_IKE ? ike : esp;
	struct text t = { s, n, 0 };
	char one[64];

	s[0] = '\0';
	put(&t, "%u:%s=", p->number, protocol_name(p->protocol));
	for (size_t i = 0; i < COUNT(ike); i++) {
		size_t shown = 0;

		put(&t, "%s", i ? "-" : "");
		for (size_t k = 0; k < p->n; k++)
			if (p->t[k].type == type[i])
				put(&t, "%s%s", shown++ ? "+" : "",
					name(&p->t[k], one, sizeof(one)));
		if (shown == 0)
			put(&t, "NONE");
	}
	return s;
}

static bool is_first(const struct proposals *p, size_t i, size_t k)
{
	const struct transform *t = &p->p[i].t[k];

	for (size_t a = 0; a <= i; a++)
		for (size_t b = 0; b < (a == i ? k : p->p[a].n); b++) {
			const struct transform *o = &p->p[a].t[b];

			if (o->type == t->type && o->id == t->id && o->key_bits == t->key_bits)
				return false;
		}
	return true;
}

char *proposals_transforms(const struct proposals *p, uint8_t type, char *s, size_t n)
{
	char one[ALG_STR];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->p[i].n && at + 1 < n; k++)
			if (p->p[i].t[k].type == type && is_first(p, i, k))
				at += (size_t)snprintf(s + at, n - at, "%s%s", at ? " " : "",
					name(&p->p[i].t[k], one, sizeof(one)));
	return s;
}
