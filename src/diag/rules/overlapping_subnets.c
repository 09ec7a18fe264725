/* Networks that both ends have. What is told apart is where this host has the other end's: it is
 * the connection's own (both ends are alike), a part of the wire with this end's hosts, or another
 * device's. */
#include "diag/local.h"
#include "diag/nets.h"

#include <stdio.h>

#define OVERLAP(e) FIELDS(e, local_overlap)
#define LOOK(e)	   FIELDS(e, local_look)

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Without any it is this host alone. */
static const char *our_nets(const struct event *look)
{
	return LOOK(look)->our_nets.str[0] ? LOOK(look)->our_nets.str : LOOK(look)->ours.str;
}

/* ---- the fix: translation ---- */

/* The networks of the look, with one of them replaced. Gives t; "": it does not stand there as it
 * is. */
static const char *with(
	const char *nets, const char *old, const char *instead, char t[static NETS_STR])
{
	char one[RANGE_STR];
	bool is_found = false;
	size_t n = 0;

	t[0] = '\0';
	for (; *nets && n < NETS_STR; nets += strspn(nets, ", ")) {
		const char *net = is(local_first(nets, one), old) ? instead : one;

		is_found |= net == instead;
		n += (size_t)snprintf(t + n, NETS_STR - n, "%s%s", n ? "," : "", net);
		nets += strcspn(nets, ", ");
	}
	return is_found ? t : "";
}

/* An end's own network is seen under its stand-in by the other one, which is that of whom. nft's
 * chains come before all others that translate; where iptables has the say, ours is the first rule.
 */
static void translate(struct finding *f, enum fix_where where, const char *tool, const char *own,
	const char *stand_in, const char *whom)
{
	bool is_v6 = strchr(own, ':') != NULL;
	const char *ip = is_v6 ? "ip6" : "ip";

	if (is(tool, "nft")) {
		finding_fix(f, where, FIX_COMMAND,
			"nft 'table %s stand_in { chain out { type nat hook postrouting priority "
			"95; %s "
			"saddr %s %s daddr %s snat %s prefix to %s saddr map { %s : %s }; }; }'",
			ip, ip, own, ip, whom, ip, ip, own, stand_in);
		finding_fix(f, where, FIX_COMMAND,
			"nft 'table %s stand_in { chain in { type nat hook prerouting priority "
			"-105; %s "
			"saddr %s %s daddr %s dnat %s prefix to %s daddr map { %s : %s }; }; }'",
			ip, ip, whom, ip, stand_in, ip, ip, stand_in, own);
		return;
	}
	finding_fix(f, where, FIX_COMMAND,
		"%s -t nat -I POSTROUTING -s %s -d %s -j NETMAP --to %s && %s -t nat -I PREROUTING "
		"-s %s "
		"-d %s -j NETMAP --to %s",
		is_v6 ? "ip6tables" : "iptables", own, whom, stand_in,
		is_v6 ? "ip6tables" : "iptables", whom, stand_in, own);
}

/* With ESP in user space packets are translated behind the route into the tunnel, and that is one
 * for sources which the tunnel takes. Harmless where the kernel does it: that table does not have
 * the network. */
static void lead(struct finding *f, enum fix_where where, const char *own, const char *whom)
{
	finding_fix(f, where, FIX_COMMAND, "ip %srule add from %s to %s lookup 220",
		strchr(own, ':') ? "-6 " : "", own, whom);
}

/* Both ends are alike: each is seen by the other under a network that stands in for it. */
static void translate_both(
	const struct story *s, struct finding *f, const struct event *look, const struct event *e)
{
	const char *net = OVERLAP(e)->net.str, *ours = OVERLAP(e)->our_stand_in.str,
		   *theirs = OVERLAP(e)->their_stand_in.str;
	char a[NETS_STR], b[NETS_STR];
	const char *left = with(LOOK(look)->our_nets.str, OVERLAP(e)->other.str, ours, a);
	const char *right = with(LOOK(look)->their_nets.str, net, theirs, b);

	finding_fix(f, FIX_HERE, FIX_WORDS, "renumber the network of one of the two ends");
	if (!ours[0] || !theirs[0] || !left[0] || !right[0])
		return;
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or let each end see the other under a network that stands in for it: this end's "
		"hosts "
		"in %s, the other's in %s (others, if the other end has one of them), with all "
		"that "
		"follows, at both ends",
		ours, theirs);
	translate(f, FIX_HERE, OVERLAP(e)->tool.str, net, ours, theirs);
	if (LOOK(look)->device.str[0])
		lead(f, FIX_HERE, net, theirs);
	finding_conn(f, FIX_HERE, nets_us(s), "subnet", "%s", left);
	finding_conn(f, FIX_HERE, nets_them(s), "subnet", "%s", right);
	translate(f, FIX_PEER, "iptables", net, theirs, ours);
	lead(f, FIX_PEER_LIBRESWAN, net, ours);
	nets_fix_peer(s, f, left, right);
}

