#pragma once
/* DSCP and ECN across the tunnel (RFC 4301 5.1.2, RFC 6040). */
#include "base/base.h"

/* Outer octet for an inner one: ECN copied (RFC 6040 4.1, normal mode), DSCP copied or zero. */
uint8_t tos_encap(uint8_t inner, bool dont_copy_dscp);
/* Inner octet after decapsulation (RFC 6040 4.2); with copy_dscp the outer DSCP replaces the inner.
 * False: congestion was marked on a packet that does not know ECN, which must be dropped. */
bool tos_decap(uint8_t inner, uint8_t outer, bool copy_dscp, uint8_t *ret);
