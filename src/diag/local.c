/* What the last look at this host saw. */
#include "diag/local.h"

#include "diag/identity.h"

#include <stdio.h>

enum { EPERM = 1 }; /* of Linux, whatever errno.h says elsewhere */

/* What was seen longer ago may have been repaired. */
#define LOOK_AGE (600 * NS_S)

/* Longer after the daemon's start a file is not written by what begins beside it at boot. */
enum { LATE_S = 120 };

#define FW(e) FIELDS(e, local_firewall)

const struct event *local_look_of(const struct story *s)
{
	const struct event *e = story_ever(s, EV_local_look);

	return e && story_age(s, e) < LOOK_AGE ? e : NULL;
}

const struct event *local_next(const struct story *s, enum event_id id, const struct event *after)
{
	const struct event *e = local_look_of(s);

	for (e = e && after ? after + 1 : e; e && e < s->event + s->n; e++)
		if (e->id == id)
			return e;
	return NULL;
}

enum certainty local_inner(const struct story *s)
{
	const struct event *look = local_look_of(s);
	const char *flow = look ? FIELDS(look, local_look)->flow.str : "answered";

	if (!story_is_up(s) || strcmp(flow, "answered") == 0)
		return CERTAINTY_NONE;
	return flow[0] ? CERTAIN : LIKELY;
}

const char *local_first(const char *nets, char ret[static RANGE_STR])
{
	snprintf(ret, RANGE_STR, "%.*s", (int)strcspn(nets, ", "), nets);
	return ret;
}

const struct event *local_written_late(const struct story *s)
{
	const struct event *e = local_next(s, EV_local_config, NULL);
	const union ev_local_config *c = e ? FIELDS(e, local_config) : NULL;

	return c && strcmp(c->auto_.str, "ignore") != 0 && c->written.u64 > c->started.u64 &&
			       c->written.u64 - c->started.u64 <= LATE_S
		       ? e
		       : NULL;
}

bool local_is_inside(const char *inner, const char *nets)
{
	struct range in, out;
	char t[RANGE_STR];

	if (range_parse(inner, &in))
		return false;
	for (; *nets; nets += strspn(nets, ", ")) {
		if (range_parse(local_first(nets, t), &out) == OK && range_covers(&out, &in))
			return true;
		nets += strcspn(nets, ", ");
	}
	return false;
}

/* ---- the packet filter ---- */

static bool is_what(const struct event *e, const char *what)
{
	return strcmp(FW(e)->what.str, what) == 0;
}

static bool is_in(const struct event *e)
{
	return strcmp(FW(e)->direction.str, "in") == 0;
}

/* Can a rule in that chain tell which device the packet goes to, or comes from? */
static bool has_device(const struct event *e)
{
	return strcmp(FW(e)->hook.str, is_in(e) ? "postrouting" : "prerouting") != 0;
}

/* The condition of a rule of nft for what was stopped. */
static void nft_condition(const struct event *e, char *t, size_t n)
{
	const char *ip = strchr(FW(e)->from.str, ':') ? "ip6" : "ip", *device = FW(e)->device.str;
	unsigned port = (unsigned)FW(e)->dport.u64;

	if (is_what(e, "ndp"))
		snprintf(t, n,
			"icmpv6 type { packet-too-big, nd-router-solicit, nd-router-advert, "
			"nd-neighbor-solicit, nd-neighbor-advert }");
	else if (is_what(e, "esp"))
		snprintf(t, n, "meta l4proto esp");
	else if (!is_what(e, "inner") && (port == 500 || port == 4500))
		snprintf(t, n, "udp dport { 500, 4500 }");
	else if (!is_what(e, "inner"))
		snprintf(t, n, "udp dport %u", port);
	else if (!has_device(e))
		snprintf(t, n, "%s saddr %s %s daddr %s", ip, FW(e)->from.str, ip, FW(e)->to.str);
	else if (device[0])
		snprintf(t, n, "%s \"%s\" %s saddr %s %s daddr %s",
			is_in(e) ? "iifname" : "oifname", device, ip, FW(e)->from.str, ip,
			FW(e)->to.str);
	else
		snprintf(t, n, "%s ipsec exists %s saddr %s %s daddr %s", is_in(e) ? "meta" : "rt",
			ip, FW(e)->from.str, ip, FW(e)->to.str);
}

