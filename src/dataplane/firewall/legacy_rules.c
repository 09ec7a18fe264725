/* The host's older NAT table, as iptables-legacy-save tells it: would a rule of POSTROUTING give
 * the tunnel's traffic another source? An option that we do not understand may hold for some of it.
 */
#include "dataplane/firewall/match.h"
#include "dataplane/firewall/words.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16 };

struct walk {
	const struct fw_question *q;
	uint8_t family;
	const char *saved;
	char *rule;
	unsigned depth;
};

struct rule {
	enum fw_match match;
	char target[FW_WORD], to[FW_WORD]; /* -j, --to-source */
	bool is_goto;
};

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static enum fw_match address(const struct ts_list *end, const char *text)
{
	struct range r;

	return range_parse(text, &r) == OK ? fw_match_ranges(end, &r, 1) : FW_SOME;
}

/* One option and its value. */
static enum fw_match option(const struct walk *w, const char *name, const char *value)
{
	if (strcmp(name, "-s") == 0 || strcmp(name, "--src-range") == 0)
		return address(w->q->ts_local, value);
	if (strcmp(name, "-d") == 0 || strcmp(name, "--dst-range") == 0)
		return address(w->q->ts_remote, value);
	if (strcmp(name, "-o") == 0)
		return fw_match_interface(w->q, value, '+');
	if (strcmp(name, "--pol") == 0)
		return w->q->has_policy == (strcmp(value, "ipsec") == 0) ? FW_ALL : FW_NONE;
	/* what says nothing of the traffic, or is said by the option after it */
	if (strcmp(name, "--comment") == 0 || strcmp(name, "-m") == 0 || strcmp(name, "--dir") == 0)
		return FW_ALL;
	return FW_SOME;
}

/* Of "-A CHAIN ", what follows. */
static void read_rule(const struct walk *w, const char *p, struct rule *ret)
{
	char name[FW_WORD], value[FW_WORD];
	bool is_inverted = false;

	*ret = (struct rule){ .match = fw_match_family(w->q, w->family) };
	while (fw_word(&p, name)) {
		enum fw_match m;

		if (strcmp(name, "!") == 0) {
			is_inverted = true;
			continue;
		}
		if (name[0] != '-')
			continue; /* another value of the option before */
		value[0] = '\0';
		if (p[strspn(p, " ")] != '-' && p[strspn(p, " ")] != '!')
			(void)fw_word(&p, value);
		if (strcmp(name, "-j") == 0 || strcmp(name, "-g") == 0) {
			snprintf(ret->target, sizeof(ret->target), "%s", value);
			ret->is_goto = name[1] == 'g';
		} else if (strcmp(name, "--to-source") == 0) {
			snprintf(ret->to, sizeof(ret->to), "%s", value);
		} else if (ret->target[0] == '\0') {
			m = option(w, name, value);
			ret->match = fw_and(ret->match, is_inverted ? fw_not(m) : m);
		}
		is_inverted = false;
	}
}

static enum fw_verdict chain(struct walk *w, const char *name);

static bool is_snat(const char *target)
{
	return strcmp(target, "MASQUERADE") == 0 || strcmp(target, "SNAT") == 0 ||
	       strcmp(target, "NETMAP") == 0 || strcmp(target, "SAME") == 0;
}

static enum fw_verdict caught(struct walk *w, const struct rule *r, const char *line)
{
	struct range to;

	/* to an address that goes through the tunnel, too: somebody means it */
	if (r->to[0] && range_parse(r->to, &to) == OK &&
		fw_match_ranges(w->q->ts_local, &to, 1) != FW_NONE)
		return r->match == FW_ALL ? FW_KEPT : FW_GOES_ON;
	snprintf(w->rule, FW_RULE_STR, "%s -t nat %.*s",
		w->family == 6 ? "ip6tables-legacy" : "iptables-legacy", (int)strcspn(line, "\n"),
		line);
	return FW_CAUGHT;
}

static enum fw_verdict verdict(struct walk *w, const struct rule *r, const char *line)
{
	enum fw_verdict v;

	if (r->match == FW_NONE || r->target[0] == '\0')
		return FW_GOES_ON;
	if (is_snat(r->target))
		return caught(w, r, line);
	if (strcmp(r->target, "ACCEPT") == 0 || strcmp(r->target, "DROP") == 0)
		return r->match == FW_ALL ? FW_ENDS : FW_GOES_ON;
	if (strcmp(r->target, "RETURN") == 0)
		return r->match == FW_ALL ? FW_RETURNS : FW_GOES_ON;
	if (w->depth == DEPTH_MAX || strcmp(r->target, FW_TABLE) == 0)
		return FW_GOES_ON;
	w->depth++;
	v = chain(w, r->target);
	w->depth--;
	if (v == FW_CAUGHT || r->match == FW_ALL) {
		v = v == FW_RETURNS ? FW_GOES_ON : v;
		return v == FW_GOES_ON && r->is_goto ? FW_RETURNS : v;
	}
	return FW_GOES_ON;
}

static enum fw_verdict chain(struct walk *w, const char *name)
{
	enum fw_verdict v = FW_GOES_ON;
	size_t n = strlen(name);

	for (const char *line = w->saved; *line && v == FW_GOES_ON;) {
		if (begins(line, "-A ") && begins(line + 3, name) && line[3 + n] == ' ') {
			struct rule r;

			read_rule(w, line + 4 + n, &r);
			v = verdict(w, &r, line);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return v;
}

void fw_legacy_catches(const struct fw_question *q, uint8_t family, const char *saved,
	char ret_rule[static FW_RULE_STR])
{
	struct walk w = { .q = q, .family = family, .saved = saved, .rule = ret_rule };

	ret_rule[0] = '\0';
	if (fw_match_family(q, family) != FW_NONE)
		chain(&w, "POSTROUTING");
}
