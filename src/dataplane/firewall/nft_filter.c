/* Rules of nftables, held against a packet. */
#include "dataplane/firewall/nft_json.h"
#include "dataplane/firewall/walk.h"

#include <stdio.h>
#include <stdlib.h>

/* A rule as it is read from left to right. */
struct seen {
	enum fw_match match;
	struct text text;
};

/* ---- conditions ---- */

static enum fw_match addresses(
	const struct fw_packet *p, const json_t *payload, const struct fw_values *v)
{
	bool is_src = fw_json_is(payload, "field", "saddr");
	const struct range *end = is_src ? &p->src : &p->dst;
	enum fw_match m = v->is_partial ? FW_SOME : FW_NONE;
	struct range r;

	if (!is_src && !fw_json_is(payload, "field", "daddr"))
		return FW_SOME;
	for (size_t i = 0; i < v->n; i++)
		m = fw_or(m, range_parse(v->s[i], &r) ? FW_SOME : fw_packet_in(end, &r, 1));
	return m;
}

static enum fw_match port(uint16_t port, const char *text)
{
	char *end;
	unsigned long a = strtoul(text, &end, 10), b = *end == '-' ? strtoul(end + 1, &end, 10) : a;

	if (end == text || *end || a > 65535 || b > 65535)
		return FW_SOME;
	return fw_packet_port(port, (uint16_t)a, (uint16_t)b);
}

static enum fw_match ports(
	const struct fw_packet *p, const json_t *payload, const struct fw_values *v)
{
	bool is_src = fw_json_is(payload, "field", "sport");
	enum fw_match m = v->is_partial ? FW_SOME : FW_NONE;

	if (!is_src && !fw_json_is(payload, "field", "dport"))
		return FW_SOME;
	for (size_t i = 0; i < v->n; i++)
		m = fw_or(m, port(is_src ? p->sport : p->dport, v->s[i]));
	return m;
}

/* One of these values; each is judged by f. */
static enum fw_match any(const struct fw_packet *p, const struct fw_values *v,
	enum fw_match (*f)(const struct fw_packet *, const char *))
{
	enum fw_match m = v->is_partial ? FW_SOME : FW_NONE;

	for (size_t i = 0; i < v->n; i++)
		m = fw_or(m, f(p, v->s[i]));
	return m;
}

/* *ret_only: what the packet must be, whatever the operator is ("udp dport != 500" is about UDP).
 */
static enum fw_match payload(const struct fw_packet *p, const json_t *l, const struct fw_values *v,
	enum fw_match *ret_only)
{
	const char *protocol = fw_json_text(l, "protocol"), *field = fw_json_text(l, "field");
	uint8_t family = strcmp(protocol, "ip6") == 0 ? 6 : 4;

	*ret_only = FW_ALL;
	if (strcmp(protocol, "ip") == 0 || strcmp(protocol, "ip6") == 0) {
		*ret_only = p->src.first.family == family ? FW_ALL : FW_NONE;
		if (strcmp(field, "protocol") == 0 || strcmp(field, "nexthdr") == 0)
			return any(p, v, fw_packet_protocol);
		return addresses(p, l, v);
	}
	if (strcmp(protocol, "icmpv6") == 0 && strcmp(field, "type") == 0) {
		*ret_only = fw_packet_protocol(p, protocol);
		return any(p, v, fw_packet_icmp6_type);
	}
	if (strcmp(protocol, "th") != 0)
		*ret_only = fw_packet_protocol(p, protocol);
	return ports(p, l, v);
}

static enum fw_match in_device(const struct fw_packet *p, const char *name)
{
	return fw_packet_device(p->in, name, '*');
}
static enum fw_match out_device(const struct fw_packet *p, const char *name)
{
	return fw_packet_device(p->out, name, '*');
}
static enum fw_match family(const struct fw_packet *p, const char *name)
{
	bool is_6 = strcmp(name, "ipv6") == 0 || strcmp(name, "ip6") == 0;

	if (!is_6 && strcmp(name, "ipv4") != 0 && strcmp(name, "ip") != 0)
		return FW_NONE;
	return (p->src.first.family == 6) == is_6 ? FW_ALL : FW_NONE;
}
static enum fw_match is_type(const struct fw_packet *p, const char *name)
{
	return strcmp(name, "local") == 0 ? fw_packet_is_for_us(p) : FW_SOME;
}

