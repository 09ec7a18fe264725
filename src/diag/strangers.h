#pragma once
/* Who begins with this host and has no connection that it may be of: peers whose connection is not
 * right, and whoever looks around in the Internet. One cannot be told from the other, and the
 * others are many. */
#include "diag/diag.h"

/* Of no connection, at an address. */
bool story_is_stranger(const struct story *s);
/* How certain it is that c, found of a stranger, is a fault at all. */
enum certainty stranger_certainty(const struct story *s, const struct finding *f, enum certainty c);
/* May one more finding be told as news? A few in a while; the others are in the report. */
bool strangers_may_tell(struct strangers *s, enum certainty c, struct now now);
/* Was who is up in m refused by the connection of was, as the same? */
bool peer_was_refused(const struct memory *was, const struct memory *m);
/* What is found of all of them, each cause once, with the newest that has it. */
void strangers_report(
	struct diag *d, uint32_t request, struct now now, const struct event_sink *out);
