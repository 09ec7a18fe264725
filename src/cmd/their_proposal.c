/* strongSwan's lists of algorithms for IKE as values: types stand in any order between '-', each
 * as often as it likes, and what has no PRF takes that of its integrity algorithm. What a list
 * leaves out is not filled in there, so a proposal that lacks a type is none. */
#include "cmd/their_conn.h"
#include "config/proposal_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { KINDS = 4, LIST = 512 };
enum kind { ENCR, INTEG, PRF, KE };

/* What Debian's strongSwan 5.9 offers where nothing is said, without what is out of date. */
static const char plain_default[] =
	"aes128-aes192-aes256-camellia128-camellia192-camellia256-sha256-sha384-sha512-aesxcbc-"
	"aescmac-sha1-prfsha256-prfsha384-prfsha512-prfaesxcbc-prfaescmac-prfsha1-ecp256-ecp384-"
	"ecp521-ecp256bp-ecp384bp-ecp512bp-curve25519-curve448-modp3072-modp4096-modp6144-"
	"modp8192-modp2048";
static const char aead_default[] =
	"aes128gcm16-aes192gcm16-aes256gcm16-chacha20poly1305-aes128ccm16-aes192ccm16-aes256ccm16-"
	"prfsha256-prfsha384-prfsha512-prfaesxcbc-prfaescmac-prfsha1-ecp256-ecp384-ecp521-"
	"ecp256bp-ecp384bp-ecp512bp-curve25519-curve448-modp3072-modp4096-modp6144-modp8192-"
	"modp2048";

static void add(char *list, const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, LIST - n, "%s%s", n ? "+" : "", word);
}

static bool is_aead(const char *word)
{
	return strstr(word, "gcm") || strstr(word, "ccm") || strncmp(word, "chacha", 6) == 0;
}

/* In the words of our own parser: "encrypt=aes256-integ=sha256-prf=sha256-ke=modp2048". */
static void in_our_words(char *text, char *ret, size_t n)
{
	char list[KINDS][LIST] = { "" }, *rest = text, *w;
	bool has_aead = false;

	while ((w = strsep(&rest, "-"))) {
		size_t len = strlen(w);

		if (!len || strncmp(w, "ke", 2) == 0 || strcmp(w, "modpnone") == 0)
			continue; /* further key exchanges (RFC 9370) may be left out */
		if (alg_by_name(TT_KE, w, len))
			add(list[KE], w);
		else if (strncmp(w, "prf", 3) == 0)
			add(list[PRF], w);
		else if (alg_by_name(TT_INTEG, w, len))
			add(list[INTEG], w);
		else /* a bare name has 128 bits there */
			add(list[ENCR], strcmp(w, "aes") == 0	     ? "aes128"
					: strcmp(w, "camellia") == 0 ? "camellia128"
								     : w);
		has_aead = has_aead || is_aead(w);
	}
	snprintf(ret, n, "encrypt=%s%s%s-prf=%s-ke=%s", list[ENCR],
		has_aead ? "" : "-integ=", has_aead ? "" : list[INTEG],
		list[PRF][0] ? list[PRF] : list[INTEG], list[KE]);
}

static void take(char *text, bool is_v1, struct proposals *ret)
{
	char ours[KINDS * LIST + 32], *what = NULL, *warning = NULL;
	struct proposals *got = NULL;
	enum err e;

	in_our_words(text, ours, sizeof(ours));
	e = is_v1 ? proposal_text_parse_ikev1(PROTO_IKE, ours, &got, &what, &warning)
		  : proposal_text_parse(PROTO_IKE, ours, &got, &what, &warning);
	for (size_t i = 0; !e && i < got->n && ret->n < PROPOSALS_MAX; i++) {
		ret->p[ret->n] = got->p[i];
		ret->p[ret->n].number = (uint8_t)(ret->n + 1);
		ret->n++;
	}
	free(got);
	free(what);
	free(warning);
}

static void take_defaults(bool is_v1, struct proposals *ret)
{
	char text[LIST];

	snprintf(text, sizeof(text), "%s", plain_default);
	take(text, is_v1, ret);
	if (is_v1)
		return;
	snprintf(text, sizeof(text), "%s", aead_default);
	take(text, is_v1, ret);
}

struct proposals *their_proposals(const struct their_conn *c, bool is_v1)
{
	struct proposals *all = xalloc(sizeof(*all)), *ret;
	char *text = xstrdup(c->ike), *rest = text, *w;
	bool is_strict = strchr(c->ike, '!') || strcmp(c->suite, "swanctl") == 0;

	while ((w = strsep(&rest, ", !\t"))) {
		if (strcmp(w, "default") == 0)
			take_defaults(is_v1, all);
		else if (*w)
			take(w, is_v1, all);
	}
	if (!c->ike[0] || !is_strict || !all->n)
		take_defaults(is_v1, all);
	ret = proposals_new(all);
	free(all);
	free(text);
	return ret;
}
