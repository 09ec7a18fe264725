/* The kernel's netlink messages and its counters as text; the first octet says which, and two more
 * kinds put values of the contract through the builders. Oracles: what is named by what was parsed
 * is parsed as the same; counters read the same when they were printed; an SA that was built is
 * parsed as that SA; the kernel's selectors match the corners of the policy's, and theirs lie
 * inside.
 */
#include "dataplane/xfrm/xfrm.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct xfrm_said parse_one(const struct wr *w)
{
	struct rd r = rd_from(wr_view(w));
	struct xfrm_said s;

	check(wr_ok(w));
	check(xfrm_said_get(&r, &s) == OK);
	check(rd_end(&r));
	return s;
}

/* ---- messages ---- */

static bool sel_eq(const struct xfrm_sel *a, const struct xfrm_sel *b)
{
	return a->protocol == b->protocol && addr_eq(&a->local.addr, &b->local.addr) &&
	       addr_eq(&a->remote.addr, &b->remote.addr) && a->local.bits == b->local.bits &&
	       a->remote.bits == b->remote.bits && a->local_port == b->local_port &&
	       a->local_mask == b->local_mask && a->remote_port == b->remote_port &&
	       a->remote_mask == b->remote_mask;
}

static void named_policy(const struct xfrm_policy_said *p)
{
	struct dp_mark mark = { p->mark, p->mark_mask };
	struct dp_extra x = { .mark_in = mark, .mark_out = mark, .if_id = p->if_id };
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_said s;

	check(p->sel.local.bits <= addr_bits(p->sel.local.addr.family));
	check(p->sel.local.addr.family == p->sel.remote.addr.family);
	if (p->dir >= XFRM_DIR_END)
		return;
	xfrm_policy_del_put(&w, &p->sel, (enum xfrm_dir)p->dir, &x);
	s = parse_one(&w);
	check(s.kind == XFRM_SAID_POLICY_GONE && s.policy.dir == p->dir);
	check(sel_eq(&s.policy.sel, &p->sel) && s.policy.if_id == p->if_id);
	check(s.policy.mark_mask == p->mark_mask && (!p->mark_mask || s.policy.mark == p->mark));
}

static void named_sa(const struct xfrm_sa *sa)
{
	struct now now = { .mono = 1000 * NS_S, .wall = 2000000000 * NS_S };
	struct dp_counters c = { 0 };
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	struct xfrm_said s;

	check(sa->replay.bitmap_n <= COUNT(sa->replay.bitmap));
	xfrm_sa_count(sa, DP_IN, now, &c);
	check(c.last_in >= 0 && c.last_in <= now.mono);
	xfrm_sa_del_put(&w, &sa->id);
	s = parse_one(&w);
	check(s.kind == XFRM_SAID_SA_GONE && s.sa.id.spi == sa->id.spi);
	check(addr_eq(&s.sa.id.dst, &sa->id.dst));
}

static void notice(const struct xfrm_said *s)
{
	uint8_t room[512];
	struct wr w = wr_to(room, sizeof(room));
	struct dp_notice n, again;
	struct rd r;

	if (!xfrm_said_notice(s, &n))
		return;
	dp_notice_put(&w, &n);
	r = rd_from(wr_view(&w));
	check(dp_notice_get(&r, &again) == OK && again.kind == n.kind && again.reqid == n.reqid);
}

static void messages(struct bytes b)
{
	struct rd r = rd_from(b);
	struct xfrm_said s;
	char text[XFRM_ERROR_STR];
	enum err e;

	while ((e = xfrm_said_get(&r, &s)) != ERR_NOT_FOUND) {
		if (e == ERR_LENGTH)
			return;
		if (e)
			continue;
		check(strnlen(s.text, sizeof(s.text)) < sizeof(s.text));
		check(s.error >= 0 && *xfrm_error_format(s.error, s.text, text));
		check(s.error == 0 || xfrm_err(s.error) != OK);
		if (s.kind == XFRM_SAID_POLICY || s.kind == XFRM_SAID_POLICY_GONE ||
			s.kind == XFRM_SAID_ACQUIRE || s.kind == XFRM_SAID_MIGRATE)
			named_policy(&s.policy);
		if (s.kind == XFRM_SAID_SA || s.kind == XFRM_SAID_SA_GONE ||
			s.kind == XFRM_SAID_EXPIRE || s.kind == XFRM_SAID_MAPPING)
			named_sa(&s.sa);
		notice(&s);
	}
}

/* ---- counters ---- */

static void counters(struct bytes text)
{
	static const struct xfrm_stat zero;
	struct xfrm_stat a, b;
	char printed[4096];
	size_t n = 0;

	if (xfrm_stat_parse(text, &a))
		return;
	for (int i = 0; i < XFRM_COUNTER_END; i++)
		n += (size_t)snprintf(printed + n, sizeof(printed) - n, "%s %llu\n",
			xfrm_counter_name((enum xfrm_counter)i), (unsigned long long)a.count[i]);
	n += (size_t)snprintf(
		printed + n, sizeof(printed) - n, "X %llu", (unsigned long long)a.unknown);
	check(xfrm_stat_parse(bytes_of(printed, n), &b) == OK);
	check(memcmp(&a, &b, sizeof(a)) == 0);
	xfrm_stat_delta(&a, &b, &b);
	check(memcmp(&zero, &b, sizeof(b)) == 0);
	xfrm_stat_delta(&zero, &a, &b);
	check(memcmp(&a, &b, sizeof(b)) == 0);
}

