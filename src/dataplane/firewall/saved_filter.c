/* Rules of the older tables, as iptables-save tells them, held against a packet. An option that is
 * not understood may hold. */
#include "dataplane/firewall/words.h"
#include "dataplane/firewall/walk.h"

#include <stdio.h>
#include <stdlib.h>

struct rule {
	enum fw_match match;
	char target[FW_WORD], dir[8];
	bool is_goto;
};

static enum fw_match address(const struct range *end, const char *text)
{
	struct range r;

	return range_parse(text, &r) == OK ? fw_packet_in(end, &r, 1) : FW_SOME;
}

/* "500", "500:600", "500,4500:4510" */
static enum fw_match ports(uint16_t port, const char *text)
{
	enum fw_match m = FW_NONE;
	char *end;

	for (const char *s = text;; s = end + 1) {
		unsigned long a = strtoul(s, &end, 10), b = a;

		if (*end == ':') {
			char *second = end + 1;

			b = strtoul(second, &end, 10);
			b = end == second ? 65535 : b;
		}
		if (end == s || a > 65535 || b > 65535 || (*end && *end != ','))
			return FW_SOME;
		m = fw_or(m, fw_packet_port(port, (uint16_t)a, (uint16_t)b));
		if (*end == '\0')
			return m;
	}
}

static enum fw_match states(const struct fw_packet *p, const char *text)
{
	enum fw_match m = FW_NONE;
	char one[32];

	for (const char *s = text; *s; s += *s == ',') {
		size_t n = strcspn(s, ",");

		snprintf(one, sizeof(one), "%.*s", (int)MIN(n, sizeof(one) - 1), s);
		m = fw_or(m, fw_packet_state(p, one));
		s += n;
	}
	return m;
}

static enum fw_match policy(const struct fw_packet *p, const char *dir, const char *value)
{
	bool is = strcmp(dir, "out") == 0 ? p->to_ipsec : p->from_ipsec;

	return is == (strcmp(value, "ipsec") == 0) ? FW_ALL : FW_NONE;
}

/* An extension whose options are all understood, or which has none. */
static bool is_known(const char *module)
{
	static const char *const known[] = { "tcp", "udp", "multiport", "conntrack", "state",
		"policy", "comment", "iprange", "addrtype", "icmp6" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i], module) == 0)
			return true;
	return false;
}

static enum fw_match option(
	const struct fw_packet *p, struct rule *r, const char *name, const char *value)
{
#define IS(option) (strcmp(name, option) == 0)
	if (IS("-s") || IS("--src-range"))
		return address(&p->src, value);
	if (IS("-d") || IS("--dst-range"))
		return address(&p->dst, value);
	if (IS("-i"))
		return fw_packet_device(p->in, value, '+');
	if (IS("-o"))
		return fw_packet_device(p->out, value, '+');
	if (IS("-p"))
		return fw_packet_protocol(p, value);
	if (IS("--sport") || IS("--sports"))
		return ports(p->sport, value);
	if (IS("--dport") || IS("--dports"))
		return ports(p->dport, value);
	if (IS("--ports"))
		return fw_or(ports(p->sport, value), ports(p->dport, value));
	if (IS("--icmpv6-type"))
		return fw_packet_icmp6_type(p, value);
	if (IS("--ctstate") || IS("--state"))
		return states(p, value);
	if (IS("--dir")) {
		snprintf(r->dir, sizeof(r->dir), "%s", value);
		return FW_ALL;
	}
	if (IS("--pol"))
		return policy(p, r->dir, value);
	if (IS("--dst-type") && strcmp(value, "LOCAL") == 0)
		return fw_packet_is_for_us(p);
	if (IS("--comment"))
		return FW_ALL;
	return IS("-m") && is_known(value) ? FW_ALL : FW_SOME;
#undef IS
}

/* Of "-A CHAIN ", what follows. */
static void read_rule(const struct fw_packet *p, const char *line, struct rule *ret)
{
	char name[FW_WORD], value[FW_WORD];
	bool is_not = false;

	*ret = (struct rule){ .match = FW_ALL };
	while (fw_word(&line, name)) {
		enum fw_match m;

		if (strcmp(name, "!") == 0) {
			is_not = true;
			continue;
		}
		if (name[0] != '-')
			continue; /* another value of the option before */
		value[0] = '\0';
		if (line[strspn(line, " ")] != '-' && line[strspn(line, " ")] != '!')
			(void)fw_word(&line, value);
		if (strcmp(name, "-j") == 0 || strcmp(name, "-g") == 0) {
			snprintf(ret->target, sizeof(ret->target), "%s", value);
			ret->is_goto = name[1] == 'g';
			return; /* what follows is the target's */
		}
		m = option(p, ret, name, value);
		ret->match = fw_and(ret->match, is_not ? fw_not(m) : m);
		is_not = false;
	}
}

static enum fw_verdict verdict(
	struct fw_walk *w, const struct rule *r, const char *chain, const char *line, unsigned n)
{
	static const struct {
		const char *target;
		enum fw_act act;
	} ends[] = { { "ACCEPT", FW_ACCEPT }, { "DROP", FW_DROP }, { "REJECT", FW_REJECT },
		{ "RETURN", FW_RETURN }, { "TARPIT", FW_DROP } };
	struct fw_fate f = w->here;
	enum fw_verdict v;

	f.is_policy = false;
	f.handle = n;
	snprintf(f.chain, sizeof(f.chain), "%s", chain);
	snprintf(f.rule, sizeof(f.rule), "%.*s", (int)strcspn(line, "\n"), line);
	for (size_t i = 0; i < COUNT(ends); i++)
		if (strcmp(ends[i].target, r->target) == 0)
			return fw_acted(w, r->match, ends[i].act, &f);
	if (strcmp(r->target, "NFQUEUE") == 0) /* a program decides */
		return fw_acted(w, fw_and(r->match, FW_SOME), FW_DROP, &f);
	if (r->match == FW_NONE || !r->target[0] || w->depth == FW_DEPTH_MAX)
		return FW_GOES_ON;
	w->depth++;
	v = fw_saved_chain(w, r->target); /* a target that is no chain has no rules */
	w->depth--;
	return fw_jumped(w, r->match, v, r->is_goto);
}

enum fw_verdict fw_saved_chain(struct fw_walk *w, const char *name)
{
	enum fw_verdict v = FW_GOES_ON;
	size_t n = strlen(name);
	unsigned number = 0;

	for (const char *line = w->saved;
		*line && strncmp(line, "COMMIT", 6) != 0 && v == FW_GOES_ON;) {
		if (strncmp(line, "-A ", 3) == 0 && strncmp(line + 3, name, n) == 0 &&
			line[3 + n] == ' ') {
			struct rule r;

			read_rule(w->p, line + 4 + n, &r);
			v = verdict(w, &r, name, line, ++number);
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return v;
}
