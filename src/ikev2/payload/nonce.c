/* Nonce payload (RFC 7296 3.9): 16 to 256 octets. */
#include "ikev2/payload/payload.h"

enum err payload_nonce(const struct payload *p, struct v2_msg *m)
{
	if (p->body.n < LIMIT_NONCE_MIN || p->body.n > LIMIT_NONCE_MAX)
		return ERR_LENGTH;
	m->nonce = p->body;
	return OK;
}

void v2_put_nonce(struct v2_build *b, struct bytes nonce)
{
	payload_begin(b, V2_NONCE);
	wr_bytes(&b->w, nonce);
	payload_end(b);
}
