/* The host's packet filter and NAT, read from its own programs and held against the packets of one
 * tunnel. */
#include "cmd/local.h"
#include "cmd/patience.h"
#include "dataplane/firewall/filter.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { BACKENDS = 4, PAIRS_MAX = 4 };

/* Those that say the rules of one backend for one family. */
static const struct {
	const char *name, *save;
	uint8_t family;
} backends[BACKENDS] = { { "iptables-legacy", "iptables-legacy-save", 4 },
	{ "ip6tables-legacy", "ip6tables-legacy-save", 6 },
	{ "iptables-nft", "iptables-nft-save", 4 }, { "ip6tables-nft", "ip6tables-nft-save", 6 } };

struct host {
	struct local *l;
	char *json, *saved[BACKENDS]; /* NULL: not there */
	struct fw_filter *all;
};

static void read_host(struct host *h)
{
	static const char *const nft[] = { "nft", "-j", "list", "ruleset", NULL };

	h->all = fw_filter_new();
	h->json = program_says(nft, NULL);
	if (h->json && !fw_filter_nft(h->all, bytes_str(h->json))) {
		free(h->json);
		h->json = NULL;
	}
	for (unsigned i = 0; i < BACKENDS; i++) {
		const char *argv[] = { backends[i].save, NULL };

		h->saved[i] = program_says(argv, NULL);
		if (h->saved[i])
			fw_filter_saved(h->all, backends[i].name, h->saved[i]);
	}
}

/* Some of the rules are not known: who was to say them was given up. */
static bool is_partly(const struct host *h)
{
	bool is = !h->json && patience_is_given_up("nft");

	for (unsigned i = 0; i < BACKENDS; i++)
		is = is || (!h->saved[i] && patience_is_given_up(backends[i].save));
	return is;
}

static void done_host(struct host *h)
{
	fw_filter_free(h->all);
	free(h->json);
	for (unsigned i = 0; i < BACKENDS; i++)
		free(h->saved[i]);
}

static bool is_legacy(const char *program)
{
	return strstr(program, "legacy") != NULL;
}

/* The rule of the other kind of backend that lets the same packet through; "": none. */
static void other_side(const struct host *h, const struct fw_packet *p, const struct fw_fate *stops,
	char *t, size_t n)
{
	struct fw_filter *f = fw_filter_new();
	struct fw_fate fate;

	t[0] = '\0';
	if (is_legacy(stops->program) && h->json)
		(void)fw_filter_nft(f, bytes_str(h->json));
	for (unsigned i = 0; i < BACKENDS; i++)
		if (h->saved[i] && is_legacy(backends[i].name) != is_legacy(stops->program))
			fw_filter_saved(f, backends[i].name, h->saved[i]);
	fw_filter_judge(f, p, &fate);
	if (fate.act == FW_ACCEPT && fate.chain[0] && fw_filter_is_dual(h->all, p))
		snprintf(t, n, "%s, table %s, chain %s: %.180s,", fate.program, fate.table,
			fate.chain, fate.rule);
	fw_filter_free(f);
}

/* A single address without its length: rules are written with it. */
static const char *range_text(const struct range *r, char t[static RANGE_STR])
{
	return range_count(r) == 1 ? addr_format(&r->first, t) : range_format(r, t);
}

/* is_in: it comes from the other end, or from who looks for a neighbour. */
static void say_way(const struct host *h, const char *what, const struct fw_packet *p, bool is_in)
{
	const struct local *l = h->l;
	bool stops, is_first_only;
	char from[RANGE_STR], to[RANGE_STR], other[400] = "";
	const char *doubt = "";
	struct fw_packet second = *p;
	struct fw_fate f, g;

	fw_filter_judge(h->all, p, &f);
	stops = f.act != FW_ACCEPT;
	if (stops && !f.is_sure)
		doubt = "perhaps: a condition is not understood";
	second.is_established = true;
	fw_filter_judge(h->all, &second, &g);
	is_first_only = stops && f.is_sure && g.act == FW_ACCEPT;
	if (is_first_only)
		doubt = "only the first: what answers passes";
	if (stops)
		other_side(h, p, &f, other, sizeof(other));
	LOCAL_EMIT(l, local_firewall, .what = ev_str(what),
		.direction = ev_str(is_in ? "in" : "out"),
		.from = ev_str(range_text(&p->src, from)), .to = ev_str(range_text(&p->dst, to)),
		.dport = ev_u64(p->icmp_type ? p->icmp_type : p->dport),
		.device = ev_str(p->icmp_type ? is_in ? p->in : p->out : l->what->device),
		.verdict = ev_str(f.act == FW_DROP     ? "drop"
				  : f.act == FW_REJECT ? "reject"
						       : "pass"),
		.doubt = ev_str(doubt), .backend = ev_str(f.program), .family = ev_str(f.family),
		.table = ev_str(f.table), .chain = ev_str(f.chain), .handle = ev_u64(f.handle),
		.rule = ev_str(f.rule), .policy = ev_str(f.is_policy ? "drop" : ""),
		.other = ev_str(other), .first_only = ev_u64(is_first_only),
		.hook = ev_str(f.hook == FW_PREROUTING && stops	   ? "prerouting"
			       : f.hook == FW_POSTROUTING && stops ? "postrouting"
								   : ""));
}

