/* Key Exchange, Hash, Signature, Nonce and Vendor ID payloads (RFC 2408 3.7, 3.11 to 3.13, 3.16): a
 * body and nothing else. */
#include "ikev1/payload/payload.h"

enum err v1_payload_ke(const struct payload_v1 *p, struct v1_msg *m)
{
	if (p->body.n == 0)
		return ERR_LENGTH;
	m->ke = p->body;
	return OK;
}

enum err v1_payload_hash(const struct payload_v1 *p, struct v1_msg *m)
{
	if (p->body.n == 0)
		return ERR_LENGTH;
	m->hash = p->body;
	m->behind_hash = p->behind;
	return OK;
}

enum err v1_payload_sig(const struct payload_v1 *p, struct v1_msg *m)
{
	m->sig = p->body;
	return OK;
}

/* RFC 2409 5: 8 to 256 octets. */
enum err v1_payload_nonce(const struct payload_v1 *p, struct v1_msg *m)
{
	if (p->body.n < LIMIT_V1_NONCE_MIN || p->body.n > LIMIT_NONCE_MAX)
		return ERR_LENGTH;
	m->nonce = p->body;
	return OK;
}

enum err v1_payload_vendor(const struct payload_v1 *p, struct v1_msg *m)
{
	if (m->n_vendor < COUNT(m->vendor))
		m->vendor[m->n_vendor++] = p->body;
	return OK;
}

void v1_put_ke(struct v1_build *b, struct bytes value)
{
	v1_put(b, V1_KE, value);
}

void v1_put_nonce(struct v1_build *b, struct bytes nonce)
{
	v1_put(b, V1_NONCE, nonce);
}

void v1_put_hash(struct v1_build *b, struct bytes hash)
{
	v1_put(b, V1_HASH, hash);
}

void v1_put_vendor(struct v1_build *b, struct bytes data)
{
	v1_put(b, V1_VID, data);
}
