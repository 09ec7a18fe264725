#include "diag/local.h"

#include <stdio.h>

#define FW(e)	     FIELDS(e, local_firewall)
#define NEIGHBOUR(e) FIELDS(e, local_neighbour)
#define PROXY(e)     FIELDS(e, local_proxy)

enum { PROXIES_MAX = 4 };

static bool is_answered(const struct story *s)
{
	const struct event *look = local_look_of(s);

	return look && strcmp(FIELDS(look, local_look)->flow.str, "answered") == 0;
}

/* Does that wire lead to the peer? A test that went through has gone over it; of the hosts behind
 * this one it says nothing. */
static bool is_proven(const struct story *s, const char *device)
{
	const struct event *e = NULL;

	while (is_answered(s) && (e = local_next(s, EV_local_route, e)))
		if (strcmp(FIELDS(e, local_route)->to.str, "peer") == 0 &&
			strcmp(FIELDS(e, local_route)->device.str, device) == 0)
			return true;
	return false;
}

/* This host's own packet filter stops neighbour discovery on that wire, for sure; device "": on
 * any.
 */
static const struct event *stopped(
	const struct story *s, const char *device, const struct event *after)
{
	const struct event *e = after;

	while ((e = local_next(s, EV_local_firewall, e)))
		if (strcmp(FW(e)->what.str, "ndp") == 0 &&
			strcmp(FW(e)->verdict.str, "pass") != 0 && !FW(e)->doubt.str[0] &&
			(!device[0] || strcmp(FW(e)->device.str, device) == 0) &&
			!is_proven(s, FW(e)->device.str))
			return e;
	return NULL;
}

/* A neighbour of a wire on which it is stopped; NULL: none is known. *ret_stop: where, NULL:
 * nowhere.
 */
static const struct event *missed(const struct story *s, const struct event **ret_stop)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_neighbour, e)))
		if ((*ret_stop = stopped(s, NEIGHBOUR(e)->device.str, NULL)))
			return e;
	*ret_stop = stopped(s, "", NULL);
	return NULL;
}

static enum certainty filtered(const struct story *s, struct finding *f)
{
	const struct event *stop, *more, *e = missed(s, &stop);

	if (!stop)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_proof(f, stop);
	finding_cause(f,
		"this host's packet filter %ss IPv6 neighbour discovery (ICMPv6 type %u) on %s: "
		"%s, table %s, chain %s: %s",
		FW(stop)->verdict.str, (unsigned)FW(stop)->dport.u64, FW(stop)->device.str,
		FW(stop)->backend.str, FW(stop)->table.str, FW(stop)->chain.str,
		FW(stop)->rule.str);
	if (e)
		finding_more(f,
			"; so %s, on the way to %s, is not found (%s). IPv4 needs none of it",
			NEIGHBOUR(e)->address.str,
			strcmp(NEIGHBOUR(e)->to.str, "peer") == 0 ? "the peer"
								  : "hosts of the tunnel",
			NEIGHBOUR(e)->state.str);
	else
		finding_more(f,
			"; hosts on that wire do not find this one, or are not found, once what "
			"they know of one another is some minutes old");
	local_open(s, f, stop);
	for (more = stopped(s, "", stop); more; more = stopped(s, "", more))
		if (strcmp(FW(more)->chain.str, FW(stop)->chain.str) != 0 ||
			strcmp(FW(more)->table.str, FW(stop)->table.str) != 0) {
			finding_proof(f, more);
			local_open(s, f, more);
			break;
		}
	return e ? LIKELY : POSSIBLE;
}

/* One address is as it is in the event, several are "fd00::10-fd00::1f" or "fd00::/120". */
static void lend(struct finding *f, const struct event *e)
{
	const char *device = PROXY(e)->device.str;
	struct range r;
	struct addr a;
	char t[ADDR_STR];

	if (range_parse(PROXY(e)->address.str, &r) == OK && range_count(&r) <= PROXIES_MAX) {
		finding_fix(
			f, FIX_HERE, FIX_COMMAND, "sysctl -w net.ipv6.conf.%s.proxy_ndp=1", device);
		a = r.first;
		for (uint64_t n = range_count(&r); n > 0; n--) {
			finding_fix(f, FIX_HERE, FIX_COMMAND, "ip -6 neigh add proxy %s dev %s",
				addr_format(&a, t), device);
			(void)addr_next(&a);
		}
	} else {
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"lend addresses of a network that is on no wire, and route it to this "
			"host; "
			"or let a daemon (ndppd) answer for %s on %s",
			PROXY(e)->address.str, device);
	}
}

/* What the other end is lent is looked for on the wire, and nobody says that it is to be had here.
 */
static enum certainty not_answered_for(const struct story *s, struct finding *f)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_proxy, e)) && PROXY(e)->by.str[0])
		;
	if (!e)
		return CERTAINTY_NONE;
	finding_proof(f, e);
	finding_cause(f,
		"%s, behind the tunnel, is part of %s, which %s is connected to: hosts there look "
		"for it on their wire (neighbour discovery), and nobody answers for it; what this "
		"host sends itself passes",
		PROXY(e)->address.str, PROXY(e)->net.str, PROXY(e)->device.str);
	lend(f, e);
	return LIKELY;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	enum certainty c;

	if (!local_look_of(s))
		return CERTAINTY_NONE;
	c = filtered(s, f);
	if (c)
		return c;
	*f = (struct finding){ .rule = f->rule };
	return not_answered_for(s, f);
}

const struct rule rule_ipv6_path_or_ndp = {
	.id = "ipv6-path-or-ndp",
	.title = "IPv6 neighbours are not found",
	.layer = "network path",
	.most = LIKELY,
	.symptom = "IPv4 works, IPv6 does not, or stops after some minutes",
	.proof =
		"neighbours that failed, and a walk of the packet filter with neighbour discovery; "
		"addresses behind the tunnel that are of a connected network, and who answers for "
		"them",
	.remedy = "accept ICMPv6 of types 2 and 133 to 136; ip -6 neigh add proxy, or addresses of "
		  "another network",
	.judge = judge_it,
};
