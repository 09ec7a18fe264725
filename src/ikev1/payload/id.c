/* Identification payload (RFC 2408 3.8, RFC 2407 4.6.2): type | protocol | port (2) | data. In
 * Phase 1 who one is, in Phase 2 a traffic selector. */
#include "ikev1/payload/payload.h"

enum err v1_payload_id(const struct payload_v1 *p, struct v1_msg *m)
{
	struct rd r = rd_from(p->body);
	struct v1_id id = { .body = p->body };

	id.type = rd_u8(&r);
	id.protocol = rd_u8(&r);
	id.port = rd_u16(&r);
	id.data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (m->n_id == COUNT(m->id))
		return ERR_DUPLICATE;

	m->id[m->n_id++] = id;
	return OK;
}

/* ---- Phase 2 ---- */

/* The length of a mask without holes. */
static bool mask_bits(struct bytes mask, uint8_t *ret)
{
	uint8_t bits = 0;
	bool is_over = false;

	for (size_t i = 0; i < mask.n * 8; i++) {
		bool is_set = mask.p[i / 8] >> (7 - i % 8) & 1;

		if (is_set && is_over)
			return false;
		is_over = !is_set;
		bits = (uint8_t)(bits + is_set);
	}
	*ret = bits;
	return true;
}

static enum err subnet_range(const struct addr *a, struct bytes mask, struct range *ret)
{
	struct prefix p = { .addr = *a };

	if (!mask_bits(mask, &p.bits))
		return ERR_VALUE;
	*ret = range_from(&p);
	return OK;
}

/* n: octets of an address. second: what stands after the first one. */
static enum err range_of(const struct v1_id *id, size_t n, struct range *ret)
{
	struct rd r = rd_from(id->data);
	struct addr first = addr_from(rd_bytes(&r, n)), last;
	struct bytes second = rd_rest(&r);
	bool is_one = id->type == V1_ID_IPV4_ADDR || id->type == V1_ID_IPV6_ADDR;

	if (r.failed || second.n != (is_one ? 0 : n))
		return ERR_LENGTH;
	if (is_one) {
		*ret = range_one(&first);
		return OK;
	}
	if (id->type == V1_ID_IPV4_ADDR_SUBNET || id->type == V1_ID_IPV6_ADDR_SUBNET)
		return subnet_range(&first, second, ret);
	last = addr_from(second);
	if (addr_cmp(&first, &last) > 0)
		return ERR_VALUE;
	*ret = (struct range){ first, last };
	return OK;
}

enum err v1_id_to_ts(const struct v1_id *id, struct ts *ret)
{
	struct range range = { 0 };
	struct ts ts;
	enum err e;

	switch (id->type) {
	case V1_ID_IPV4_ADDR:
	case V1_ID_IPV4_ADDR_SUBNET:
	case V1_ID_IPV4_ADDR_RANGE:
		e = range_of(id, 4, &range);
		break;
	case V1_ID_IPV6_ADDR:
	case V1_ID_IPV6_ADDR_SUBNET:
	case V1_ID_IPV6_ADDR_RANGE:
		e = range_of(id, 16, &range);
		break;
	default:
		return ERR_UNSUPPORTED;
	}
	if (e)
		return e;
	ts = ts_from_range(&range);
	ts.protocol = id->protocol;
	if (id->port != 0)
		ts.port_first = ts.port_last = id->port;
	*ret = ts;
	return OK;
}

/* ---- writing ---- */

static void body_begin(struct v1_build *b, uint8_t type, uint8_t protocol, uint16_t port)
{
	v1_payload_begin(b, V1_ID);
	wr_u8(&b->w, type);
	wr_u8(&b->w, protocol);
	wr_u16(&b->w, port);
}

struct bytes v1_put_id(struct v1_build *b, const struct id *id)
{
	body_begin(b, id->type, 0, 0);
	wr_bytes(&b->w, buf_view(&id->data));
	v1_payload_end(b);
	return v1_build_body(b);
}

static void put_mask(struct wr *w, size_t n, uint8_t bits)
{
	for (size_t i = 0; i < n; i++) {
		unsigned here = bits > i * 8 ? (unsigned)MIN(bits - i * 8, 8) : 0;

		wr_u8(w, (uint8_t)(0xff00u >> here));
	}
}

void v1_put_id_ts(struct v1_build *b, const struct ts *ts)
{
	const struct range *r = &ts->range;
	bool is_v6 = r->first.family == 6;
	uint16_t port = ts->port_first == ts->port_last ? ts->port_first : 0;
	struct prefix p;

	if (addr_eq(&r->first, &r->last)) {
		body_begin(b, is_v6 ? V1_ID_IPV6_ADDR : V1_ID_IPV4_ADDR, ts->protocol, port);
		wr_bytes(&b->w, addr_bytes(&r->first));
	} else if (range_is_prefix(r, &p)) {
		body_begin(b, is_v6 ? V1_ID_IPV6_ADDR_SUBNET : V1_ID_IPV4_ADDR_SUBNET, ts->protocol,
			port);
		wr_bytes(&b->w, addr_bytes(&p.addr));
		put_mask(&b->w, is_v6 ? 16 : 4, p.bits);
	} else {
		body_begin(b, is_v6 ? V1_ID_IPV6_ADDR_RANGE : V1_ID_IPV4_ADDR_RANGE, ts->protocol,
			port);
		wr_bytes(&b->w, addr_bytes(&r->first));
		wr_bytes(&b->w, addr_bytes(&r->last));
	}
	v1_payload_end(b);
}
