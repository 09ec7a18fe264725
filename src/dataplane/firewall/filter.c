/* Base chains of all backends, in the order in which the kernel asks them (Linux net/netfilter: by
 * hook and priority). */
#include "dataplane/firewall/walk.h"
#include "dataplane/firewall/nft_json.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHAINS_MAX = 128, SAVED_MAX = 4 };

struct fw_filter {
	json_t *root; /* of nft; NULL */
	struct saved {
		const char *program;
		char *text;
	} saved[SAVED_MAX];
	unsigned n_saved;
};

static const char *const hooks[] = {
	[FW_PREROUTING] = "prerouting",
	[FW_INPUT] = "input",
	[FW_FORWARD] = "forward",
	[FW_OUTPUT] = "output",
	[FW_POSTROUTING] = "postrouting",
};
/* The older tables that may drop, and their place (linux/netfilter_ipv4.h). */
static const struct {
	const char *name;
	int priority;
} old_tables[] = { { "raw", -300 }, { "mangle", -150 }, { "filter", 0 }, { "security", 50 } };

struct base {
	int priority;
	unsigned order;	 /* of what is equal in priority */
	const json_t *c; /* nft's chain, or */
	const struct saved *s;
	const char *table, *text; /* from its line on */
	bool drops;		  /* its policy */
};

struct fw_filter *fw_filter_new(void)
{
	return xalloc(sizeof(struct fw_filter));
}

void fw_filter_free(struct fw_filter *f)
{
	if (!f)
		return;
	json_decref(f->root);
	for (unsigned i = 0; i < f->n_saved; i++)
		free(f->saved[i].text);
	free(f);
}

bool fw_filter_nft(struct fw_filter *f, struct bytes json)
{
	json_t *root = json_loadb((const char *)json.p, json.n, 0, NULL);

	if (!json_is_array(json_object_get(root, "nftables"))) {
		json_decref(root);
		return false;
	}
	json_decref(f->root);
	f->root = root;
	return true;
}

void fw_filter_saved(struct fw_filter *f, const char *program, const char *text)
{
	if (f->n_saved < SAVED_MAX)
		f->saved[f->n_saved++] = (struct saved){ program, xstrdup(text) };
}

static uint8_t family_of(const struct saved *s)
{
	return strncmp(s->program, "ip6", 3) == 0 ? 6 : 4;
}

static bool is_old(const struct saved *s)
{
	return strstr(s->program, "legacy") != NULL;
}

