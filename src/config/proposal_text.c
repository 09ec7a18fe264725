/* ike= and esp=: proposals separated by ',', transform types by '-' (a group also by ';'),
 * alternatives by '+'. Which type a name is of, its spelling tells: the first is the cipher, then
 * whatever fits. */
#include "config/proposal_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct parse {
	enum protocol_id protocol;
	struct proposal *p;
	char **what, **warning;
	bool has[TT_ESN + 1];
	bool is_aead, is_plain;
};

static enum err fail(struct parse *x, char *text_take)
{
	if (*x->what)
		free(text_take);
	else
		*x->what = text_take;
	return ERR_VALUE;
}

static void warn(struct parse *x, char *text_take)
{
	if (*x->warning)
		free(text_take);
	else
		*x->warning = text_take;
}

static const char *kind(const struct parse *x)
{
	return x->protocol == PROTO_IKE ? "IKE" : "ESP";
}

static enum err add(struct parse *x, uint8_t type, uint16_t id, uint16_t bits)
{
	struct proposal *p = x->p;

	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == type && p->t[i].id == id && p->t[i].key_bits == bits)
			return OK;
	if (p->n == TRANSFORMS_MAX)
		return fail(
			x, xasprintf("more than %d algorithms in one proposal", TRANSFORMS_MAX));
	p->t[p->n++] = (struct transform){ type, id, bits };
	x->has[type] = true;
	return OK;
}

static bool allowed_bits(const struct alg *a, unsigned bits)
{
	for (size_t i = 0; i < COUNT(a->key_bits); i++)
		if (a->key_bits[i] == bits && bits != 0)
			return true;
	return false;
}

/* strongSwan's aes256gcm16, aes128ccm8, aes192ctr: the key length stands inside. */
static const struct alg *inner_size(const char *w, unsigned *bits)
{
	char name[64];
	int at = 0;

	if (strncasecmp(w, "aes", 3) != 0 || sscanf(w + 3, "%3u%n", bits, &at) != 1 || at != 3)
		return NULL;
	snprintf(name, sizeof(name), "aes%s", w + 6 + (w[6] == '_' || w[6] == '-'));
	if (!w[6])
		return NULL;
	return alg_by_name(TT_ENCR, name, strlen(name));
}

/* A cipher with its key length glued on, or after '_': aes256, aes_gcm_256, aes_gcm_16_256. */
static const struct alg *find_cipher(const char *w, unsigned *bits)
{
	size_t n = strlen(w);
	const struct alg *a = alg_by_name(TT_ENCR, w, n);
	char *rest;

	*bits = 0;
	if (a)
		return a;
	if ((a = inner_size(w, bits)))
		return a;
	for (size_t digits = 3; digits >= 1; digits--) {
		size_t cut = n - digits;

		if (n <= digits || !isdigit((unsigned char)w[cut]))
			continue;
		*bits = (unsigned)strtoul(w + cut, &rest, 10);
		if (*rest)
			continue;
		if (cut > 0 && w[cut - 1] == '_')
			cut--;
		if ((a = alg_by_name(TT_ENCR, w, cut)))
			return a;
	}
	*bits = 0;
	return NULL;
}

static enum err add_cipher(struct parse *x, const struct alg *a, unsigned bits)
{
	enum err e;

	if (bits != 0 && a->fixed_key_bits != 0 && bits != a->fixed_key_bits)
		return fail(x, xasprintf("%s key length %u invalid; it has %u bits", a->name, bits,
				       a->fixed_key_bits));
	if (bits != 0 && a->fixed_key_bits == 0 && !allowed_bits(a, bits))
		return fail(
			x, xasprintf("%s key length %u invalid; valid key lengths: 128, 192, 256",
				   a->name, bits));
	if ((x->protocol == PROTO_IKE && !a->for_ike) || (x->protocol == PROTO_ESP && !a->for_esp))
		return fail(x, xasprintf("%s encryption algorithm '%s' is not supported", kind(x),
				       a->name));
	*(a->is_aead ? &x->is_aead : &x->is_plain) = true;
	if (x->is_aead && x->is_plain)
		return fail(x,
			xasprintf("AEAD and non-AEAD %s encryption algorithms cannot stand in one "
				  "proposal; separate them with ','",
				kind(x)));
	if (a->is_weak)
		warn(x, xasprintf("%s is weak; use aes_gcm256", a->name));
	if (a->fixed_key_bits != 0 || a->key_bits[0] == 0)
		return add(x, TT_ENCR, a->id, 0);
	if (bits != 0)
		return add(x, TT_ENCR, a->id, (uint16_t)bits);
	if ((e = add(x, TT_ENCR, a->id, 256)))
		return e;
	return add(x, TT_ENCR, a->id, 128);
}

