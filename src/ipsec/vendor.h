#pragma once
/* Which product a peer is. */
#include "base/bytes.h"

/* "Microsoft", "Juniper", ...; "" when no vendor id tells. Static. */
const char *vendor_product(const struct bytes *ids, size_t n);
