/* Notification payload (RFC 2408 3.14): DOI (4) | protocol | SPI size | type (2) | SPI | data. Its
 * SPI may be the two cookies, or one, or none (RFC 2407 4.6.3). */
#include "ikev1/payload/payload.h"

enum { DOI_IPSEC = 1 };

enum err v1_payload_notify(const struct payload_v1 *p, struct v1_msg *m)
{
	struct rd r = rd_from(p->body);
	struct v1_notify n = { 0 };
	uint8_t spi_n;

	n.doi = rd_u32(&r);
	n.protocol = rd_u8(&r);
	spi_n = rd_u8(&r);
	n.type = rd_u16(&r);
	n.spi = rd_bytes(&r, spi_n);
	n.data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (spi_n > 16)
		return ERR_LENGTH;
	if (m->n_notify == LIMIT_NOTIFIES)
		return ERR_LIMIT;

	m->notify[m->n_notify++] = n;
	return OK;
}

const struct v1_notify *v1_notify_find(const struct v1_msg *m, uint16_t type)
{
	for (size_t i = 0; i < m->n_notify; i++)
		if (m->notify[i].type == type)
			return &m->notify[i];
	return NULL;
}

const struct v1_notify *v1_notify_error(const struct v1_msg *m)
{
	for (size_t i = 0; i < m->n_notify; i++)
		if (v1_notify_is_error(m->notify[i].type))
			return &m->notify[i];
	return NULL;
}

void v1_put_notify(
	struct v1_build *b, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data)
{
	v1_payload_begin(b, V1_N);
	wr_u32(&b->w, DOI_IPSEC);
	wr_u8(&b->w, protocol);
	wr_u8(&b->w, (uint8_t)spi.n);
	wr_u16(&b->w, type);
	wr_bytes(&b->w, spi);
	wr_bytes(&b->w, data);
	v1_payload_end(b);
}
