/* The table of algorithms: by number, by name, by what a name resembles. */
#include "crypto/algs.h"

#include "base/word.h"
#include <ctype.h>
#include <stdio.h>

#define ALG(                                                                                       \
	type_, id_, name_, aliases_, bits, fixed, salt, iv, block, icv, out, aead, weak, ike, esp) \
	{ .type = type_,                                                                           \
		.id = id_,                                                                         \
		.name = name_,                                                                     \
		.aliases = aliases_,                                                               \
		.key_bits = bits,                                                                  \
		.fixed_key_bits = fixed,                                                           \
		.salt_n = salt,                                                                    \
		.iv_n = iv,                                                                        \
		.block_n = block,                                                                  \
		.icv_n = icv,                                                                      \
		.out_n = out,                                                                      \
		.is_aead = aead,                                                                   \
		.is_weak = weak,                                                                   \
		.for_ike = ike,                                                                    \
		.for_esp = esp },
static const struct alg table[] = {
#include "crypto/algs.def"
};
#undef ALG

const struct alg *alg_at(size_t i)
{
	return i < COUNT(table) ? &table[i] : NULL;
}

const struct alg *alg_find(enum transform_type type, uint16_t id)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].type == type && table[i].id == id)
			return &table[i];
	return NULL;
}

enum { PLAIN = 48 };

/* Lower case, '-' and '_' dropped: "AES_GCM-16" is "aesgcm16". */
static size_t plain(const char *s, size_t n, char *ret, size_t room)
{
	size_t at = 0;

	for (size_t i = 0; i < n && at + 1 < room; i++)
		if (s[i] != '-' && s[i] != '_')
			ret[at++] = (char)tolower((unsigned char)s[i]);
	ret[at] = '\0';
	return at;
}

/* The i-th name, in plain form too; the 0th is its own. NULL after the last. */
static const char *name_at(const struct alg *a, size_t i, size_t *n, char plain_name[PLAIN])
{
	const char *list = a->aliases, *name = a->name;

	for (*n = strlen(name); name && i > 0; i--)
		name = word_next(&list, n);
	if (name)
		plain(name, *n, plain_name, PLAIN);
	return name;
}

const struct alg *alg_by_name(enum transform_type type, const char *name, size_t name_n)
{
	char wanted[PLAIN], one[PLAIN];
	size_t n;

	if (name_n >= sizeof(wanted))
		return NULL;
	plain(name, name_n, wanted, sizeof(wanted));
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t k = 0; table[i].type == type && name_at(&table[i], k, &n, one); k++)
			if (strcmp(one, wanted) == 0)
				return &table[i];
	return NULL;
}

const char *alg_nearest(unsigned types, const char *name, char *ret, size_t room)
{
	char wanted[PLAIN], one[PLAIN];
	struct nearest near;
	const char *own;
	size_t n;

	if (strlen(name) >= sizeof(wanted))
		return NULL;
	plain(name, strlen(name), wanted, sizeof(wanted));
	near = nearest_to(wanted);
	for (size_t i = 0; i < COUNT(table); i++)
		for (size_t k = 0; !table[i].is_weak && (types >> table[i].type & 1) &&
				   (own = name_at(&table[i], k, &n, one));
			k++)
			if (nearest_try(&near, one))
				snprintf(ret, room, "%.*s", (int)n, own);
	return near.word ? ret : NULL;
}

size_t suite_encr_key_n(const struct suite *s)
{
	const struct alg *a = alg_find(TT_ENCR, s->encr);

	if (!a)
		return 0;
	return (a->fixed_key_bits ? a->fixed_key_bits : s->key_bits) / 8u + a->salt_n;
}

size_t suite_integ_key_n(const struct suite *s)
{
	const struct alg *e = alg_find(TT_ENCR, s->encr), *a = alg_find(TT_INTEG, s->integ);

	return a && !(e && e->is_aead) ? a->out_n : 0;
}

void suite_put(struct wr *w, const struct suite *s)
{
	wr_u16(w, s->encr);
	wr_u16(w, s->key_bits);
	wr_u16(w, s->integ);
	wr_u16(w, s->prf);
	wr_u16(w, s->ke);
	wr_u16(w, s->esn);
}

struct suite suite_get(struct rd *r)
{
	struct suite s;

	s.encr = rd_u16(r);
	s.key_bits = rd_u16(r);
	s.integ = rd_u16(r);
	s.prf = rd_u16(r);
	s.ke = rd_u16(r);
	s.esn = rd_u16(r);
	return s;
}

char *suite_encr_name(const struct suite *s, char *ret)
{
	const struct alg *a = alg_find(TT_ENCR, s->encr);

	if (!a)
		snprintf(ret, ALG_STR, "ENCR_%u", s->encr);
	else if (s->key_bits && !a->fixed_key_bits)
		snprintf(ret, ALG_STR, "%s_%u", a->name, s->key_bits);
	else
		snprintf(ret, ALG_STR, "%s", a->name);
	return ret;
}
