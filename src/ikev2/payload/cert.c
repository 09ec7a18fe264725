/* Certificate and Certificate Request payloads (RFC 7296 3.6, 3.7): encoding | data. Well-formed or
 * not is all we ask of them: every IKEv2 implementation knows these payloads, whatever it does with
 * them. */
#include "ikev2/payload/payload.h"

static enum err encoding_and_data(const struct payload *p)
{
	return p->body.n < 1 ? ERR_TRUNCATED : OK;
}

enum err payload_cert(const struct payload *p, struct v2_msg *m)
{
	(void)m;
	return encoding_and_data(p);
}

enum err payload_certreq(const struct payload *p, struct v2_msg *m)
{
	(void)m;
	return encoding_and_data(p);
}
