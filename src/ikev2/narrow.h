#pragma once
/* Traffic selector negotiation (RFC 7296 2.9): the responder's narrowing, the initiator's check. */
#include "ipsec/ts.h"

struct v2_narrowed {
	struct ts_list tsi, tsr; /* what to answer, and to install */
	bool is_whole;		 /* all that was proposed */
	bool has_first; /* both first selectors (the packet that asked for the SA) are inside: of
			 * several acceptable connections, prefer one with this */
};
/* The responder: what of the proposed selectors our policy allows. allowed_i, allowed_r: the
 * configured selectors of the initiator's and of our side; for an initiator with a leased address
 * allowed_i is what v2_ts_leased() makes of it. Selectors of an address family that the other list
 * does not have are left out. may_narrow false (narrowing=no): each allowed selector must be
 * proposed exactly so. ERR_MISMATCH: TS_UNACCEPTABLE. */
enum err must_use v2_narrow(const struct ts_list *tsi, const struct ts_list *tsr,
	const struct ts_list *allowed_i, const struct ts_list *allowed_r, bool may_narrow,
	struct v2_narrowed *ret);
/* Is each of wanted in l, exactly so? */
bool v2_ts_has_each(const struct ts_list *l, const struct ts_list *wanted);
/* The initiator: is the response within what was offered? ERR_VALUE when it is empty or has more
 * (the peer violates 2.9); ERR_MISMATCH when it has less and may_narrow is false. */
enum err must_use v2_narrow_check(const struct ts_list *offered_i, const struct ts_list *offered_r,
	const struct ts_list *tsi, const struct ts_list *tsr, bool may_narrow);
/* Selectors for exactly these addresses. */
void v2_ts_leased(const struct addr *leased, size_t n, struct ts_list *ret);
/* Transport mode through a NAT (2.23.1): selectors name the two hosts, each as its owner knows it;
 * where the NAT sits before that host, they become its address as it is known here. Selectors for
 * more than one host stay as they are, and match nothing. */
void v2_ts_substitute(struct ts_list *l, const struct addr *here);
