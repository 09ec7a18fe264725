#pragma once
/* What a tunnel that is up drops of what comes in. */
#include "diag/diag.h"

/* The last minute's, for that reason ("replay", "integrity"); NULL: none, or it is over. */
const struct event *story_losing(const struct story *s, const char *reason);
/* ESP travels in UDP, as the Child SA has it: there is a NAT, or one end says so. */
bool story_is_in_udp(const struct story *s);
/* The Child SA has HMAC-SHA2-256, which old peers cut differently, and a cipher whose blocks let
 * the length of its packets tell. */
bool story_length_tells_icv(const struct story *s);
/* Before a tunnel is there: echo requests to the peer's own address of which some were answered and
 * some were not; NULL: nobody asked, or none or nearly none was lost. */
const struct event *story_loss(const struct story *s);
/* A test flow through the tunnel of which nothing came back, with such a loss outside of it: so may
 * what the peer was to hear before it has the tunnel (IKEv1's third message of Quick Mode) have
 * been lost. */
const struct event *story_flow_loss(const struct story *s);
/* The command that measures it; whom: "" is not known. */
void losses_measure(struct finding *f, const char *whom);
