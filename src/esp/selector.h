#pragma once
/* Does a packet lie inside the selectors of an SA or a policy (RFC 4301 4.4.1.1, 5)? */
#include "esp/packet.h"
#include "ipsec/ts.h"

/* ours: the local end is the packet's source (outbound), else its destination. A packet without
 * ports (later fragments, other protocols) fits only selectors for any or opaque ports (RFC
 * 4301 7.2). */
bool selectors_have(const struct ts_list *local, const struct ts_list *remote,
	const struct packet *k, bool ours);
/* How narrow: policies without a priority are tried in this order, smallest first. */
uint32_t selectors_priority(const struct ts_list *local, const struct ts_list *remote);
