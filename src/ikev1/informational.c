/* Informational exchanges of the peer (RFC 2408 4.8, RFC 2409 5.7): Deletes and notifications, on
 * its word only: HASH(1) is right. */
#include "ikev1/exchanges.h"
#include "ikev1/explain.h"
#include "ikev1/quick_mode.h"
#include "ikev1/transaction.h"

/* Which ISAKMP SA do 16 octets of an SPI name? */
static bool are_cookies(const struct v1_sa *sa, struct bytes spi)
{
	return spi.n == 16 && memcmp(spi.p, sa->icookie, 8) == 0 &&
	       memcmp(spi.p + 8, sa->rcookie, 8) == 0;
}

static uint32_t esp_spi(struct bytes spi)
{
	struct rd r = rd_from(spi);

	return spi.n == 4 ? rd_u32(&r) : 0;
}

/* ---- Delete (RFC 2408 5.15) ---- */

/* It may name another one: what was rekeyed is deleted by the new one. */
static void delete_ike(struct v1_sa *sa, const struct v1_delete *d)
{
	struct rd r = rd_from(d->spis);
	uint8_t cookies[16];

	if (d->spi_n != sizeof(cookies))
		return;
	for (uint16_t i = 0; i < d->n && rd_more(&r); i++) {
		struct v1_sa *o;

		rd_copy(&r, cookies, sizeof(cookies));
		o = v1_sa_by_cookies(sa->v1, cookies, cookies + 8);
		if (!o || o->state == V1_DEAD || !are_cookies(o, BYTES(cookies)) ||
			(o != sa && (!v1_sa_is_authenticated(o) || !v1_is_same_peer(o, sa))))
			continue;
		V1_EMIT(o, v1_delete_ike, .ike = ev_u64(o->serial));
		v1_sa_gone(o);
	}
}

static void delete_child(struct v1_sa *sa, struct v1_child *c)
{
	struct conn *conn = c->c.conn;
	struct v1 *v1 = sa->v1;

	V1_EMIT(sa, v1_delete_child, .spi = ev_x32(c->c.spi_out), .child = ev_u64(c->c.serial));
	conn_use(conn);
	v1_child_kill(c, EXIT_IKE_NO_ANSWER);
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
}

static void delete_esp(struct v1_sa *sa, const struct v1_delete *d)
{
	struct rd r = rd_from(d->spis);

	if (d->spi_n != 4)
		return;
	for (uint16_t i = 0; i < d->n && rd_more(&r); i++) {
		struct v1_child *c = v1_child_by_peer_spi(sa, rd_u32(&r));

		if (c)
			delete_child(sa, c);
	}
}

/* IPsec SAs first: a Delete of the ISAKMP SA beside them would make orphans of them. */
static void deletes(struct v1_sa *sa, const struct v1_msg *m)
{
	for (size_t i = 0; i < m->n_delete; i++)
		if (m->del[i].protocol == PROTO_ESP)
			delete_esp(sa, &m->del[i]);
	for (size_t i = 0; i < m->n_delete; i++)
		if (m->del[i].protocol == PROTO_IKE)
			delete_ike(sa, &m->del[i]);
}

/* ---- errors ---- */

static bool is_open(const struct v1_child *c)
{
	return c->state > V1_QUICK_WAITING && c->state < V1_QUICK_ESTABLISHED;
}

/* Its message ID is one of its own: the SPI tells, which is ours, the peer's or none; without it,
 * the only Quick Mode that waits for an answer. */
static struct v1_child *refused_child(struct v1_sa *sa, const struct v1_notify *n)
{
	uint32_t spi = esp_spi(n->spi);
	struct v1_child *c, *only = NULL;
	unsigned count = 0;

	list_each (c, &sa->children, struct v1_child, node) {
		if (spi && is_open(c) && (c->c.spi_in == spi || c->c.spi_out == spi))
			return c;
		if (c->state == V1_QUICK_I1_SENT) {
			only = c;
			count++;
		}
	}
	return count == 1 ? only : NULL;
}

static void error(struct v1_sa *sa, const struct v1_msg *m, const struct v1_notify *n)
{
	struct v1_child *c = refused_child(sa, n);

	if (c || v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_notified, .notify = ev_str(v1_notify_name(n->type)),
			.remote = ev_ep(sa->remote));
	if (c && c->is_requester) {
		v1_explain_received(c, m);
		quick_mode_refused(c, n->type);
	} else if (c)
		v1_child_kill(c, EXIT_IKE_NO_ANSWER);
	else if (sa->is_initiator && sa->state < V1_ESTABLISHED)
		transaction_fail(sa, EXIT_IKE_AUTH);
}

/* ---- lifetimes (RFC 2407 4.6.3.1): only shorter than what was agreed ---- */

static bool is_shorter(uint32_t s, uint32_t *agreed)
{
	if (s == 0 || (*agreed && *agreed <= s))
		return false;
	*agreed = s;
	return true;
}

static void lifetime(struct v1_sa *sa, const struct v1_notify *n)
{
	uint32_t s = 0, kb = 0;
	struct v1_child *c;

	if (n->protocol == PROTO_IKE) {
		if ((n->spi.n == 0 || are_cookies(sa, n->spi)) && v1_sa_is_established(sa) &&
			v1_lifetime_parse(n->data, PROTO_IKE, &s, &kb) == OK &&
			is_shorter(s, &sa->chosen.life_s))
			v1_lifetime_ike(sa);
		return;
	}
	c = v1_child_by_peer_spi(sa, esp_spi(n->spi));
	if (c && v1_child_is_usable(c) && v1_lifetime_parse(n->data, PROTO_ESP, &s, &kb) == OK &&
		is_shorter(s, &c->chosen.life_s))
		v1_lifetime_child(c);
}

/* ---- all of them ---- */

/* False: an old one again, which says nothing about now. */
static bool notified(struct v1_sa *sa, const struct v1_msg *m, const struct v1_notify *n)
{
	switch (n->type) {
	case N1_R_U_THERE:
		return are_cookies(sa, n->spi) && v1_dpd_asked(sa, n->data);
	case N1_R_U_THERE_ACK:
		return are_cookies(sa, n->spi) && v1_dpd_acked(sa, n->data);
	case N1_INITIAL_CONTACT:
		v1_initial_contact(sa);
		return true;
	case N1_RESPONDER_LIFETIME:
		lifetime(sa, n);
		return true;
	case N1_CLEARSWAN_EXPLAIN: /* of the one before it */
		return true;
	default:
		break;
	}
	if (v1_notify_is_error(n->type))
		error(sa, m, n);
	else if (v1_may_tell(sa->v1))
		V1_EMIT(sa, v1_notified, .notify = ev_str(v1_notify_name(n->type)),
			.remote = ev_ep(sa->remote));
	return true;
}

enum v1_verdict informational(struct v1_sa *sa, const struct v1_msg *m)
{
	bool is_new = m->n_delete != 0 || m->n_notify == 0;

	if (v1_hash_1_check(sa, m) != OK) {
		if (v1_may_tell(sa->v1))
			V1_EMIT(sa, v1_forged, .remote = ev_ep(sa->remote),
				.exchange = ev_str(v1_exchange_name(m->h.exchange)),
				.why = ev_str("HASH(1) is wrong"));
		return V1_DROP;
	}
	for (size_t i = 0; i < m->n_notify && sa->state != V1_DEAD; i++)
		is_new |= notified(sa, m, &m->notify[i]);
	if (sa->state != V1_DEAD)
		deletes(sa, m);
	return is_new ? V1_STAY : V1_DROP;
}