static void old_condition(const struct event *e, char *t, size_t n)
{
	const char *device = FW(e)->device.str, *dir = is_in(e) ? "in" : "out";
	unsigned port = (unsigned)FW(e)->dport.u64;

	if (is_what(e, "ndp"))
		snprintf(t, n, "-p ipv6-icmp --icmpv6-type $t");
	else if (is_what(e, "esp"))
		snprintf(t, n, "-p esp");
	else if (!is_what(e, "inner") && (port == 500 || port == 4500))
		snprintf(t, n, "-p udp -m multiport --dports 500,4500");
	else if (!is_what(e, "inner"))
		snprintf(t, n, "-p udp --dport %u", port);
	else if (!has_device(e))
		snprintf(t, n, "-s %s -d %s", FW(e)->from.str, FW(e)->to.str);
	else if (device[0])
		snprintf(t, n, "%s %s -s %s -d %s", is_in(e) ? "-i" : "-o", device, FW(e)->from.str,
			FW(e)->to.str);
	else
		snprintf(t, n, "-m policy --dir %s --pol ipsec -s %s -d %s", dir, FW(e)->from.str,
			FW(e)->to.str);
}

void local_open(const struct story *s, struct finding *f, const struct event *e)
{
	const union ev_local_firewall *w = FW(e);
	unsigned long long handle = (unsigned long long)w->handle.u64;
	char t[FIX_MAX], at[32] = "";

	(void)s;
	if (strcmp(w->table.str, "firewalld") == 0 && !is_what(e, "inner") && !is_what(e, "ndp")) {
		finding_fix(f, FIX_HERE, FIX_COMMAND,
			"firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload");
		return;
	}
	if (strcmp(w->backend.str, "nft") == 0) {
		nft_condition(e, t, sizeof(t));
		if (handle)
			snprintf(at, sizeof(at), " position %llu", handle);
		/* quoted: a shell reads it, too */
		finding_fix(f, FIX_HERE, FIX_COMMAND, "nft 'insert rule %s %s %s%s %s accept'",
			w->family.str, w->table.str, w->chain.str, at, t);
		return;
	}
	old_condition(e, t, sizeof(t));
	if (handle)
		snprintf(at, sizeof(at), " %llu", handle);
	/* one type a rule: they are named one by one, so that redirects stay out */
	finding_fix(f, FIX_HERE, FIX_COMMAND, "%s%s -t %s -I %s%s %s -j ACCEPT%s",
		is_what(e, "ndp") ? "for t in 2 133 134 135 136; do " : "", w->backend.str,
		w->table.str, w->chain.str, at, t, is_what(e, "ndp") ? "; done" : "");
}

/* What was stopped, in words. */
static const char *words(const struct event *e)
{
	return is_what(e, "esp")     ? "ESP (protocol 50)"
	       : is_what(e, "inner") ? "the tunnel's traffic"
	       : is_what(e, "natt")  ? "UDP port 4500"
				     : "IKE (UDP port 500)";
}

/* The first that is stopped; one that is sure before others. */
static const struct event *stopped(const struct story *s, const char *what)
{
	const struct event *e = NULL, *found = NULL;

	while ((e = local_next(s, EV_local_firewall, e)))
		if (is_what(e, what) && strcmp(FW(e)->verdict.str, "pass") != 0 &&
			(!found || (FW(found)->doubt.str[0] && !FW(e)->doubt.str[0])))
			found = e;
	return found;
}

void local_let_through(const struct story *s, struct finding *f, const char *what)
{
	static const char *const kinds[] = { "ike", "natt", "esp" };

	if (!local_look_of(s))
		finding_fix(f, FIX_HERE, FIX_WORDS, "let %s through the packet filter of this host",
			what);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct event *e = stopped(s, kinds[i]);

		if (e)
			local_open(s, f, e);
	}
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"let %s through the packet filter there and those on the way", what);
}

bool local_none_begins(const struct story *s, const struct event *e)
{
	const struct event *back = NULL;

	while (e && FW(e)->first_only.u64 && (back = local_next(s, EV_local_firewall, back)))
		if (FW(back)->first_only.u64 && strcmp(FW(back)->what.str, FW(e)->what.str) == 0 &&
			strcmp(FW(back)->from.str, FW(e)->to.str) == 0 &&
			strcmp(FW(back)->to.str, FW(e)->from.str) == 0)
			return true;
	return false;
}