/* The other end alone can be seen under another network: what is here is not in the tunnel. */
static void translate_theirs(
	const struct story *s, struct finding *f, const struct event *look, const struct event *e)
{
	const char *net = OVERLAP(e)->net.str, *theirs = OVERLAP(e)->their_stand_in.str;
	const char *ours = our_nets(look);
	char b[NETS_STR];
	const char *right = with(LOOK(look)->their_nets.str, net, theirs, b);

	if (strncmp(OVERLAP(e)->device.str, "docker", 6) == 0)
		finding_fix(f, FIX_HERE, FIX_WORDS,
			"give %s another network: \"bip\" in /etc/docker/daemon.json",
			OVERLAP(e)->device.str);
	else
		finding_fix(f, FIX_HERE, FIX_WORDS, "renumber the network of %s",
			OVERLAP(e)->device.str);
	/* one pair of networks: more of ours want as many rules there */
	if (!theirs[0] || !right[0] || strchr(ours, ','))
		return;
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"or let the other end be seen under %s, which stands in for its network (another "
		"one, "
		"if it has that), with all that follows, at both ends",
		theirs);
	finding_conn(f, FIX_HERE, nets_them(s), "subnet", "%s", right);
	translate(f, FIX_PEER, "iptables", net, theirs, ours);
	lead(f, FIX_PEER_LIBRESWAN, net, ours);
	nets_fix_peer(s, f, ours, right);
}

/* ---- what it is ---- */

/* Packets of this host, or of its networks, that are lost to it, since the tunnel takes them. */
static const char *taken_from(const struct story *s, const struct event *e)
{
	const struct event *lan = NULL;

	while ((lan = local_next(s, EV_local_lan, lan)))
		if (is(FIELDS(lan, local_lan)->net.str, OVERLAP(e)->other.str) &&
			!is(FIELDS(lan, local_lan)->goes_to.str,
				FIELDS(lan, local_lan)->device.str))
			return FIELDS(lan, local_lan)->goes_to.str;
	return "";
}

static enum certainty both_ends(
	const struct story *s, struct finding *f, const struct event *look, const struct event *e)
{
	const char *taken = taken_from(s, e);

	finding_cause(f,
		"both ends of the connection have the network %s: hosts here look for the other "
		"end's "
		"on their own wire, and the other way round",
		OVERLAP(e)->net.str);
	if (taken[0])
		finding_more(f, "; what comes from %s to it goes to %s, and not to the hosts here",
			OVERLAP(e)->net.str, taken);
	translate_both(s, f, look, e);
	return is(LOOK(look)->flow.str, "answered") ? POSSIBLE : CERTAIN;
}

/* Hosts with this wide a network on their wire ask there for the other end's. This host itself does
 * well, and so a test from here says nothing of it. */
static enum certainty same_wire(struct finding *f, const struct event *e)
{
	finding_cause(f,
		"the other end's network %s is %s %s, to which %s is connected, as are hosts of "
		"this "
		"end: those that have this network as their own look for the other end's on their "
		"wire "
		"and find nobody",
		OVERLAP(e)->net.str, is(OVERLAP(e)->how.str, "equal") ? "the same as" : "a part of",
		OVERLAP(e)->other.str, OVERLAP(e)->device.str);
	if (!strchr(OVERLAP(e)->net.str, ':'))
		finding_fix(f, FIX_HERE, FIX_COMMAND, "sysctl -w net.ipv4.conf.%s.proxy_arp=1",
			OVERLAP(e)->device.str);
	finding_fix(f, FIX_HERE, FIX_WORDS,
		"renumber one of the two networks, if hosts here have addresses of %s, or give "
		"the hosts here a longer netmask",
		OVERLAP(e)->net.str);
	return POSSIBLE;
}

/* Is what this host itself sends all that the connection is for, or asked about? */
static bool is_missed(const struct event *look)
{
	return is(LOOK(look)->own_flow.str, "clear") || is(LOOK(look)->own_flow.str, "unanswered");
}

static enum certainty other_device(
	const struct story *s, struct finding *f, const struct event *look, const struct event *e)
{
	const char *device = OVERLAP(e)->device.str;
	bool is_own = is(OVERLAP(e)->own_goes.str, device);

	if (is_own && is_missed(look)) {
		finding_cause(f,
			"this host looks for %s on %s, which is connected to %s: what it sends "
			"itself "
			"does not go into the tunnel",
			OVERLAP(e)->net.str, device, OVERLAP(e)->other.str);
		translate_theirs(s, f, look, e);
		return CERTAIN;
	}
	if (OVERLAP(e)->is_empty.u64)
		return CERTAINTY_NONE;
	finding_cause(f,
		"%s of this host is connected to %s, and the other end's network %s is %s: of two "
		"hosts "
		"with one address only one can be reached, by %s the other end's",
		device, OVERLAP(e)->other.str, OVERLAP(e)->net.str,
		is(OVERLAP(e)->how.str, "equal") ? "the same" : "a part of it", our_nets(look));
	if (is_own)
		finding_more(f, ", by this host itself that on %s", device);
	translate_theirs(s, f, look, e);
	return POSSIBLE;
}

static enum certainty judge_it(const struct story *s, struct finding *f)
{
	const struct event *look = local_look_of(s), *e = local_next(s, EV_local_overlap, NULL);
	enum certainty c;

	if (!e || (!story_is_up(s) && nets_are_swapped(s)))
		return CERTAINTY_NONE;
	finding_proof(f, e);
	if (!OVERLAP(e)->device.str[0])
		c = both_ends(s, f, look, e);
	else if (OVERLAP(e)->is_wire.u64)
		c = same_wire(f, e);
	else
		c = other_device(s, f, look, e);
	/* it keeps no tunnel from coming up */
	return story_is_up(s) ? c : MIN(c, POSSIBLE);
}

const struct rule rule_overlapping_subnets = {
	.id = "overlapping-subnets",
	.title = "the same network at both ends",
	.layer = "routing",
	.most = CERTAIN,
	.symptom = "connected, and some hosts cannot be reached, depending on where one is",
	.proof = "the networks of the connection and of this host's devices, compared",
	.remedy = "renumber one of the networks, or translate: the other end's where a device here "
		  "has "
		  "it, too; both where the two ends have the same",
	.judge = judge_it,
};
