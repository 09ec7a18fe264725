#pragma once
/* A connection as the diagnosis has to know it: the event conn_facts, values as ipsec.conf has
 * them. */
#include "config/conf.h"
#include "event/event.h"

/* Which end is ours stands in c (local_is_left). about may name an instance. */
void conf_facts(const struct conf_conn *c, const struct event_about *about, struct now now,
	const struct event_sink *to);
