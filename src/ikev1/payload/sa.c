/* Security Association payload (RFC 2408 3.4): the message's part; its content is proposals.c's. */
#include "ikev1/payload/payload.h"

enum err v1_payload_sa(const struct payload_v1 *p, struct v1_msg *m)
{
	m->sa_body = p->body;
	return v1_proposals_parse(p->body, &m->sa);
}

struct bytes v1_put_sa(struct v1_build *b, const struct v1_proposals *p)
{
	v1_payload_begin(b, V1_SA);
	v1_proposals_write(&b->w, p);
	v1_payload_end(b);
	return v1_build_body(b);
}
