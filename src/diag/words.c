/* Fixes in the words of who has to make them: ipsec.conf's are our own, strongSwan's come from a
 * table. */
#include "diag/words.h"

#include "diag/identity.h"

#include <ctype.h>
#include <stdio.h>

/* Keywords of ipsec.conf as swanctl.conf has them. */
static const struct {
	const char *keyword, *value; /* NULL: any */
	const char *before, *after;
	const char *cut;  /* what the value begins with and swanctl.conf's has not */
	bool is_of_child; /* it stands under children { ... } of the connection */
} swanctl[] = {
	{ "keyexchange", NULL, "version = ", "", "ikev", false },
	{ "ike", NULL, "proposals = ", "", "", false },
	{ "esp", NULL, "esp_proposals = ", "", "", true },
	{ "type", NULL, "mode = ", "", "", true },
	{ "encapsulation", NULL, "encap = ", "", "", false },
	{ "modecfgclient", "yes", "vips = 0.0.0.0", "", "yes", false },
	{ "modecfgpull", NULL, "pull = ", "", "", false },
	{ "aggressive", NULL, "aggressive = ", "", "", false },
	{ "fragmentation", NULL, "fragmentation = ", "", "", false },
	{ "auto", "add", "start_action = none", "", "add", true },
	{ "auto", "start", "start_action = start", "", "start", true },
	{ "rekey_time", NULL, "rekey_time = ", "", "", true },
	{ "inactivity", NULL, "inactivity = ", "", "", true },
	{ "dpddelay", NULL, "dpd_delay = ", "s", "", false },
	{ "dpdaction", NULL, "dpd_action = ", "", "", true },
	{ "pfs", "no", "esp_proposals = as it is, without its groups", "", "no", true },
	/* of an end: local or remote stands before it */
	{ "", NULL, "_addrs = ", "", "", false },
	{ "subnet", NULL, "_ts = ", "", "", true },
	{ "ikeport", NULL, "_port = ", "", "", false },
	{ "id", NULL, " { id = ", " }", "", false },
	{ "auth", NULL, " { auth = ", " }", "", false },
};

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool story_is_swanctl(const struct story *s)
{
	const char *name = strrchr(FACT(s, file), '/'), *suite = FACT(s, suite);

	return (suite && is(suite, "swanctl")) || (name && is(name, "/swanctl.conf"));
}

bool story_is_strongswan(const struct story *s)
{
	return story_is_swanctl(s) || (FACT(s, suite) && is(FACT(s, suite), "strongswan"));
}

bool story_is_foreign(const struct story *s)
{
	const char *suite = FACT(s, suite);

	return story_is_swanctl(s) || (suite && suite[0]);
}

/* "left" and "right" as this end sees them. */
static const char *end_name(const struct story *s, const char *side)
{
	if (!is(side, "left") && !is(side, "right"))
		return side;
	return is(side, story_our_end(s)) ? "local" : "remote";
}

/* The row of the table, or its end. */
static size_t swanctl_of(const struct fix *f)
{
	size_t i = 0;

	for (; i < COUNT(swanctl); i++)
		if (is(swanctl[i].keyword, f->keyword) &&
			(!swanctl[i].value || is(swanctl[i].value, f->text)) &&
			strncmp(f->text, swanctl[i].cut, strlen(swanctl[i].cut)) == 0 &&
			(f->keyword[0] || f->text[0] != '%')) /* a word of ipsec.conf alone */
			break;
	return i;
}

static bool is_swanctls(const struct story *s, const struct fix *f)
{
	return f->where == FIX_PEER_STRONGSWAN || (f->where == FIX_HERE && story_is_swanctl(s));
}

bool fix_is_of_child(const struct story *s, const struct fix *f)
{
	size_t i = swanctl_of(f);

	return is_swanctls(s, f) && i < COUNT(swanctl) && swanctl[i].is_of_child;
}

void words_secret(struct finding *f, enum fix_where where, const char *first, const char *second)
{
	char a[IDENTITY_WORD], b[IDENTITY_WORD];

	finding_fix(f, where, FIX_SECRET, "%s %s : PSK \"...\"", identity_word(first, a),
		identity_word(second, b));
}

