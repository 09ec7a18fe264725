#include "diag/nets.h"

#include "diag/local.h"
#include "diag/words.h"

#include <stdio.h>

const char *nets_us(const struct story *s)
{
	return strcmp(FACT(s, our_side), "right") == 0 ? "right" : "left";
}

const char *nets_them(const struct story *s)
{
	return strcmp(FACT(s, our_side), "right") == 0 ? "left" : "right";
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool is_many(const char *list)
{
	return strchr(list, ',') != NULL;
}

static void pair(char to[static NETS_STR], const char *ours, const char *theirs)
{
	snprintf(to, NETS_STR, "%s%s%s", ours, ours[0] || theirs[0] ? " - " : "", theirs);
}

/* ---- what was refused ---- */

static void asked_v2(const struct event *e, struct nets *ret)
{
	const union ev_v2_ts_refused *t = FIELDS(e, v2_ts_refused);
	bool is_theirs = t->range_is_theirs.u64;

	*ret = (struct nets){ .e = e,
		.ours = t->subnets_r.str,
		.theirs = t->subnets_i.str,
		.ts_ours = t->tsr.str,
		.ts_theirs = t->tsi.str,
		.rel_ours = t->relation_r.str,
		.rel_theirs = t->relation_i.str,
		.range = is(is_theirs ? t->relation_i.str : t->relation_r.str, "same")
				 ? ""
				 : t->range.str,
		.range_is_theirs = is_theirs,
		.range_is_all = is(is_theirs ? t->tsi.str : t->tsr.str, t->range.str),
		.product = t->product.str,
		.is_narrowing = is(t->narrowing.str, "yes") };
	pair(ret->peers, t->tsr.str, t->tsi.str);
	pair(ret->here, t->allowed_r.str, t->allowed_i.str);
	ret->allowed_ours = t->allowed_r.str;
	ret->allowed_theirs = t->allowed_i.str;
}

static bool answered_v2(const struct event *e, struct nets *ret)
{
	const union ev_v2_child_unacceptable *t = FIELDS(e, v2_child_unacceptable);

	if ((!t->tsi.str[0] && !t->relation_i.str[0]) ||
		(is(t->relation_i.str, "same") && is(t->relation_r.str, "same")))
		return false; /* something else is wrong with it */
	*ret = (struct nets){ .e = e,
		.is_answer = true,
		.ours = t->subnets_i.str,
		.theirs = t->subnets_r.str,
		.ts_ours = t->tsi.str,
		.ts_theirs = t->tsr.str,
		.rel_ours = t->relation_i.str,
		.rel_theirs = t->relation_r.str,
		.range = "",
		.product = t->product.str,
		.asked_many = is_many(t->ts_local.str) || is_many(t->ts_remote.str) };
	pair(ret->peers, t->tsi.str, t->tsr.str);
	pair(ret->here, t->ts_local.str, t->ts_remote.str);
	ret->allowed_ours = t->ts_local.str;
	ret->allowed_theirs = t->ts_remote.str;
	return true;
}

static bool asked_v1(const struct event *e, struct nets *ret)
{
	const union ev_v1_quick_no_connection *q = FIELDS(e, v1_quick_no_connection);
	bool is_theirs = q->range_is_theirs.u64;

	if (!is(q->mode.str, q->our_mode.str))
		return false;
	*ret = (struct nets){ .e = e,
		.is_v1 = true,
		.ours = q->subnet_ours.str,
		.theirs = q->subnet_theirs.str,
		.ts_ours = "",
		.ts_theirs = "",
		.rel_ours = q->relation_ours.str,
		.rel_theirs = q->relation_theirs.str,
		.range = is(is_theirs ? q->relation_theirs.str : q->relation_ours.str, "same")
				 ? ""
				 : q->range.str,
		.range_is_theirs = is_theirs,
		.range_is_all = true,
		.product = "" };
	snprintf(ret->peers, NETS_STR, "%s", q->wanted.str);
	snprintf(ret->here, NETS_STR, "%s", q->allowed.str);
	ret->allowed_ours = q->allowed_ours.str;
	ret->allowed_theirs = q->allowed_theirs.str;
	return true;
}

bool nets_of(const struct story *s, struct nets *ret)
{
	static const enum event_id ids[] = { EV_v2_ts_refused, EV_v2_child_unacceptable,
		EV_v1_quick_no_connection, EV_NONE };
	const struct event *e = story_last_of(s, ids);

	if (!e)
		return false;
	switch ((int)e->id) {
	case EV_v2_ts_refused:
		asked_v2(e, ret);
		return true;
	case EV_v2_child_unacceptable:
		return answered_v2(e, ret);
	}
	return asked_v1(e, ret);
}

/* ---- which class ---- */

static bool is_any(const char *nets)
{
	return is(nets, "0.0.0.0/0") || is(nets, "::/0");
}

/* That, or the same; not the same on both sides. */
static bool are(const struct nets *n, const char *relation)
{
	bool same_ours = is(n->rel_ours, "same"), same_theirs = is(n->rel_theirs, "same");

	return (same_ours || is(n->rel_ours, relation)) &&
	       (same_theirs || is(n->rel_theirs, relation)) && !(same_ours && same_theirs);
}

const struct rule *nets_class(const struct nets *n)
{
	bool is_wider = are(n, "wider");

	if (n->range[0])
		return &rule_non_cidr_selector;
	if (is_wider && is_any(n->ours) && is_any(n->theirs))
		return &rule_azure_wide_selectors;
	if (is_wider)
		return &rule_peer_widens_selector;
	if (n->is_answer && n->asked_many && are(n, "narrower") && n->ours[0] && n->theirs[0] &&
		!is_many(n->ours) && !is_many(n->theirs))
		return is(n->product, "Juniper") ? &rule_juniper_srx_rekey_or_proxy_id
						 : &rule_one_subnet_per_child;
	return n->is_v1 ? &rule_ts_mismatch_v1 : &rule_ts_mismatch_v2;
}

/* ---- lines ---- */

/* No address of this host is in our networks, and all of the other end's is one of its links. */
bool nets_are_swapped(const struct story *s)
{
	const struct event *look = local_look_of(s), *e = local_next(s, EV_local_overlap, NULL);

	return look && e && !FIELDS(look, local_look)->inner.str[0] &&
	       strncmp(FIELDS(e, local_overlap)->where.str, "connected", 9) == 0 &&
	       is(FIELDS(e, local_overlap)->how.str, "equal") &&
	       is(FIELDS(e, local_overlap)->net.str, FIELDS(look, local_look)->their_nets.str);
}

/* leftsubnet= and rightsubnet= have one another's value. */
static void swap(const struct story *s, struct finding *f)
{
	const struct event *e = local_next(s, EV_local_overlap, NULL);

	finding_proof(f, e);
	finding_more(f, "; leftsubnet= and rightsubnet= look swapped here: %s is on this host (%s)",
		FIELDS(e, local_overlap)->net.str, FIELDS(e, local_overlap)->where.str);
	finding_conn(f, FIX_HERE, nets_us(s), "subnet", "%s", FACT(s, their_nets));
	finding_conn(f, FIX_HERE, nets_them(s), "subnet", "%s", FACT(s, our_nets));
}

void nets_not_taken(const struct story *s, struct finding *f, const char *ours, const char *theirs)
{
	finding_cause(f, "the peer does not take our networks");
	if (ours[0] && theirs[0])
		finding_more(f, " (%s here, %s there)", ours, theirs);
	finding_more(f, ": its own are others");
	if (nets_are_swapped(s) && FACT(s, their_nets)[0])
		swap(s, f);
}

/* Narrowing cuts it to what both have; the fault is on the other side. */
static bool is_cut(const struct nets *n, bool is_theirs)
{
	const char *this = is_theirs ? n->rel_theirs : n->rel_ours;
	const char *other = is_theirs ? n->rel_ours : n->rel_theirs;

	return n->is_narrowing && this[0] && !is(this, "apart") && is(other, "apart");
}

/* One selector: "10.0.1.0/24", and "", "tcp" or "tcp/22" behind that. */
struct selector {
	char net[RANGE_STR];
	const char *protocol;
};

/* False: it is several, none, or has no word in ipsec.conf. */
static bool one_selector(const char *t, struct selector *ret)
{
	const char *slash = strchr(t, '/'), *more = slash ? strchr(slash + 1, '/') : NULL;

	if (!slash || is_many(t) || strchr(t, '-') || strstr(t, "opaque"))
		return false;
	snprintf(ret->net, sizeof(ret->net), "%.*s", more ? (int)(more - t) : (int)strlen(t), t);
	ret->protocol = more ? more + 1 : "";
	return true;
}

/* "tcp" of one is all its ports. */
static const char *any_port(const struct selector *x)
{
	return x->protocol[0] && !strchr(x->protocol, '/') ? "/%any" : "";
}

static void protoport(
	struct finding *f, enum fix_where where, const char *name, const struct selector *x)
{
	finding_conn(f, where, name, "subnet", "%s", x->net);
	finding_conn(f, where, name, "protoport", "%s%s", x->protocol[0] ? x->protocol : "%any",
		any_port(x));
}

/* Protocols or ports are in it, here or there: they stand in a line of their own. */
static bool side_protoport(
	struct finding *f, const struct nets *n, bool is_theirs, const char *name)
{
	struct selector peers, here;

	if (!one_selector(is_theirs ? n->ts_theirs : n->ts_ours, &peers) ||
		!one_selector(is_theirs ? n->allowed_theirs : n->allowed_ours, &here) ||
		is(peers.protocol, here.protocol))
		return false;
	protoport(f, FIX_HERE, name, &peers);
	return true;
}

/* A range is written as it is: where nothing is narrowed it has to be the same. */
static void side(struct finding *f, const struct nets *n, bool is_theirs, const char *name)
{
	const char *nets = is_theirs ? n->theirs : n->ours;

	if (is(is_theirs ? n->rel_theirs : n->rel_ours, "same") || is_cut(n, is_theirs))
		return;
	if (side_protoport(f, n, is_theirs, name))
		return;
	if (n->range[0] && n->range_is_theirs == is_theirs)
		nets = n->range_is_all ? n->range : "";
	if (nets[0])
		finding_conn(f, FIX_HERE, name, "subnet", "%s", nets);
}

void nets_fix_here(const struct story *s, struct finding *f, const struct nets *n)
{
	side(f, n, false, nets_us(s));
	side(f, n, true, nets_them(s));
}

/* No protocols and ports, which each daemon writes otherwise, and no ranges. */
static bool is_plain(const char *list)
{
	unsigned slashes = 0;

	if (strchr(list, '-'))
		return false;
	for (; *list; list++) {
		slashes = *list == ',' ? 0 : slashes + (*list == '/');
		if (slashes > 1)
			return false;
	}
	return true;
}

static void peers_lines(const struct story *s, struct finding *f, const char *list, bool is_theirs)
{
	finding_conn(
		f, FIX_PEER_LIBRESWAN, is_theirs ? nets_them(s) : nets_us(s), "subnet", "%s", list);
	finding_conn(f, FIX_PEER_STRONGSWAN, is_theirs ? "local" : "remote", "subnet", "%s", list);
}

void nets_fix_end(struct finding *f, const char *end, const char *list, const char *was)
{
	struct selector x, y;
	bool has_protocol = one_selector(was, &y) && y.protocol[0];

	if (one_selector(list, &x) && (x.protocol[0] || has_protocol))
		protoport(f, FIX_HERE, end, &x);
	else
		finding_conn(f, FIX_HERE, end, "subnet", "%s", list);
}

static void peers_protoport(
	const struct story *s, struct finding *f, const struct selector *x, bool is_theirs)
{
	const char *end = is_theirs ? "local" : "remote";

	protoport(f, FIX_PEER_LIBRESWAN, is_theirs ? nets_them(s) : nets_us(s), x);
	if (x->protocol[0])
		finding_conn(f, FIX_PEER_STRONGSWAN, end, "subnet", "%s[%s]", x->net, x->protocol);
	else
		finding_conn(f, FIX_PEER_STRONGSWAN, end, "subnet", "%s", x->net);
}

static void peers_protoports(
	const struct story *s, struct finding *f, const char *ours, const char *theirs)
{
	struct selector a, b;

	if (!one_selector(ours, &a) || !one_selector(theirs, &b))
		return;
	peers_protoport(s, f, &a, false);
	peers_protoport(s, f, &b, true);
}

void nets_fix_peer(const struct story *s, struct finding *f, const char *ours, const char *theirs)
{
	if (!ours[0] || !theirs[0])
		return;
	if (!is_plain(ours) || !is_plain(theirs)) {
		peers_protoports(s, f, ours, theirs);
		return;
	}
	peers_lines(s, f, ours, false);
	peers_lines(s, f, theirs, true);
	cisco_nets(f, theirs, ours);
}

void nets_fix_asker(const struct story *s, struct finding *f, const struct nets *n)
{
	bool cut_ours = is_cut(n, false), cut_theirs = is_cut(n, true);
	const char *list = cut_ours ? n->allowed_theirs : n->allowed_ours;

	if (!cut_ours && !cut_theirs)
		nets_fix_peer(s, f, n->allowed_ours, n->allowed_theirs);
	else if (list[0] && is_plain(list))
		peers_lines(s, f, list, cut_ours);
}

/* ---- one pair of several ---- */

enum certainty nets_one_pair(const struct story *s, struct finding *f, const char **product)
{
	const struct event *e = story_last(s, EV_v2_child_established);
	const union ev_v2_child_established *up = e ? FIELDS(e, v2_child_established) : NULL;
	const char *ours, *theirs, *peers;
	char got[NETS_STR];
	struct nets n;

	if (up && (is_many(up->asked_local.str) || is_many(up->asked_remote.str))) {
		if (is_many(up->got_local.str) || is_many(up->got_remote.str))
			return CERTAINTY_NONE;
		ours = up->asked_local.str;
		theirs = up->asked_remote.str;
		*product = up->product.str;
		pair(got, up->got_local.str, up->got_remote.str);
		peers = got;
	} else if (nets_of(s, &n) &&
		   (nets_class(&n) == &rule_one_subnet_per_child ||
			   nets_class(&n) == &rule_juniper_srx_rekey_or_proxy_id)) {
		e = n.e;
		ours = FIELDS(e, v2_child_unacceptable)->ts_local.str;
		theirs = FIELDS(e, v2_child_unacceptable)->ts_remote.str;
		*product = n.product;
		peers = n.peers;
	} else {
		return CERTAINTY_NONE;
	}
	finding_proof(f, e);
	finding_cause(f,
		"we ask for %s - %s in one tunnel, and the peer takes one pair only, %s: "
		"nothing else reaches it",
		ours, theirs, peers);
	if (is_many(ours))
		finding_conn(f, FIX_HERE, nets_us(s), "subnets", "%s", ours);
	if (is_many(theirs))
		finding_conn(f, FIX_HERE, nets_them(s), "subnets", "%s", theirs);
	return CERTAIN;
}
