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

/* In lists of proposals AES_GCM_16 is AES_GCM_C: the letter that the algorithm has in Libreswan. */
static const char *name(const struct transform *t, char *s, size_t n)
{
	const struct alg *a = alg_find((enum transform_type)t->type, t->id);
	const char *text = a ? a->name : NULL;

	if (t->type == TT_ESN)
		return t->id == ESN_YES ? "ENABLED" : t->id == ESN_NO ? "DISABLED" : "?";
	if (t->type == TT_ENCR && t->id == ENCR_AES_GCM_16)
		text = "AES_GCM_C";
	if (t->type == TT_ENCR && t->id == ENCR_AES_CCM_16)
		text = "AES_CCM_C";
	if (!text)
		snprintf(s, n, "%u", t->id);
	else
		snprintf(s, n, "%s", text);
	if (t->key_bits) {
		size_t at = strlen(s);

		snprintf(s + at, n - at, "_%u", t->key_bits);
	}
	return s;
}

static const char *protocol_name(uint8_t p)
{
	return p == PROTO_IKE ? "IKE" : p == PROTO_ESP ? "ESP" : p == PROTO_AH ? "AH" : "?";
}

char *proposals_format(const struct proposals *p, char *s, size_t n)
{
	struct text t = { s, n, 0 };
	char one[64];

	s[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		const struct proposal *q = &p->p[i];

		put(&t, "%s%u:%s:", i ? " " : "", q->number, protocol_name(q->protocol));
		for (size_t k = 0; k < q->n; k++)
			put(&t, "%s%s=%s", k ? ";" : "", transform_type_name(q->t[k].type),
				name(&q->t[k], one, sizeof(one)));
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
