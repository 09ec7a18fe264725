/* Fixes in the words of who has to make them: ipsec.conf's are our own, strongSwan's come from a
 * table. */
#include "diag/words.h"

#include "diag/identity.h"

#include <stdio.h>

/* Keywords of ipsec.conf as swanctl.conf has them. */
static const struct {
	const char *keyword, *value; /* NULL: any */
	const char *before, *after;
	const char *cut; /* what the value begins with and swanctl.conf's has not */
} swanctl[] = {
	{ "keyexchange", NULL, "version = ", "", "ikev" },
	{ "ike", NULL, "proposals = ", "", "" },
	{ "esp", NULL, "esp_proposals = ", "", "" },
	{ "type", NULL, "mode = ", "", "" },
	{ "encapsulation", NULL, "encap = ", "", "" },
	{ "modecfgclient", "yes", "vips = 0.0.0.0", "", "yes" },
	{ "modecfgpull", NULL, "pull = ", "", "" },
	{ "aggressive", NULL, "aggressive = ", "", "" },
	{ "fragmentation", NULL, "fragmentation = ", "", "" },
	{ "auto", "add", "start_action = none", "", "add" },
	{ "auto", "start", "start_action = start", "", "start" },
	{ "rekey_time", NULL, "rekey_time = ", "", "" },
	{ "inactivity", NULL, "inactivity = ", "", "" },
	/* of an end: local or remote stands before it */
	{ "", NULL, "_addrs = ", "", "" },
	{ "subnet", NULL, "_ts = ", "", "" },
	{ "ikeport", NULL, "_port = ", "", "" },
	{ "id", NULL, " { id = ", " }", "" },
	{ "auth", NULL, " { auth = ", " }", "" },
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

static bool swanctl_line(const struct story *s, const struct fix *f, char *t, size_t n)
{
	for (size_t i = 0; i < COUNT(swanctl); i++) {
		size_t cut = strlen(swanctl[i].cut);

		if (!is(swanctl[i].keyword, f->keyword) ||
			(swanctl[i].value && !is(swanctl[i].value, f->text)) ||
			strncmp(f->text, swanctl[i].cut, cut) != 0 ||
			(!f->keyword[0] && f->text[0] == '%')) /* words of ipsec.conf alone */
			continue;
		snprintf(t, n, "%s%s%s%s", end_name(s, f->side), swanctl[i].before, f->text + cut,
			swanctl[i].after);
		return true;
	}
	return false;
}

char *fix_line(const struct story *s, const struct fix *f, char *t, size_t n)
{
	bool is_conf = f->kind == FIX_CONN || f->kind == FIX_SETUP;

	if (!is_conf)
		snprintf(t, n, "%s", f->text);
	else if (f->where == FIX_PEER_STRONGSWAN || (f->where == FIX_HERE && story_is_swanctl(s))) {
		if (!swanctl_line(s, f, t, n))
			snprintf(t, n, "what ipsec.conf has as %s%s=%s", f->side, f->keyword,
				f->text);
	} else
		snprintf(t, n, "%s%s=%s", f->side, f->keyword, f->text);
	return t;
}
