#pragma once
/* The lines of one connection in ipsec status, as Libreswan 4.10 has them. */
#include "ike/engine.h"

void status_conn(struct ike *ike, const struct conn *c, const struct event_about *about);