/* true, false, or 1, 0, "exists", "missing" */
static bool is_wanted(const json_t *right)
{
	return json_is_true(right) || json_integer_value(right) != 0 || json_is_string(right);
}

static enum fw_match meta(
	const struct fw_packet *p, const char *key, const json_t *right, const struct fw_values *v)
{
	if (strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0)
		return any(p, v, in_device);
	if (strcmp(key, "oifname") == 0 || strcmp(key, "oif") == 0)
		return any(p, v, out_device);
	if (strcmp(key, "l4proto") == 0)
		return any(p, v, fw_packet_protocol);
	if (strcmp(key, "nfproto") == 0 || strcmp(key, "protocol") == 0)
		return any(p, v, family);
	if (strcmp(key, "ipsec") == 0 || strcmp(key, "secpath") == 0)
		return p->from_ipsec == is_wanted(right) ? FW_ALL : FW_NONE;
	return FW_SOME;
}

/* The left side of a condition has one of the values on the right. */
static enum fw_match has_value(const struct fw_packet *p, const json_t *left, const json_t *right,
	const struct fw_values *v, enum fw_match *ret_only)
{
	const json_t *l;

	*ret_only = FW_ALL;
	if ((l = json_object_get(left, "payload")))
		return payload(p, l, v, ret_only);
	if ((l = json_object_get(left, "meta")))
		return meta(p, fw_json_text(l, "key"), right, v);
	if ((l = json_object_get(left, "ct")))
		return fw_json_is(l, "key", "state") ? any(p, v, fw_packet_state) : FW_SOME;
	if ((l = json_object_get(left, "rt")) && fw_json_is(l, "key", "ipsec"))
		return p->to_ipsec == is_wanted(right) ? FW_ALL : FW_NONE;
	if ((l = json_object_get(left, "ipsec")))
		return (fw_json_is(l, "dir", "in") ? p->from_ipsec : p->to_ipsec) ? FW_SOME
										  : FW_NONE;
	if ((l = json_object_get(left, "fib")) && fw_json_is(l, "result", "type"))
		return any(p, v, is_type);
	return FW_SOME;
}

static void put_left(struct text *x, const json_t *left)
{
	const json_t *l;

	if ((l = json_object_get(left, "payload")))
		text_add(x, "%s %s", fw_json_text(l, "protocol"), fw_json_text(l, "field"));
	else if ((l = json_object_get(left, "meta")))
		text_add(x, "%s", fw_json_text(l, "key"));
	else if ((l = json_object_get(left, "rt")))
		text_add(x, "rt %s", fw_json_text(l, "key"));
	else if ((l = json_object_get(left, "ct")))
		text_add(x, "ct %s", fw_json_text(l, "key"));
	else
		text_add(x, "%s ...", json_object_get(left, "fib") ? "fib" : "");
}

static enum fw_match condition(
	const struct fw_walk *w, const json_t *rule, const json_t *match, struct text *x)
{
	const json_t *left = json_object_get(match, "left"),
		     *right = json_object_get(match, "right");
	bool is_not = fw_json_is(match, "op", "!="),
	     is_plain = is_not || fw_json_is(match, "op", "==") || fw_json_is(match, "op", "in");
	struct fw_values *v = xalloc(sizeof(*v));
	enum fw_match m, only;

	fw_json_values(right, w->objects, rule, v);
	put_left(x, left);
	if (!is_plain || is_not)
		text_add(x, " %s", fw_json_text(match, "op"));
	if (json_is_string(right))
		text_add(x, " %s", json_string_value(right));
	else
		fw_json_put_values(x, v);
	text_add(x, " ");
	m = has_value(w->p, left, right, v, &only);
	free(v);
	return fw_and(only, !is_plain ? FW_SOME : is_not ? fw_not(m) : m);
}

/* ---- what rules do ---- */

static enum fw_verdict act(struct fw_walk *w, const json_t *rule, const struct seen *s,
	enum fw_match m, enum fw_act a, const char *how)
{
	struct fw_fate f = w->here;

	f.is_policy = false;
	f.handle = (uint64_t)json_integer_value(json_object_get(rule, "handle"));
	snprintf(f.chain, sizeof(f.chain), "%s", fw_json_text(rule, "chain"));
	snprintf(f.rule, sizeof(f.rule), "%s%s", s->text.s ? s->text.s : "", how);
	return fw_acted(w, m, a, &f);
}

