/* Traffic selectors as sets: see ts.h. */
#include "ipsec/ts.h"

#include <stdio.h>

struct ts ts_from_range(const struct range *r)
{
	return (struct ts){ 0, 0, UINT16_MAX, *r };
}

struct ts ts_from_prefix(const struct prefix *p)
{
	struct range r = range_from(p);

	return ts_from_range(&r);
}

bool ts_eq(const struct ts *a, const struct ts *b)
{
	return a->protocol == b->protocol && a->port_first == b->port_first &&
	       a->port_last == b->port_last && range_eq(&a->range, &b->range);
}

/* OPAQUE (65535..0, RFC 4301 4.4.1.1) is a value of its own: it is inside OPAQUE and ANY only. */
static bool is_opaque(const struct ts *t)
{
	return t->port_first > t->port_last;
}

static bool any_port(const struct ts *t)
{
	return t->port_first == 0 && t->port_last == UINT16_MAX;
}

static bool ports_cover(const struct ts *outer, const struct ts *inner)
{
	if (any_port(outer))
		return true;
	if (is_opaque(outer) || is_opaque(inner))
		return is_opaque(outer) && is_opaque(inner);
	return outer->port_first <= inner->port_first && inner->port_last <= outer->port_last;
}

bool ts_covers(const struct ts *outer, const struct ts *inner)
{
	return (outer->protocol == 0 || outer->protocol == inner->protocol) &&
	       ports_cover(outer, inner) && range_covers(&outer->range, &inner->range);
}

static bool ports_overlap(const struct ts *a, const struct ts *b, struct ts *ret)
{
	if (is_opaque(a) || is_opaque(b)) {
		const struct ts *o = is_opaque(a) ? a : b;

		if (!ports_cover(a, o) || !ports_cover(b, o))
			return false;
		ret->port_first = o->port_first;
		ret->port_last = o->port_last;
		return true;
	}
	ret->port_first = MAX(a->port_first, b->port_first);
	ret->port_last = MIN(a->port_last, b->port_last);
	return ret->port_first <= ret->port_last;
}

bool ts_overlap(const struct ts *a, const struct ts *b, struct ts *ret)
{
	struct ts t;

	if (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol)
		return false;
	t.protocol = a->protocol ? a->protocol : b->protocol;
	if (!ports_overlap(a, b, &t) || !range_overlap(&a->range, &b->range, &t.range))
		return false;
	*ret = t;
	return true;
}

/* Adds t unless it is covered; drops what t covers. */
static void add(struct ts_list *l, const struct ts *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (ts_covers(&l->ts[i], t))
			return;
	for (size_t i = 0; i < l->n; i++)
		if (!ts_covers(t, &l->ts[i]))
			l->ts[kept++] = l->ts[i];
	l->n = kept;
	if (l->n < TS_LIST_MAX)
		l->ts[l->n++] = *t;
}

void ts_list_overlap(const struct ts_list *a, const struct ts_list *b, struct ts_list *ret)
{
	struct ts_list out = { 0 };
	struct ts t;

	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (ts_overlap(&a->ts[i], &b->ts[k], &t))
				add(&out, &t);
	*ret = out;
}

bool ts_list_covers(const struct ts_list *outer, const struct ts_list *inner)
{
	for (size_t i = 0; i < inner->n; i++) {
		size_t k = 0;

		while (k < outer->n && !ts_covers(&outer->ts[k], &inner->ts[i]))
			k++;
		if (k == outer->n)
			return false;
	}
	return true;
}

bool ts_list_eq(const struct ts_list *a, const struct ts_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!ts_eq(&a->ts[i], &b->ts[i]))
			return false;
	return true;
}

bool ts_list_has(const struct ts_list *l, uint8_t protocol, const struct addr *a, uint16_t port)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];

		if ((t->protocol == 0 || t->protocol == protocol) && range_has(&t->range, a) &&
			(any_port(t) || (t->port_first <= port && port <= t->port_last)))
			return true;
	}
	return false;
}

static const char *protocol_name(uint8_t p, char *s, size_t n)
{
	switch (p) {
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 47:
		return "gre";
	case 58:
		return "ipv6-icmp";
	default:
		snprintf(s, n, "%u", p);
		return s;
	}
}

