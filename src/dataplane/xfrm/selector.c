/* Traffic selectors as the kernel can match them (struct xfrm_selector): a prefix and a value with
 * a mask for each port, where RFC 7296 3.13.1 has ranges; and the priority that follows from them.
 */
#include "dataplane/xfrm/kernel.h"

#include <arpa/inet.h>

struct ports {
	uint16_t value, mask;
};
enum { PORTS_MAX = 30, PREFIXES_MAX = 254 }; /* what a range can need */

/* Largest aligned blocks first to last. */
static size_t port_masks(uint16_t first, uint16_t last, struct ports *ret)
{
	uint32_t at = first, n = 0;

	while (at <= last) {
		uint32_t size = at ? at & -at : 0x10000;

		while (at + size - 1 > last)
			size /= 2;
		ret[n++] = (struct ports){ (uint16_t)at, (uint16_t) ~(size - 1) };
		at += size;
	}
	return n;
}

/* What both ends allow, in pieces. */
struct pieces {
	uint8_t protocol;
	struct prefix local[PREFIXES_MAX], remote[PREFIXES_MAX];
	struct ports local_port[PORTS_MAX], remote_port[PORTS_MAX];
	size_t local_n, remote_n, local_port_n, remote_port_n;
};

/* Type and code are of the packet, not of an end: both selectors have to allow them. Codes of one
 * type, or whole types, are a mask each; anything else has no form in the kernel. */
static enum err type_masks(const struct ts *l, const struct ts *r, struct pieces *ret)
{
	uint16_t first = MAX(l->port_first, r->port_first), last = MIN(l->port_last, r->port_last);
	uint16_t type = first >> 8, code = first & 0xff, last_type = last >> 8,
		 last_code = last & 0xff;

	if (first > last)
		return OK;
	if (first == 0 && last == UINT16_MAX) {
		ret->local_port[ret->local_port_n++] = (struct ports){ 0, 0 };
		ret->remote_port[ret->remote_port_n++] = (struct ports){ 0, 0 };
		return OK;
	}
	if (type != last_type && (code != 0 || last_code != 0xff))
		return ERR_UNSUPPORTED;
	ret->local_port_n = port_masks(type, last_type, ret->local_port);
	if (code == 0 && last_code == 0xff)
		ret->remote_port[ret->remote_port_n++] = (struct ports){ 0, 0 };
	else
		ret->remote_port_n = port_masks(code, last_code, ret->remote_port);
	return OK;
}

static bool is_opaque(const struct ts *t)
{
	return t->port_first > t->port_last;
}

static enum err cut(const struct ts *l, const struct ts *r, struct pieces *ret)
{
	ret->local_n = ret->remote_n = ret->local_port_n = ret->remote_port_n = 0;
	if (l->range.first.family != r->range.first.family ||
		(l->protocol && r->protocol && l->protocol != r->protocol))
		return OK; /* no packet is both */
	if (is_opaque(l) || is_opaque(r))
		return ERR_UNSUPPORTED;
	ret->protocol = l->protocol ? l->protocol : r->protocol;
	ret->local_n = range_prefixes(&l->range, ret->local, COUNT(ret->local));
	ret->remote_n = range_prefixes(&r->range, ret->remote, COUNT(ret->remote));
	if (has_types(ret->protocol))
		return type_masks(l, r, ret);
	ret->local_port_n = port_masks(l->port_first, l->port_last, ret->local_port);
	ret->remote_port_n = port_masks(r->port_first, r->port_last, ret->remote_port);
	return OK;
}

static enum err put_all(const struct pieces *c, struct xfrm_sel *ret, size_t room, size_t *n)
{
	size_t ports = c->local_port_n * c->remote_port_n, ends = c->local_n * c->remote_n;

	if (ports * ends > room - *n)
		return ERR_LIMIT;
	for (size_t i = 0; i < ends; i++)
		for (size_t k = 0; k < ports; k++) {
			const struct ports *l = &c->local_port[k / c->remote_port_n],
					   *r = &c->remote_port[k % c->remote_port_n];

			ret[(*n)++] = (struct xfrm_sel){ .protocol = c->protocol,
				.local = c->local[i / c->remote_n],
				.remote = c->remote[i % c->remote_n],
				.local_port = l->value,
				.local_mask = l->mask,
				.remote_port = r->value,
				.remote_mask = r->mask };
		}
	return OK;
}

