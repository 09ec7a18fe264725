/* Lifetimes (RFC 2409 5.5, RFC 2407 4.5): the smaller one of ours and what was agreed. Rekeying
 * begins rekeymargin= before the end, earlier by a random part of rekeyfuzz= percent of it; who
 * asked for the SA begins, the other end waits a little longer. */
#include "ike/lifetime.h"
#include "ikev1/exchanges.h"

static ns_t life_of(ns_t configured, uint32_t agreed_s)
{
	ns_t life = configured > 0 ? configured : LIFETIME_DEFAULT;

	if (agreed_s == 0)
		return life;
	return MIN(life, (ns_t)MAX(agreed_s, LIMIT_V1_LIFE_S) * NS_S);
}

void v1_lifetime_ike(struct v1_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;
	struct timers *h = &sa->ike->timers;
	ns_t life = life_of(conf->ikelifetime, sa->chosen.life_s), now = sa->ike->now.mono;
	ns_t rekey = lifetime_rekey_after(conf, &sa->ike->env.rng, life, sa->is_initiator);

	if (rekey)
		timer_set(h, &sa->rekey_at, now + rekey);
	timer_set(h, &sa->expire, now + life);
}

void v1_lifetime_child(struct v1_child *c)
{
	const struct conf_conn *conf = c->c.conn->conf;
	struct ike *ike = c->v1->ike;
	ns_t life = life_of(conf->salifetime, c->chosen.life_s), now = ike->now.mono;
	ns_t rekey = lifetime_rekey_after(conf, &ike->env.rng, life, c->is_requester);

	if (rekey)
		timer_set(&ike->timers, &c->rekey, now + rekey);
	timer_set(&ike->timers, &c->expire, now + life);
}

/* One that nobody uses any more, or that a template's peer began, is not made anew by us. */
static bool is_worth_rekeying(const struct v1_sa *sa)
{
	return v1_sa_is_established(sa) && sa->conn->remote.addr.family &&
	       (sa->n_children || sa->conn->must_be_up);
}

void v1_fire_rekey(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, rekey_at);
	struct v1 *v1 = sa->v1;

	(void)ike;
	if (is_worth_rekeying(sa) && !v1_sa_opening_for_conn(v1, sa->conn))
		v1_phase1_start(v1, sa->conn, sa->serial);
	v1_leave(v1);
}

void v1_fire_expire(struct ike *ike, struct timer *t)
{
	struct v1_sa *sa = container_of(t, struct v1_sa, expire);
	struct v1 *v1 = sa->v1;

	(void)ike;
	V1_EMIT(sa, v1_expired, .what = ev_str("ISAKMP SA"), .why = ev_str("lifetime"),
		.rekey = ev_str(sa->conn->conf->rekey ? "yes" : "no"), .limit = ev_str(""));
	v1_sa_expired(sa);
	v1_leave(v1);
}

void v1_fire_child_rekey(struct ike *ike, struct timer *t)
{
	struct v1_child *c = container_of(t, struct v1_child, rekey);
	struct v1 *v1 = c->v1;

	(void)ike;
	v1_child_rekey(c);
	v1_leave(v1);
}

void v1_child_expired(struct v1_child *c, const char *why, const char *limit)
{
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	if (c->state != V1_QUICK_REPLACED)
		V1_CHILD_EMIT(c, v1_expired, .what = ev_str("IPsec SA"), .why = ev_str(why),
			.rekey = ev_str(conn->conf->rekey ? "yes" : "no"), .limit = ev_str(limit));
	conn_use(conn);
	v1_child_terminate(c);
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
}

void v1_fire_child_expire(struct ike *ike, struct timer *t)
{
	struct v1_child *c = container_of(t, struct v1_child, expire);
	struct v1 *v1 = c->v1;

	(void)ike;
	v1_child_expired(c, "lifetime", "");
	v1_leave(v1);
}
