#pragma once
/* What the payload files owe message.c: one parser each (RFC 2408 3.4 to 3.16). Writers are the
 * v1_put functions of message.h. */
#include "ikev1/message.h"

struct payload_v1 {
	uint8_t type, next;
	struct bytes body;   /* after the generic header */
	struct bytes behind; /* all payloads after it, and what stands there besides */
};

/* Well-formed? Then its content goes into *m as views. Whether it may be there is not asked here.
 */
typedef enum err payload_v1_parse(const struct payload_v1 *p, struct v1_msg *m);

payload_v1_parse v1_payload_sa, v1_payload_ke, v1_payload_id, v1_payload_hash, v1_payload_sig,
	v1_payload_nonce, v1_payload_notify, v1_payload_delete, v1_payload_vendor, v1_payload_attrs,
	v1_payload_nat_d, v1_payload_nat_oa;

/* Writing: the generic header of a payload, then its body, then the end, which patches the length.
 */
void v1_payload_begin(struct v1_build *b, uint8_t type);
void v1_payload_end(struct v1_build *b);
/* The body of the payload that was ended last, a view. */
struct bytes v1_build_body(const struct v1_build *b);
