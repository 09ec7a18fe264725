#pragma once
/* From a datagram to a step of an ISAKMP SA. */
#include "ikev1/sa.h"

void v1_receive(struct v1 *v1, const struct datagram *d);
