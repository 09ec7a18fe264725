#include "diag/diag.h"
#include "diag/drift.h"
#include "diag/identity.h"
#include "diag/words.h"
#include "ipsec/variant.h"

#include <stdlib.h>

enum { AUTH_SHARED_KEY = 2 };

/* ---- the line of the secret, as sed finds it ---- */

/* "PSK", the quote, and the value in it, which has neither quotes nor #: others are not changed. */
#define PSK_VALUE "PSK +([\"\\x27]?)([^\"\\x27#]*[^\"\\x27# ])\\1 *$"

/* How this end can have the secret as the peer has it, and what the peer has to change. */
static const struct {
	const char *from, *to; /* NULL: nobody wants that */
	const char *peer;
} variants[VARIANT_END] = {
	[VARIANT_NEWLINE] = { .peer = "its secret ends with a newline: write it anew without one "
				      "(printf %s instead of echo)" },
	[VARIANT_CR] = { .peer = "its file has line ends of DOS: run sed -i 's/\\r$//' on it and "
				 "load the secrets again" },
	[VARIANT_CRLF] = { .peer = "its secret ends with a carriage return and a newline: write it "
				   "anew without them" },
	[VARIANT_BLANK] = { PSK_VALUE, "PSK \"\\2 \"",
		"take the blank at the end of its secret away" },
	[VARIANT_BLANK_BEFORE] = { PSK_VALUE, "PSK \" \\2\"",
		"take the blank at the start of its secret away" },
	[VARIANT_NO_BLANKS] = { "PSK +([\"\\x27]) *([^\"\\x27#]*[^\"\\x27# ]) *\\1 *$",
		"PSK \\1\\2\\1", "put its secret in quotes, with the blanks in them" },
	[VARIANT_DOUBLE_QUOTES] = { PSK_VALUE, "PSK \\x27\"\\2\"\\x27",
		"write its secret without the quotes" },
	[VARIANT_SINGLE_QUOTES] = { PSK_VALUE, "PSK \"\\x27\\2\\x27\"",
		"write its secret without the quotes" },
	[VARIANT_UNQUOTED] = { "PSK +[\"\\x27]([\"\\x27])([^\"\\x27#]+)\\1[\"\\x27] *$",
		"PSK \\1\\2\\1", "write its secret with the quotes as part of it" },
	[VARIANT_TEXT] = { "PSK +(0[xXsStT][^\"\\x27 ]+) *$", "PSK \"\\1\"",
		"write its secret without quotes (secret = 0x... or 0s...), so that it is decoded; "
		"Cisco: pre-shared-key hex ..." },
	[VARIANT_TEXT_BARE] = { "PSK +0[xXsStT]([^\"\\x27 ]+) *$", "PSK \"\\1\"",
		"write its secret with the prefix, as here (secret = 0x... or 0s...); Cisco: "
		"pre-shared-key hex ..." },
	[VARIANT_HEX] = { "PSK +([\"\\x27]?)(0[xX])?([0-9A-Fa-f_]+)\\1 *$", "PSK 0x\\3",
		"put its secret in quotes, so that it is text" },
	[VARIANT_BASE64] = { "PSK +([\"\\x27]?)(0[sS])?([0-9A-Za-z+/=]+)\\1 *$", "PSK 0s\\3",
		"put its secret in quotes, so that it is text" },
};

/* "/etc/ipsec.secrets:3", for a shell. Gives the line, 0: it is not to be written into a command.
 */
static unsigned long place(const char *where, char *file, size_t n)
{
	static const char safe[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
	const char *colon = strrchr(where, ':');
	size_t len = colon ? (size_t)(colon - where) : 0;

	if (len == 0 || len >= n || where[0] != '/' || strspn(where, safe) != len)
		return 0;
	memcpy(file, where, len);
	file[len] = '\0';
	return strtoul(colon + 1, NULL, 10);
}

/* An identity of ours, in a regular expression's replacement. */
static bool is_plain(const char *id)
{
	return id[0] &&
	       !id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			      "@._:-")];
}

static void fixes(struct finding *f, const struct story *s, const char *ours, const char *theirs)
{
	char a[IDENTITY_WORD], b[IDENTITY_WORD];

	words_secret(f, FIX_HERE, ours, theirs);
	finding_fix(f, FIX_HERE, FIX_REREAD, "ipsec rereadsecrets && ipsec up %s", story_name(s));
	words_secret(f, FIX_PEER_LIBRESWAN, theirs, ours);
	finding_fix(f, FIX_PEER_STRONGSWAN, FIX_WORDS,
		/* a line has one value: it knows no semicolon */
		"in swanctl.conf write (| ends a line): secrets { ike-1 { | id-1 = %s | id-2 = %s "
		"| secret = \"...\" | } }, then run: swanctl --load-creds",
		identity_swanctl(theirs, a), identity_swanctl(ours, b));
	cisco_secret(f, s);
}

