/* ISAKMP SAs as objects: made, found, freed. What they do is in step.c and the exchanges. */
#include "ikev1/sa.h"

#include <stdlib.h>

static uint64_t cookie_key(const uint8_t cookie[8])
{
	uint64_t k = 0;

	for (size_t i = 0; i < 8; i++)
		k = k << 8 | cookie[i];
	return k;
}

static uint8_t *our_cookie(struct v1_sa *sa)
{
	return sa->is_initiator ? sa->icookie : sa->rcookie;
}

/* RFC 2408 2.5.3: unpredictable, and not zero; ours are unique among ours. */
static void draw_cookie(struct v1_sa *sa)
{
	uint8_t *cookie = our_cookie(sa);

	do
		rng_fill(&sa->ike->env.rng, cookie, 8);
	while (cookie_key(cookie) == 0 || map_get(&sa->v1->by_cookie, cookie_key(cookie)));
	map_put(&sa->v1->by_cookie, cookie_key(cookie), sa);
}

struct v1_sa *v1_sa_new(struct v1 *v1, struct conn *c, bool is_initiator)
{
	struct v1_sa *sa = xalloc(sizeof(*sa));

	sa->v1 = v1;
	sa->ike = v1->ike;
	sa->serial = ike_serial(v1->ike);
	sa->conn = c;
	conn_use(c);
	sa->product = "";
	sa->is_initiator = is_initiator;
	sa->is_proven = is_initiator;
	sa->local = c->local;
	sa->remote = c->remote;
	sa->born = sa->heard = sa->sent = v1->ike->now.mono;
	list_init(&sa->ready);
	list_init(&sa->children);
	sa->line.resend.fire = v1_fire_resend;
	sa->transaction.line.resend.fire = v1_fire_transaction_resend;
	sa->transaction.late.fire = v1_fire_transaction_late;
	sa->rekey_at.fire = v1_fire_rekey;
	sa->expire.fire = v1_fire_expire;
	sa->dpd.fire = v1_fire_dpd;
	sa->keepalive.fire = v1_fire_keepalive;
	sa->patience.fire = v1_fire_patience;
	list_append(&v1->sas, &sa->node);
	map_put(&v1->by_serial, sa->serial, sa);
	draw_cookie(sa);
	return sa;
}

void v1_line_done(struct v1_line *l)
{
	buf_done(&l->sent);
	wipe(&l->iv, sizeof(l->iv));
}

/* ---- half open ---- */

uint64_t v1_opening_key(
	const struct v1 *v1, const uint8_t icookie[8], const struct endpoint *remote)
{
	uint64_t k = cookie_key(icookie) ^ v1->seed;

	for (size_t i = 0; i < sizeof(remote->addr.b); i++)
		k = (k ^ remote->addr.b[i]) * 0x100000001b3u;
	return (k ^ remote->port) * 0x100000001b3u;
}

size_t v1_source(const struct v1 *v1, const struct addr *peer)
{
	size_t n = peer->family == 6 ? 8 : 4;
	uint64_t k = v1->seed;

	for (size_t i = 0; i < n; i++)
		k = (k ^ peer->b[i]) * 0x100000001b3u;
	return (k >> 32) % V1_SOURCES;
}

uint16_t *v1_half_open_of(struct v1 *v1, const struct addr *peer)
{
	return &v1->half_open_of[v1_source(v1, peer)];
}

void v1_sa_enters_half_open(struct v1_sa *sa)
{
	sa->is_half_open = true;
	sa->half_open_peer = sa->remote.addr;
	sa->v1->n_half_open++;
	(*v1_half_open_of(sa->v1, &sa->half_open_peer))++;
}

void v1_sa_leaves_half_open(struct v1_sa *sa)
{
	if (!sa->is_half_open)
		return;
	sa->is_half_open = false;
	sa->v1->n_half_open--;
	(*v1_half_open_of(sa->v1, &sa->half_open_peer))--;
}

