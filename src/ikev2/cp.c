/* Configuration payload (RFC 7296 2.19, 3.15; RFC 8598 3): a road warrior asks for addresses, DNS
 * servers, their domains and the networks behind the gateway; the gateway leases from its pools. */
#include "ikev2/exchanges.h"

#include "base/word.h"
#include <stdio.h>

struct attributes {
	struct v2_cp cp;
	uint8_t room[LIMIT_CP_ATTRIBUTES][17];
};

static void add(struct attributes *a, uint16_t type, struct bytes head, int tail)
{
	size_t i = a->cp.n, n = head.n;

	if (i == LIMIT_CP_ATTRIBUTES || n > 16)
		return;
	if (n)
		memcpy(a->room[i], head.p, n);
	if (tail >= 0)
		a->room[i][n++] = (uint8_t)tail;
	a->cp.attr[i].type = type;
	a->cp.attr[i].value = bytes_of(a->room[i], n);
	a->cp.n++;
}

static void add_netmask(struct attributes *a, uint16_t type, const struct prefix *p)
{
	size_t i = a->cp.n;
	struct wr w;
	uint32_t mask = p->bits ? UINT32_MAX << (32 - p->bits) : 0;

	if (i == LIMIT_CP_ATTRIBUTES)
		return;
	w = wr_to(a->room[i], sizeof(a->room[i]));
	wr_bytes(&w, addr_bytes(&p->addr));
	wr_u32(&w, mask);
	a->cp.attr[i].type = type;
	a->cp.attr[i].value = wr_view(&w);
	a->cp.n++;
}

/* ---- the client ---- */

static bool wants_family(const struct conn *c, uint8_t family)
{
	if (c->theirs->subnet.n == 0)
		return c->local.addr.family == family;
	for (size_t i = 0; i < c->theirs->subnet.n; i++)
		if (c->theirs->subnet.ts[i].range.first.family == family)
			return true;
	return false;
}

void v2_put_cp_request(struct v2_build *b, const struct conn *c)
{
	struct attributes a = { .cp = { .type = CP_REQUEST } };

	if (!c->ours->modecfgclient)
		return;
	if (wants_family(c, 4)) {
		add(&a, CP_INTERNAL_IP4_ADDRESS, addr_bytes(&c->lease[0]), -1);
		add(&a, CP_INTERNAL_IP4_DNS, BYTES_NONE, -1);
		add(&a, CP_INTERNAL_IP4_SUBNET, BYTES_NONE, -1);
	}
	if (wants_family(c, 6)) {
		add(&a, CP_INTERNAL_IP6_ADDRESS, addr_bytes(&c->lease[1]),
			addr_is_set(&c->lease[1]) ? 128 : -1);
		add(&a, CP_INTERNAL_IP6_DNS, BYTES_NONE, -1);
		add(&a, CP_INTERNAL_IP6_SUBNET, BYTES_NONE, -1);
	}
	add(&a, CP_INTERNAL_DNS_DOMAIN, BYTES_NONE, -1);
	v2_put_cp(b, &a.cp);
}

static void received_domain(struct v2_child *child, struct bytes v)
{
	char text[4 * DNS_NAME_MAX + 1];

	event_escape(v, text, sizeof(text));
	if (!is_dns_name(v)) {
		V2_CHILD_EMIT(child, v2_cp_domain_ignored, .domain = ev_str(text));
		return;
	}
	conn_dns_add_domain(child->c.conn, v);
	V2_CHILD_EMIT(child, v2_cp_domain, .domain = ev_str(text));
}

