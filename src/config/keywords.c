/* The table of keywords, its look-ups, and the defaults. */
#include "config/keywords.h"

#include "base/word.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* clang-format off */
static const struct keyword_word words_ddos[] = { { "auto", 0 }, { "busy", 1 }, { "unlimited", 2 }, { NULL, 0 } };
static const struct keyword_word words_ikev1_policy[] = { { "accept", IKEV1_ACCEPT }, { "reject", IKEV1_REJECT },
	{ "drop", IKEV1_DROP }, { "auto", IKEV1_AUTO }, { NULL, 0 } };
static const struct keyword_word words_dataplane[] = { { "auto", 0 }, { "kernel", 1 }, { "user", 2 }, { NULL, 0 } };
static const struct keyword_word words_auto[] = { { "ignore", AUTO_IGNORE }, { "add", AUTO_ADD },
	{ "ondemand", AUTO_ONDEMAND }, { "route", AUTO_ONDEMAND }, { "start", AUTO_START }, { "up", AUTO_START },
	{ "keep", AUTO_KEEP }, { NULL, 0 } };
static const struct keyword_word words_type[] = { { "tunnel", TYPE_TUNNEL }, { "transport", TYPE_TRANSPORT },
	{ "passthrough", TYPE_PASS }, { "pass", TYPE_PASS }, { "drop", TYPE_DROP }, { "reject", TYPE_REJECT }, { NULL, 0 } };
static const struct keyword_word words_phase2[] = { { "esp", 0 }, { "ah", 1 }, { NULL, 0 } };
static const struct keyword_word words_frag[] = { { "no", FRAG_NO }, { "yes", FRAG_YES }, { "force", FRAG_FORCE },
	{ "insist", FRAG_FORCE }, { NULL, 0 } };
static const struct keyword_word words_yna[] = { { "no", YNA_NO }, { "yes", YNA_YES }, { "auto", YNA_AUTO }, { NULL, 0 } };
static const struct keyword_word words_esn[] = { { "no", CONF_ESN_NO }, { "yes", CONF_ESN_YES },
	{ "either", CONF_ESN_EITHER }, { NULL, 0 } };
static const struct keyword_word words_shunt[] = { { "none", SHUNT_NONE }, { "passthrough", SHUNT_PASS },
	{ "pass", SHUNT_PASS }, { "drop", SHUNT_DROP }, { "reject", SHUNT_DROP }, { "hold", SHUNT_HOLD }, { NULL, 0 } };
static const struct keyword_word words_uniqueids[] = { { "yes", 1 }, { "no", 0 }, { "never", 0 }, { "replace", 1 },
	{ NULL, 0 } };
static const struct keyword_word words_forceencaps[] = { { "no", YNA_AUTO }, { "yes", YNA_YES }, { NULL, 0 } };
static const struct keyword_word words_protostack[] = { { "xfrm", 0 }, { "netkey", 0 }, { "auto", 0 }, { "klips", 1 },
	{ "mast", 1 }, { "none", 1 }, { "bsd", 1 }, { "bsdkame", 1 }, { "pfkeyv2", 1 }, { NULL, 0 } };
static const struct keyword_word words_dpdaction[] = { { "hold", DPDACTION_HOLD }, { "clear", DPDACTION_CLEAR },
	{ "restart", DPDACTION_RESTART }, { "restart_by_peer", DPDACTION_RESTART }, { "trap", DPDACTION_HOLD },
	{ "start", DPDACTION_RESTART }, { "none", DPDACTION_NONE }, { NULL, 0 } };
static const struct keyword_word words_offload[] = { { "no", 0 }, { "yes", 1 }, { "crypto", 1 }, { "packet", 2 },
	{ "auto", 3 }, { NULL, 0 } };
static const struct keyword_word words_sendcert[] = { { "always", 0 }, { "alwayssend", 0 }, { "yes", 0 },
	{ "sendifasked", 1 }, { "ifasked", 1 }, { "never", 2 }, { "no", 2 }, { NULL, 0 } };
static const struct keyword_word words_sendca[] = { { "none", 0 }, { "issuer", 1 }, { "all", 2 }, { NULL, 0 } };
static const struct keyword_word words_seccomp[] = { { "enabled", 0 }, { "disabled", 1 }, { "tolerant", 2 }, { NULL, 0 } };
static const struct keyword_word words_dns_resolver[] = { { "file", 0 }, { "systemd", 1 }, { NULL, 0 } };
static const struct keyword_word words_ocsp_method[] = { { "get", 0 }, { "post", 1 }, { NULL, 0 } };
static const struct keyword_word words_autheap[] = { { "none", 0 }, { "tls", 1 }, { NULL, 0 } };
static const struct keyword_word words_family[] = { { "ipv4", 4 }, { "ipv6", 6 }, { NULL, 0 } };
static const struct keyword_word words_ppk[] = { { "never", 0 }, { "no", 0 }, { "permit", 1 }, { "propose", 1 }, { "yes", 1 },
	{ "insist", 2 }, { "always", 2 }, { NULL, 0 } };
