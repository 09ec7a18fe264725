/* The table of keywords, its look-ups, and the defaults. */
#include "config/keywords.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* clang-format off */
static const struct keyword_word words_ddos[] = { { "auto", 0 }, { "busy", 1 }, { "unlimited", 2 }, { NULL, 0 } };
static const struct keyword_word words_ikev1_policy[] = { { "accept", 0 }, { "reject", 1 }, { "drop", 2 }, { NULL, 0 } };
static const struct keyword_word words_dataplane[] = { { "auto", 0 }, { "kernel", 1 }, { "user", 2 }, { NULL, 0 } };
static const struct keyword_word words_auto[] = { { "ignore", AUTO_IGNORE }, { "add", AUTO_ADD },
	{ "ondemand", AUTO_ONDEMAND }, { "route", AUTO_ONDEMAND }, { "start", AUTO_START }, { "up", AUTO_START },
	{ "keep", AUTO_KEEP }, { NULL, 0 } };
static const struct keyword_word words_type[] = { { "tunnel", TYPE_TUNNEL }, { "transport", TYPE_TRANSPORT },
	{ "passthrough", TYPE_PASS }, { "pass", TYPE_PASS }, { "drop", TYPE_DROP }, { "reject", TYPE_REJECT }, { NULL, 0 } };
static const struct keyword_word words_keyexchange[] = { { "ikev2", VERSION_IKEV2 }, { "ike", VERSION_IKEV2 },
	{ "ikev1", VERSION_IKEV1 }, { NULL, 0 } };
static const struct keyword_word words_phase2[] = { { "esp", 0 }, { "ah", 1 }, { NULL, 0 } };
static const struct keyword_word words_frag[] = { { "no", FRAG_NO }, { "yes", FRAG_YES }, { "force", FRAG_FORCE },
	{ "insist", FRAG_FORCE }, { NULL, 0 } };
static const struct keyword_word words_yna[] = { { "no", YNA_NO }, { "yes", YNA_YES }, { "auto", YNA_AUTO }, { NULL, 0 } };
static const struct keyword_word words_esn[] = { { "no", CONF_ESN_NO }, { "yes", CONF_ESN_YES },
	{ "either", CONF_ESN_EITHER }, { NULL, 0 } };
static const struct keyword_word words_shunt[] = { { "none", SHUNT_NONE }, { "passthrough", SHUNT_PASS },
	{ "pass", SHUNT_PASS }, { "drop", SHUNT_DROP }, { "reject", SHUNT_DROP }, { "hold", SHUNT_HOLD }, { NULL, 0 } };
/* clang-format on */

#define WORKS_(section_, of, n, a, t, f, lo, hi, w, d, h)                                              \
	{ .name = n, .aliases = a, .section = section_, .state = STATE_WORKS, .type = TYPE_##t,        \
		.offset = offsetof(struct of, f), .min = lo, .max = hi, .words = w, .fallback = d,     \
		.why = "", .help = h },
#define S_WORKS(...) WORKS_(SECTION_SETUP, conf_setup, __VA_ARGS__)
#define C_WORKS(...) WORKS_(SECTION_CONN, conf_conn, __VA_ARGS__)
#define E_WORKS(...) WORKS_(SECTION_END, conf_end, __VA_ARGS__)
#define KIND_LATER .state = STATE_LATER, .type = TYPE_NONE
#define KIND_IGNORED .state = STATE_IGNORED, .type = TYPE_NONE
#define KIND_REFUSED .state = STATE_REFUSED, .type = TYPE_NONE
#define KIND_STRUCTURE .state = STATE_WORKS, .type = TYPE_STRUCTURE
#define OTHER_(section_, n, a, kind, w, h)                                                             \
	{ .name = n, .aliases = a, .section = section_, KIND_##kind, .fallback = "", .why = w, .help = h },
#define S_OTHER(...) OTHER_(SECTION_SETUP, __VA_ARGS__)
#define C_OTHER(...) OTHER_(SECTION_CONN, __VA_ARGS__)
#define E_OTHER(...) OTHER_(SECTION_END, __VA_ARGS__)
static const struct keyword table[] = {
#include "config/keywords.def"
};

const struct keyword *keyword_at(size_t i)
{
	return i < COUNT(table) ? &table[i] : NULL;
}

/* Case does not count, and '_' is '-': virtual_private is virtual-private. */
static bool same(const char *a, const char *b, size_t b_n)
{
	size_t i = 0;

	for (; i < b_n && a[i]; i++) {
		int x = a[i] == '_' ? '-' : tolower((unsigned char)a[i]);
		int y = b[i] == '_' ? '-' : tolower((unsigned char)b[i]);

		if (x != y)
			return false;
	}
	return i == b_n && a[i] == '\0';
}

static bool answers_to(const struct keyword *k, const char *name)
{
	if (same(name, k->name, strlen(k->name)))
		return true;
	for (const char *a = k->aliases; *a;) {
		size_t n = strcspn(a, " ");

		if (same(name, a, n))
			return true;
		a += n + (a[n] == ' ');
	}
	return false;
}

const struct keyword *keyword_find(enum keyword_section s, const char *name)
{
	for (size_t i = 0; i < COUNT(table); i++)
		if (table[i].section == s && answers_to(&table[i], name))
			return &table[i];
	return NULL;
}

size_t word_distance(const char *a, const char *b)
{
	size_t row[64], n = strlen(b);

	if (n >= COUNT(row) || strlen(a) >= COUNT(row))
		return COUNT(row);
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = diagonal + (tolower((unsigned char)a[i - 1]) != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

const char *keyword_nearest(bool in_setup, const char *name, char *ret, size_t n)
{
	size_t best = strlen(name) < 4 ? 2 : 3;
	bool found = false;

	for (size_t i = 0; i < COUNT(table); i++) {
		static const char *const sides[] = { "left", "right" };
		const struct keyword *k = &table[i];

		if ((k->section == SECTION_SETUP) != in_setup || k->state == STATE_IGNORED)
			continue;
		for (size_t s = 0; s < (k->section == SECTION_END ? 2 : 1); s++) {
			char full[64];
			size_t d;

			snprintf(full, sizeof(full), "%s%s", k->section == SECTION_END ? sides[s] : "", k->name);
			d = word_distance(name, full);
			if (d < best) {
				best = d;
				found = true;
				snprintf(ret, n, "%s", full);
			}
		}
	}
	return found ? ret : NULL;
}

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
}

void conf_setup_defaults(struct conf_setup *s)
{
	defaults(SECTION_SETUP, s);
}