/* ---- the end ---- */

void v1_sa_timers_stop(struct v1_sa *sa)
{
	struct timers *h = &sa->ike->timers;

	timer_stop(h, &sa->line.resend);
	timer_stop(h, &sa->transaction.line.resend);
	timer_stop(h, &sa->transaction.late);
	timer_stop(h, &sa->rekey_at);
	timer_stop(h, &sa->expire);
	timer_stop(h, &sa->dpd);
	timer_stop(h, &sa->keepalive);
	timer_stop(h, &sa->patience);
}

static void leave_maps(struct v1_sa *sa)
{
	struct v1 *v1 = sa->v1;

	v1_sa_leaves_half_open(sa);
	if (sa->opening_key && map_get(&v1->openings, sa->opening_key) == sa)
		map_take(&v1->openings, sa->opening_key);
	map_take(&v1->by_cookie, cookie_key(our_cookie(sa)));
	map_take(&v1->by_serial, sa->serial);
	list_remove(&sa->node);
	list_remove(&sa->ready);
}

static void children_leave(struct v1_sa *sa, bool with_children)
{
	struct v1_child *c;

	list_each (c, &sa->children, struct v1_child, node) {
		if (with_children || c->state < V1_QUICK_I2_SENT) {
			v1_child_free(c);
			continue;
		}
		list_remove(&c->node);
		c->sa = NULL;
		list_append(&sa->v1->orphans, &c->node);
		v1_dpd_orphan(c);
	}
}

void v1_sa_forget_exchange(struct v1_sa *sa)
{
	ke_free(sa->ke);
	sa->ke = NULL;
	buf_done(&sa->ni);
	buf_done(&sa->nr);
	buf_done(&sa->sa_body);
	buf_done(&sa->idii_body);
	buf_done(&sa->idir_body);
	buf_done(&sa->gxi);
	buf_done(&sa->gxr);
	secret_done(&sa->g_xy);
	id_done(&sa->asked_id);
	free(sa->offered);
	sa->offered = NULL;
}

void v1_sa_free(struct v1_sa *sa, bool with_children)
{
	if (!sa)
		return;
	v1_sa_timers_stop(sa);
	children_leave(sa, with_children);
	leave_maps(sa);
	ike_request_release(sa->ike, sa->request, 0);
	alive_end(sa->ike, &sa->alive);
	if (sa->conn->newest_ike == sa->serial)
		sa->conn->newest_ike = 0;
	conn_unuse(sa->conn);
	v1_sa_forget_exchange(sa);
	wipe(sa->parked.p, sa->parked.n);
	buf_done(&sa->parked);
	v1_line_done(&sa->line);
	v1_line_done(&sa->transaction.line);
	v1_keys_done(&sa->keys);
	v1_cipher_free(sa->cipher);
	v1_fragments_done(&sa->fragments);
	id_done(&sa->peer_id);
	free(sa->user);
	secret_done(&sa->xauth_answer);
	free(sa);
}

/* ---- finding ---- */

struct v1_sa *v1_sa_by_cookies(struct v1 *v1, const uint8_t icookie[8], const uint8_t rcookie[8])
{
	static const uint8_t zero[8] = { 0 };
	struct v1_sa *sa = map_get(&v1->by_cookie, cookie_key(rcookie));

	if (sa && !sa->is_initiator && memcmp(sa->icookie, icookie, 8) == 0)
		return sa;
	sa = map_get(&v1->by_cookie, cookie_key(icookie));
	if (!sa || !sa->is_initiator)
		return NULL;
	/* the first answer brings the responder's; a refusal may come without one */
	if (memcmp(sa->rcookie, zero, 8) == 0 || memcmp(sa->rcookie, rcookie, 8) == 0)
		return sa;
	return NULL;
}

