#pragma once
/* Probes of a connection's peer: the one socket, and the waiting. */
#include "config/conf.h"
#include "event/event.h"
#include "probe/probe.h"

/* Asks until it is known, or time or packets are used up; what happens goes to out. Gives how many
 * packets were sent. No packet goes to any other address than the peer's. */
unsigned diagnose_probe(const struct conf_conn *c, bool is_refused, bool with_transforms,
	struct now (*now_is)(void), const struct event_sink *out);
/* The same of what is no connection of ours: local is an address of this host, or none; its port is
 * not looked at. */
unsigned diagnose_ask(
	const struct probe_for *what, struct now (*now_is)(void), const struct event_sink *out);
