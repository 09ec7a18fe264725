/* Delete payload (RFC 2408 3.15): DOI (4) | protocol | SPI size | how many (2) | SPIs. The SPI of
 * an ISAKMP SA is its two cookies. */
#include "ikev1/payload/payload.h"

enum { DOI_IPSEC = 1, COOKIES_N = 16 };

static bool spi_size_fits(uint8_t protocol, uint8_t spi_n)
{
	switch (protocol) {
	case PROTO_IKE:
		return spi_n == COOKIES_N;
	case PROTO_AH:
	case PROTO_ESP:
		return spi_n == 4;
	default:
		return true;
	}
}

enum err v1_payload_delete(const struct payload_v1 *p, struct v1_msg *m)
{
	struct rd r = rd_from(p->body);
	struct v1_delete d = { 0 };

	d.doi = rd_u32(&r);
	d.protocol = rd_u8(&r);
	d.spi_n = rd_u8(&r);
	d.n = rd_u16(&r);
	d.spis = rd_bytes(&r, (size_t)d.n * d.spi_n);
	if (r.failed)
		return ERR_TRUNCATED;
	if (!rd_end(&r) || !spi_size_fits(d.protocol, d.spi_n))
		return ERR_LENGTH;
	if (d.n > LIMIT_DELETE_SPIS || m->n_delete == COUNT(m->del))
		return ERR_LIMIT;

	m->del[m->n_delete++] = d;
	return OK;
}

void v1_put_delete(
	struct v1_build *b, uint8_t protocol, uint8_t spi_n, uint16_t n, struct bytes spis)
{
	v1_payload_begin(b, V1_D);
	wr_u32(&b->w, DOI_IPSEC);
	wr_u8(&b->w, protocol);
	wr_u8(&b->w, spi_n);
	wr_u16(&b->w, n);
	wr_bytes(&b->w, spis);
	v1_payload_end(b);
}