static enum err add_named(struct parse *x, const struct alg *a)
{
	if (a->is_weak)
		warn(x, xasprintf("%s is weak and should not be used", a->name));
	if (a->type == TT_INTEG && a->id == INTEG_NONE)
		return OK; /* an AEAD needs none; nothing else may have it (checked at the end) */
	return add(x, a->type, a->id, 0);
}

/* Integrity and PRF have the same names. In IKE the first such position is the PRF, which also says
 * the integrity; with two positions the first is the integrity, the second the PRF. */
static const struct alg *find_rest(const struct parse *x, const char *w, uint8_t mac_type)
{
	const struct alg *a = alg_by_name(TT_KE, w, strlen(w));

	if (!a)
		a = alg_by_name((enum transform_type)mac_type, w, strlen(w));
	if (!a && x->protocol == PROTO_IKE && strncasecmp(w, "prf", 3) == 0)
		a = alg_by_name(TT_PRF, w, strlen(w));
	if (!a && x->protocol == PROTO_ESP)
		a = alg_by_name(TT_ESN, w, strlen(w));
	return a;
}

static enum err unknown(struct parse *x, const char *w, bool is_cipher)
{
	static const char *const old[] = { "des", "blowfish", "twofish", "serpent", "cast", "idea",
		"ripemd" };
	const char *near = NULL;

