/* ike= and esp=: proposals separated by ',', transform types by '-' (a group also by ';'),
 * alternatives by '+'. Which type a name is of, its spelling tells: the first is the cipher, then
 * whatever fits. */
#include "config/proposal_text.h"

#include "event/event.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct parse {
	enum protocol_id protocol;
	bool is_ikev1;
	struct proposal *p;
	char **what, *note;
	char weak[256]; /* names of weak algorithms, each once */
	bool has[TT_ESN + 1];
	bool is_aead, is_plain;
	const char *without_integ; /* what was said for none */
};

static enum err fail(struct parse *x, char *text_take)
{
	if (*x->what)
		free(text_take);
	else
		*x->what = text_take;
	return ERR_VALUE;
}

static void add_weak(struct parse *x, const char *name)
{
	size_t n = strlen(x->weak);

	if (!strstr(x->weak, name) && n < sizeof(x->weak))
		snprintf(x->weak + n, sizeof(x->weak) - n, "%s%s", n ? ", " : "", name);
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

/* RFC 2409 and 3602, 4312, 4868: CBC and HMAC; in ESP whatever there is. */
static bool is_of_ikev1(const struct alg *a)
{
	switch (a->type) {
	case TT_ENCR:
		return a->id == ENCR_AES_CBC || a->id == ENCR_3DES || a->id == ENCR_CAMELLIA_CBC;
	case TT_PRF:
		return a->id != PRF_AES128_XCBC && a->id != PRF_AES128_CMAC;
	default:
		return true;
	}
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
	if (x->is_ikev1 && x->protocol == PROTO_IKE && !is_of_ikev1(a))
		return fail(x, xasprintf("IKE encryption algorithm '%s' is not supported by IKEv1; "
					 "use aes256 or aes128",
				       a->name));
	*(a->is_aead ? &x->is_aead : &x->is_plain) = true;
	if (x->is_aead && x->is_plain)
		return fail(x,
			xasprintf("AEAD and non-AEAD %s encryption algorithms cannot stand in one "
				  "proposal; separate them with ','",
				kind(x)));
	if (a->is_weak)
		add_weak(x, a->name);
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
	if (a->type == TT_INTEG && a->id == INTEG_NONE) {
		x->without_integ = "NONE"; /* an AEAD needs none; nothing else may have it */
		return OK;
	}
	if (a->type == TT_KE && a->id == KE_NONE)
		return fail(
			x, xasprintf("a key exchange 'none' is not needed: leave the group out"));
	if ((x->protocol == PROTO_IKE && !a->for_ike) || (x->protocol == PROTO_ESP && !a->for_esp))
		return fail(x, xasprintf("%s algorithm '%s' is not supported", kind(x), a->name));
	if (x->is_ikev1 && x->protocol == PROTO_IKE && !is_of_ikev1(a))
		return fail(x, xasprintf("IKE algorithm '%s' is not supported by IKEv1", a->name));
	if (x->is_ikev1 && a->type == TT_ESN && a->id != ESN_NO)
		return fail(x, xasprintf("IKEv1 has no extended sequence numbers"));
	if (a->is_weak)
		add_weak(x, a->name);
	return add(x, a->type, a->id, 0);
}

/* ---- words ---- */

/* What people write that is known but not to be had. */
static const struct {
	const char *word, *why;
} refused[] = {
	{ "des", "it is broken; use aes_gcm256" },
	{ "blowfish", "it is not standard in IKEv2; use aes_gcm256" },
	{ "twofish", "it is not standard in IKEv2; use aes_gcm256" },
	{ "serpent", "it is not standard in IKEv2; use aes_gcm256" },
	{ "cast", "it is outdated; use aes_gcm256" },
	{ "cast128", "it is outdated; use aes_gcm256" },
	{ "idea", "it is outdated; use aes_gcm256" },
	{ "ripemd", "it is not standard in IKEv2; use sha2_256" },
	{ "aes_gmac", "it does not encrypt; use aes_gcm256" },
	{ "null_auth_aes_gmac", "it does not encrypt; use aes_gcm256" },
	{ "camellia_ctr", "use camellia or aes_ctr" },
	{ "sha2_256_truncbug", "write sha2_256, and sha2-truncbug=yes beside it" },
	{ "sha256_96", "write sha2_256, and sha2-truncbug=yes beside it" },
	{ "dh1", "it is broken; use dh19" },
	{ "modp768", "it is broken; use dh19" },
	{ "dh22", "its origin is doubtful (RFC 8247); use dh14 or dh19" },
	{ "dh23", "its origin is doubtful (RFC 8247); use dh14 or dh19" },
	{ "dh24", "its origin is doubtful (RFC 8247); use dh14 or dh19" },
	{ "modp2048s256", "its origin is doubtful (RFC 8247); use dh14 or dh19" },
	{ "ml_kem_512", "key exchanges of RFC 9370 are not done yet" },
	{ "ml_kem_768", "key exchanges of RFC 9370 are not done yet" },
	{ "ml_kem_1024", "key exchanges of RFC 9370 are not done yet" },
	{ "mlkem768", "key exchanges of RFC 9370 are not done yet" },
};

static const char *shown(const char *w, char *ret, size_t n)
{
	return event_escape(bytes_of(w, strnlen(w, 40)), ret, n);
}

static enum err unknown(struct parse *x, const char *w, bool is_cipher)
{
	unsigned types = is_cipher ? 1u << TT_ENCR : 1u << TT_KE | 1u << TT_INTEG;
	char word[80], close[48], name[64];
	const char *near;

	shown(w, word, sizeof(word));
	for (size_t i = 0; i < COUNT(refused); i++)
		if (strcasecmp(w, refused[i].word) == 0)
			return fail(
				x, xasprintf("'%s' is not supported: %s", word, refused[i].why));
	if (strspn(w, "0123456789") == strlen(w))
		return fail(x, xasprintf("'%s' stands alone; write it without '-' before it: "
					 "aes256, sha2_256, dh19",
				       word));
	if (strcasecmp(w, "cbc") == 0 || strcasecmp(w, "gcm") == 0 || strcasecmp(w, "ccm") == 0 ||
		strcasecmp(w, "ctr") == 0)
		return fail(
			x, xasprintf("'%s' stands alone; write aes_%s256 with '_'", word, word));
	if (!is_cipher && x->protocol == PROTO_IKE)
		types |= 1u << TT_PRF;
	snprintf(name, sizeof(name), "%.63s", w);
	if (is_cipher) /* "aez256": the key length does not make it another */
		while (*name && strchr("0123456789_", name[strlen(name) - 1]))
			name[strlen(name) - 1] = '\0';
	near = alg_nearest(types, name, close, sizeof(close));
	return fail(x, xasprintf("%s %s '%s' is not recognized%s%s%s", kind(x),
			       is_cipher ? "encryption algorithm" : "algorithm", word,
			       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : ""));
}

/* Integrity and PRF have the same names: mac_type says which is due. 0: a group only. */
static const struct alg *find_rest(const struct parse *x, const char *w, uint8_t mac_type)
{
	size_t n = strlen(w);
	const struct alg *a = strcasecmp(w, "none") == 0 ? NULL : alg_by_name(TT_KE, w, n);

	if (!a && x->protocol == PROTO_IKE && strncasecmp(w, "prf", 3) == 0)
		a = alg_by_name(TT_PRF, w, n);
	if (!a)
		a = alg_by_name((enum transform_type)mac_type, w, n);
	if (!a && mac_type == TT_PRF && strcasecmp(w, "none") == 0)
		a = alg_by_name(TT_INTEG, w, n);
	if (!a && x->protocol == PROTO_ESP)
		a = alg_by_name(TT_ESN, w, n);
	return a;
}

static enum err word(struct parse *x, const char *w, bool is_cipher, uint8_t mac_type)
{
	unsigned bits = 0;
	const struct alg *a;

	if (!*w)
		return fail(x, xasprintf("an algorithm is missing: two separators stand together, "
					 "or one at the end"));
	a = is_cipher ? find_cipher(w, &bits) : find_rest(x, w, mac_type);
	if (!a)
		return unknown(x, w, is_cipher);
	return is_cipher ? add_cipher(x, a, bits) : add_named(x, a);
}

static char *trimmed(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	for (n = strlen(s); n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'); n--)
		s[n - 1] = '\0';
	return s;
}

/* One position: alternatives separated by '+'. */
static enum err position(struct parse *x, char *text, bool is_cipher, uint8_t mac_type)
{
	char *rest = text, *w;
	enum err e = OK;

	while (!e && (w = strsep(&rest, "+")))
		e = word(x, trimmed(w), is_cipher, mac_type);
	return e;
}

/* "ke=dh19+dh14": the type is named. */
static enum err named_position(struct parse *x, const char *type, char *text)
{
	static const struct {
		const char *name;
		uint8_t type;
	} types[] = { { "encrypt", TT_ENCR }, { "encr", TT_ENCR }, { "prf", TT_PRF },
		{ "integ", TT_INTEG }, { "ke", TT_KE }, { "dh", TT_KE }, { "sn", TT_ESN },
		{ "esn", TT_ESN } };
	char *rest = text, *w, shown_type[80];

	shown(type, shown_type, sizeof(shown_type));
	if (strncasecmp(type, "addke", 5) == 0)
		return fail(x,
			xasprintf("'%s=': key exchanges of RFC 9370 are not done yet", shown_type));
	for (size_t i = 0; i < COUNT(types); i++) {
		if (strcasecmp(type, types[i].name) != 0)
			continue;
		if (types[i].type == TT_ENCR)
			return position(x, text, true, 0);
		while ((w = strsep(&rest, "+"))) {
			const struct alg *a;
			enum err e;

			w = trimmed(w);
			a = alg_by_name((enum transform_type)types[i].type, w, strlen(w));
			e = a ? add_named(x, a) : unknown(x, w, false);
			if (e)
				return e;
		}
		return OK;
	}
	return fail(
		x, xasprintf("'%s=' is not recognized; expected encrypt=, prf=, integ=, ke= or sn=",
			   shown_type));
}

enum { POSITIONS_MAX = 8 };

/* Is the first alternative of that position a group? */
static bool is_group(const char *text)
{
	size_t n = strcspn(text, "+");

	return alg_by_name(TT_KE, text, n) != NULL && strncasecmp(text, "none", n) != 0;
}

static enum err copy_type(struct parse *x, const struct proposal *from, uint8_t type)
{
	enum err e = OK;

	for (size_t i = 0; i < from->n && !e; i++)
		if (from->t[i].type == type)
			e = add(x, type, from->t[i].id, from->t[i].key_bits);
	return e;
}

/* The first default that has an integrity algorithm, and so every type. */
static const struct proposal *fullest_default(enum protocol_id protocol, bool is_ikev1)
{
	const struct proposals *all =
		protocol == PROTO_IKE ? proposals_default_ike() : proposals_default_esp();

	if (is_ikev1)
		return protocol == PROTO_IKE ? &proposals_default_ike_v1()->p[0]
					     : &proposals_default_esp_v1()->p[0];

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->p[i].n; k++)
			if (all->p[i].t[k].type == TT_INTEG)
				return &all->p[i];
	return &all->p[0];
}

/* What is left out is as in the defaults. */
static enum err fill(struct parse *x)
{
	const struct proposal *cbc = fullest_default(x->protocol, x->is_ikev1);
	enum err e = OK;

	if (x->protocol == PROTO_IKE && !x->has[TT_PRF])
		e = copy_type(x, cbc, TT_PRF);
	if (!e && x->is_plain && !x->has[TT_INTEG] && x->protocol == PROTO_IKE && !x->is_ikev1)
		for (size_t i = 0, n = x->p->n; i < n && !e; i++)
			if (x->p->t[i].type == TT_PRF)
				e = add(x, TT_INTEG, integ_of_prf(x->p->t[i].id), 0);
	if (!e && x->is_plain && !x->has[TT_INTEG] && !(x->protocol == PROTO_IKE && x->is_ikev1))
		e = copy_type(x, cbc, TT_INTEG);
	if (!e && x->protocol == PROTO_IKE && !x->has[TT_KE])
		e = copy_type(x, cbc, TT_KE);
	if (!e && x->protocol == PROTO_ESP && !x->has[TT_ESN])
		e = copy_type(x, cbc, TT_ESN);
	return e;
}

/* AEADs bring their integrity along; everything else needs one of its own. */
static enum err check_integ(struct parse *x)
{
	if (!x->is_aead && !x->is_plain)
		return fail(x, xasprintf("an encryption algorithm is missing"));
	if (x->is_aead && x->has[TT_INTEG])
		return fail(x, xasprintf("AEAD %s encryption algorithms take no integrity "
					 "algorithm; leave it out",
				       kind(x)));
	if (x->is_plain && x->without_integ)
		return fail(x, xasprintf("non-AEAD %s encryption algorithms cannot have 'NONE' as "
					 "the integrity "
					 "algorithm",
				       kind(x)));
	return OK;
}

static bool is_left_out(const struct parse *x, uint8_t type)
{
	return x->is_ikev1 && type == (x->protocol == PROTO_IKE ? TT_INTEG : TT_ESN);
}

/* By type, in the order of preference within a type: the same proposal always looks the same. IKEv1
 * takes nothing from some types: its hash is PRF and integrity. */
static void sort_types(const struct parse *x)
{
	struct proposal *p = x->p;
	struct proposal out = *p;

	out.n = 0;
	for (int type = TT_ENCR; type <= TT_ESN; type++)
		for (size_t i = 0; i < p->n; i++)
			if (p->t[i].type == type && !is_left_out(x, (uint8_t)type))
				out.t[out.n++] = p->t[i];
	*p = out;
}

static enum err one_proposal(struct parse *x, char *text)
{
	char *position_text[POSITIONS_MAX], *rest = text, *w;
	size_t n = 0, macs = 0, at = 0;
	enum err e = OK;

	while ((w = strsep(&rest, "-;"))) {
		if (n == POSITIONS_MAX)
			return fail(x, xasprintf("too many '-' in one proposal"));
		position_text[n++] = trimmed(w);
	}
	for (size_t i = 1; i < n; i++)
		macs += !strchr(position_text[i], '=') && !is_group(position_text[i]) &&
			strncasecmp(position_text[i], "prf", 3) != 0;
	for (size_t i = 0; i < n && !e; i++) {
		char *eq = strchr(position_text[i], '=');

		if (eq) {
			*eq = '\0';
			e = named_position(x, position_text[i], eq + 1);
		} else if (i == 0)
			e = position(x, position_text[0], true, 0);
		else { /* one of two is the integrity, the other the PRF; a single one is the PRF */
			bool is_integ =
				x->protocol == PROTO_ESP || (macs >= 2 && at == 0) ||
				(at == 0 && x->has[TT_PRF]) ||
				(i + 1 < n && strncasecmp(position_text[i + 1], "prf", 3) == 0);

			at += !is_group(position_text[i]);
			e = position(x, position_text[i], false, is_integ ? TT_INTEG : TT_PRF);
		}
	}
	if (e || (e = check_integ(x)) || (e = fill(x)))
		return e;
	sort_types(x);
	return OK;
}

static char *warning_of(struct parse *x)
{
	char *text = NULL;

	if (x->note && *x->weak)
		text = xasprintf("%s; weak algorithms: %s", x->note, x->weak);
	else if (*x->weak)
		text = xasprintf("weak algorithms: %s; prefer aes_gcm256, sha2_256, dh19", x->weak);
	else
		text = xstrdup(x->note);
	return text;
}

static enum err parse(enum protocol_id protocol, bool is_ikev1, const char *s,
	struct proposals **ret, char **what, char **warning)
{
	struct proposals out = { 0 };
	char *copy = xstrdup(s), *rest = trimmed(copy), *w, *text;
	size_t len = strlen(rest);
	struct parse x = { .protocol = protocol, .is_ikev1 = is_ikev1, .what = what };
	enum err e = OK;

	if (len > 0 && rest[len - 1] == '!') {
		rest[len - 1] = '\0';
		x.note = xstrdup("the '!' is strongSwan's and not needed: only what stands here is "
				 "proposed");
	}
	while (!e && (w = strsep(&rest, ","))) {
		if (out.n == PROPOSALS_MAX) {
			e = fail(&x, xasprintf("more than %d proposals", PROPOSALS_MAX));
			break;
		}
		x.p = &out.p[out.n++];
		x.is_aead = x.is_plain = false;
		x.without_integ = NULL;
		memset(x.has, 0, sizeof(x.has));
		*x.p = (struct proposal){ .number = (uint8_t)out.n, .protocol = (uint8_t)protocol };
		e = one_proposal(&x, trimmed(w));
	}
	free(copy);
	text = e ? NULL : warning_of(&x);
	free(x.note);
	if (e)
		return e;
	if (text && !*warning)
		*warning = text;
	else
		free(text);
	*ret = proposals_new(&out);
	return OK;
}

enum err proposal_text_parse(enum protocol_id protocol, const char *s, struct proposals **ret,
	char **what, char **warning)
{
	return parse(protocol, false, s, ret, what, warning);
}

enum err proposal_text_parse_ikev1(enum protocol_id protocol, const char *s, struct proposals **ret,
	char **what, char **warning)
{
	return parse(protocol, true, s, ret, what, warning);
}
