/* The table of algorithms: by number, by name, by what a name resembles. */
#include "crypto/algs.h"

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

/* Calls f for the name and each alias, in plain form, until it gives true. */
static bool each_name(const struct alg *a, bool (*f)(void *ctx, const char *plain_name), void *ctx)
{
	char one[48];

	plain(a->name, strlen(a->name), one, sizeof(one));
	if (f(ctx, one))
		return true;
	for (const char *p = a->aliases; *p;) {
		size_t n = strcspn(p, " ");

		plain(p, n, one, sizeof(one));
		if (f(ctx, one))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

static bool same(void *ctx, const char *name)
{
	return strcmp(ctx, name) == 0;
}

const struct alg *alg_by_name(enum transform_type type, const char *name, size_t name_n)
{
	char wanted[48];

	if (name_n >= sizeof(wanted))
		return NULL;
	plain(name, name_n, wanted, sizeof(wanted));
	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].type == type && each_name(&table[i], same, wanted))
			return &table[i];
	return NULL;
}

struct nearest {
	const char *wanted;
	size_t best;
	bool improved;
};

/* Edit distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t row[48], n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

static bool nearer(void *ctx, const char *name)
{
	struct nearest *n = ctx;
	size_t d = distance(n->wanted, name);

	if (d < n->best) {
		n->best = d;
		n->improved = true;
	}
	return false;
}

const char *alg_nearest(enum transform_type type, const char *name, size_t name_n)
{
	char wanted[48];
	struct nearest n = { wanted, 3, false };
	const char *ret = NULL;

	if (name_n >= sizeof(wanted))
		return NULL;
	plain(name, name_n, wanted, sizeof(wanted));
	for (size_t i = 0; i < COUNT(table); i++) {
		n.improved = false;
		if (table[i].type == type)
			each_name(&table[i], nearer, &n);
		if (n.improved)
			ret = table[i].name;
	}
	return ret;
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
