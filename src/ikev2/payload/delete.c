/* Delete payload (RFC 7296 3.11): protocol | SPI size | how many (2) | SPIs. The IKE SA has no SPI
 * here: its own are in the header. */
#include "ikev2/payload/payload.h"

static bool spi_size_fits(uint8_t protocol, uint8_t spi_n)
{
	switch (protocol) {
	case PROTO_IKE:
		return spi_n == 0;
	case PROTO_AH:
	case PROTO_ESP:
		return spi_n == 4;
	default:
		return true;
	}
}

enum err payload_delete(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	struct v2_delete d = { 0 };

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

void v2_put_delete(
	struct v2_build *b, uint8_t protocol, uint8_t spi_n, uint16_t n, struct bytes spis)
{
	payload_begin(b, V2_D);
	wr_u8(&b->w, protocol);
	wr_u8(&b->w, spi_n);
	wr_u16(&b->w, n);
	wr_bytes(&b->w, spis);
	payload_end(b);
}
