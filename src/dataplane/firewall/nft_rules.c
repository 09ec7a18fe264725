/* The host's nftables, as nft -j list ruleset tells them: would a rule of its NAT chains give the
 * tunnel's traffic another source? Chains of all tables are walked in the kernel's order; a
 * condition that we do not understand may hold for some of the traffic. */
#include "dataplane/firewall/match.h"
#include "dataplane/firewall/nft_json.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 16, CHAINS_MAX = 64 };

struct walk {
	const struct fw_question *q;
	const json_t *objects; /* the list under "nftables" */
	char *rule;	       /* the one that catches, FW_RULE_STR octets */
	unsigned depth;
};

/* What is known of a rule so far. */
struct seen {
	enum fw_match match;
	bool has_policy;  /* an xt match whose options nft does not tell */
	struct text text; /* the rule in words */
};

/* ---- conditions ---- */

static enum fw_match addresses(const struct fw_question *q, const json_t *payload,
	const struct fw_values *v, bool is_inverted)
{
	const struct ts_list *end =
		fw_json_is(payload, "field", "saddr") ? q->ts_local : q->ts_remote;
	struct range r[FW_VALUES_MAX];
	enum fw_match m;

	if (!fw_json_is(payload, "field", "saddr") && !fw_json_is(payload, "field", "daddr"))
		return FW_SOME;
	for (size_t i = 0; i < v->n; i++)
		if (range_parse(v->s[i], &r[i]))
			return FW_SOME;
	m = fw_match_ranges(end, r, v->n);
	if (v->is_partial && m != FW_ALL)
		m = FW_SOME;
	return fw_and(fw_match_family(q, fw_json_is(payload, "protocol", "ip6") ? 6 : 4),
		is_inverted ? fw_not(m) : m);
}

static enum fw_match interfaces(const struct fw_question *q, const struct fw_values *v)
{
	enum fw_match m = v->is_partial ? FW_SOME : FW_NONE, one;

	for (size_t i = 0; i < v->n; i++) {
		one = fw_match_interface(q, v->s[i], '*');
		m = one > m ? one : m;
	}
	return m;
}

static enum fw_match meta(const struct fw_question *q, const json_t *left,
	const struct fw_values *v, bool is_inverted)
{
	enum fw_match m = FW_SOME;

	if (fw_json_is(left, "key", "oifname") || fw_json_is(left, "key", "oif"))
		m = interfaces(q, v);
	else if (fw_json_is(left, "key", "nfproto") && v->n == 1)
		m = fw_match_family(q, strcmp(v->s[0], "ipv6") == 0 ? 6 : 4);
	return is_inverted ? fw_not(m) : m;
}

/* rt ipsec, ipsec out: is the packet going to be protected? */
static enum fw_match protection(const struct fw_question *q, const json_t *right, bool is_inverted)
{
	bool is_wanted =
		json_is_true(right) || json_integer_value(right) != 0 || json_is_string(right);

	return q->has_policy == (is_wanted != is_inverted) ? FW_ALL : FW_NONE;
}

static enum fw_match condition(const struct fw_question *q, const json_t *match, struct text *x)
{
	const json_t *left = json_object_get(match, "left"),
		     *right = json_object_get(match, "right"),
		     *payload = json_object_get(left, "payload"),
		     *m = json_object_get(left, "meta"), *rt = json_object_get(left, "rt"),
		     *ipsec = json_object_get(left, "ipsec");
	bool is_inverted = fw_json_is(match, "op", "!=");
	struct fw_values v;

	fw_json_values(right, NULL, NULL, &v);
	if (payload)
		text_add(x, "%s %s", fw_json_text(payload, "protocol"),
			fw_json_text(payload, "field"));
	else if (m)
		text_add(x, "%s", fw_json_text(m, "key"));
	else
		text_add(x, "...");
	text_add(x, is_inverted ? " !=" : "");
	fw_json_put_values(x, &v);
	text_add(x, " ");
	if (payload &&
		(fw_json_is(payload, "protocol", "ip") || fw_json_is(payload, "protocol", "ip6")))
		return addresses(q, payload, &v, is_inverted);
	if (m)
		return meta(q, m, &v, is_inverted);
	if (ipsec)
		return q->has_policy ? FW_SOME : FW_NONE;
	return rt && fw_json_is(rt, "key", "ipsec") ? protection(q, right, is_inverted) : FW_SOME;
}

