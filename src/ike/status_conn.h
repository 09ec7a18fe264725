#pragma once
/* The lines of one connection in ipsec status, as Libreswan 4.10 has them. */
#include "ike/engine.h"

#define CONN_POLICY_STR 256
/* "IKEv2+PSK+ENCRYPT+TUNNEL+PFS+IKE_FRAG_ALLOW+ESN_NO+ESN_YES"; gives s. */
char *conn_policy_text(const struct conn *c, char *s);
/* What stands where there is no tunnel: "trap", "pass", "drop". */
const char *conn_shunt_word(const struct conn *c);
void status_conn(struct ike *ike, const struct conn *c, const struct event_about *about);
