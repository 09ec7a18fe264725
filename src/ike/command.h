#pragma once
/* What people ask for (struct command), done or begun. For engine.c. */
#include "ike/ike.h"

struct timer;

void ike_command_run(struct ike *ike, const struct command *c);
void ike_shutdown_fire(struct ike *ike, struct timer *t);
/* All peers have been told: the shutdown's request is done. */
void ike_shutdown_check(struct ike *ike);
/* Has this host the algorithms of c? Of what it has not, people are told. False: of a list nothing
 * is left. *ret: a copy without them; NULL: nothing is missing. */
bool conn_allowed(struct ike *ike, const struct command *c, struct conf_conn **ret);
