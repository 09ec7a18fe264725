#include "diag/diag.h"
#include "diag/identity.h"
#include "diag/local.h"
#include "diag/nets.h"

#include <stdio.h>

#define PREFIX(e) FIELDS(e, local_prefix)

/* The list with what has changed in it. */
static void renumbered(const struct story *s, const char *nets, char ret[static NETS_STR])
{
	char one[RANGE_STR];
	size_t at = 0;

	ret[0] = '\0';
	for (; *nets && at < NETS_STR - RANGE_STR; nets += strspn(nets, ", ")) {
		const struct event *e = NULL;
		const char *is;

		is = local_first(nets, one);
		nets += strcspn(nets, ", ");
		while ((e = local_next(s, EV_local_prefix, e)))
			if (strcmp(PREFIX(e)->kind.str, "subnet") == 0 &&
				strcmp(PREFIX(e)->net.str, one) == 0)
				is = PREFIX(e)->instead.str;
		at += (size_t)snprintf(ret + at, NETS_STR - at, "%s%s", at ? "," : "", is);
	}
}

static void say(struct finding *f, const struct event *e)
{
	bool is_host = strcmp(PREFIX(e)->kind.str, "host") == 0;

	finding_proof(f, e);
	finding_more(f, "%s%s is on no device of this host any more, and %s has %s%s%s",
		f->n_evidence > 1 ? "; " : "", PREFIX(e)->net.str, PREFIX(e)->device.str,
		PREFIX(e)->prefix.str, is_host ? " with " : "",
		is_host ? PREFIX(e)->instead.str : "");
}

/* What has changed for the peer; value "": nothing. Protocols and ports each daemon writes
 * otherwise. */
static void at_peer(
	const struct story *s, struct finding *f, const char *keyword, const char *value)
{
	char one[RANGE_STR];
	struct range r;

	for (const char *at = value; *at; at += strspn(at, ", ")) {
		if (range_parse(local_first(at, one), &r))
			return;
		at += strcspn(at, ", ");
	}
	if (!value[0])
		return;
	finding_conn(f, FIX_PEER_LIBRESWAN, story_our_end(s), keyword, "%s", value);
	finding_conn(f, FIX_PEER_STRONGSWAN, "remote", keyword, "%s", value);
}

static void fixes(const struct story *s, struct finding *f, const struct event *host)
{
	const struct event *look = local_look_of(s);
	const char *ours = FIELDS(look, local_look)->our_nets.str;
	char nets[NETS_STR];

	renumbered(s, ours, nets);
	if (host)
		finding_conn(f, FIX_HERE, story_our_end(s), "", "%s", PREFIX(host)->instead.str);
	if (strcmp(nets, ours) != 0)
		finding_conn(f, FIX_HERE, story_our_end(s), "subnet", "%s", nets);
	finding_fix(f, FIX_HERE, FIX_COMMAND, "ipsec replace %s && ipsec up %s", story_name(s),
		story_name(s));
	at_peer(s, f, "", host ? PREFIX(host)->instead.str : "");
	at_peer(s, f, "subnet", strcmp(nets, ours) != 0 ? nets : "");
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"a prefix of the provider's may change again: give what is behind the tunnel "
		"addresses of your own beside it (a ULA, fd00::/8), and write that network in "
		"%ssubnet=; for this end's address a name with a dynamic address at the peer",
		story_our_end(s));
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = NULL, *host = NULL;

	/* what passes is not where the prefix has gone */
	if (!look || strcmp(FIELDS(look, local_look)->flow.str, "answered") == 0)
		return CERTAINTY_NONE;
	while ((e = local_next(s, EV_local_prefix, e))) {
		say(f, e);
		if (strcmp(PREFIX(e)->kind.str, "host") == 0)
			host = e;
	}
	if (!f->n_evidence)
		return CERTAINTY_NONE;
	finding_more(f, ": the IPv6 prefix has changed, and the connection holds the old one");
	fixes(s, f, host);
	return CERTAIN;
}

const struct rule rule_ipv6_prefix_change = {
	.id = "ipv6-prefix-change",
	.title = "the IPv6 prefix has changed",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "the tunnel is up and has no IPv6, or no end of it is this host, after the "
		   "provider "
		   "has renumbered",
	.proof = "left= or leftsubnet= is on no device, and a device has a sibling of it",
	.remedy = "leftsubnet= with the new prefix and ipsec replace, or a ULA for what is behind "
		  "the "
		  "tunnel",
	.judge = judge_it,
};