/* From "*table" on; NULL: there is none. */
static const char *table_in(const char *text, const char *table)
{
	size_t n = strlen(table);

	for (const char *line = text; *line;) {
		if (*line == '*' && strncmp(line + 1, table, n) == 0 && line[1 + n] == '\n')
			return line + 2 + n;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

/* ":INPUT DROP [0:0]" of this table: its policy; '\0': no such base chain. */
static char policy_in(const char *table, const char *chain)
{
	size_t n = strlen(chain);

	for (const char *line = table; *line && strncmp(line, "COMMIT", 6) != 0;) {
		if (*line == ':' && strncmp(line + 1, chain, n) == 0 && line[1 + n] == ' ')
			return line[2 + n];
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return '\0';
}

/* iptables-nft tells this table of nft's, too, and better. */
static bool is_told(const struct fw_filter *f, const json_t *c)
{
	for (unsigned i = 0; i < f->n_saved; i++)
		if (!is_old(&f->saved[i]) &&
			fw_json_is(c, "family", family_of(&f->saved[i]) == 6 ? "ip6" : "ip") &&
			table_in(f->saved[i].text, fw_json_text(c, "table")))
			return true;
	return false;
}

static bool sees(const struct fw_packet *p, const char *family)
{
	if (strcmp(family, "inet") == 0)
		return true;
	return strcmp(family, p->src.first.family == 6 ? "ip6" : "ip") == 0;
}

static unsigned add_nft(const struct fw_filter *f, const struct fw_packet *p, enum fw_hook hook,
	struct base *b, unsigned n)
{
	const json_t *objects = json_object_get(f->root, "nftables");

	for (size_t i = 0; i < json_array_size(objects) && n < CHAINS_MAX; i++) {
		const json_t *c = json_object_get(json_array_get(objects, i), "chain");

		if (!c || !fw_json_is(c, "hook", hooks[hook]) || fw_json_is(c, "type", "nat") ||
			!sees(p, fw_json_text(c, "family")) || is_told(f, c))
			continue;
		b[n] = (struct base){ .c = c,
			.order = n,
			.table = fw_json_text(c, "table"),
			.priority = (int)json_integer_value(json_object_get(c, "prio")),
			.drops = fw_json_is(c, "policy", "drop") };
		n++;
	}
	return n;
}

static void upper(const char *s, char *ret, size_t n)
{
	size_t i = 0;

	for (; s[i] && i + 1 < n; i++)
		ret[i] = (char)(s[i] - 'a' + 'A');
	ret[i] = '\0';
}

static unsigned add_saved(const struct fw_filter *f, const struct fw_packet *p, enum fw_hook hook,
	struct base *b, unsigned n)
{
	char chain[16];

	upper(hooks[hook], chain, sizeof(chain));
	for (unsigned i = 0; i < f->n_saved; i++)
		for (size_t k = 0; k < COUNT(old_tables) && n < CHAINS_MAX; k++) {
			const struct saved *s = &f->saved[i];
			const char *text = table_in(s->text, old_tables[k].name);
			char policy = text ? policy_in(text, chain) : '\0';

			if (!policy || family_of(s) != p->src.first.family)
				continue;
			b[n] = (struct base){ .s = s,
				.order = n,
				.table = old_tables[k].name,
				.text = text,
				.priority = old_tables[k].priority,
				.drops = policy == 'D' };
			n++;
		}
	return n;
}

static int in_order(const void *a, const void *b)
{
	const struct base *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static unsigned bases(const struct fw_filter *f, const struct fw_packet *p, enum fw_hook hook,
	struct base b[static CHAINS_MAX])
{
	unsigned n = add_saved(f, p, hook, b, add_nft(f, p, hook, b, 0));

	qsort(b, n, sizeof(*b), in_order);
	return n;
}

/* One base chain: does it stop the packet? */
static bool stops(
	const struct fw_filter *f, struct fw_walk *w, const struct base *b, enum fw_hook hook)
{
	struct fw_fate *h = &w->here;
	enum fw_verdict v;

	*h = (struct fw_fate){
		.program = b->s ? b->s->program : "nft", .hook = hook, .is_policy = true
	};
	snprintf(h->family, sizeof(h->family), "%s",
		!b->s		       ? fw_json_text(b->c, "family")
		: family_of(b->s) == 6 ? "ip6"
				       : "ip");
	snprintf(h->table, sizeof(h->table), "%s", b->table);
	if (b->c)
		snprintf(h->chain, sizeof(h->chain), "%s", fw_json_text(b->c, "name"));
	else
		upper(hooks[hook], h->chain, sizeof(h->chain));
	w->is_left = false;
	w->objects = json_object_get(f->root, "nftables");
	w->saved = b->text;
	v = b->c ? fw_nft_chain(w, h->chain) : fw_saved_chain(w, h->chain);
	if ((v == FW_GOES_ON || v == FW_RETURNS) && b->drops) {
		struct fw_fate policy = *h;

		snprintf(policy.rule, sizeof(policy.rule), "the policy of chain %s", h->chain);
		v = fw_acted(w, FW_ALL, FW_DROP, &policy);
	}
	return v == FW_CAUGHT;
}

void fw_filter_judge(const struct fw_filter *f, const struct fw_packet *p, struct fw_fate *ret)
{
	static const enum fw_hook ways[][4] = {
		[FW_INPUT] = { FW_PREROUTING, FW_INPUT },
		[FW_FORWARD] = { FW_PREROUTING, FW_FORWARD, FW_POSTROUTING },
		[FW_OUTPUT] = { FW_OUTPUT, FW_POSTROUTING },
	};
	static const unsigned hooks_n[] = { [FW_INPUT] = 2, [FW_FORWARD] = 3, [FW_OUTPUT] = 2 };
	struct base *b = xalloc(CHAINS_MAX * sizeof(*b));
	struct fw_walk w = { .p = p };

	*ret = (struct fw_fate){ .act = FW_ACCEPT, .is_sure = true, .program = "" };
	for (unsigned h = 0; h < hooks_n[p->hook] && ret->act == FW_ACCEPT; h++) {
		unsigned n = bases(f, p, ways[p->hook][h], b);

		for (unsigned i = 0; i < n && ret->act == FW_ACCEPT; i++)
			if (stops(f, &w, &b[i], ways[p->hook][h]))
				*ret = w.caught;
	}
	if (ret->act == FW_ACCEPT && w.passed.act == FW_ACCEPT)
		*ret = w.passed;
	if (ret->act == FW_ACCEPT && w.maybe.act != FW_NOTHING)
		*ret = w.maybe;
	free(b);
}

/* Does a base chain do anything at all? */
static bool is_some(const struct fw_filter *f, const struct base *b, const char *chain)
{
	const json_t *objects = json_object_get(f->root, "nftables");
	char head[32];

	if (b->drops)
		return true;
	for (size_t i = 0; b->c && i < json_array_size(objects); i++) {
		const json_t *r = json_object_get(json_array_get(objects, i), "rule");

		if (r && fw_json_is(r, "table", b->table) &&
			fw_json_is(r, "chain", fw_json_text(b->c, "name")) &&
			fw_json_is(r, "family", fw_json_text(b->c, "family")))
			return !fw_json_is(r, "table", FW_TABLE);
	}
	snprintf(head, sizeof(head), "\n-A %s ", chain);
	return b->text && strstr(b->text, head) &&
	       strstr(b->text, head) < strstr(b->text, "COMMIT");
}

bool fw_filter_is_dual(const struct fw_filter *f, const struct fw_packet *p)
{
	struct base *b = xalloc(CHAINS_MAX * sizeof(*b));
	unsigned n = bases(f, p, p->hook, b);
	bool is_new = false, is_older = false;
	char chain[16];

	upper(hooks[p->hook], chain, sizeof(chain));
	for (unsigned i = 0; i < n; i++) {
		bool older = b[i].s && is_old(b[i].s), some = is_some(f, &b[i], chain);

		is_older |= older && some;
		is_new |= !older && some;
	}
	free(b);
	return is_new && is_older;
}

/* ---- conditions ---- */

enum fw_match fw_packet_in(const struct range *end, const struct range *r, size_t n)
{
	struct ts_list l = { 1, { ts_from_range(end) } };

	return fw_match_ranges(&l, r, n);
}

enum fw_match fw_packet_device(const char *device, const char *name, char wildcard)
{
	const struct fw_question q = { .interface = device };

	return fw_match_interface(&q, name, wildcard);
}

enum fw_match fw_packet_protocol(const struct fw_packet *p, const char *name)
{
	static const struct {
		const char *name;
		uint8_t number;
	} known[] = { { "icmp", IPPROTO_ICMP }, { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
		{ "esp", IPPROTO_ESP }, { "ipv6-icmp", IPPROTO_ICMPV6 },
		{ "icmpv6", IPPROTO_ICMPV6 }, { "ah", IPPROTO_AH }, { "sctp", IPPROTO_SCTP },
		{ "udplite", IPPROTO_UDPLITE }, { "gre", IPPROTO_GRE }, { "ipv4", IPPROTO_IPIP },
		{ "ipencap", IPPROTO_IPIP }, { "igmp", IPPROTO_IGMP }, { "comp", IPPROTO_COMP },
		{ "ipcomp", IPPROTO_COMP }, { "dccp", IPPROTO_DCCP } };
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	if (strcmp(name, "all") == 0)
		return FW_ALL;
	if (p->protocol == 0)
		return FW_SOME;
	if (*name && *end == '\0')
		return number == p->protocol ? FW_ALL : FW_NONE;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].number == p->protocol ? FW_ALL : FW_NONE;
	return FW_SOME;
}

enum fw_match fw_packet_port(uint16_t port, uint16_t first, uint16_t last)
{
	if (port == 0)
		return first == 0 && last == 65535 ? FW_ALL : FW_SOME;
	return port >= first && port <= last ? FW_ALL : FW_NONE;
}

/* Neighbour discovery (RFC 4861), which conntrack leaves alone. */
static bool is_untracked(const struct fw_packet *p)
{
	return p->protocol == IPPROTO_ICMPV6 && p->icmp_type >= 133 && p->icmp_type <= 137;
}

enum fw_match fw_packet_icmp6_type(const struct fw_packet *p, const char *name)
{
	static const struct {
		const char *name;
		uint8_t type;
	} known[] = { { "destination-unreachable", 1 }, { "packet-too-big", 2 },
		{ "time-exceeded", 3 }, { "parameter-problem", 4 }, { "echo-request", 128 },
		{ "echo-reply", 129 }, { "mld-listener-query", 130 },
		{ "mld-listener-report", 131 }, { "mld-listener-done", 132 },
		{ "mld-listener-reduction", 132 }, { "nd-router-solicit", 133 },
		{ "nd-router-advert", 134 }, { "nd-neighbor-solicit", 135 },
		{ "nd-neighbor-advert", 136 }, { "nd-redirect", 137 },
		{ "router-renumbering", 138 }, { "mld2-listener-report", 143 } };
	char *end;
	unsigned long number = strtoul(name, &end, 10);

	if (p->icmp_type == 0)
		return FW_SOME;
	if (end != name && *end == '\0')
		return number == p->icmp_type ? FW_ALL : FW_NONE;
	for (size_t i = 0; i < COUNT(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].type == p->icmp_type ? FW_ALL : FW_NONE;
	return FW_SOME;
}

enum fw_match fw_packet_state(const struct fw_packet *p, const char *name)
{
	if (is_untracked(p))
		return strcasecmp(name, "untracked") == 0 ? FW_ALL : FW_NONE;
	if (strcasecmp(name, "established") == 0)
		return p->is_established ? FW_ALL : FW_NONE;
	if (strcasecmp(name, "new") == 0)
		return p->is_established ? FW_NONE : FW_ALL;
	if (strcasecmp(name, "related") == 0 || strcasecmp(name, "invalid") == 0)
		return FW_NONE;
	return strcasecmp(name, "untracked") == 0 ? FW_NONE : FW_SOME;
}

enum fw_match fw_packet_is_for_us(const struct fw_packet *p)
{
	return p->hook == FW_INPUT ? FW_ALL : FW_NONE;
}

/* ---- what rules do ---- */

enum fw_verdict fw_acted(struct fw_walk *w, enum fw_match m, enum fw_act a, const struct fw_fate *f)
{
	struct fw_fate stopped = *f;

	stopped.act = a;
	stopped.is_sure = m == FW_ALL && !w->is_left;
	if (m == FW_NONE || a == FW_NOTHING)
		return FW_GOES_ON;
	if (a == FW_ACCEPT && m == FW_ALL)
		w->passed = stopped;
	if (a == FW_ACCEPT || a == FW_RETURN) {
		w->is_left |= m != FW_ALL;
		return m != FW_ALL ? FW_GOES_ON : a == FW_ACCEPT ? FW_ENDS : FW_RETURNS;
	}
	if (m == FW_ALL) {
		w->caught = stopped;
		return FW_CAUGHT;
	}
	if (w->maybe.act == FW_NOTHING)
		w->maybe = stopped;
	return FW_GOES_ON;
}

enum fw_verdict fw_jumped(struct fw_walk *w, enum fw_match m, enum fw_verdict v, bool is_goto)
{
	if (v == FW_CAUGHT && m != FW_ALL) {
		w->caught.is_sure = false;
		if (w->maybe.act == FW_NOTHING)
			w->maybe = w->caught;
	}
	if (m != FW_ALL) {
		w->is_left |= v == FW_ENDS || is_goto;
		return FW_GOES_ON;
	}
	if (v == FW_RETURNS)
		v = FW_GOES_ON;
	return v == FW_GOES_ON && is_goto ? FW_RETURNS : v;
}
