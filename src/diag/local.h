#pragma once
/* What the last look at this host saw (event/catalog_local.def), for judges. */
#include "diag/diag.h"

/* local_look; NULL: nobody looked, or too long ago. */
const struct event *local_look_of(const struct story *s);
/* The next of that kind that this look saw; after NULL: the first. */
const struct event *local_next(const struct story *s, enum event_id id, const struct event *after);
/* How certain what stands in the way of the tunnel's traffic is to be the cause: not when a test
 * went through, or when there is no tunnel yet. */
enum certainty local_inner(const struct story *s);
/* Fixes for packets of IKE and ESP that may be stopped anywhere: a command where this host's filter
 * is known to, nothing where it is known not to, else words; words for the other end. */
void local_let_through(const struct story *s, struct finding *f, const char *what);
/* This host's own packet filter stops packets of this kind ("ike", "natt", "esp", "inner"): the
 * rule, and the command that lets them through where it stands. */
enum certainty local_drop(const struct story *s, struct finding *f, const char *what);
/* The same of what goes through the tunnel, as far as local_inner() has it. */
enum certainty local_drop_inner(const struct story *s, struct finding *f, const char *what);
/* What our own kernel did not let out, last: EPERM is what a DROP in OUTPUT gives. is_4500: to that
 * port, else to others. NULL: nothing. */
const struct event *local_not_let_out(const struct story *s, bool is_4500);
/* Its finding: with the rule, where a look has it; kind as local_drop() has them, what in words. */
enum certainty local_refused(const struct story *s, struct finding *f, const struct event *blocked,
	const char *kind, const char *what);
/* Is e (local_firewall) about the first packet alone, and those of the other direction are stopped
 * as well? */
bool local_none_begins(const struct story *s, const struct event *e);
/* The tunnel's policies, or its trap, were refused, since another program has one for the same
 * networks; NULL: they are not, or no longer. */
const struct event *local_taken(const struct story *s);
/* Is one of the other backend's rules for letting the same through? NULL: no. */
const struct event *local_dual(const struct story *s);
/* The command that inserts an accept before the rule of e (local_firewall). */
void local_open(const struct story *s, struct finding *f, const struct event *e);
/* Is the address (or network) inside one of these, "10.0.1.0/24,10.0.3.0/24"? */
bool local_is_inside(const char *inner, const char *nets);
/* The connection's file was written in the first moments of the daemon, which was to load it and
 * had read the files by then: local_config; NULL: it was not. */
const struct event *local_written_late(const struct story *s);
/* The first of such a list. */
const char *local_first(const char *nets, char ret[static RANGE_STR]);
