/* The words of plutodebug=, as Libreswan 3.x to 5.x know them. */
#include "event/debug.h"

#include <stdio.h>
#include <strings.h>

enum {
	ALL = DEBUG_base | DEBUG_cpu_usage | DEBUG_refcnt | DEBUG_routing | DEBUG_updown |
	      DEBUG_add_state
};

/* clang-format off */
const struct debug_word debug_words[] = {
	{ "none",       0,                  "nothing: takes all others away" },
	{ "all",        ALL,                "base, cpu-usage, refcnt, routing, updown, add-state" },
	{ "tmi",        ALL | DEBUG_tmi,    "all, and what is seldom wanted" },
	{ "base",       DEBUG_base,         "steps of the protocol" },
	{ "routing",    DEBUG_routing,      "routes, rules and addresses of this host" },
	{ "updown",     DEBUG_updown,       "updown programs" },
	{ "cpu-usage",  DEBUG_cpu_usage,    "time spent" },
	{ "refcnt",     DEBUG_refcnt,       "references to objects" },
	{ "crypt",      DEBUG_crypt,        "encryption, step by step; not part of all" },
	{ "private",    DEBUG_private,      "what must not be shown to others; not part of all" },
	{ "whackwatch", DEBUG_whackwatch,   "whack keeps watching; not part of all" },
	{ "add-prefix", DEBUG_add_prefix,   "prefixes of debug lines; not part of all" },
	{ "add-state",  DEBUG_add_state,    "SAs made and ended" },
	/* 3.x */
	{ "control", DEBUG_base, NULL }, { "controlmore", DEBUG_base, NULL }, { "raw", DEBUG_base, NULL },
	{ "parsing", DEBUG_base, NULL }, { "emitting", DEBUG_base, NULL }, { "lifecycle", DEBUG_base, NULL },
	{ "kernel", DEBUG_routing, NULL }, { "klips", DEBUG_routing, NULL }, { "netkey", DEBUG_routing, NULL },
	{ "xfrm", DEBUG_routing, NULL }, { "pfkey", DEBUG_routing, NULL }, { "dns", DEBUG_base, NULL },
	{ "dpd", DEBUG_base, NULL }, { "natt", DEBUG_base, NULL }, { "nattraversal", DEBUG_base, NULL },
	{ "oppo", DEBUG_base, NULL }, { "oppoinfo", DEBUG_base, NULL }, { "x509", DEBUG_base, NULL },
	{ "xauth", DEBUG_base, NULL }, { "retransmits", DEBUG_base, NULL },
	{ "proposal-parser", DEBUG_base, NULL },
	{ NULL, 0, NULL },
};
/* clang-format on */

static const char between[] = " \t,+";

static const struct debug_word *find(const char *word, size_t n)
{
	for (const struct debug_word *w = debug_words; w->word; w++)
		if (strlen(w->word) == n && strncasecmp(w->word, word, n) == 0)
			return w;
	return NULL;
}

const char *debug_apply(const char *words, uint32_t *mask)
{
	const char *unknown = NULL;

	for (const char *p = words + strspn(words, between); *p; p += strspn(p, between)) {
		size_t n = strcspn(p, between);
		bool removes = n > 3 && strncasecmp(p, "no-", 3) == 0;
		const struct debug_word *w = removes ? find(p + 3, n - 3) : find(p, n);

		if (!w)
			unknown = unknown ? unknown : p;
		else if (removes)
			*mask &= ~w->mask;
		else
			*mask = w->mask ? *mask | w->mask : 0;
		p += n;
	}
	return unknown;
}

const char *debug_format(uint32_t mask, char *s, size_t n)
{
	size_t at = 0;

	snprintf(s, n, "none");
	for (const struct debug_word *w = debug_words; w->word && at < n; w++) {
		bool is_one = w->help && w->mask && (w->mask & (w->mask - 1)) == 0;
		bool is_tmi = w->mask == (ALL | DEBUG_tmi) && (mask & DEBUG_tmi);

		if (is_tmi || (is_one && (mask & w->mask)))
			at += (size_t)snprintf(s + at, n - at, "%s%s", at ? "+" : "", w->word);
	}
	return s;
}
