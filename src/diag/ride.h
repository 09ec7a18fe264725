#pragma once
/* Two connections of the same two ends share an IKE SA: who comes second waits for what becomes of
 * it, which is told of the first alone. */
#include "diag/diag.h"

/* Every event of m passes here. */
void ride_note(struct diag *d, struct memory *m, const struct event *e);
/* Who has begun that IKE SA, and has not established it; NULL: nobody, or 0. */
struct memory *ride_owner(struct diag *d, uint64_t ike);
