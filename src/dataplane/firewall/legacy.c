/* The same in the older tables of iptables, as iptables-legacy-restore --noflush reads it: a chain
 * of ours in nat and in mangle, to which their own chains jump first. There are no other NAT chains
 * then, so ACCEPT is the end of it. */
#include "dataplane/firewall/firewall.h"

#include "base/text.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>

static const struct table {
	const char *name;
	const char *const hooks[4];
} tables[] = {
	{ "nat", { "POSTROUTING", NULL } },
	{ "mangle", { "FORWARD", "INPUT", "OUTPUT", NULL } },
};

static void address(struct text *x, bool is_source, const struct range *r)
{
	struct prefix p;
	char s[RANGE_STR];

	if (range_is_prefix(r, &p))
		text_add(x, " -%c %s", is_source ? 's' : 'd', prefix_format(&p, s));
	else
		text_add(x, " -m iprange --%s-range %s", is_source ? "src" : "dst",
			range_format(r, s));
}

static void port(struct text *x, const char *which, const struct ts *t)
{
	bool is_any = t->port_first == 0 && t->port_last == 65535;

	if ((t->protocol == IPPROTO_TCP || t->protocol == IPPROTO_UDP) && !is_any &&
		t->port_first <= t->port_last)
		text_add(x, " --%s %u:%u", which, t->port_first, t->port_last);
}

static void match(struct text *x, const struct ts *from, const struct ts *to, unsigned protocol)
{
	text_add(x, "-A " FW_TABLE);
	address(x, true, &from->range);
	address(x, false, &to->range);
	if (protocol)
		text_add(x, " -p %u", protocol);
	port(x, "sport", from);
	port(x, "dport", to);
}

static void clamp(
	struct text *x, const struct fw_tunnel *t, const struct ts *from, const struct ts *to)
{
	unsigned mss = from->range.first.family == 6 ? t->mss - 20u : t->mss;

	if (from->protocol && from->protocol != IPPROTO_TCP)
		return;
	match(x, from, to, IPPROTO_TCP);
	text_add(x,
		" --tcp-flags SYN,RST SYN -m tcpmss --mss %u:65535 -m comment --comment \"" FW_TABLE
		": reqid %" PRIu32 "\" -j TCPMSS --set-mss %u\n",
		mss + 1, t->reqid, mss);
}

/* What stays in our own net does not go through a tunnel that takes everything. */
static void exempt(
	struct text *x, const struct fw_tunnel *t, const struct ts *from, const struct ts *to)
{
	if (range_covers(&to->range, &from->range) && !range_eq(&to->range, &from->range)) {
		struct ts own = *to;

		own.range = from->range;
		match(x, from, &own, from->protocol);
		text_add(x, " -j RETURN\n");
	}
	match(x, from, to, from->protocol);
	text_add(x, " -m comment --comment \"" FW_TABLE ": reqid %" PRIu32 "\" -j ACCEPT\n",
		t->reqid);
}

static void each(struct text *x, const struct fw_tunnel *t, uint8_t family, bool is_nat)
{
	for (size_t a = 0; a < t->ts_local.n; a++)
		for (size_t b = 0; b < t->ts_remote.n; b++) {
			const struct ts *local = &t->ts_local.ts[a], *remote = &t->ts_remote.ts[b];

			if (local->range.first.family != family ||
				remote->range.first.family != family)
				continue;
			if (is_nat) {
				exempt(x, t, local, remote);
			} else {
				clamp(x, t, local, remote);
				clamp(x, t, remote, local);
			}
		}
}

char *fw_legacy_text(const struct fw_tunnel *const *t, size_t n, uint8_t family, bool is_there)
{
	struct text x = { 0 };

	for (size_t k = 0; k < COUNT(tables); k++) {
		bool is_nat = k == 0;

		text_add(&x, "*%s\n:" FW_TABLE " - [0:0]\n", tables[k].name);
		for (size_t i = 0; i < n; i++)
			if (is_nat ? t[i]->is_exempt : t[i]->mss != 0)
				each(&x, t[i], family, is_nat);
		for (size_t i = 0; tables[k].hooks[i] && !is_there; i++)
			text_add(&x, "-I %s 1 -j " FW_TABLE "\n", tables[k].hooks[i]);
		text_add(&x, "COMMIT\n");
	}
	return x.s;
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* The rest of the line after a jump to our chain: -A FORWARD ... -j clearswan */
static bool jumps_to_ours(const char *line, size_t n)
{
	static const char jump[] = " -j " FW_TABLE;

	return n > strlen(jump) && begins(line, "-A ") &&
	       strncmp(line + n - strlen(jump), jump, strlen(jump)) == 0;
}

char *fw_legacy_removal(const char *saved)
{
	struct text x = { 0 };
	const char *table = NULL;
	bool has_chain = false;

	for (const char *line = saved; *line;) {
		size_t n = strcspn(line, "\n");

		if (*line == '*') {
			table = line;
			has_chain = false;
		} else if (table && begins(line, ":" FW_TABLE " ")) {
			text_add(&x, "%.*s\n", (int)strcspn(table, "\n"), table);
			has_chain = true;
		} else if (has_chain && jumps_to_ours(line, n)) {
			text_add(&x, "-D%.*s\n", (int)n - 2, line + 2);
		} else if (has_chain && begins(line, "COMMIT")) {
			text_add(&x, "-F " FW_TABLE "\n-X " FW_TABLE "\nCOMMIT\n");
			has_chain = false;
		}
		line += n + (line[n] == '\n');
	}
	return x.s;
}