	for (size_t i = 0; i < COUNT(old); i++)
		if (strcasecmp(w, old[i]) == 0)
			return fail(x, xasprintf("'%s' is not supported: it is broken or gone; use "
						 "aes_gcm256",
					       w));
	if (is_cipher)
		near = alg_nearest(TT_ENCR, w, strlen(w));
	else {
		near = alg_nearest(TT_KE, w, strlen(w));
		if (!near)
			near = alg_nearest(TT_INTEG, w, strlen(w));
	}
	return fail(x, xasprintf("%s %s '%s' is not recognized%s%s%s", kind(x),
			       is_cipher ? "encryption algorithm" : "algorithm", w,
			       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
}

/* One position: alternatives separated by '+'. */
static enum err position(struct parse *x, char *text, bool is_cipher, uint8_t mac_type)
{
	char *rest = text, *w;
	enum err e;

	while ((w = strsep(&rest, "+"))) {
		unsigned bits = 0;
		const struct alg *a = is_cipher ? find_cipher(w, &bits) : find_rest(x, w, mac_type);

		if (!*w)
			return fail(x, xasprintf("an algorithm is missing"));
		if (!a)
			return unknown(x, w, is_cipher);
		if ((e = is_cipher ? add_cipher(x, a, bits) : add_named(x, a)))
			return e;
	}
	return OK;
}

enum { POSITIONS_MAX = 6 };

/* Is every alternative of that position a group? */
static bool is_group(const char *text)
{
	size_t n = strcspn(text, "+");

	return alg_by_name(TT_KE, text, n) != NULL && strncasecmp(text, "none", n) != 0;
}

/* The integrity that belongs to a PRF, for ciphers that need one (Libreswan's rule). */
static uint16_t integ_of(uint16_t prf)
{
	static const struct {
		uint16_t prf, integ;
	} pair[] = {
		{ PRF_HMAC_MD5, INTEG_HMAC_MD5_96 },
		{ PRF_HMAC_SHA1, INTEG_HMAC_SHA1_96 },
		{ PRF_AES128_XCBC, INTEG_AES_XCBC_96 },
		{ PRF_HMAC_SHA2_256, INTEG_HMAC_SHA2_256_128 },
		{ PRF_HMAC_SHA2_384, INTEG_HMAC_SHA2_384_192 },
		{ PRF_HMAC_SHA2_512, INTEG_HMAC_SHA2_512_256 },
		{ PRF_AES128_CMAC, INTEG_AES_CMAC_96 },
	};

	for (size_t i = 0; i < COUNT(pair); i++)
		if (pair[i].prf == prf)
			return pair[i].integ;
	return INTEG_NONE;
}

static enum err copy_type(struct parse *x, const struct proposal *from, uint8_t type)
{
	enum err e = OK;

	for (size_t i = 0; i < from->n && !e; i++)
		if (from->t[i].type == type)
			e = add(x, type, from->t[i].id, from->t[i].key_bits);
	return e;
}

/* What is left out is as in the defaults. */
static enum err fill(struct parse *x)
{
	const struct proposal *cbc =
		&(x->protocol == PROTO_IKE ? proposals_default_ike() : proposals_default_esp())
			 ->p[3];
	enum err e = OK;

	if (x->protocol == PROTO_IKE && !x->has[TT_PRF])
		e = copy_type(x, cbc, TT_PRF);
	if (!e && x->is_plain && !x->has[TT_INTEG] && x->protocol == PROTO_IKE)
		for (size_t i = 0, n = x->p->n; i < n && !e; i++)
			if (x->p->t[i].type == TT_PRF)
				e = add(x, TT_INTEG, integ_of(x->p->t[i].id), 0);
	if (!e && x->is_plain && !x->has[TT_INTEG])
		e = copy_type(x, cbc, TT_INTEG);
	if (!e && x->protocol == PROTO_IKE && !x->has[TT_KE])
		e = copy_type(x, cbc, TT_KE);
	if (!e && x->protocol == PROTO_ESP && !x->has[TT_ESN])
		e = copy_type(x, cbc, TT_ESN);
	if (!e && x->is_aead && x->has[TT_INTEG])
		return fail(x, xasprintf("AEAD %s encryption algorithm takes no integrity "
					 "algorithm; leave it out",
				       kind(x)));
	return e;
}

/* By type, in the order of preference within a type: the same proposal always looks the same. */
static void sort_types(struct proposal *p)
{
	struct proposal out = *p;

	out.n = 0;
	for (uint8_t type = TT_ENCR; type <= TT_ESN; type++)
		for (size_t i = 0; i < p->n; i++)
			if (p->t[i].type == type)
				out.t[out.n++] = p->t[i];
	*p = out;
}

static enum err one_proposal(struct parse *x, char *text)
{
	char *position_text[POSITIONS_MAX], *rest = text, *w;
	size_t n = 0, macs;
	enum err e;

	for (char *p = text; *p; p++)
		if (*p == ';')
			*p = '-';
	while ((w = strsep(&rest, "-"))) {
		if (n == POSITIONS_MAX)
			return fail(x, xasprintf("too many '-' in one proposal"));
		position_text[n++] = w;
	}
	if ((e = position(x, position_text[0], true, 0)))
		return e;
	macs = n - 1;
	while (macs > 0 && is_group(position_text[macs]))
		macs--;
	for (size_t i = 1; i < n; i++) {
		uint8_t mac = x->protocol == PROTO_ESP ? TT_INTEG
			      : macs >= 2 && i == 1    ? TT_INTEG
						       : TT_PRF;

		if ((e = position(x, position_text[i], false, mac)))
			return e;
	}
	if ((e = fill(x)))
		return e;
	sort_types(x->p);
	return OK;
}

enum err proposal_text_parse(enum protocol_id protocol, const char *s, struct proposals **ret,
	char **what, char **warning)
{
	struct proposals *out = xalloc(sizeof(*out));
	char *copy = xstrdup(s), *rest = copy, *w;
	size_t len = strlen(copy);
	struct parse x = { .protocol = protocol, .what = what, .warning = warning };
	enum err e = OK;

	if (len > 0 && copy[len - 1] == '!') {
		copy[len - 1] = '\0';
		warn(&x, xasprintf("the '!' is strongSwan's and is not needed: only what stands "
				   "here is proposed"));
	}
	while (!e && (w = strsep(&rest, ","))) {
		while (*w == ' ')
			w++;
		if (out->n == PROPOSALS_MAX) {
			e = fail(&x, xasprintf("more than %d proposals", PROPOSALS_MAX));
			break;
		}
		x.p = &out->p[out->n++];
		x.is_aead = x.is_plain = false;
		memset(x.has, 0, sizeof(x.has));
		*x.p = (struct proposal){ .number = (uint8_t)out->n,
			.protocol = (uint8_t)protocol };
		e = one_proposal(&x, w);
	}
	free(copy);
	if (e) {
		free(out);
		return e;
	}
	*ret = out;
	return OK;
}