static void say(const struct host *h, const char *what, const struct fw_packet *p)
{
	say_way(h, what, p, p->hook == FW_INPUT);
}

/* Between the two ends, in both directions. */
static void outer(
	const struct host *h, const char *what, uint8_t protocol, uint16_t ours, uint16_t theirs)
{
	const struct local *l = h->l;
	struct addr own = addr_is_set(&l->what->ours) ? l->what->ours : l->source;
	struct fw_packet p = { .hook = FW_OUTPUT,
		.in = "",
		.out = l->device[0] ? l->device : NULL,
		.src = range_one(&own),
		.dst = range_one(&l->what->theirs),
		.protocol = protocol,
		.sport = ours,
		.dport = theirs };

	if (!addr_is_set(&own) || own.family != l->what->theirs.family)
		return;
	say(h, what, &p);
	p = (struct fw_packet){ .hook = FW_INPUT,
		.in = l->device[0] ? l->device : NULL,
		.out = "",
		.src = range_one(&l->what->theirs),
		.dst = range_one(&own),
		.protocol = protocol,
		.sport = theirs,
		.dport = ours,
		.is_established = l->what->is_initiator && protocol == IPPROTO_UDP };
	say(h, what, &p);
}

/* Is it one address, and one of this host? Then its packets are not forwarded. */
static bool is_own(const struct local *l, const struct range *net)
{
	char inner[ADDR_STR];
	struct local silent = *l;
	struct addr a;

	silent.out = NULL;
	local_addresses(&silent, inner);
	return range_count(net) == 1 && addr_parse(inner, &a) == OK && addr_eq(&a, &net->first);
}

struct wire_of {
	const struct local *l;
	const struct range *net;
	char device[32];
};

static void take_wire_of(void *ctx, const char *device, const struct prefix *p)
{
	struct wire_of *x = ctx;
	struct prefix clean = prefix_clean(*p);
	struct range r = range_from(&clean);

	if (strcmp(device, "lo") != 0 && strcmp(device, x->l->device) != 0 &&
		strcmp(device, x->l->what->device) != 0 && range_covers(&r, x->net))
		snprintf(x->device, sizeof(x->device), "%s", device);
}

static void inner(const struct host *h, const struct range *ours, const struct range *theirs)
{
	const struct local *l = h->l;
	bool is_kernel = !l->what->device[0], own = is_own(l, ours);
	const char *tunnel = is_kernel ? (l->device[0] ? l->device : NULL) : l->what->device;
	struct wire_of x = { .l = l, .net = ours };
	const char *wire = NULL; /* where all its hosts are; else it may be any */
	struct fw_packet p;

	local_connected(take_wire_of, &x);
	if (x.device[0])
		wire = x.device;
	p = (struct fw_packet){ .hook = own ? FW_INPUT : FW_FORWARD,
		.in = tunnel,
		.out = own ? "" : wire,
		.src = *theirs,
		.dst = *ours,
		.from_ipsec = is_kernel };

	say_way(h, "inner", &p, true);
	p = (struct fw_packet){ .hook = own ? FW_OUTPUT : FW_FORWARD,
		.in = own ? "" : wire,
		.out = tunnel,
		.src = *ours,
		.dst = *theirs,
		.to_ipsec = is_kernel };
	say_way(h, "inner", &p, false);
}

/* ---- neighbour discovery (RFC 4861) ---- */

enum { NEIGHBOUR_SOLICITATION = 135, NEIGHBOUR_ADVERTISEMENT = 136 };

/* Who asks for an address of this host, and who answers when it asks: they have link-local
 * addresses or others of that wire. */
static void discovery(const struct host *h, const char *device, const struct prefix *own)
{
	static const char solicited_node[] = "ff02::1:ff00:0/104";
	struct prefix clean = prefix_clean(*own);
	struct fw_packet p = { .hook = FW_INPUT,
		.in = device,
		.out = "",
		.src = range_from(&clean),
		.protocol = IPPROTO_ICMPV6,
		.icmp_type = NEIGHBOUR_SOLICITATION };

	if (range_parse(solicited_node, &p.dst))
		return;
	say(h, "ndp", &p);
	p.dst = range_one(&own->addr);
	p.icmp_type = NEIGHBOUR_ADVERTISEMENT;
	say(h, "ndp", &p);
	p = (struct fw_packet){ .hook = FW_OUTPUT,
		.in = "",
		.out = device,
		.src = range_one(&own->addr),
		.protocol = IPPROTO_ICMPV6,
		.icmp_type = NEIGHBOUR_SOLICITATION };
	if (range_parse(solicited_node, &p.dst) == OK)
		say(h, "ndp", &p);
}

