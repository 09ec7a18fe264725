/* The responder's first message: who may have state here, and how much (RFC 2408 2.5.3 gives no
 * cookie exchange before it, so limits do: for all, by source, by age). */
#include "ikev1/exchanges.h"
#include "ikev1/phase1.h"
#include "ike/match.h"
#include "ikev1/explain.h"
#include "ipsec/vendor.h"

#include <stdio.h>

/* how long a peer may take to authenticate */
#define HALF_OPEN_TIME (30 * NS_S)

static const char *mode_of(const struct phase1_request *q)
{
	return q->is_aggressive ? "Aggressive Mode" : "Main Mode";
}

static bool has_room(const struct phase1_request *q)
{
	struct v1 *v1 = q->v1;
	unsigned max = v1->ike->setup.max_halfopen;
	struct event_about about = { 0 };

	if ((!max || v1->n_half_open < max) &&
		*v1_half_open_of(v1, &q->d->remote.addr) < LIMIT_V1_HALF_OPEN_PER_SOURCE)
		return true;
	if (v1_may_tell(v1))
		EMIT(&v1->ike->env.events, v1->ike->now, &about, v1_too_many_half_open,
			.remote = ev_ep(q->d->remote), .mode = ev_str(mode_of(q)),
			.limit = ev_u64(v1->n_half_open));
	return false;
}

/* ---- which connection ---- */

static bool is_for_mode(const struct phase1_request *q, const struct conn *c)
{
	return (c->conf->authby & AUTHBY_SECRET) && c->conf->aggressive == q->is_aggressive;
}

static bool accepts(void *ctx, const struct conn *c)
{
	struct phase1_request *q = ctx;

	if (!is_for_mode(q, c))
		return false;
	q->differs = v1_choose_ike(conn_ike_proposals(c), v1_auth_method(c, false), &q->m->sa,
			     &q->chosen, &q->suite) != OK;
	return !q->differs;
}

static void tell_proposal(const struct phase1_request *q, const struct conn *nearest)
{
	struct ike *ike = q->v1->ike;
	struct event_about about = conn_about(nearest, 0);
	const struct proposals *ours = conn_ike_proposals(nearest);
	const char *difference = v1_difference(ours, v1_auth_method(nearest, false), &q->m->sa);
	char offered[2048], allowed[1024], first[128];
	struct proposal_words words;
	struct proposals theirs;

	v1_proposals_values(&q->m->sa, &theirs);
	proposals_in_words(&theirs, ours, difference, &words);

	EMIT(&ike->env.events, ike->now, &about, v1_responding, .mode = ev_str(mode_of(q)),
		.serial = ev_str(""), .name = ev_str(""), .source = ev_str(""),
		.remote = ev_ep(q->d->remote));
	EMIT(&ike->env.events, ike->now, &about, v1_transform_refused,
		.transform = ev_str(v1_transform_format(&q->m->sa, 0, first, sizeof(first))));
	EMIT(&ike->env.events, ike->now, &about, v1_no_proposal, .remote = ev_ep(q->d->remote),
		.offered = ev_str(v1_proposals_format(&q->m->sa, offered, sizeof(offered))),
		.allowed = ev_str(proposals_format(ours, allowed, sizeof(allowed))),
		.difference = ev_str(difference), .theirs_conf = ev_str(words.theirs_conf),
		.ours_conf = ev_str(words.ours_conf), .ours_swanctl = ev_str(words.ours_swanctl),
		.legacy = ev_str(words.legacy),
		.product = ev_str(vendor_product(q->m->vendor, q->m->n_vendor)),
		.theirs_auth = ev_str(q->m->sa.n_t ? v1_auth_name(q->m->sa.t[0].auth) : ""),
		.ours_auth = ev_str(v1_auth_name(v1_auth_method(nearest, false))));
}

