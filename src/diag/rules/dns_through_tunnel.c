#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"
#include "diag/nets.h"

#include <stdio.h>

#define DNS(e) FIELDS(e, flow_dns)

static bool is(const struct event *e, const char *came)
{
	return strcmp(DNS(e)->came.str, came) == 0;
}

/* The next server that the peer named, of what was asked last; after NULL: the first. */
static const struct event *next(
	const struct story *s, const struct event *look, const struct event *e)
{
	/* they are asked before this host is looked at */
	for (e = e ? e + 1 : s->event; e < look; e++)
		if (e->id == EV_flow_dns && story_age(s, e) - story_age(s, look) < 120 * NS_S)
			return e;
	return NULL;
}

static bool some_answers(const struct story *s, const struct event *look)
{
	const struct event *e = NULL;

	while ((e = next(s, look, e)))
		if (is(e, "answered"))
			return true;
	return false;
}

/* The tunnel does not take packets to it, and nothing else leads to a private address. */
static bool is_left_out(const struct event *e)
{
	return is(e, "outside") && identity_is_private(DNS(e)->server.str);
}

/* The other end's networks, and the server. */
static void take_in(const struct story *s, struct finding *f, const struct event *look,
	const struct event *first)
{
	const char *theirs = FACT(s, their_nets)[0] ? FACT(s, their_nets)
						    : FIELDS(look, local_look)->their_nets.str;
	char list[NETS_STR];
	const struct event *e = first;
	size_t at = (size_t)snprintf(list, sizeof(list), "%s", theirs);

	if (!theirs[0])
		return;
	for (; e && at < sizeof(list) - RANGE_STR; e = next(s, look, e))
		if (is_left_out(e))
			at += (size_t)snprintf(list + at, sizeof(list) - at, ",%s/%s",
				DNS(e)->server.str, strchr(DNS(e)->server.str, ':') ? "128" : "32");
	/* IKEv1 has one pair for each tunnel */
	if (story_version(s) == 1) {
		finding_conn(f, FIX_HERE, story_their_end(s), "subnets", "%s", list);
		finding_conn(f, FIX_PEER_LIBRESWAN, story_their_end(s), "subnets", "%s", list);
	} else {
		finding_conn(f, FIX_HERE, story_their_end(s), "subnet", "%s", list);
		finding_conn(f, FIX_PEER_LIBRESWAN, story_their_end(s), "subnet", "%s", list);
	}
	finding_conn(f, FIX_PEER_STRONGSWAN, "local", "subnet", "%s", list);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec replace %s && ipsec up %s", story_name(s),
		story_name(s));
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"or name a DNS server that is in the networks of the tunnel (modecfgdns=, dns = of "
		"the pool)");
}

static void is_silent(struct finding *f, const struct event *e)
{
	finding_cause(f,
		"the DNS server %s that the peer named is reached through the tunnel, and %s: "
		"names "
		"are not resolved, while addresses work",
		DNS(e)->server.str,
		is(e, "refused") ? "nothing listens there on UDP port 53"
				 : "it does not answer a question");
	finding_fix(f, FIX_PEER, FIX_WORDS,
		"let the DNS server %s answer %s: start it, allow that address in it "
		"(allow-query), "
		"and in its packet filter UDP and TCP port 53",
		DNS(e)->server.str, DNS(e)->from.str);
	finding_fix(f, FIX_PEER, FIX_WORDS, "or name another one (modecfgdns=, dns = of the pool)");
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = NULL, *out = NULL, *silent = NULL;
	const char *flow = look ? FIELDS(look, local_look)->flow.str : "";

	/* one that answers is enough; when nothing passes it is not for the names */
	if (!look || some_answers(s, look) || strcmp(flow, "unanswered") == 0)
		return CERTAINTY_NONE;
	while ((e = next(s, look, e))) {
		if (is_left_out(e) && !out)
			out = e;
		if ((is(e, "unanswered") || is(e, "refused")) && !silent)
			silent = e;
		finding_proof(f, e);
	}
	if (silent) {
		is_silent(f, silent);
		return flow[0] || is(silent, "refused") ? LIKELY : POSSIBLE;
	}
	if (!out)
		return CERTAINTY_NONE;
	finding_cause(f,
		"the DNS server %s that the peer named is not in the networks of the tunnel (%s): "
		"questions to it leave outside of it, and nobody answers; addresses work, names do "
		"not",
		DNS(out)->server.str, FIELDS(look, local_look)->their_nets.str);
	take_in(s, f, look, out);
	return LIKELY;
}

const struct rule rule_dns_through_tunnel = {
	.id = "dns-through-tunnel",
	.title = "names are not resolved through the tunnel",
	.layer = "DNS",
	.most = LIKELY,
	.symptom = "the tunnel works by address, and names are not found",
	.proof = "each DNS server that the peer named: is it in the tunnel's networks, and does it "
		 "answer",
	.remedy = "take the DNS server into the networks of both ends",
	.judge = judge_it,
};
