/* Vendor ID payload (RFC 7296 3.12): what the peer says it is. Never an error: those beyond our
 * room are left aside, since nothing may depend on them. */
#include "ikev2/payload/payload.h"

enum err payload_vendor(const struct payload *p, struct v2_msg *m)
{
	if (m->n_vendor < COUNT(m->vendor))
		m->vendor[m->n_vendor++] = p->body;
	return OK;
}

void v2_put_vendor(struct v2_build *b, struct bytes data)
{
	payload_begin(b, V2_V);
	wr_bytes(&b->w, data);
	payload_end(b);
}
