#pragma once
/* From a datagram to a step of an IKE SA. */
#include "ikev2/sa.h"

void v2_receive(struct v2 *v2, const struct datagram *d);
