#pragma once
/* What the test flow of "ipsec diagnose" came to (event/catalog_flow.def), for judges. */
#include "diag/diag.h"

/* flow_sa of the last test; NULL: there was none, or too long ago. */
const struct event *flow_of(const struct story *s);
/* flow_answer of that way; NULL. */
const struct event *flow_answer_of(const struct story *s, const char *way);
/* flow_error of that way from somebody else than this host; NULL. */
const struct event *flow_error_of(const struct story *s, const char *way);
/* What the peer's IKE said when it was asked lately: ike_alive, ike_not_alive; NULL: nobody asked.
 */
const struct event *flow_ike(const struct story *s);
/* flow_mtu of that way; NULL. */
const struct event *flow_mtu_of(const struct story *s, const char *way);
/* The counter moved while the flow ran; NULL: it did not. */
const struct event *flow_moved(const struct story *s, const char *name);
/* One of the kernel's failure counters moved; NULL. */
const struct event *flow_moved_xfrm(const struct story *s);
/* Another connection with the same networks took something in meanwhile and sent nothing; NULL. */
const struct event *flow_elsewhere(const struct story *s);
/* flow_lan of a host behind this one that was asked by one behind the peer and answers nothing;
 * NULL. */
const struct event *flow_lan_unanswered(const struct story *s);
/* It answers this host itself; or, as long as it was not asked, nobody behind this end answers. */
bool flow_lan_is_there(const struct event *e);
/* Somebody behind the tunnel answered: the event that shows it; NULL. */
const struct event *flow_heard(const struct story *s);
/* flow_cpu when a processor had no time left for the tunnel, which carried much, and packets were
 * dropped for it; NULL. */
const struct event *flow_saturated(const struct story *s);
/* Packets went into the tunnel and nothing came out of it, not even from the far gateway. */
bool flow_is_one_way(const struct story *s);
/* How certain is what stops the packets of hosts behind this one, as they come out of the tunnel
 * (or go in)? None when the test saw one forwarded. */
enum certainty flow_forward(const struct story *s, bool is_in);
