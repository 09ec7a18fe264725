/* SA payload: DOI, situation, proposals, their transforms (RFC 2408 3.4 to 3.6). */
#include "ikev1/attributes.h"

enum { LAST = 0, MORE_PROPOSALS = 2, MORE_TRANSFORMS = 3 };
enum { DOI_IPSEC = 1, SIT_IDENTITY_ONLY = 1 };

/* Both substructures begin so: next | reserved | length (2); the length covers them. */
static enum err sub_read(struct rd *r, uint8_t more, bool *is_last, struct rd *ret)
{
	uint8_t next = rd_u8(r), reserved = rd_u8(r);
	uint16_t length = rd_u16(r);

	(void)reserved;
	if (r->failed)
		return ERR_TRUNCATED;
	if (next != LAST && next != more)
		return ERR_VALUE;
	if (length < 8)
		return ERR_LENGTH;
	*is_last = next == LAST;
	*ret = rd_sub(r, (size_t)length - 4);
	return ret->failed ? ERR_TRUNCATED : OK;
}

/* 3.6: number | transform ID | reserved (2) | attributes */
static enum err transform_parse(struct rd *r, uint8_t protocol, struct v1_transform *ret)
{
	*ret = (struct v1_transform){ 0 };
	ret->number = rd_u8(r);
	ret->id = rd_u8(r);
	rd_skip(r, 2);
	ret->attributes = rd_rest(r);
	if (!rd_end(r))
		return ERR_TRUNCATED;
	return v1_attributes_parse(protocol, ret);
}

/* The n transforms of p; kept: it is one of all's. Those beyond our room are checked only. */
static enum err transforms_parse(
	struct rd *r, size_t n, bool is_kept, struct v1_proposal *p, struct v1_proposals *all)
{
	struct v1_transform spare;
	bool is_last = n == 0;
	enum err e;

	p->first = (uint16_t)all->n_t;
	for (size_t i = 0; i < n; i++) {
		bool has_room = is_kept && all->n_t < V1_TRANSFORMS_MAX;
		struct rd body;

		if ((e = sub_read(r, MORE_TRANSFORMS, &is_last, &body)))
			return e;
		if (is_last != (i + 1 == n))
			return ERR_VALUE;
		e = transform_parse(&body, p->protocol, has_room ? &all->t[all->n_t] : &spare);
		if (e)
			return e;
		if (has_room) {
			all->n_t++;
			p->n++;
		}
	}
	return rd_end(r) ? OK : ERR_LENGTH;
}

/* RFC 2408 3.5: of an ISAKMP SA the SPI may have 0 to 16 octets and means nothing. */
static bool spi_size_fits(const struct v1_proposal *p)
{
	switch (p->protocol) {
	case PROTO_IKE:
		return p->spi_n <= 16;
	case PROTO_AH:
	case PROTO_ESP:
		return p->spi_n == 4;
	default:
		return true;
	}
}

/* 3.5: number | protocol | SPI size | how many transforms | SPI | transforms */
static enum err proposal_parse(
	struct rd *r, bool is_kept, struct v1_proposal *p, struct v1_proposals *all)
{
	struct bytes spi;
	uint8_t n;

	*p = (struct v1_proposal){ 0 };
	p->number = rd_u8(r);
	p->protocol = rd_u8(r);
	p->spi_n = rd_u8(r);
	n = rd_u8(r);
	spi = rd_bytes(r, p->spi_n);
	if (r->failed)
		return ERR_TRUNCATED;
	if (!spi_size_fits(p))
		return ERR_LENGTH;
	if (spi.n != 0)
		memcpy(p->spi, spi.p, MIN(spi.n, sizeof(p->spi)));
	p->spi_n = (uint8_t)MIN(spi.n, sizeof(p->spi));
	return transforms_parse(r, n, is_kept, p, all);
}

/* p came, as number i of all or beyond our room. */
static void mark_joined(struct v1_proposals *all, struct v1_proposal *p)
{
	for (size_t i = 0; i < all->n; i++)
		if (&all->p[i] != p && all->p[i].number == p->number)
			all->p[i].is_joined = p->is_joined = true;
}

enum err v1_proposals_parse(struct bytes body, struct v1_proposals *ret)
{
	struct rd r = rd_from(body);
	bool is_last = false;
	enum err e;

	ret->n = ret->n_t = 0;
	ret->doi = rd_u32(&r);
	if (r.failed)
		return ERR_TRUNCATED;
	if (ret->doi != DOI_IPSEC)
		return ERR_UNSUPPORTED;
	ret->situation = rd_u32(&r);
	if (!r.failed && ret->situation != SIT_IDENTITY_ONLY)
		return ERR_UNSUPPORTED;
	while (!is_last) {
		bool is_kept = ret->n < V1_PROPOSALS_MAX;
		struct v1_proposal spare = { 0 }, *p = is_kept ? &ret->p[ret->n] : &spare;
		struct rd sub;

		if ((e = sub_read(&r, MORE_PROPOSALS, &is_last, &sub)) ||
			(e = proposal_parse(&sub, is_kept, p, ret)))
			return e;
		ret->n += is_kept;
		mark_joined(ret, p);
	}
	return rd_end(&r) ? OK : ERR_LENGTH;
}

static void transform_write(
	struct wr *w, uint8_t protocol, const struct v1_transform *t, bool is_last)
{
	size_t from = w->n, length;

	wr_u8(w, is_last ? LAST : MORE_TRANSFORMS);
	wr_u8(w, 0);
	length = wr_begin16(w);
	wr_u8(w, t->number);
	wr_u8(w, t->id);
	wr_u16(w, 0);
	if (t->attributes.n != 0)
		wr_bytes(w, t->attributes);
	else
		v1_attributes_write(w, protocol, t);
	wr_end16(w, length, from);
}

static void proposal_write(
	struct wr *w, const struct v1_proposals *all, const struct v1_proposal *p, bool is_last)
{
	size_t from = w->n, length;

	wr_u8(w, is_last ? LAST : MORE_PROPOSALS);
	wr_u8(w, 0);
	length = wr_begin16(w);
	wr_u8(w, p->number);
	wr_u8(w, p->protocol);
	wr_u8(w, p->spi_n);
	wr_u8(w, (uint8_t)p->n);
	wr_bytes(w, bytes_of(p->spi, p->spi_n));
	for (size_t i = 0; i < p->n; i++)
		transform_write(w, p->protocol, &all->t[p->first + i], i + 1 == p->n);
	wr_end16(w, length, from);
}

void v1_proposals_write(struct wr *w, const struct v1_proposals *p)
{
	wr_u32(w, p->doi);
	wr_u32(w, p->situation);
	for (size_t i = 0; i < p->n; i++)
		proposal_write(w, p, &p->p[i], i + 1 == p->n);
}

uint32_t v1_proposal_spi(const struct v1_proposal *p)
{
	struct rd r = rd_from(bytes_of(p->spi, MIN(p->spi_n, sizeof(p->spi))));
	uint32_t spi = rd_u32(&r);

	return rd_end(&r) ? spi : 0;
}