static const struct keyword_word words_tcp[] = { { "no", 0 }, { "yes", 1 }, { "fallback", 2 }, { NULL, 0 } };
static const struct keyword_word words_peer_type[] = { { "ietf", PEER_IETF }, { "cisco", PEER_CISCO }, { NULL, 0 } };
static const struct keyword_word words_nat_method[] = { { "both", NAT_METHOD_BOTH }, { "rfc", NAT_METHOD_RFC },
	{ "drafts", NAT_METHOD_DRAFTS }, { "none", NAT_METHOD_NONE }, { NULL, 0 } };
static const struct keyword_word words_xauthby[] = { { "file", XAUTHBY_FILE }, { "pam", XAUTHBY_PAM },
	{ "alwaysok", XAUTHBY_ALWAYSOK }, { NULL, 0 } };
static const struct keyword_word words_xauthfail[] = { { "hard", XAUTHFAIL_HARD }, { "soft", XAUTHFAIL_SOFT }, { NULL, 0 } };
/* clang-format on */

#define WORKS_(section_, of, n, a, t, f, lo, hi, w, d, h)                                          \
	{ .name = n,                                                                               \
		.aliases = a,                                                                      \
		.section = section_,                                                               \
		.state = STATE_WORKS,                                                              \
		.type = TYPE_##t,                                                                  \
		.offset = offsetof(struct of, f),                                                  \
		.min = lo,                                                                         \
		.max = hi,                                                                         \
		.words = w,                                                                        \
		.fallback = d,                                                                     \
		.why = "",                                                                         \
		.help = h },
#define S_WORKS(...) WORKS_(SECTION_SETUP, conf_setup, __VA_ARGS__)
#define C_WORKS(...) WORKS_(SECTION_CONN, conf_conn, __VA_ARGS__)
#define E_WORKS(...) WORKS_(SECTION_END, conf_end, __VA_ARGS__)
#define C_SPELLING(n, a, t, f, w, h)                                                               \
	{ .name = n,                                                                               \
		.aliases = a,                                                                      \
		.section = SECTION_CONN,                                                           \
		.state = STATE_WORKS,                                                              \
		.type = TYPE_##t,                                                                  \
		.is_spelling = true,                                                               \
		.offset = offsetof(struct conf_conn, f),                                           \
		.words = w,                                                                        \
		.fallback = "",                                                                    \
		.why = "",                                                                         \
		.help = h },
#define OTHER_(section_, n, a, s, t, lo, hi, w, d, y, h)                                           \
	{ .name = n,                                                                               \
		.aliases = a,                                                                      \
		.section = section_,                                                               \
		.state = STATE_##s,                                                                \
		.type = TYPE_##t,                                                                  \
		.min = lo,                                                                         \
		.max = hi,                                                                         \
		.words = w,                                                                        \
		.fallback = d,                                                                     \
		.why = y,                                                                          \
		.help = h },
#define S_OTHER(...) OTHER_(SECTION_SETUP, __VA_ARGS__)
#define C_OTHER(...) OTHER_(SECTION_CONN, __VA_ARGS__)
#define E_OTHER(...) OTHER_(SECTION_END, __VA_ARGS__)
#define GONE_(section_, n, a, y)                                                                   \
	{ .name = n,                                                                               \
		.aliases = a,                                                                      \
		.section = section_,                                                               \
		.state = STATE_IGNORED,                                                            \
		.is_gone = true,                                                                   \
		.fallback = "",                                                                    \
		.why = y,                                                                          \
		.help = "" },
#define S_GONE(...) GONE_(SECTION_SETUP, __VA_ARGS__)
#define C_GONE(...) GONE_(SECTION_CONN, __VA_ARGS__)
#define E_GONE(...) GONE_(SECTION_END, __VA_ARGS__)
#define STRUCTURE_(section_, n, h)                                                                 \
	{ .name = n,                                                                               \
		.aliases = "",                                                                     \
		.section = section_,                                                               \
		.state = STATE_WORKS,                                                              \
		.type = TYPE_STRUCTURE,                                                            \
		.fallback = "",                                                                    \
		.why = "",                                                                         \
		.help = h },