enum certainty local_drop(const struct story *s, struct finding *f, const char *what)
{
	const struct event *e = stopped(s, what), *more = NULL;
	bool is_reject, none_begins = local_none_begins(s, e);
	const char *doubt = e && !none_begins ? FW(e)->doubt.str : "";

	if (!e)
		return CERTAINTY_NONE;
	is_reject = strcmp(FW(e)->verdict.str, "reject") == 0;
	finding_proof(f, e);
	finding_cause(f,
		"this host's own packet filter %s%s %s that %s: %s, table %s, chain %s: %s%s%s",
		doubt[0] ? "may " : "",
		doubt[0]    ? is_reject ? "reject" : "drop"
		: is_reject ? "rejects"
			    : "drops",
		words(e), is_in(e) ? "comes from the other end" : "goes to the other end",
		FW(e)->backend.str, FW(e)->table.str, FW(e)->chain.str, FW(e)->rule.str,
		doubt[0] ? "; " : "", doubt);
	if (none_begins)
		finding_more(
			f, "; and the other way round: no connection can begin, from either end");
	local_open(s, f, e);
	while ((more = local_next(s, EV_local_firewall, more)))
		if (more != e && is_what(more, what) &&
			strcmp(FW(more)->verdict.str, "pass") != 0) {
			finding_proof(f, more);
			local_open(s, f, more);
		}
	return doubt[0] ? POSSIBLE : CERTAIN;
}

const struct event *local_not_let_out(const struct story *s, bool is_4500)
{
	static const enum event_id ids[] = { EV_v2_send_failed, EV_v1_send_failed, EV_NONE };
	const struct event *e = story_last_of(s, ids);
	bool is_v2 = e && e->id == EV_v2_send_failed;
	uint64_t error;
	uint16_t port;

	if (!e)
		return NULL;
	error = is_v2 ? FIELDS(e, v2_send_failed)->error.u64 : FIELDS(e, v1_send_failed)->error.u64;
	port = is_v2 ? FIELDS(e, v2_send_failed)->remote.ep.port
		     : FIELDS(e, v1_send_failed)->remote.ep.port;
	return error == EPERM && (port == 4500) == is_4500 ? e : NULL;
}

enum certainty local_refused(const struct story *s, struct finding *f, const struct event *blocked,
	const char *kind, const char *what)
{
	if (local_drop(s, f, kind) == CERTAIN) { /* who looked knows the rule */
		finding_proof(f, blocked);
		return CERTAIN;
	}
	*f = (struct finding){ .rule = f->rule };
	finding_proof(f, blocked);
	finding_cause(f, "this host's own packet filter drops what we send to the peer");
	finding_fix(
		f, FIX_HERE, FIX_WORDS, "let %s out through the packet filter of this host", what);
	if (!local_look_of(s))
		finding_next(f,
			"ipsec diagnose %s names the rule, and the command that lets IKE out",
			story_name(s));
	return CERTAIN;
}

enum certainty local_drop_inner(const struct story *s, struct finding *f, const char *what)
{
	enum certainty sure = local_inner(s), c = sure ? local_drop(s, f, what) : CERTAINTY_NONE;

	/* what is not understood says nothing while nothing is known to be lost */
	return c == CERTAIN ? sure : sure == CERTAIN ? c : CERTAINTY_NONE;
}

static bool is_taken(const struct event *e)
{
	switch (e ? (int)e->id : -1) {
	case EV_v2_child_not_installed:
		return FIELDS(e, v2_child_not_installed)->is_taken.u64;
	case EV_v1_child_not_installed:
		return FIELDS(e, v1_child_not_installed)->is_taken.u64;
	case EV_conn_policy_refused:
		return FIELDS(e, conn_policy_refused)->is_taken.u64;
	}
	return false;
}

const struct event *local_taken(const struct story *s)
{
	static const enum event_id ids[] = { EV_v2_child_not_installed, EV_v1_child_not_installed,
		EV_conn_policy_refused, EV_NONE };
	/* it is asked for before it is refused */
	static const enum event_id over[] = { EV_conn_added, EV_child_held, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	return is_taken(e) && !story_is_up(s) && !story_later(story_last_of(s, over), e) ? e : NULL;
}

const struct event *local_dual(const struct story *s)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_firewall, e)))
		if (!is_what(e, "ndp") && FW(e)->other.str[0] && !FW(e)->doubt.str[0] &&
			strcmp(FW(e)->verdict.str, "pass") != 0)
			return e;
	return NULL;
}
