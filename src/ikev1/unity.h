#pragma once
/* What Cisco adds to Mode Config (Unity): networks behind the gateway. Pure. */
#include "base/rd.h"
#include "base/wr.h"
#include "ipsec/ts.h"

enum { V1_SPLIT_N = 14 }; /* octets of a network */

/* UNITY_SPLIT_INCLUDE: address, mask, protocol, two ports of each; protocol and ports are left
 * aside. What cannot be read, and what is beyond TS_LIST_MAX, is left out. */
void v1_split_parse(struct bytes value, struct ts_list *ret);
/* The networks of the list that are IPv4 and prefixes. */
void v1_split_put(struct wr *w, const struct ts_list *l);
/* Quick Mode with a Cisco-like peer says 0.0.0.0/0 for the gateway's side whatever the split is:
 * allowed restricted to split, when wire is that. False: it is not, or nothing is left. */
bool v1_split_narrow(const struct ts_list *wire, const struct ts_list *allowed,
	const struct ts_list *split, struct ts_list *ret);