/* ---- what rules do ---- */

static enum fw_verdict chain(struct walk *w, const json_t *like, const char *name);

static bool is_snat(const char *target)
{
	return strcmp(target, "MASQUERADE") == 0 || strcmp(target, "SNAT") == 0 ||
	       strcmp(target, "NETMAP") == 0 || strcmp(target, "SAME") == 0;
}

/* To an address that goes through the tunnel, too: somebody means it. */
static bool is_meant(const struct fw_question *q, const json_t *snat)
{
	struct fw_values v;
	struct range r;

	fw_json_values(json_object_get(snat, "addr"), NULL, NULL, &v);
	return v.n == 1 && !v.is_partial && range_parse(v.s[0], &r) == OK &&
	       fw_match_ranges(q->ts_local, &r, 1) != FW_NONE;
}

static enum fw_verdict caught(struct walk *w, const json_t *rule, struct seen *s, const char *how)
{
	/* nft does not tell the options of xt's policy match; with NAT people write "none" */
	if (s->match == FW_NONE || (s->has_policy && w->q->has_policy))
		return FW_GOES_ON;
	snprintf(w->rule, FW_RULE_STR, "nft, table %s %s, chain %s: %s%s (handle %lld)",
		fw_json_text(rule, "family"), fw_json_text(rule, "table"),
		fw_json_text(rule, "chain"), s->text.s ? s->text.s : "", how,
		(long long)json_integer_value(json_object_get(rule, "handle")));
	return FW_CAUGHT;
}

static enum fw_verdict mapped(struct walk *w, const json_t *rule, struct seen *s, const json_t *st)
{
	const json_t *snat = json_object_get(st, "snat"), *xt = json_object_get(st, "xt");

	if (snat && is_meant(w->q, snat))
		return s->match == FW_ALL ? FW_KEPT : FW_GOES_ON;
	if (snat)
		return caught(w, rule, s, "snat");
	if (json_object_get(st, "masquerade"))
		return caught(w, rule, s, "masquerade");
	return is_snat(fw_json_text(xt, "name")) ? caught(w, rule, s, fw_json_text(xt, "name"))
						 : FW_GOES_ON;
}

static enum fw_verdict jumped(
	struct walk *w, const json_t *rule, const struct seen *s, const json_t *st)
{
	const json_t *to = json_object_get(st, "jump"), *away = json_object_get(st, "goto");
	enum fw_verdict v;

	if (s->match == FW_NONE || (!to && !away) || w->depth == DEPTH_MAX)
		return FW_GOES_ON;
	w->depth++;
	v = chain(w, rule, fw_json_text(to ? to : away, "target"));
	w->depth--;
	if (v == FW_CAUGHT)
		return v;
	if (s->match != FW_ALL)
		return FW_GOES_ON;
	if (v == FW_RETURNS)
		v = FW_GOES_ON;
	return v == FW_GOES_ON && away ? FW_RETURNS : v;
}

/* One statement: *s learns from it, or it is the end of the rule. */
static enum fw_verdict statement(
	struct walk *w, const json_t *rule, struct seen *s, const json_t *st)
{
	const json_t *match = json_object_get(st, "match"), *xt = json_object_get(st, "xt");

