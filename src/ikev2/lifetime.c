/* Lifetimes (RFC 7296 2.8): each end has its own. Rekeying begins rekeymargin= before the end,
 * earlier by a random part of rekeyfuzz= percent of it, so that two ends seldom begin together. */
#include "ike/lifetime.h"
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"

static ns_t life_of(ns_t configured)
{
	return configured > 0 ? configured : LIFETIME_DEFAULT;
}

void v2_lifetime_ike(struct v2_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;
	struct timers *h = &sa->ike->timers;
	ns_t life = life_of(conf->ikelifetime), now = sa->ike->now.mono;
	ns_t rekey = lifetime_rekey_after(conf, &sa->ike->env.rng, life, sa->is_initiator);

	if (rekey)
		timer_set(h, &sa->rekey_at, now + rekey);
	timer_set(h, &sa->expire, now + life);
}

void v2_lifetime_child(struct v2_child *c)
{
	const struct conf_conn *conf = c->c.conn->conf;
	struct timers *h = &c->sa->ike->timers;
	ns_t life = life_of(conf->salifetime), now = c->sa->ike->now.mono;
	ns_t rekey = lifetime_rekey_after(conf, &c->sa->ike->env.rng, life, c->is_requester);

	if (rekey)
		timer_set(h, &c->rekey, now + rekey);
	timer_set(h, &c->expire, now + life);
}

void v2_fire_rekey(struct ike *ike, struct timer *t)
{
	struct v2_sa *sa = container_of(t, struct v2_sa, rekey_at);
	struct v2 *v2 = sa->v2;

	(void)ike;
	if (!v2_sa_is_established(sa))
		return;
	if (!sa->conn->conf->reauth)
		v2_rekey_ike_start(sa);
	else if (!v2_sa_opening_for_conn(v2, sa->conn))
		ike_sa_init_start(v2, sa->conn, sa->serial);
	v2_leave(v2);
}

void v2_fire_expire(struct ike *ike, struct timer *t)
{
	struct v2_sa *sa = container_of(t, struct v2_sa, expire);
	struct v2 *v2 = sa->v2;
	struct conn *c = sa->conn;

	(void)ike;
	conn_use(c);
	if (sa->is_redundant) {
		v2_sa_kill(sa, EXIT_IKE_OK);
	} else if (sa->state == V2_INIT_SENT) {
		ike_sa_init_end_wait(sa);
	} else if (sa->state == V2_ESTABLISHED) {
		V2_EMIT(sa, v2_ike_expired,
			.lifetime = ev_u64((uint64_t)(life_of(c->conf->ikelifetime) / NS_S)),
			.rekey = ev_str(c->conf->rekey ? "yes" : "no"));
		v2_sa_terminate(sa);
		v2_conn_lost(v2, c);
	} else if (sa->state == V2_REKEYED) {
		v2_sa_terminate(sa);
	}
	v2_leave(v2);
	conn_unuse(c);
}

void v2_fire_child_rekey(struct ike *ike, struct timer *t)
{
	struct v2_child *c = container_of(t, struct v2_child, rekey);
	struct v2 *v2 = c->sa->v2;

	(void)ike;
	v2_rekey_child_start(c);
	v2_leave(v2);
}

void v2_child_expired(struct v2_child *c, const char *why, const char *limit)
{
	struct conn *conn = c->c.conn;
	struct v2 *v2 = c->sa->v2;

	V2_CHILD_EMIT(c, v2_child_expired, .why = ev_str(why),
		.rekey = ev_str(conn->conf->rekey ? "yes" : "no"), .limit = ev_str(limit));
	conn_use(conn);
	child_farewell(v2->ike, &c->c);
	v2_child_terminate(c);
	v2_conn_lost(v2, conn);
	conn_unuse(conn);
}

void v2_fire_child_expire(struct ike *ike, struct timer *t)
{
	struct v2_child *c = container_of(t, struct v2_child, expire);
	struct v2 *v2 = c->sa->v2;

	(void)ike;
	v2_child_expired(c, "lifetime", "");
	v2_leave(v2);
}