/* ---- builders ---- */

static void build_sa(struct bytes v)
{
	struct rd r = rd_from(v);
	struct dp_sa sa;
	struct xfrm_said s;
	uint8_t room[XFRM_ROOM];
	struct wr w = wr_to(room, sizeof(room));
	enum err e;

	if (dp_sa_get(&r, &sa))
		return;
	e = xfrm_sa_put(&w, XFRM_ADD, &sa, NULL);
	check(e != ERR_LIMIT);
	if (e == OK) {
		struct xfrm_id_of_sa id = xfrm_sa_id(&sa);

		s = parse_one(&w);
		check(s.kind == XFRM_SAID_SA && s.sa.id.spi == sa.spi && s.sa.reqid == sa.reqid);
		check(s.sa.mode == sa.mode && s.sa.encap == sa.encap);
		/* the address of only zeroes is none */
		check(!addr_is_set(&s.sa.id.dst) || addr_eq(&s.sa.id.dst, &id.dst));
		check(s.sa.replay.seq == 0 && s.sa.replay.oseq == 0);
	}
	dp_sa_done(&sa);
}

static bool has_ports(uint8_t protocol)
{
	return protocol != 1 && protocol != 58 && protocol != 135;
}

static bool matches(const struct xfrm_sel *s, uint8_t protocol, const struct addr *local,
	uint16_t local_port, const struct addr *remote, uint16_t remote_port)
{
	return (s->protocol == 0 || s->protocol == protocol) && prefix_has(&s->local, local) &&
	       prefix_has(&s->remote, remote) && (local_port & s->local_mask) == s->local_port &&
	       (remote_port & s->remote_mask) == s->remote_port;
}

static void corners(const struct ts *l, const struct ts *r, const struct xfrm_sel *s, size_t n)
{
	uint8_t protocol = l->protocol ? l->protocol : r->protocol;

	if (l->range.first.family != r->range.first.family || !has_ports(protocol) ||
		(l->protocol && r->protocol && l->protocol != r->protocol))
		return;
	for (unsigned c = 0; c < 16; c++) {
		unsigned hits = 0;

		for (size_t i = 0; i < n; i++)
			hits += matches(&s[i], protocol, c & 1 ? &l->range.last : &l->range.first,
				c & 2 ? l->port_last : l->port_first,
				c & 4 ? &r->range.last : &r->range.first,
				c & 8 ? r->port_last : r->port_first);
		check(hits > 0);
	}
}

static void build_policy(struct bytes v)
{
	static struct xfrm_sel s[XFRM_SEL_MAX];
	struct rd r = rd_from(v);
	struct dp_policy p;
	size_t n;

	if (dp_policy_get(&r, &p) || xfrm_selectors(&p, s, COUNT(s), &n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct range local = range_from(&s[i].local), remote = range_from(&s[i].remote);

		if (!has_ports(s[i].protocol))
			continue;
		check(ts_list_has(&p.ts_local, s[i].protocol, &local.first, s[i].local_port));
		check(ts_list_has(&p.ts_local, s[i].protocol, &local.last,
			(uint16_t)(s[i].local_port | ~s[i].local_mask)));
		check(ts_list_has(&p.ts_remote, s[i].protocol, &remote.first, s[i].remote_port));
		check(ts_list_has(&p.ts_remote, s[i].protocol, &remote.last,
			(uint16_t)(s[i].remote_port | ~s[i].remote_mask)));
	}
	for (size_t i = 0; i < p.ts_local.n; i++)
		for (size_t k = 0; k < p.ts_remote.n; k++)
			corners(&p.ts_local.ts[i], &p.ts_remote.ts[k], s, n);
	for (size_t i = 0; i < n; i++)
		for (int d = 0; d < XFRM_DIR_END; d++) {
			uint8_t room[XFRM_ROOM];
			struct wr w = wr_to(room, sizeof(room));
			struct xfrm_said said;

			xfrm_policy_put(&w, XFRM_ADD, &p, &s[i], (enum xfrm_dir)d);
			said = parse_one(&w);
			check(said.policy.dir == d && sel_eq(&said.policy.sel, &s[i]));
			check(said.policy.is_block == (p.action == DP_DROP));
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd r = rd_from(bytes_of(data, n));
	uint8_t kind = rd_u8(&r);
	struct bytes rest = rd_rest(&r);

	if (kind == 0)
		messages(rest);
	else if (kind == 1)
		counters(rest);
	else if (kind == 2)
		build_sa(rest);
	else if (kind == 3)
		build_policy(rest);
	return 0;
}