struct v1_sa *v1_sa_by_serial(struct v1 *v1, uint32_t serial)
{
	return serial ? map_get(&v1->by_serial, serial) : NULL;
}

bool v1_sa_is_authenticated(const struct v1_sa *sa)
{
	return sa->state >= V1_XAUTH_S_ASKED && sa->state < V1_DEAD;
}

bool v1_sa_is_established(const struct v1_sa *sa)
{
	return sa->state == V1_ESTABLISHED;
}

/* Do c and the connection of this ISAKMP SA have the same two ends? */
static bool same_ends(const struct v1_sa *sa, const struct conn *c)
{
	const struct conn *o = sa->conn;

	if (o == c)
		return true;
	return !c->template && !o->template && !sa->user &&
	       addr_eq(&sa->local.addr, &c->local.addr) &&
	       addr_eq(&sa->remote.addr, &c->remote.addr) && id_eq(&o->our_id, &c->our_id) &&
	       (c->their_id.type == ID_NONE || id_eq(&o->their_id, &c->their_id));
}

struct v1_sa *v1_sa_for_conn(struct v1 *v1, const struct conn *c)
{
	struct v1_sa *sa, *best = NULL;

	list_each (sa, &v1->sas, struct v1_sa, node)
		if (v1_sa_is_established(sa) && same_ends(sa, c))
			best = sa;
	return best;
}

struct v1_sa *v1_sa_opening_for_conn(struct v1 *v1, const struct conn *c)
{
	struct v1_sa *sa;

	list_each (sa, &v1->sas, struct v1_sa, node)
		if (sa->is_initiator && sa->state > V1_NEW && sa->state < V1_ESTABLISHED &&
			same_ends(sa, c))
			return sa;
	return NULL;
}

static bool same_user(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

bool v1_is_same_peer(const struct v1_sa *a, const struct v1_sa *b)
{
	return id_eq(&a->peer_id, &b->peer_id) && id_eq(&a->conn->our_id, &b->conn->our_id) &&
	       same_user(a->user, b->user);
}

bool v1_sa_encapsulates(const struct v1_sa *sa)
{
	uint8_t wanted = sa->conn->conf->encapsulation;

	if (wanted == YNA_NO || !sa->nat.method)
		return false;
	return wanted == YNA_YES || sa->nat.local_behind || sa->nat.remote_behind;
}

/* ---- message IDs of Phase 2 ---- */

bool v1_message_id_is_used(const struct v1_sa *sa, uint32_t id)
{
	for (size_t i = 0; i < MIN(sa->n_used_ids, COUNT(sa->used_ids)); i++)
		if (sa->used_ids[i] == id)
			return true;
	return false;
}

bool v1_message_id_take(struct v1_sa *sa, uint32_t id)
{
	if (id == 0 || v1_message_id_is_used(sa, id))
		return false;
	sa->used_ids[sa->n_used_ids++ % COUNT(sa->used_ids)] = id;
	return true;
}

uint32_t v1_message_id_new(struct v1_sa *sa)
{
	uint32_t id;

	do
		id = rng_u32(&sa->ike->env.rng);
	while (id == 0 || v1_child_by_message_id(sa, id));
	return id;
}

/* ---- events ---- */

bool v1_may_tell(struct v1 *v1)
{
	enum { PER_SECOND = 20 };
	ns_t now = v1->ike->now.mono;

	if (now - v1->strangers_since >= NS_S || v1->strangers_since == 0) {
		v1->strangers_since = now;
		v1->strangers = 0;
	}
	return v1->strangers++ < PER_SECOND;
}

struct event_about v1_about(const struct v1_sa *sa)
{
	struct event_about a = conn_about(sa->conn, sa->serial);
	const struct v1_sa *old = v1_sa_by_serial(sa->v1, sa->rekeys);

	if (old && old->request) /* who asked for the rekey wants to see what comes of it */
		a.request = old->request;
	if (sa->request)
		a.request = sa->request;
	return a;
}
