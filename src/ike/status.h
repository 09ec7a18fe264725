#pragma once
/* Status commands: what Libreswan 4.10 prints, as events of level REPLY for the one who asked. */
#include "ike/engine.h"

/* CMD_STATUS. Asks the data plane for counters where the answer shows them; request_done follows
 * the last line. An unknown name gives 021 and exit 21. */
void ike_status(struct ike *ike, const struct command *c);
/* The answer to an ask of kind ASK_STATUS. */
void ike_status_answer(struct ike *ike, const struct answer *a);
/* Frees what still waits. */
void ike_status_done(struct ike *ike);
