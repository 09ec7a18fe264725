/* Fixes in the words of who has to make them: ipsec.conf's are our own, strongSwan's come from a
 * table. */
#include "diag/words.h"

#include "diag/identity.h"

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
