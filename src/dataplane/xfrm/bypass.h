#pragma once
/* A policy for one socket alone (IP_XFRM_POLICY, IPV6_XFRM_POLICY): what goes through it stays
 * outside of every tunnel. */
#include "base/bytes.h"

enum { XFRM_BYPASS_ROOM = 256 };
/* The option's value in room; family: 4, 6; is_out: for what is sent, else for what comes. */
struct bytes xfrm_bypass(uint8_t family, bool is_out, uint8_t room[XFRM_BYPASS_ROOM]);
