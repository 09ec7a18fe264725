/* Notify payload (RFC 7296 3.10): protocol | SPI size | type (2) | SPI | data */
#include "ikev2/payload/payload.h"

enum err payload_notify(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	struct v2_notify n = { 0 };
	uint8_t spi_n;

	n.protocol = rd_u8(&r);
	spi_n = rd_u8(&r);
	n.type = rd_u16(&r);
	n.spi = rd_bytes(&r, spi_n);
	n.data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (spi_n != 0 && spi_n != 4 && spi_n != 8)
		return ERR_LENGTH;
	if (m->n_notify == LIMIT_NOTIFIES)
		return ERR_LIMIT;

	m->notify[m->n_notify++] = n;
	return OK;
}

const struct v2_notify *v2_notify_find(const struct v2_msg *m, uint16_t type)
{
	for (size_t i = 0; i < m->n_notify; i++) {
		if (m->notify[i].type == type)
			return &m->notify[i];
	}
	return NULL;
}

const struct v2_notify *v2_notify_error(const struct v2_msg *m)
{
	for (size_t i = 0; i < m->n_notify; i++) {
		if (m->notify[i].type < N_INITIAL_CONTACT)
			return &m->notify[i];
	}
	return NULL;
}

void v2_put_notify(
	struct v2_build *b, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data)
{
	payload_begin(b, V2_N);
	wr_u8(&b->w, protocol);
	wr_u8(&b->w, (uint8_t)spi.n);
	wr_u16(&b->w, type);
	wr_bytes(&b->w, spi);
	wr_bytes(&b->w, data);
	payload_end(b);
}
