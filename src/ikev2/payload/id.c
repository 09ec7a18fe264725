/* Identification payloads IDi and IDr (RFC 7296 3.5): type | reserved (3) | data */
#include "ikev2/payload/payload.h"

enum err payload_id(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	uint8_t type = rd_u8(&r);
	struct bytes data;

	rd_skip(&r, 3);
	data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;

	if (p->type == V2_IDI) {
		m->idi_type = type;
		m->idi = data;
		m->idi_body = p->body;
	} else {
		m->idr_type = type;
		m->idr = data;
		m->idr_body = p->body;
	}
	return OK;
}

void v2_put_id(struct v2_build *b, uint8_t payload, const struct id *id)
{
	payload_begin(b, payload);
	wr_u8(&b->w, id->type);
	wr_zero(&b->w, 3);
	wr_bytes(&b->w, buf_view(&id->data));
	payload_end(b);
}
