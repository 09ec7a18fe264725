#pragma once
/* Which transforms a peer takes, one by one: only with consent, and only of a peer that has taken
 * something. */
#include "probe/ask.h"

/* Asks the next question, or none when all is known. taken: what the peer has taken in IKEv2; NULL:
 * there is nothing to look for. */
void search_next(struct probe *p, const struct ask *taken);
/* There is no time, or no packet, for more. */
void search_stop(struct probe *p);
bool search_is_over(const struct probe *p);
/* The answer to a question of it. */
void search_take(struct probe *p, const struct ask *a);
/* What was found, as an event; nothing when nothing was looked for. */
void search_tell(struct probe *p, struct now now, const struct event_sink *out);