	if (match) {
		s->match = fw_and(s->match, condition(w->q, match, &s->text));
		return FW_GOES_ON;
	}
	if (xt && fw_json_is(xt, "type", "match")) {
		if (fw_json_is(xt, "name", "policy"))
			s->has_policy = true;
		else if (!fw_json_is(xt, "name", "comment"))
			s->match = fw_and(s->match, FW_SOME);
		text_add(&s->text, "%s ... ", fw_json_text(xt, "name"));
		return FW_GOES_ON;
	}
	if (s->match == FW_ALL && (!s->has_policy || w->q->has_policy)) {
		if (json_object_get(st, "accept") || json_object_get(st, "drop"))
			return FW_ENDS;
		if (json_object_get(st, "return"))
			return FW_RETURNS;
	}
	if (json_object_get(st, "jump") || json_object_get(st, "goto"))
		return jumped(w, rule, s, st);
	return mapped(w, rule, s, st);
}

static enum fw_verdict rule_verdict(struct walk *w, const json_t *rule)
{
	const json_t *expr = json_object_get(rule, "expr");
	struct seen s = { .match = FW_ALL };
	enum fw_verdict v = FW_GOES_ON;

	for (size_t i = 0; i < json_array_size(expr) && v == FW_GOES_ON; i++)
		v = statement(w, rule, &s, json_array_get(expr, i));
	free(s.text.s);
	return v;
}

/* The chain of that name in the table of like. */
static enum fw_verdict chain(struct walk *w, const json_t *like, const char *name)
{
	enum fw_verdict v = FW_GOES_ON;

	for (size_t i = 0; i < json_array_size(w->objects) && v == FW_GOES_ON; i++) {
		const json_t *r = json_object_get(json_array_get(w->objects, i), "rule");

		if (r && fw_json_is(r, "chain", name) &&
			fw_json_is(r, "table", fw_json_text(like, "table")) &&
			fw_json_is(r, "family", fw_json_text(like, "family")))
			v = rule_verdict(w, r);
	}
	return v;
}

/* ---- base chains, in the order in which the kernel asks them ---- */

static long long priority(const json_t *c)
{
	return (long long)json_integer_value(json_object_get(c, "prio"));
}

static int by_priority(const void *a, const void *b)
{
	long long x = priority(*(json_t *const *)a), y = priority(*(json_t *const *)b);

	return (x > y) - (x < y);
}

static bool may_catch(const struct fw_question *q, const json_t *c)
{
	if (!fw_json_is(c, "type", "nat") || !fw_json_is(c, "hook", "postrouting") ||
		fw_json_is(c, "table", FW_TABLE))
		return false;
	if (fw_json_is(c, "family", "ip") || fw_json_is(c, "family", "ip6"))
		return fw_match_family(q, fw_json_is(c, "family", "ip6") ? 6 : 4) != FW_NONE;
	return true;
}

struct fw_nft {
	json_t *root;
};

struct fw_nft *fw_nft_new(struct bytes json)
{
	json_t *root = json_loadb((const char *)json.p, json.n, 0, NULL);
	struct fw_nft *n = NULL;

	if (!json_is_array(json_object_get(root, "nftables"))) {
		json_decref(root);
		return NULL;
	}
	n = xalloc(sizeof(*n));
	n->root = root;
	return n;
}

void fw_nft_free(struct fw_nft *n)
{
	if (n)
		json_decref(n->root);
	free(n);
}

void fw_nft_catches(
	const struct fw_question *q, const struct fw_nft *n, char ret_rule[static FW_RULE_STR])
{
	const json_t *base[CHAINS_MAX] = { NULL };
	struct walk w = { .q = q, .rule = ret_rule };
	size_t count = 0;

	ret_rule[0] = '\0';
	w.objects = n ? json_object_get(n->root, "nftables") : NULL;
	for (size_t i = 0; i < json_array_size(w.objects) && count < CHAINS_MAX; i++) {
		const json_t *c = json_object_get(json_array_get(w.objects, i), "chain");

		if (c && may_catch(q, c))
			base[count++] = c;
	}
	qsort(base, count, sizeof(json_t *), by_priority);
	for (size_t i = 0; i < count; i++) {
		enum fw_verdict v = chain(&w, base[i], fw_json_text(base[i], "name"));

		if (v == FW_CAUGHT || v == FW_KEPT)
			break;
	}
}
