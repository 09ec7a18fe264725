/* Authentication payload (RFC 7296 3.8): method | reserved (3) | data */
#include "ikev2/payload/payload.h"

enum err payload_auth(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	uint8_t method = rd_u8(&r);
	struct bytes data;

	rd_skip(&r, 3);
	data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;

	m->auth_method = method;
	m->auth = data;
	return OK;
}

void v2_put_auth(struct v2_build *b, uint8_t method, struct bytes data)
{
	payload_begin(b, V2_AUTH);
	wr_u8(&b->w, method);
	wr_zero(&b->w, 3);
	wr_bytes(&b->w, data);
	payload_end(b);
}
