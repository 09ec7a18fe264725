/* Traffic Selector payloads TSi and TSr (RFC 7296 3.13): how many | reserved (3) | selectors */
#include "ikev2/payload/payload.h"

enum { TS_IPV4_ADDR_RANGE = 7, TS_IPV6_ADDR_RANGE = 8 };
enum { PORT_ANY = 65535 };

/* 3.13.1: both ports and both ends are included. OPAQUE, 65535 to 0, is the only range that may run
 * backwards. */
static bool is_possible(const struct ts *t)
{
	bool is_opaque = t->port_first == PORT_ANY && t->port_last == 0;

	return (t->port_first <= t->port_last || is_opaque) &&
	       addr_cmp(&t->range.first, &t->range.last) <= 0;
}

/* 3.13.1: type | protocol | length (2) | first port (2) | last port (2) | first, last address.
 * *ret_known: false for a type that is not ours (its length was stepped over). */
static enum err selector_parse(struct rd *r, struct ts *ret, bool *ret_known)
{
	struct ts t = { 0 };
	uint8_t type = rd_u8(r);
	uint16_t length;
	size_t addr_n = type == TS_IPV4_ADDR_RANGE ? 4 : 16;
	struct rd body;

	t.protocol = rd_u8(r);
	length = rd_u16(r);
	if (!r->failed && length < 4)
		return ERR_LENGTH;
	body = rd_sub(r, (size_t)length - 4);
	if (r->failed)
		return ERR_TRUNCATED;
	if (type != TS_IPV4_ADDR_RANGE && type != TS_IPV6_ADDR_RANGE) {
		*ret_known = false;
		return OK;
	}
	t.port_first = rd_u16(&body);
	t.port_last = rd_u16(&body);
	t.range.first = addr_from(rd_bytes(&body, addr_n));
	t.range.last = addr_from(rd_bytes(&body, addr_n));
	if (!rd_end(&body))
		return ERR_LENGTH;
	if (!is_possible(&t))
		return ERR_VALUE;
	*ret = t;
	*ret_known = true;
	return OK;
}

/* Selectors beyond TS_LIST_MAX and of unknown types are left aside: a responder narrows to those
 * that it understands (2.9). */
enum err payload_ts(const struct payload *p, struct v2_msg *m)
{
	struct ts_list *l = p->type == V2_TSI ? &m->tsi : &m->tsr;
	struct rd r = rd_from(p->body);
	uint8_t n = rd_u8(&r);

	rd_skip(&r, 3);
	if (r.failed)
		return ERR_TRUNCATED;
	if (n == 0)
		return ERR_VALUE;
	for (size_t i = 0; i < n; i++) {
		struct ts t;
		bool known;
		enum err e = selector_parse(&r, &t, &known);

		if (e)
			return e;
		if (known && l->n < TS_LIST_MAX)
			l->ts[l->n++] = t;
	}
	return rd_end(&r) ? OK : ERR_LENGTH;
}

void v2_put_ts(struct v2_build *b, uint8_t payload, const struct ts_list *l)
{
	payload_begin(b, payload);
	wr_u8(&b->w, (uint8_t)l->n);
	wr_zero(&b->w, 3);
	for (size_t i = 0; i < l->n; i++) {
		const struct ts *t = &l->ts[i];
		struct bytes first = addr_bytes(&t->range.first), last = addr_bytes(&t->range.last);

		wr_u8(&b->w, first.n == 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
		wr_u8(&b->w, t->protocol);
		wr_u16(&b->w, (uint16_t)(8 + first.n + last.n));
		wr_u16(&b->w, t->port_first);
		wr_u16(&b->w, t->port_last);
		wr_bytes(&b->w, first);
		wr_bytes(&b->w, last);
	}
	payload_end(b);
}
