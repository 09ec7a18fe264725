#pragma once
/* What people ask for (struct command), done or begun. For engine.c. */
#include "ike/ike.h"

struct timer;

void ike_command_run(struct ike *ike, const struct command *c);
void ike_shutdown_fire(struct ike *ike, struct timer *t);
/* All peers have been told: the shutdown's request is done. */
void ike_shutdown_check(struct ike *ike);
