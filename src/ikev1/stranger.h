#pragma once
/* Messages that belong to no ISAKMP SA. */
#include "ikev1/sa.h"

/* The first message of an exchange: ikev1-policy=, then Main or Aggressive Mode. */
void v1_stranger(struct v1 *v1, const struct datagram *d, const struct v1_header *h);
/* One with cookies that are none of ours: nothing is said (RFC 2408 5.2: MAY). */
void v1_stranger_unknown(struct v1 *v1, const struct datagram *d, const struct v1_header *h);