static enum fw_verdict verdict(struct fw_walk *w, const json_t *rule, const struct seen *s,
	enum fw_match m, const json_t *st)
{
	const json_t *to = json_object_get(st, "jump"), *away = json_object_get(st, "goto");
	enum fw_verdict v;

	if (json_object_get(st, "accept"))
		return act(w, rule, s, m, FW_ACCEPT, "accept");
	if (json_object_get(st, "drop"))
		return act(w, rule, s, m, FW_DROP, "drop");
	if (json_object_get(st, "reject") ||
		fw_json_is(json_object_get(st, "xt"), "name", "REJECT"))
		return act(w, rule, s, m, FW_REJECT, "reject");
	if (json_object_get(st, "return"))
		return act(w, rule, s, m, FW_RETURN, "return");
	if (json_object_get(st, "queue")) /* a program decides */
		return act(w, rule, s, fw_and(m, FW_SOME), FW_DROP, "queue");
	if (m == FW_NONE || (!to && !away) || w->depth == FW_DEPTH_MAX)
		return FW_GOES_ON;
	w->depth++;
	v = fw_nft_chain(w, fw_json_text(to ? to : away, "target"));
	w->depth--;
	return fw_jumped(w, m, v, away != NULL);
}

/* A verdict for each value of a key. */
static enum fw_verdict mapped(
	struct fw_walk *w, const json_t *rule, const struct seen *s, const json_t *vmap)
{
	const json_t *key = json_object_get(vmap, "key"), *data = json_object_get(vmap, "data"),
		     *set = json_object_get(data, "set");
	enum fw_verdict v = FW_GOES_ON;
	struct fw_values *values = xalloc(sizeof(*values));

	if (!set)
		set = fw_json_named(w->objects, rule, "map", json_string_value(data));
	for (size_t i = 0; i < json_array_size(set) && v == FW_GOES_ON; i++) {
		const json_t *pair = json_array_get(set, i), *one = json_array_get(pair, 0),
			     *in = json_object_get(one, "elem");
		enum fw_match m, only;
		struct seen here = { s->match, { 0 } };

		one = in ? json_object_get(in, "val") : one;
		fw_json_values(one, NULL, NULL, values);
		m = fw_and(s->match, has_value(w->p, key, one, values, &only));
		put_left(&here.text, key);
		fw_json_put_values(&here.text, values);
		text_add(&here.text, " ");
		v = verdict(w, rule, &here, fw_and(m, only), json_array_get(pair, 1));
		free(here.text.s);
	}
	free(values);
	return v;
}

static enum fw_verdict statement(
	struct fw_walk *w, const json_t *rule, struct seen *s, const json_t *st)
{
	const json_t *match = json_object_get(st, "match"), *xt = json_object_get(st, "xt"),
		     *vmap = json_object_get(st, "vmap");

	if (match) {
		s->match = fw_and(s->match, condition(w, rule, match, &s->text));
		return FW_GOES_ON;
	}
	if ((xt && fw_json_is(xt, "type", "match") && !fw_json_is(xt, "name", "comment")) ||
		json_object_get(st, "limit") || json_object_get(st, "quota") ||
		json_object_get(st, "ct count")) {
		s->match = fw_and(s->match, FW_SOME);
		text_add(&s->text, "%s ... ", xt ? fw_json_text(xt, "name") : "limit");
		return FW_GOES_ON;
	}
	return vmap ? mapped(w, rule, s, vmap) : verdict(w, rule, s, s->match, st);
}

enum fw_verdict fw_nft_chain(struct fw_walk *w, const char *name)
{
	enum fw_verdict v = FW_GOES_ON;

	for (size_t i = 0; i < json_array_size(w->objects) && v == FW_GOES_ON; i++) {
		const json_t *r = json_object_get(json_array_get(w->objects, i), "rule"),
			     *expr = json_object_get(r, "expr");
		struct seen s = { .match = FW_ALL };

		if (!r || !fw_json_is(r, "chain", name) || !fw_json_is(r, "table", w->here.table) ||
			!fw_json_is(r, "family", w->here.family))
			continue;
		for (size_t k = 0;
			k < json_array_size(expr) && v == FW_GOES_ON && s.match != FW_NONE; k++)
			v = statement(w, r, &s, json_array_get(expr, k));
		free(s.text.s);
	}
	return v;
}