char *ts_format(const struct ts *t, char *s)
{
	char range[RANGE_STR], number[8], port[16] = "";

	range_format(&t->range, range);
	if (t->protocol == 0 && any_port(t)) {
		snprintf(s, TS_STR, "%s", range);
		return s;
	}
	if (is_opaque(t))
		snprintf(port, sizeof(port), "/opaque");
	else if (t->port_first == t->port_last)
		snprintf(port, sizeof(port), "/%u", t->port_first);
	else if (!any_port(t))
		snprintf(port, sizeof(port), "/%u-%u", t->port_first, t->port_last);
	snprintf(s, TS_STR, "%s/%s%s", range, protocol_name(t->protocol, number, sizeof(number)),
		port);
	return s;
}

char *ts_format_range(const struct ts *t, char *s)
{
	char a[ADDR_STR], b[ADDR_STR];

	snprintf(s, TS_STR, "%s-%s:%u-%u %u", addr_format(&t->range.first, a),
		addr_format(&t->range.last, b), t->port_first, t->port_last, t->protocol);
	return s;
}

char *ts_list_format(const struct ts_list *l, char *s)
{
	size_t at = 0;
	char one[TS_STR];

	s[0] = '\0';
	for (size_t i = 0; i < l->n && at < TS_LIST_STR; i++)
		at += (size_t)snprintf(
			s + at, TS_LIST_STR - at, "%s%s", i ? "," : "", ts_format(&l->ts[i], one));
	return s;
}

char *ts_list_subnets(const struct ts_list *l, char *s)
{
	struct prefix p[TS_LIST_MAX];
	char one[PREFIX_STR];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < l->n; i++) {
		size_t n = range_prefixes(&l->ts[i].range, p, COUNT(p));

		for (size_t k = 0; k < n && at < TS_LIST_STR; k++)
			at += (size_t)snprintf(s + at, TS_LIST_STR - at, "%s%s", at ? "," : "",
				prefix_format(&p[k], one));
		if (n == 0 || l->ts[i].protocol || !any_port(&l->ts[i]) || at >= TS_LIST_STR) {
			s[0] = '\0';
			break;
		}
	}
	return s;
}

char *ts_list_selectors(const struct ts_list *l, char *s)
{
	char net[PREFIX_STR], port[8];
	struct prefix p;
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < l->n && at < TS_LIST_STR; i++) {
		const struct ts *t = &l->ts[i];
		bool is_one = t->port_first == t->port_last;

		if (!range_is_prefix(&t->range, &p) || (!is_one && !any_port(t)) ||
			(is_one && !t->protocol)) {
			s[0] = '\0';
			break;
		}
		snprintf(port, sizeof(port), "/%u", t->port_first);
		at += (size_t)snprintf(
			s + at, TS_LIST_STR - at, "%s%s", at ? "," : "", prefix_format(&p, net));
		if (t->protocol && at < TS_LIST_STR)
			at += (size_t)snprintf(
				s + at, TS_LIST_STR - at, "/%u%s", t->protocol, is_one ? port : "");
	}
	return s;
}

const struct ts *ts_list_range(const struct ts_list *l)
{
	struct prefix p;

	for (size_t i = 0; i < l->n; i++)
		if (!range_is_prefix(&l->ts[i].range, &p))
			return &l->ts[i];
	return NULL;
}

const char *ts_list_relation(const struct ts_list *theirs, const struct ts_list *ours)
{
	bool covers = ts_list_covers(theirs, ours), is_covered = ts_list_covers(ours, theirs);
	struct ts_list common;

	ts_list_overlap(theirs, ours, &common);
	return covers && is_covered ? "same"
	       : covers		    ? "wider"
	       : is_covered	    ? "narrower"
	       : common.n	    ? "overlaps"
				    : "apart";
}

void ts_list_put(struct wr *w, const struct ts_list *l)
{
	wr_u8(w, (uint8_t)l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];

		wr_u8(w, t->protocol);
		wr_u16(w, t->port_first);
		wr_u16(w, t->port_last);
		addr_put(w, &t->range.first);
		addr_put(w, &t->range.last);
	}
}

enum err ts_list_get(struct rd *r, struct ts_list *ret)
{
	struct ts_list l = { .n = rd_u8(r) };

	if (l.n > TS_LIST_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < l.n; i++) {
		struct ts *t = &l.ts[i];

		t->protocol = rd_u8(r);
		t->port_first = rd_u16(r);
		t->port_last = rd_u16(r);
		t->range.first = addr_get(r);
		t->range.last = addr_get(r);
		if (!addr_is_set(&t->range.first) ||
			t->range.first.family != t->range.last.family ||
			addr_cmp(&t->range.first, &t->range.last) > 0)
			rd_fail(r);
		if (is_opaque(t) && (t->port_first != UINT16_MAX || t->port_last != 0))
			rd_fail(r);
	}
	if (r->failed)
		return ERR_VALUE;
	*ret = l;
	return OK;
}