static const char *why_none(enum match_why why, const struct conn *nearest)
{
	switch (why) {
	case MATCH_NO_VERSION:
		return "the connection for these addresses is for IKEv2";
	case MATCH_REFUSED:
		if (!nearest || !(nearest->conf->authby & AUTHBY_SECRET))
			return "the connection for these addresses does not use a secret";
		return nearest->conf->aggressive
			       ? "the connection for these addresses has aggressive=yes"
			       : "the connection for these addresses has aggressive=no";
	case MATCH_NO_ID:
		return "the connections for these addresses want another identity";
	case MATCH_NO_ADDRESS:
	case MATCH_OK:
		break;
	}
	return "no connection is loaded for these addresses";
}

static const char *kind_of(enum match_why why, const struct conn *nearest)
{
	switch (why) {
	case MATCH_NO_VERSION:
		return "version";
	case MATCH_REFUSED:
		return nearest && (nearest->conf->authby & AUTHBY_SECRET) ? "mode" : "authby";
	case MATCH_NO_ID:
		return "id";
	case MATCH_NO_ADDRESS:
	case MATCH_OK:
		break;
	}
	return "address";
}

static void tell_no_connection(const struct phase1_request *q, const struct match *m,
	enum match_why why, const struct conn *near)
{
	struct ike *ike = q->v1->ike;
	struct event_about about = { 0 };
	char expected[256], id[ID_STR] = "", wanted[ID_STR] = "";

	if (q->theirs)
		id_format(q->theirs, id, sizeof(id));
	if (near)
		id_format(&near->their_id, wanted, sizeof(wanted));
	EMIT(&ike->env.events, ike->now, &about, v1_no_connection, .remote = ev_ep(q->d->remote),
		.local = ev_ep(q->d->local), .mode = ev_str(mode_of(q)),
		.why = ev_str(why_none(why, near)), .kind = ev_str(kind_of(why, near)),
		.nearest = ev_str(near ? near->conf->name : ""),
		.expected = ev_str(match_expected(ike, m, expected, sizeof(expected))),
		.id = ev_str(id), .wanted = ev_str(wanted));
	if (why == MATCH_NO_ADDRESS)
		conn_look_up_stranger(ike);
}

/* With explain-to= of both ends: what is wrong with the request for the nearest connection. */
static bool explains(const struct phase1_request *q, enum match_why why, const struct conn *nearest,
	struct explain *ret)
{
	const struct proposals *ours;

	if (!nearest || !explain_is_vendor(q->m->vendor, q->m->n_vendor) ||
		!conn_explains_to(nearest, &q->d->remote.addr))
		return false;
	*ret = explain_other_version(1);
	if (why == MATCH_REFUSED && is_for_mode(q, nearest)) {
		ours = conn_ike_proposals(nearest);
		*ret = (struct explain){ .class = EXPLAIN_IKE,
			.field = v1_explain_field(
				v1_difference(ours, v1_auth_method(nearest, false), &q->m->sa)) };
		proposals_conf(ours, ret->theirs, sizeof(ret->theirs));
	} else if (why == MATCH_REFUSED && nearest->conf->authby & AUTHBY_SECRET) {
		*ret = (struct explain){ .class = EXPLAIN_V1_MODE };
		snprintf(ret->theirs, sizeof(ret->theirs), "%s",
			nearest->conf->aggressive ? "aggressive" : "main");
	} else if (why != MATCH_NO_VERSION) {
		return false;
	}
	return ike_may_explain(q->v1->ike);
}

static void refuse(struct phase1_request *q, const struct match *m, enum match_why why,
	const struct conn *nearest)
{
	struct explain x;

	if (v1_may_tell(q->v1)) {
		if (why == MATCH_REFUSED && nearest && is_for_mode(q, nearest))
			tell_proposal(q, nearest);
		else
			tell_no_connection(q, m, why, nearest);
	}
	v1_answer_stranger(q->v1, q->d, &q->m->h, N1_NO_PROPOSAL_CHOSEN,
		explains(q, why, nearest, &x) ? &x : NULL);
}

struct conn *phase1_admit(struct phase1_request *q)
{
	struct match want = {
		.version = VERSION_IKEV1,
		.local = q->d->local,
		.remote = q->d->remote,
		.theirs = q->theirs,
		.accepts = accepts,
		.ctx = q,
	};
	struct conn *nearest, *c;
	enum match_why why;