char *fix_line(const struct story *s, const struct fix *f, char *t, size_t n)
{
	char id[IDENTITY_WORD];
	bool is_conf = f->kind == FIX_CONN || f->kind == FIX_SETUP, is_id = is(f->keyword, "id");
	size_t i = swanctl_of(f);

	if (!is_conf)
		snprintf(t, n, "%s", f->text);
	else if (!is_swanctls(s, f))
		snprintf(t, n, "%s%s=%s", f->side, f->keyword,
			is_id ? identity_word(f->text, id) : f->text);
	else if (i < COUNT(swanctl))
		snprintf(t, n, "%s%s%s%s", end_name(s, f->side), swanctl[i].before,
			is_id ? identity_swanctl(f->text, id) : f->text + strlen(swanctl[i].cut),
			swanctl[i].after);
	else
		snprintf(t, n, "what ipsec.conf has as %s%s=%s", f->side, f->keyword, f->text);
	return t;
}

/* ---- what is said ---- */

static const struct {
	const char *conf;
	const char *swanctl; /* behind the end's name, where it begins with '_' or a blank */
} said[] = {
	{ "ike=", "proposals=" },
	{ "esp=", "esp_proposals=" },
	{ "leftsubnet=", "_ts=" },
	{ "rightsubnet=", "_ts=" },
	{ "leftid=", " id=" },
	{ "rightid=", " id=" },
	{ "left=", "_addrs=" },
	{ "right=", "_addrs=" },
	{ "authby=", "auth=" },
	{ "keyexchange=", "version=" },
	{ "encapsulation=", "encap=" },
	{ "rightaddresspool=", "pools=" },
};

/* "ike=" and no value, at the beginning of a word: which one, or -1. */
static int keyword_at(const char *text, const char *s)
{
	if (s != text && (isalnum((unsigned char)s[-1]) || strchr("-_", s[-1])))
		return -1;
	for (size_t i = 0; i < COUNT(said); i++) {
		size_t len = strlen(said[i].conf);

		if (strncmp(s, said[i].conf, len) == 0 &&
			(!s[len] || (strchr(" ,;:.)", s[len]) && s[len + 1] != '=')))
			return (int)i;
	}
	return -1;
}

static void put(char *t, size_t room, size_t *used, const char *s, size_t n)
{
	n = MIN(n, room - 1 - *used);
	memcpy(t + *used, s, n);
	*used += n;
	t[*used] = '\0';
}

static void put_keyword(const struct story *s, int i, char *t, size_t room, size_t *used)
{
	const char *conf = said[i].conf, *theirs = said[i].swanctl;
	const char *end = conf[0] == 'l' ? "left" : "right";

	if (theirs[0] == '_' || theirs[0] == ' ') {
		end = end_name(s, end);
		put(t, room, used, end, strlen(end));
	}
	put(t, room, used, theirs, strlen(theirs));
}

void keywords_as_theirs(const struct story *s, char *t, size_t n)
{
	static const char command[] = "ipsec diagnose ";
	bool is_swanctl = story_is_swanctl(s);
	const char *file = FACT(s, file)[0] ? FACT(s, file) : "/etc/ipsec.conf";
	char text[CAUSE_MAX + 256];
	size_t used = 0, len = sizeof(command) - 1;
	int i;

	if (!story_is_foreign(s) || n > sizeof(text))
		return;
	snprintf(text, sizeof(text), "%s", t);
	t[0] = '\0';
	for (const char *p = text; *p;) {
		if (is_swanctl && (i = keyword_at(text, p)) >= 0) {
			put_keyword(s, i, t, n, &used);
			p += strlen(said[i].conf);
		} else if (strncmp(p, command, len) == 0 && p[len] != '-') {
			put(t, n, &used, "ipsec diagnose --config ", 24);
			put(t, n, &used, file, strlen(file));
			p += len - 1; /* its blank */
		} else
			put(t, n, &used, p++, 1);
	}
}
