/* Key Exchange payload (RFC 7296 3.4): group (2) | reserved (2) | public value */
#include "ikev2/payload/payload.h"

enum err payload_ke(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	uint16_t group = rd_u16(&r);
	struct bytes value;

	rd_skip(&r, 2);
	value = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (value.n == 0)
		return ERR_LENGTH;

	m->ke_group = group;
	m->ke = value;
	return OK;
}

void v2_put_ke(struct v2_build *b, uint16_t group, struct bytes value)
{
	payload_begin(b, V2_KE);
	wr_u16(&b->w, group);
	wr_u16(&b->w, 0);
	wr_bytes(&b->w, value);
	payload_end(b);
}