#define C_STRUCTURE(...) STRUCTURE_(SECTION_CONN, __VA_ARGS__)
#define E_STRUCTURE(...) STRUCTURE_(SECTION_END, __VA_ARGS__)
static const struct keyword table[] = {
#include "config/keywords.def"
};
_Static_assert(COUNT(table) <= KEYWORDS_MAX, "room for every keyword");

const struct keyword *keyword_at(size_t i)
{
	return i < COUNT(table) ? &table[i] : NULL;
}

size_t keyword_number(const struct keyword *k)
{
	return (size_t)(k - table);
}

/* ---- by name ---- */

/* virtual_private is virtual-private. */
static bool same(const char *a, const char *b, size_t b_n)
{
	size_t i = 0;

	while (i < b_n && a[i] && word_folded(a[i]) == word_folded(b[i]))
		i++;
	return i == b_n && a[i] == '\0';
}

/* The i-th name of a keyword, its own being the 0th; NULL after the last. */
static const char *name_at(const struct keyword *k, size_t i, size_t *n)
{
	const char *list = k->aliases, *name = k->name;

	for (*n = strlen(name); name && i > 0; i--)
		name = word_next(&list, n);
	return name;
}

static bool answers_to(const struct keyword *k, const char *name)
{
	const char *own;
	size_t n;

	for (size_t i = 0; (own = name_at(k, i, &n)); i++)
		if (same(name, own, n))
			return true;
	return false;
}

const struct keyword *keyword_find(enum keyword_section s, const char *name)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].section == s && answers_to(&table[i], name))
			return &table[i];
	return NULL;
}

static size_t name_hash(enum keyword_section s, const char *name, size_t n)
{
	uint32_t h = 2166136261u + s;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)word_folded(name[i])) * 16777619u;
	return h % COUNT(((struct keyword_index *)0)->slot);
}

void keyword_index_init(struct keyword_index *x)
{
	const char *name;
	size_t n;

	memset(x, 0, sizeof(*x));
	for (size_t k = 0; k < COUNT(table); k++)
		for (size_t i = 0; (name = name_at(&table[k], i, &n)); i++) {
			size_t at = name_hash((enum keyword_section)table[k].section, name, n);

			while (x->slot[at] != 0)
				at = (at + 1) % COUNT(x->slot);
			x->slot[at] = (uint16_t)(k + 1);
		}
}

const struct keyword *keyword_lookup(
	const struct keyword_index *x, enum keyword_section s, const char *name)
{
	size_t at = name_hash(s, name, strlen(name));

	for (; x->slot[at] != 0; at = (at + 1) % COUNT(x->slot)) {
		const struct keyword *k = &table[x->slot[at] - 1];

		if (k->section == s && answers_to(k, name))
			return k;
	}
	return NULL;
}

/* ---- what was probably meant ---- */

const char *keyword_nearest(bool in_setup, const char *name, char *ret, size_t n)
{
	static const char *const sides[] = { "", "left", "right" };
	struct nearest near = nearest_to(name);
	const char *own;
	size_t length;
	char full[64];

	for (size_t i = 0; i < COUNT(table); i++) {
		bool sided = table[i].section == SECTION_END;

		if ((table[i].section == SECTION_SETUP) != in_setup || table[i].is_gone)
			continue;
		for (size_t s = sided ? 1 : 0; s <= (sided ? 2u : 0u); s++)
			for (size_t k = 0; (own = name_at(&table[i], k, &length)); k++) {
				snprintf(full, sizeof(full), "%s%.*s", sides[s], (int)length, own);
				if (nearest_try(&near, full))
					snprintf(ret, n, "%s", full);
			}
	}
	return near.word ? ret : NULL;
}

/* ---- defaults ---- */

/* Every default goes the way that the file's values go, so the table says the truth. */
static void defaults(enum keyword_section s, void *object)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		const struct keyword *k = &table[i];
		char *what = NULL, *warning = NULL;

		if (k->section != s || k->state != STATE_WORKS || !*k->fallback)
			continue;
		if (value_read(k, object, k->fallback, &what, &warning))
			abort(); /* the table contradicts itself; a test reads all of it */
		free(warning);
	}
}

void conf_conn_defaults(struct conf_conn *c)
{
	defaults(SECTION_END, &c->left);
	defaults(SECTION_END, &c->right);
	defaults(SECTION_CONN, c);
	c->failureshunt = SHUNT_NONE; /* of keywords that do not work yet */
	c->negotiationshunt = SHUNT_HOLD;
}

void conf_setup_defaults(struct conf_setup *s)
{
	defaults(SECTION_SETUP, s);
	s->logip = s->errqueue = true; /* of keywords that do not work yet */
	s->shuntlifetime = 900 * NS_S;
}