/* The peer has this secret in other form. */
static void other_form(
	const struct story *s, enum secret_variant v, const char *where, struct finding *f)
{
	char file[128];
	unsigned long line = place(where, file, sizeof(file));

	finding_fix(f, FIX_PEER, FIX_WORDS, "%s", variants[v].peer);
	if (line && variants[v].from)
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"sed -Ei '%lus,%s,%s,' %s && ipsec rereadsecrets && ipsec up %s", line,
			variants[v].from, variants[v].to, file, story_name(s));
}

/* The peer has what stands in another line: the lines are swapped here, or the peer took the wrong
 * one. */
static void other_line(
	const struct story *s, const char *where, const char *fits, struct finding *f)
{
	const char *ours = FACT(s, our_id), *theirs = FACT(s, their_id);
	char file[128], second[128];
	unsigned long line = place(where, file, sizeof(file));
	unsigned long other = place(fits, second, sizeof(second));

	if (line && other && strcmp(file, second) == 0 && is_plain(ours) && is_plain(theirs))
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"sed -Ei -e '%lus/^/#/' -e '%lu{p;s/^[^\"#]*PSK/%s %s : PSK/}' %s && "
			"ipsec rereadsecrets && ipsec up %s",
			line, other, ours, theirs, file, story_name(s));
	else
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"write the secret of %s for these two ends, in place of the one at %s",
			fits, where);
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"if the line here is the right one: write the secret of %s there", where);
}

/* We have verified AUTH of the peer. */
static enum certainty as_verifier(const struct story *s, const struct event *e, struct finding *f)
{
	const union ev_v2_auth_mismatch *m = FIELDS(e, v2_auth_mismatch);
	enum secret_variant v = variant_of(m->variant.str);

	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_secret_ambiguous));
	if (m->fits.str[0]) {
		finding_cause(f,
			"the peer '%s' does not have the secret at %s, which stands for it here, "
			"but the one at %s; its identity is the right one",
			m->id.str, m->where.str, m->fits.str);
		other_line(s, m->where.str, m->fits.str, f);
		return CERTAIN;
	}
	if (v != VARIANT_NONE) {
		finding_cause(f,
			"the peer '%s' has the same secret as the one at %s, but %s; its identity "
			"is the right one",
			m->id.str, m->where.str, variant_name(v));
		other_form(s, v, m->where.str, f);
		return CERTAIN;
	}
	finding_cause(f,
		"the peer '%s' has another secret than the one here%s%s; its identity is the right "
		"one",
		m->id.str, m->where.str[0] ? ", which stands at " : "", m->where.str);
	fixes(f, s, FACT(s, our_id)[0] ? FACT(s, our_id) : "%any", m->id.str);
	return CERTAIN;
}

static enum certainty judge_auth(const struct story *s, struct finding *f)
{
	const struct event *e = story_last(s, EV_v2_auth_mismatch);
	const union ev_v2_auth_rejected *no;
	bool is_natted, is_open;

	if (e) {
		uint64_t method = FIELDS(e, v2_auth_mismatch)->method.u64;

		return !method || method == AUTH_SHARED_KEY ? as_verifier(s, e, f) : CERTAINTY_NONE;
	}
	e = story_last(s, EV_v2_auth_rejected);
	if (!e || strcmp(FIELDS(e, v2_auth_rejected)->notify.str, "AUTHENTICATION_FAILED") != 0)
		return CERTAINTY_NONE;
	no = FIELDS(e, v2_auth_rejected);
	is_open = !no->ours.str[0] || identity_is_open(no->ours.str); /* a log did not tell it */
	finding_proof(f, e);
	finding_proof(f, story_last(s, EV_secret_ambiguous));
	finding_cause(f,
		"the peer refuses us with AUTHENTICATION_FAILED: it has another secret for us or "
		"none, or it expects another identity than %s%s%s",
		is_open ? "ours" : "'", is_open ? "" : no->ours.str, is_open ? "" : "'");
	fixes(f, s, no->ours.str[0] ? no->ours.str : "%any", no->theirs.str);
	finding_suspect(f, &rule_id_mismatch);
	finding_suspect(f, &rule_authby_mismatch);
	finding_next(f, "the peer's log says which: \"MAC mismatched\" is the secret, \"no "
			"matching peer config found\" the identity");
	is_natted = identity_is_private(no->ours.str) && !identity_is_private(no->theirs.str) &&
		    identity_is_addr(no->theirs.str);
	return is_natted || drift_our_id(s) ? POSSIBLE : LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c = judge_auth(s, f);

	if (c)
		drift_secrets(s, f);
	return c;
}

const struct rule rule_psk_mismatch_v2 = {
	.id = "psk-mismatch-v2",
	.title = "the two pre-shared keys differ (IKEv2)",
	.layer = "authentication",
	.most = CERTAIN,
	.symptom = "IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED",
	.proof = "who verifies AUTH knows; the other end was only told no",
	.remedy = "write the same secret at both ends",
	.judge = judge_it,
};
