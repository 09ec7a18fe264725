#include "diag/local.h"

#include <stdio.h>

#define LAN(e) FIELDS(e, local_lan)

/* The other end has the very network, or a part of it: not a tunnel that takes too much. */
static bool is_theirs(const struct story *s, const struct event *lan)
{
	const struct event *e = NULL;

	while ((e = local_next(s, EV_local_overlap, e)))
		if (strcmp(FIELDS(e, local_overlap)->other.str, LAN(lan)->net.str) == 0)
			return true;
	return false;
}

/* The next network on a wire of this host that goes elsewhere, and into the tunnel; after NULL: the
 * first. */
static const struct event *swallowed(
	const struct story *s, const struct event *look, const struct event *e)
{
	while ((e = local_next(s, EV_local_lan, e)))
		if ((strcmp(LAN(e)->goes_to.str, LAN(e)->device.str) != 0 ||
			    LAN(e)->gateway.str[0]) &&
			!is_theirs(s, e) &&
			local_is_inside(LAN(e)->net.str, FIELDS(look, local_look)->their_nets.str))
			return e;
	return NULL;
}

/* Whose packets are kept out of the tunnel: those of our networks, where hosts are behind this one;
 * else this host's own. */
static const char *from_where(const char *nets, const char *lan, char ret[static RANGE_STR])
{
	struct range r, to;

	if (range_parse(lan, &to))
		return lan;
	for (; *nets; nets += strspn(nets, ", ")) {
		local_first(nets, ret);
		if (range_parse(ret, &r) == OK && range_count(&r) > 1 &&
			r.first.family == to.first.family)
			return ret;
		nets += strcspn(nets, ", ");
	}
	return lan;
}

/* lan-eth1; a device that has several networks has more of them. */
static void name_of(const struct finding *f, const struct event *e, char *t, size_t n)
{
	unsigned same = 1;

	for (unsigned i = 0; i < f->n_evidence; i++)
		same += strcmp(LAN(f->evidence[i])->device.str, LAN(e)->device.str) == 0;
	if (same == 1)
		snprintf(t, n, "lan-%s", LAN(e)->device.str);
	else
		snprintf(t, n, "lan-%s-%u", LAN(e)->device.str, same);
}

static void keep_out(
	const struct story *s, struct finding *f, const struct event *look, const struct event *e)
{
	const char *file = FACT(s, file)[0] ? FACT(s, file) : "/etc/ipsec.conf", *from;
	char t[RANGE_STR], name[64];

	from = from_where(FIELDS(look, local_look)->our_nets.str, LAN(e)->net.str, t);
	name_of(f, e, name, sizeof(name));
	finding_proof(f, e);
	finding_fix(f, FIX_HERE, FIX_COMMAND,
		"printf '\\nconn "
		"%s\\n\\ttype=passthrough\\n\\tleft=127.0.0.1\\n\\tleftsubnet=%s\\n"
		"\\tright=0.0.0.0\\n\\trightsubnet=%s\\n\\tauthby=never\\n\\tauto=ondemand\\n' "
		">>%s && ipsec add %s && ipsec route %s",
		name, from, LAN(e)->net.str, file, name, name);
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = look ? swallowed(s, look, NULL) : NULL;

	if (!e || !story_is_up(s))
		return CERTAINTY_NONE;
	finding_cause(f,
		"the tunnel takes the network %s that is connected to %s, too: it goes to %s "
		"because the other end's networks are %s",
		LAN(e)->net.str, LAN(e)->device.str, LAN(e)->goes_to.str,
		FIELDS(look, local_look)->their_nets.str);
	keep_out(s, f, look, e);
	while ((e = swallowed(s, look, e)) && f->n_evidence < EVIDENCE_MAX) {
		finding_more(f, "; likewise %s of %s", LAN(e)->net.str, LAN(e)->device.str);
		keep_out(s, f, look, e);
	}
	return CERTAIN;
}

const struct rule rule_lan_swallowed_by_full_tunnel = {
	.id = "lan-swallowed-by-full-tunnel",
	.title = "the tunnel takes the local network, too",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "local printers and ssh to the gateway are lost when the tunnel comes up",
	.proof = "a look-up of the networks that this host is connected to",
	.remedy = "a conn with type=passthrough for the local network",
	.judge = judge_it,
};
