/* Security Association payload (RFC 7296 3.3): proposals, transforms, attributes. */
#include "ikev2/payload/payload.h"

enum { LAST = 0, MORE_PROPOSALS = 2, MORE_TRANSFORMS = 3 };
enum { ATTR_TV = 0x8000, ATTR_KEY_LENGTH = 14 };

/* 3.3.6: a transform with an attribute that we do not understand is not chosen, others of its type
 * may be. It stays in the list, so that the proposal still demands its type, with a key length that
 * nobody has. */
enum { KEY_BITS_UNUSABLE = 0xffff };

/* 3.3.5 */
static enum err attributes_parse(struct rd *r, uint16_t *ret_key_bits)
{
	uint16_t key_bits = 0;

	while (rd_more(r)) {
		uint16_t type = rd_u16(r);
		uint16_t value = rd_u16(r);

		if (!(type & ATTR_TV))
			rd_skip(r, value);
		if (type == (ATTR_TV | ATTR_KEY_LENGTH) && key_bits == 0 && value != 0)
			key_bits = value;
		else
			key_bits = KEY_BITS_UNUSABLE;
	}
	if (!rd_end(r))
		return ERR_TRUNCATED;
	*ret_key_bits = key_bits;
	return OK;
}

/* 3.3.2: Last Substruc | reserved | length (2) | type | reserved | ID (2) | attributes */
static enum err transform_parse(struct rd *r, bool is_last, struct transform *ret)
{
	struct transform t = { 0 };
	uint8_t last = rd_u8(r);
	uint8_t reserved = rd_u8(r);
	uint16_t length = rd_u16(r);
	struct rd body;
	enum err e;

	(void)reserved;
	if (!r->failed && length < 8)
		return ERR_LENGTH;
	body = rd_sub(r, (size_t)length - 4);
	t.type = rd_u8(&body);
	rd_skip(&body, 1);
	t.id = rd_u16(&body);
	if ((e = attributes_parse(&body, &t.key_bits)))
		return e;
	if (last != (is_last ? LAST : MORE_TRANSFORMS))
		return ERR_VALUE;
	*ret = t;
	return OK;
}

/* 3.3.1: IKE SPIs have 8 octets (none in IKE_SA_INIT), those of AH and ESP 4. A protocol that we do
 * not know is never chosen, so its SPI is of no use. */
static enum err spi_parse(struct bytes spi, struct proposal *p)
{
	switch (p->protocol) {
	case PROTO_IKE:
		if (spi.n != 0 && spi.n != 8)
			return ERR_LENGTH;
		break;
	case PROTO_AH:
	case PROTO_ESP:
		if (spi.n != 4)
			return ERR_LENGTH;
		break;
	default:
		return OK;
	}
	p->spi_n = (uint8_t)spi.n;
	if (spi.n != 0)
		memcpy(p->spi, spi.p, spi.n);
	return OK;
}

/* The body of a proposal: number | protocol | SPI size | how many transforms | SPI | transforms */
static enum err proposal_parse(struct rd *r, struct proposal *ret)
{
	struct proposal p = { 0 };
	struct bytes spi;
	uint8_t spi_n, n;
	enum err e;

	p.number = rd_u8(r);
	p.protocol = rd_u8(r);
	spi_n = rd_u8(r);
	n = rd_u8(r);
	spi = rd_bytes(r, spi_n);
	if (r->failed)
		return ERR_TRUNCATED;
	if (n > TRANSFORMS_MAX)
		return ERR_LIMIT;
	if ((e = spi_parse(spi, &p)))
		return e;
	for (; p.n < n; p.n++) {
		if ((e = transform_parse(r, p.n + 1 == n, &p.t[p.n])))
			return e;
	}
	if (!rd_end(r))
		return ERR_LENGTH;
	*ret = p;
	return OK;
}

/* Proposals are alternatives in the sender's order of preference: those beyond PROPOSALS_MAX are
 * checked and left aside. */
enum err payload_sa(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	struct proposal spare = { 0 };
	bool is_last = false;

	while (!is_last) {
		struct proposal *to = m->sa.n < PROPOSALS_MAX ? &m->sa.p[m->sa.n] : &spare;
		uint8_t last = rd_u8(&r);
		uint8_t reserved = rd_u8(&r);
		uint16_t length = rd_u16(&r);
		struct rd body;
		enum err e;

		(void)reserved;
		if (!r.failed && length < 8)
			return ERR_LENGTH;
		body = rd_sub(&r, (size_t)length - 4);
		if ((e = proposal_parse(&body, to)))
			return e;
		if (last != LAST && last != MORE_PROPOSALS)
			return ERR_VALUE;
		if (to != &spare)
			m->sa.n++;
		is_last = last == LAST;
	}
	return rd_end(&r) ? OK : ERR_LENGTH;
}

static void transform_put(struct wr *w, const struct transform *t, bool is_last)
{
	size_t from = w->n, length;

	wr_u8(w, is_last ? LAST : MORE_TRANSFORMS);
	wr_u8(w, 0);
	length = wr_begin16(w);
	wr_u8(w, t->type);
	wr_u8(w, 0);
	wr_u16(w, t->id);
	if (t->key_bits != 0) {
		wr_u16(w, ATTR_TV | ATTR_KEY_LENGTH);
		wr_u16(w, t->key_bits);
	}
	wr_end16(w, length, from);
}

static void proposal_put(struct wr *w, const struct proposal *p, bool is_last)
{
	size_t from = w->n, length;

	wr_u8(w, is_last ? LAST : MORE_PROPOSALS);
	wr_u8(w, 0);
	length = wr_begin16(w);
	wr_u8(w, p->number);
	wr_u8(w, p->protocol);
	wr_u8(w, p->spi_n);
	wr_u8(w, p->n);
	wr_bytes(w, bytes_of(p->spi, p->spi_n));
	for (size_t i = 0; i < p->n; i++)
		transform_put(w, &p->t[i], i + 1 == p->n);
	wr_end16(w, length, from);
}

void v2_put_sa(struct v2_build *b, const struct proposals *p)
{
	payload_begin(b, V2_SA);
	for (size_t i = 0; i < p->n; i++)
		proposal_put(&b->w, &p->p[i], i + 1 == p->n);
	payload_end(b);
}
