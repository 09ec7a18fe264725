#pragma once
/* Building what packet threads read: the SAD by SPI, the SPD by priority (RFC 4301 4.4). */
#include "base/list.h"
#include "esp/plane.h"

struct esp_set {
	struct esp_sa **sa;
	size_t n_sa, room_sa;
	struct esp_policy **policy; /* by priority, then reqid */
	size_t n_policy, room_policy;
};

/* A new table of the set; the caller owns it. */
struct esp_table *esp_table_new(const struct esp_set *set, uint64_t id);
void esp_table_free(struct esp_table *t);
