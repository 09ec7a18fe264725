/* Extensible Authentication Protocol payload (RFC 7296 3.16): code | identifier | length (2) |
 * data. The message is passed on whole. */
#include "ikev2/payload/payload.h"

enum err payload_eap(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	uint16_t length;

	rd_skip(&r, 2);
	length = rd_u16(&r);
	if (r.failed)
		return ERR_TRUNCATED;
	if (length != p->body.n)
		return ERR_LENGTH;
	m->eap = p->body;
	return OK;
}
