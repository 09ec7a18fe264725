#pragma once
/* What the payload files owe message.c: one parser each (RFC 7296 3.3 to 3.16). Writers are the
 * v2_put_ functions of message.h. Reserved octets are ignored on receipt and zero on sending (3.2).
 */
#include "ikev2/message.h"

struct payload {
	uint8_t type, next;
	bool critical;
	struct bytes head; /* the datagram up to and including the generic header; none inside SK */
	struct bytes body; /* after the generic header */
};

/* Well-formed? Then its content goes into *m as views. Whether it may be there is not asked here.
 */
typedef enum err payload_parse(const struct payload *p, struct v2_msg *m);

payload_parse payload_sa, payload_ke, payload_id, payload_cert, payload_certreq, payload_auth,
	payload_nonce, payload_notify, payload_delete, payload_vendor, payload_ts, payload_sk,
	payload_skf, payload_cp, payload_eap;

/* Writing: the generic header of a payload, then its body, then the end, which patches the length.
 */
void payload_begin(struct v2_build *b, uint8_t type);
void payload_end(struct v2_build *b);

/* SK and SKF: header | [fragment numbers] | IV | text | padding | pad length | ICV. numbers: number
 * and total, NULL for SK. */
struct bytes payload_seal(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes text, const uint16_t *numbers, void *room, size_t n);