enum err xfrm_selectors(const struct dp_policy *p, struct xfrm_sel *ret, size_t room, size_t *ret_n)
{
	struct pieces c;
	size_t n = 0;
	enum err e;

	for (size_t i = 0; i < p->ts_local.n; i++)
		for (size_t k = 0; k < p->ts_remote.n; k++) {
			if ((e = cut(&p->ts_local.ts[i], &p->ts_remote.ts[k], &c)) ||
				(e = put_all(&c, ret, room, &n)))
				return e;
		}
	*ret_n = n;
	return OK;
}

uint32_t xfrm_priority(const struct xfrm_sel *s, bool is_instance)
{
	enum { BASE = 1 << 20, PORTS = 18, PROTOCOL = 17, LOCAL = 9, REMOTE = 1 };
	uint32_t open_ports = (uint32_t)(s->local_mask == 0) + (uint32_t)(s->remote_mask == 0);

	/* 128 for IPv4, too */
	return BASE | open_ports << PORTS | (uint32_t)(s->protocol == 0) << PROTOCOL |
	       (128u - s->local.bits) << LOCAL | (128u - s->remote.bits) << REMOTE |
	       (uint32_t)!is_instance;
}

void sel_to_kernel(const struct xfrm_sel *s, enum xfrm_dir d, struct xfrm_selector *ret)
{
	bool out = d == XFRM_DIR_OUT, swaps = !out && !has_types(s->protocol);
	const struct prefix *src = out ? &s->local : &s->remote,
			    *dst = out ? &s->remote : &s->local;

	ret->saddr = xaddr(&src->addr);
	ret->daddr = xaddr(&dst->addr);
	ret->prefixlen_s = src->bits;
	ret->prefixlen_d = dst->bits;
	ret->family = af_of(&src->addr);
	ret->proto = s->protocol;
	ret->sport = htons(swaps ? s->remote_port : s->local_port);
	ret->sport_mask = htons(swaps ? s->remote_mask : s->local_mask);
	ret->dport = htons(swaps ? s->local_port : s->remote_port);
	ret->dport_mask = htons(swaps ? s->local_mask : s->remote_mask);
}

/* Unlike an end of an SA, a selector's address may be all zeroes. */
static enum err prefix_of(
	const xfrm_address_t *a, uint16_t family, uint8_t bits, struct prefix *ret)
{
	struct prefix p = { .addr = addr_from(bytes_of(a, family == AF_INET6 ? 16 : 4)),
		.bits = bits };

	if (family != AF_UNSPEC && family != AF_INET && family != AF_INET6)
		return ERR_VALUE;
	if (family == AF_UNSPEC)
		p = (struct prefix){ 0 };
	if (p.bits > addr_bits(p.addr.family))
		return ERR_VALUE;
	*ret = p;
	return OK;
}

enum err sel_from_kernel(const struct xfrm_selector *k, enum xfrm_dir d, struct xfrm_sel *ret)
{
	bool out = d == XFRM_DIR_OUT, swaps = !out && !has_types(k->proto);
	struct xfrm_sel s = { .protocol = k->proto,
		.local_port = ntohs(swaps ? k->dport : k->sport),
		.local_mask = ntohs(swaps ? k->dport_mask : k->sport_mask),
		.remote_port = ntohs(swaps ? k->sport : k->dport),
		.remote_mask = ntohs(swaps ? k->sport_mask : k->dport_mask) };
	enum err e;

	if ((e = prefix_of(out ? &k->saddr : &k->daddr, k->family,
		     out ? k->prefixlen_s : k->prefixlen_d, &s.local)) ||
		(e = prefix_of(out ? &k->daddr : &k->saddr, k->family,
			 out ? k->prefixlen_d : k->prefixlen_s, &s.remote)))
		return e;
	*ret = s;
	return OK;
}
