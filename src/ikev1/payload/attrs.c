/* Attributes of Mode Config and XAUTH (draft-dukes-ike-mode-cfg-02 3.2): type | reserved |
 * identifier (2) | attributes, each TV or TLV (RFC 2408 3.3). */
#include "ikev1/payload/payload.h"

enum { ATTR_TV = 0x8000 };

static struct v1_attr attr_read(struct rd *r)
{
	uint16_t type = rd_u16(r);
	struct v1_attr a = { .type = type & (ATTR_TV - 1), .is_basic = type & ATTR_TV };

	if (a.is_basic) {
		struct rd value;

		a.value = rd_bytes(r, 2);
		value = rd_from(a.value);
		a.basic = r->failed ? 0 : rd_u16(&value);
	} else {
		a.value = rd_bytes(r, rd_u16(r));
	}
	return a;
}

/* DEVIATION: Libreswan 4.10's list ends oddly in some replies. What goes before that end is used;
 * HASH says that it is the peer's. */
enum err v1_payload_attrs(const struct payload_v1 *p, struct v1_msg *m)
{
	struct rd r = rd_from(p->body);

	m->attrs.type = rd_u8(&r);
	rd_skip(&r, 1);
	m->attrs.identifier = rd_u16(&r);
	if (r.failed)
		return ERR_TRUNCATED;
	while (rd_more(&r)) {
		struct v1_attr a = attr_read(&r);

		if (r.failed)
			return OK;
		if (m->attrs.n == COUNT(m->attrs.attr))
			return ERR_LIMIT;
		m->attrs.attr[m->attrs.n++] = a;
	}
	return OK;
}

const struct v1_attr *v1_attr_find(const struct v1_attrs *a, uint16_t type)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->attr[i].type == type)
			return &a->attr[i];
	return NULL;
}

uint32_t v1_attr_number(const struct v1_attr *a)
{
	struct rd r = rd_from(a->value);
	uint32_t v = 0;

	if (a->is_basic)
		return a->basic;
	if (a->value.n > 4)
		return 0;
	while (rd_more(&r))
		v = v << 8 | rd_u8(&r);
	return v;
}

void v1_attr_add(struct v1_attrs *a, uint16_t type, struct bytes value)
{
	if (a->n < COUNT(a->attr))
		a->attr[a->n++] = (struct v1_attr){ .type = type, .value = value };
}

void v1_attr_add_basic(struct v1_attrs *a, uint16_t type, uint16_t value)
{
	if (a->n < COUNT(a->attr))
		a->attr[a->n++] =
			(struct v1_attr){ .type = type, .is_basic = true, .basic = value };
}

static void attr_write(struct wr *w, const struct v1_attr *a)
{
	size_t length;

	if (a->is_basic) {
		wr_u16(w, a->type | ATTR_TV);
		wr_u16(w, a->basic);
		return;
	}
	wr_u16(w, a->type);
	length = wr_begin16(w);
	wr_bytes(w, a->value);
	wr_end16(w, length, length + 2);
}

void v1_put_attrs(struct v1_build *b, const struct v1_attrs *a)
{
	v1_payload_begin(b, V1_ATTR);
	wr_u8(&b->w, a->type);
	wr_u8(&b->w, 0);
	wr_u16(&b->w, a->identifier);
	for (size_t i = 0; i < a->n; i++)
		attr_write(&b->w, &a->attr[i]);
	v1_payload_end(b);
}