struct wires {
	const struct host *h;
	unsigned n;
};

/* Wires of hosts in the tunnel, and the one that leads to the peer. */
static void take_wire(void *ctx, const char *device, const struct prefix *p)
{
	struct wires *x = ctx;
	const struct local *l = x->h->l;
	bool leads_to_peer =
		l->what->theirs.family == 6 && l->device[0] && strcmp(device, l->device) == 0;

	if (p->addr.family != 6 || p->bits == addr_bits(6) || p->addr.b[0] == 0xfe ||
		strcmp(device, "lo") == 0 || strcmp(device, l->what->device) == 0 ||
		(!leads_to_peer && !ts_list_has(&l->what->our_nets, 0, &p->addr, 0)) ||
		x->n == PAIRS_MAX)
		return;
	x->n++;
	discovery(x->h, device, p);
}

static void discoveries(const struct host *h)
{
	struct wires x = { .h = h };

	local_connected(take_wire, &x);
}

/* ---- NAT ---- */

static void nat(const struct host *h)
{
	const struct local *l = h->l;
	bool is_kernel = !l->what->device[0];
	struct fw_question q = { &l->what->our_nets, &l->what->their_nets,
		is_kernel ? (l->device[0] ? l->device : NULL) : l->what->device, is_kernel };
	struct fw_nft *n = h->json ? fw_nft_new(bytes_str(h->json)) : NULL;
	char rule[FW_RULE_STR], from[RANGE_STR], to[RANGE_STR];
	const char *backend = "nft", *exempt = "";

	fw_nft_catches(&q, n, rule);
	fw_nft_free(n);
	for (unsigned i = 0; i < BACKENDS; i++)
		if (h->saved[i] && is_legacy(backends[i].name) && !rule[0]) {
			/* of the NAT table only */
			const char *table = strstr(h->saved[i], "*nat\n");
			char *text = table ? xstrdup(table) : NULL, *end;

			end = text ? strstr(text, "\nCOMMIT") : NULL;
			if (end)
				end[1] = '\0';
			if (text)
				fw_legacy_catches(&q, backends[i].family, text, rule);
			backend = backends[i].name;
			free(text);
		}
	if (!rule[0]) {
		h->l->has_no_nat = !is_partly(h) && (h->json || h->saved[0] || h->saved[2]);
		return;
	}
	/* iptables-nft's tables have its names */
	if (strstr(rule, "chain POSTROUTING"))
		backend = strstr(rule, "table ip6") ? "ip6tables-nft" : "iptables-nft";
	if ((h->json && strstr(h->json, "\"table\": \"" FW_TABLE "\", \"name\": \"nat\"")) ||
		(h->saved[0] && strstr(h->saved[0], "-A POSTROUTING -j " FW_TABLE)))
		exempt = "the exemption of " FW_TABLE;
	h->l->has_no_nat = exempt[0];
	LOCAL_EMIT(l, local_nat, .from = ev_str(range_text(&l->what->our_nets.ts[0].range, from)),
		.to = ev_str(range_text(&l->what->their_nets.ts[0].range, to)),
		.backend = ev_str(backend), .rule = ev_str(rule), .exempt = ev_str(exempt));
}

/* Has it a rule that gives packets another destination? NULL: none. */
static const char *destinations(const struct host *h)
{
	bool is = h->json && strstr(h->json, "\"dnat\"");

	for (unsigned i = 0; i < BACKENDS; i++)
		is |= h->saved[i] &&
		      (strstr(h->saved[i], "-j DNAT") || strstr(h->saved[i], "-j NETMAP"));
	return !is ? NULL : h->json ? "nft" : "iptables-legacy";
}

void local_filter(struct local *l)
{
	const struct local_for *what = l->what;
	const struct ts_list *a = &what->our_nets, *b = &what->their_nets;
	uint16_t ours = what->our_port ? what->our_port : 500,
		 theirs = what->their_port ? what->their_port : 500;
	struct host h = { .l = l };
	unsigned n = 0;

	read_host(&h);
	outer(&h, "ike", IPPROTO_UDP, ours, theirs);
	outer(&h, "natt", IPPROTO_UDP, 4500, 4500);
	outer(&h, "esp", IPPROTO_ESP, 0, 0);
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n && n < PAIRS_MAX; k++)
			if (a->ts[i].range.first.family == b->ts[k].range.first.family) {
				inner(&h, &a->ts[i].range, &b->ts[k].range);
				n++;
			}
	discoveries(&h);
	l->translates = destinations(&h);
	if (a->n && b->n)
		nat(&h);
	done_host(&h);
}