	if (q->v1->ike->is_stopping || !has_room(q))
		return NULL;
	c = match_conn(q->v1->ike, &want, NULL, &why, &nearest);
	if (!c)
		refuse(q, &want, why, nearest);
	/* the choice is that of the connection looked at last */
	return c && accepts(q, c) ? c : NULL;
}

struct v1_sa *phase1_open(struct phase1_request *q, struct conn *c)
{
	struct v1 *v1 = q->v1;
	struct v1_sa *sa;

	if (conn_is_template(c))
		c = conn_instantiate(c, &q->d->remote);
	sa = v1_sa_new(v1, c, false);
	sa->is_aggressive = q->is_aggressive;
	sa->local = q->d->local;
	sa->remote = q->d->remote;
	memcpy(sa->icookie, q->m->h.icookie, sizeof(sa->icookie));
	sa->chosen = q->chosen;
	sa->suite = q->suite;
	sa->credit = q->d->data.n;
	buf_set(&sa->sa_body, q->m->sa_body);
	sha256(&q->d->data, 1, sa->line.heard);
	sa->line.has_heard = true;
	phase1_take_vendors(sa, q->m);
	sa->peer_reads_unproven = explain_is_vendor(q->m->vendor, q->m->n_vendor);
	sa->opening_key = v1_opening_key(v1, sa->icookie, &sa->remote);
	map_put(&v1->openings, sa->opening_key, sa);
	v1_sa_enters_half_open(sa);
	timer_set(&v1->ike->timers, &sa->line.resend, v1->ike->now.mono + HALF_OPEN_TIME);
	return sa;
}

bool phase1_is_repeat(const struct phase1_request *q)
{
	uint64_t key = v1_opening_key(q->v1, q->m->h.icookie, &q->d->remote);
	struct v1_sa *sa = map_get(&q->v1->openings, key);
	uint8_t hash[32];

	if (!sa || memcmp(sa->icookie, q->m->h.icookie, sizeof(sa->icookie)) != 0)
		return false;
	sha256(&q->d->data, 1, hash);
	/* a forged one with the same cookie does not disturb */
	if (sa->state != V1_DEAD && memcmp(hash, sa->line.heard, sizeof(hash)) == 0) {
		sa->credit += q->d->data.n;
		v1_repeat(sa, &sa->line);
	}
	return true;
}

/* ---- the identity is known ---- */

static bool has_same_choice(void *ctx, const struct conn *c)
{
	const struct v1_sa *sa = ctx;

	if (c == sa->conn || c == sa->conn->template)
		return true;
	return (c->conf->authby & AUTHBY_SECRET) && c->conf->aggressive == sa->is_aggressive &&
	       v1_is_allowed_ike(conn_ike_proposals(c), v1_auth_method(c, false), &sa->chosen);
}

bool phase1_switch_conn(struct v1_sa *sa)
{
	struct match want = {
		.version = VERSION_IKEV1,
		.local = sa->local,
		.remote = sa->remote,
		.theirs = &sa->peer_id,
		.accepts = has_same_choice,
		.ctx = sa,
	};
	const struct conn *current = sa->conn->template ? sa->conn->template : sa->conn;
	char id[ID_STR], wanted[ID_STR], ours[ID_STR];
	enum match_why why;
	struct conn *c = match_conn(sa->ike, &want, current, &why, NULL);

	if (!c) {
		V1_EMIT(sa, v1_id_refused, .id = ev_str(id_format(&sa->peer_id, id, sizeof(id))),
			.wanted = ev_str(id_format(&sa->conn->their_id, wanted, sizeof(wanted))),
			.ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))));
		return false;
	}
	if (c == current)
		return true;
	if (conn_is_template(c))
		c = conn_instantiate(c, &sa->remote);
	V1_EMIT(sa, v1_switched, .to = ev_str(c->conf->name));
	conn_use(c);
	conn_unuse(sa->conn);
	sa->conn = c;
	return true;
}