static void received(struct v2_child *child, uint16_t type, struct bytes v)
{
	struct conn *c = child->c.conn;
	struct addr a =
		addr_from(bytes_of(v.p, type == CP_INTERNAL_IP6_ADDRESS ? MIN(v.n, 16u) : v.n));
	struct prefix p = { 0 };
	struct rd r = rd_from(v);

	switch (type) {
	case CP_INTERNAL_IP4_ADDRESS:
	case CP_INTERNAL_IP6_ADDRESS:
		if (a.family != (type == CP_INTERNAL_IP4_ADDRESS ? 4 : 6))
			return;
		c->lease[a.family == 6] = a;
		V2_CHILD_EMIT(child, v2_cp_address,
			.kind = ev_str(
				a.family == 4 ? "INTERNAL_IP4_ADDRESS" : "INTERNAL_IP6_ADDRESS"),
			.address = ev_addr(a));
		return;
	case CP_INTERNAL_IP4_DNS:
	case CP_INTERNAL_IP6_DNS:
		if (!addr_is_set(&a))
			return;
		conn_dns_add_server(c, &a);
		V2_CHILD_EMIT(child, v2_cp_dns, .address = ev_addr(a));
		return;
	case CP_INTERNAL_DNS_DOMAIN:
		received_domain(child, v);
		return;
	case CP_INTERNAL_IP4_SUBNET:
		p.addr = addr_from(rd_bytes(&r, 4));
		p.bits = (uint8_t)__builtin_popcount(rd_u32(&r));
		break;
	case CP_INTERNAL_IP6_SUBNET:
		p.addr = addr_from(rd_bytes(&r, 16));
		p.bits = rd_u8(&r);
		break;
	default:
		return;
	}
	if (rd_end(&r) && p.bits <= addr_bits(p.addr.family)) {
		char text[PREFIX_STR];

		V2_CHILD_EMIT(child, v2_cp_subnet, .subnet = ev_str(prefix_format(&p, text)));
	}
}

enum err v2_cp_reply_received(struct v2_sa *sa, struct v2_child *child, const struct v2_msg *m)
{
	struct conn *c = child->c.conn;

	(void)sa;
	if (!c->ours->modecfgclient)
		return OK;
	if (!v2_has(m, V2_CP) || m->cp.type != CP_REPLY)
		return ERR_MISSING;
	conn_dns_clear(c);
	for (size_t i = 0; i < m->cp.n; i++)
		received(child, m->cp.attr[i].type, m->cp.attr[i].value);
	return addr_is_set(&c->lease[0]) || addr_is_set(&c->lease[1]) ? OK : ERR_MISSING;
}

/* ---- the server ---- */

bool v2_cp_is_server(const struct conn *c)
{
	return c->theirs->n_pool != 0;
}

static enum err lease_family(struct v2_sa *sa, struct conn *c, uint8_t family, struct bytes wanted)
{
	struct addr want = addr_from(bytes_of(wanted.p, MIN(wanted.n, family == 4 ? 4u : 16u)));
	struct addr *mine = &c->lease[family == 6];
	enum err e = ERR_MISSING;
	struct pool *p;

	if (c->has_lent && addr_is_set(mine))
		return OK;
	for (size_t i = 0; i < c->theirs->n_pool && e != OK; i++) {
		if (c->theirs->pool[i].first.family != family)
			continue;
		if ((e = pools_get(&sa->ike->pools, &c->theirs->pool[i], &p)))
			continue;
		e = pool_lease(p, &sa->peer_id, addr_is_set(&want) ? &want : NULL,
			sa->ike->setup.uniqueids, mine);
	}
	return e;
}

static char *pool_text(const struct conn *c, char *s, size_t n)
{
	char one[RANGE_STR];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < c->theirs->n_pool && at + 1 < n; i++)
		at += (size_t)snprintf(s + at, n - at, "%s%s", i ? "," : "",
			range_format(&c->theirs->pool[i], one));
	return s;
}

uint16_t v2_cp_required(const struct v2_child *child)
{
	char pool[2 * RANGE_STR + 2];

	V2_CHILD_EMIT(child, v2_cp_required,
		.pool = ev_str(pool_text(child->c.conn, pool, sizeof(pool))));
	return N_FAILED_CP_REQUIRED;
}

/* "any IPv4 2001:db8::5": what the peer asks for */
static char *asked_text(const struct v2_msg *m, char *s, size_t n)
{
	char one[ADDR_STR];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < m->cp.n && at + 1 < n; i++) {
		uint16_t type = m->cp.attr[i].type;
		struct bytes value = m->cp.attr[i].value;
		bool is_v6 = type == CP_INTERNAL_IP6_ADDRESS;
		struct addr want = addr_from(bytes_of(value.p, MIN(value.n, is_v6 ? 16u : 4u)));

		if (!is_v6 && type != CP_INTERNAL_IP4_ADDRESS)
			continue;
		at += (size_t)snprintf(s + at, n - at, "%s%s", at ? " " : "",
			addr_is_set(&want) ? addr_format(&want, one)
			: is_v6		   ? "any IPv6"
					   : "any IPv4");
	}
	return s;
}

enum err v2_cp_lease(struct v2_sa *sa, struct v2_child *child, const struct v2_msg *m)
{
	struct conn *c = child->c.conn;
	char asked[256], pool[2 * RANGE_STR + 2];
	enum err e = ERR_MISSING, one;
	bool has_any = c->has_lent;

	for (size_t i = 0; i < m->cp.n; i++) {
		uint16_t type = m->cp.attr[i].type;

		child->wants_domains |= type == CP_INTERNAL_DNS_DOMAIN;
		if (type != CP_INTERNAL_IP4_ADDRESS && type != CP_INTERNAL_IP6_ADDRESS)
			continue;
		one = lease_family(
			sa, c, type == CP_INTERNAL_IP4_ADDRESS ? 4 : 6, m->cp.attr[i].value);
		if (one == OK) {
			has_any = true;
			V2_CHILD_EMIT(child, v2_cp_leased,
				.address = ev_addr(c->lease[type == CP_INTERNAL_IP6_ADDRESS]));
		} else
			e = one;
	}
	c->has_lent = has_any;
	if (has_any)
		return OK;
	V2_CHILD_EMIT(child, v2_cp_no_address, .why = ev_str(err_text(e)),
		.asked = ev_str(asked_text(m, asked, sizeof(asked))),
		.pool = ev_str(pool_text(c, pool, sizeof(pool))),
		.is_full = ev_u64(e == ERR_EXHAUSTED));
	return e;
}

static void add_subnets(struct attributes *a, const struct conn *c)
{
	struct prefix p;

	for (size_t i = 0; i < c->ours->subnet.n; i++) {
		if (!range_is_prefix(&c->ours->subnet.ts[i].range, &p) || p.bits == 0)
			continue;
		if (p.addr.family == 4)
			add_netmask(a, CP_INTERNAL_IP4_SUBNET, &p);
		else
			add(a, CP_INTERNAL_IP6_SUBNET, addr_bytes(&p.addr), p.bits);
	}
}

/* RFC 8598 3.2: for who asked, and only beside a DNS server. */
static void add_domains(struct attributes *a, const struct v2_child *child)
{
	const struct conf_conn *conf = child->c.conn->conf;
	const char *list = conf->modecfgdomains, *domain;
	size_t n;

	if (!child->wants_domains || conf->n_modecfgdns == 0)
		return;
	while (list && (domain = word_next(&list, &n)) && a->cp.n < LIMIT_CP_ATTRIBUTES) {
		a->cp.attr[a->cp.n].type = CP_INTERNAL_DNS_DOMAIN;
		a->cp.attr[a->cp.n++].value = bytes_of(domain, n);
	}
}

void v2_put_cp_reply(struct v2_build *b, const struct v2_child *child)
{
	const struct conn *c = child->c.conn;
	struct attributes a = { .cp = { .type = CP_REPLY } };

	if (!c->has_lent)
		return;
	if (addr_is_set(&c->lease[0]))
		add(&a, CP_INTERNAL_IP4_ADDRESS, addr_bytes(&c->lease[0]), -1);
	if (addr_is_set(&c->lease[1]))
		add(&a, CP_INTERNAL_IP6_ADDRESS, addr_bytes(&c->lease[1]), 128);
	for (size_t i = 0; i < c->conf->n_modecfgdns; i++) {
		const struct addr *dns = &c->conf->modecfgdns[i];

		add(&a, dns->family == 4 ? CP_INTERNAL_IP4_DNS : CP_INTERNAL_IP6_DNS,
			addr_bytes(dns), -1);
	}
	add_domains(&a, child);
	add_subnets(&a, c);
	v2_put_cp(b, &a.cp);
}
