/* Child SAs as objects: made, found, keyed, handed on, freed. */
#include "ikev1/exchanges.h"

#include <stdlib.h>

/* RFC 4303 2.1: SPIs up to 255 are reserved. */
enum { SPI_FIRST = 256 };

static uint32_t draw_spi(struct v1 *v1)
{
	uint32_t spi;

	do
		spi = rng_u32(&v1->ike->env.rng);
	while (spi < SPI_FIRST || map_get(&v1->spis_in, spi));
	return spi;
}

struct v1_child *v1_child_new(struct v1_sa *sa, struct conn *c, bool is_requester)
{
	struct v1_child *n;

	if (sa->n_children >= LIMIT_CHILDREN)
		return NULL;
	n = xalloc(sizeof(*n));
	child_init(&n->c, ike_serial(sa->ike), c);
	n->v1 = sa->v1;
	n->sa = sa;
	n->born = sa->ike->now.mono;
	n->is_requester = is_requester;
	n->c.spi_in = draw_spi(sa->v1);
	n->line.resend.fire = v1_fire_child_resend;
	n->use.fire = v1_fire_child_use;
	n->alone.fire = v1_fire_child_alone;
	n->rekey.fire = v1_fire_child_rekey;
	n->expire.fire = v1_fire_child_expire;
	list_append(&sa->children, &n->node);
	sa->n_children++;
	map_put(&sa->v1->children, n->c.serial, n);
	map_put(&sa->v1->spis_in, n->c.spi_in, n);
	return n;
}

/* What only its Quick Mode needed; that its line repeats stays. */
void v1_child_forget_exchange(struct v1_child *c)
{
	ke_free(c->ke);
	c->ke = NULL;
	free(c->offered);
	c->offered = NULL;
	buf_done(&c->ni);
	buf_done(&c->nr);
	wipe(c->parked.p, c->parked.n);
	buf_done(&c->parked);
	secret_done(&c->g_xy);
}

/* What it was to replace may be rekeyed again. */
static void leave_old(struct v1_child *c)
{
	struct v1_child *old = v1_child_by_serial(c->v1, c->rekeys);
	struct conn *conn = c->c.conn;

	if (old && old->replaced_by == c->c.serial)
		old->replaced_by = 0;
	if (conn->newest_child == c->c.serial)
		conn->newest_child = c->replaced_by || !old ? c->replaced_by : c->rekeys;
}

void v1_child_free(struct v1_child *c)
{
	struct v1 *v1;

	if (!c)
		return;
	v1 = c->v1;
	leave_old(c);
	timer_stop(&v1->ike->timers, &c->line.resend);
	timer_stop(&v1->ike->timers, &c->use);
	timer_stop(&v1->ike->timers, &c->alone);
	timer_stop(&v1->ike->timers, &c->rekey);
	timer_stop(&v1->ike->timers, &c->expire);
	map_take(&v1->children, c->c.serial);
	map_take(&v1->spis_in, c->c.spi_in);
	list_remove(&c->node);
	if (c->sa)
		c->sa->n_children--;
	ike_request_release(v1->ike, c->request, 0);
	v1_child_forget_exchange(c);
	v1_line_done(&c->line);
	id_done(&c->peer_id);
	child_done(v1->ike, &c->c);
	free(c);
}

struct v1_child *v1_child_by_serial(struct v1 *v1, uint32_t serial)
{
	return serial ? map_get(&v1->children, serial) : NULL;
}

static struct v1_child *by_spi_out(struct list *children, uint32_t spi, const struct v1_sa *peer)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node)
		if (c->c.spi_out == spi && (!peer || v1_child_is_of(c, peer)))
			return c;
	return NULL;
}

/* The peer may delete by one ISAKMP SA what another one made. */
struct v1_child *v1_child_by_peer_spi(struct v1_sa *sa, uint32_t spi)
{
	struct v1_child *c;
	struct v1_sa *o;

	if (spi == 0)
		return NULL;
	if ((c = by_spi_out(&sa->children, spi, NULL)) ||
		(c = by_spi_out(&sa->v1->orphans, spi, sa)))
		return c;
	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && v1_is_same_peer(o, sa) && (c = by_spi_out(&o->children, spi, NULL)))
			return c;
	return NULL;
}

struct v1_child *v1_child_by_message_id(struct v1_sa *sa, uint32_t id)
{
	struct v1_child *c;

	list_each (c, &sa->children, struct v1_child, node)
		if (id != 0 && c->line.message_id == id)
			return c;
	return NULL;
}

bool v1_child_is_usable(const struct v1_child *c)
{
	return c->state == V1_QUICK_ESTABLISHED;
}

/* ---- from one ISAKMP SA to the next ---- */

bool v1_child_is_of(const struct v1_child *c, const struct v1_sa *sa)
{
	const struct conn *conn = c->c.conn;

	if (sa->user || conn->template)
		return conn == sa->conn;
	return id_eq(&c->peer_id, &sa->peer_id) && id_eq(&conn->our_id, &sa->conn->our_id);
}

/* Its exchange was with the old one's keys: nothing of it can be repeated. */
static void move(struct v1_child *c, struct v1_sa *to)
{
	list_remove(&c->node);
	if (c->sa)
		c->sa->n_children--;
	timer_stop(&c->v1->ike->timers, &c->line.resend);
	timer_stop(&c->v1->ike->timers, &c->alone);
	c->has_asked = false;
	v1_line_done(&c->line);
	c->line.message_id = 0;
	c->line.has_heard = false;
	c->sa = to;
	to->n_children++;
	list_append(&to->children, &c->node);
}

/* What waits for its turn begins with the newer one's keys. */
static bool goes_over(const struct v1_child *c, const struct v1_sa *to)
{
	if (c->state == V1_QUICK_WAITING)
		return (!to->user && !c->c.conn->template) || c->c.conn == to->conn;
	return c->state >= V1_QUICK_I2_SENT && v1_child_is_of(c, to);
}

static void inherit_from(struct list *children, struct v1_sa *to)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node)
		if (goes_over(c, to) && to->n_children < LIMIT_CHILDREN)
			move(c, to);
}

void v1_children_inherit(struct v1_sa *sa)
{
	struct v1_sa *o;

	inherit_from(&sa->v1->orphans, sa);
	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && o->state == V1_REPLACED &&
			(o->serial == sa->rekeys || v1_is_same_peer(o, sa)))
			inherit_from(&o->children, sa);
	v1_ready(sa);
}

/* ---- keys ---- */

enum err v1_child_derive(struct v1_child *c)
{
	struct v1_child_keys k = { 0 };
	const struct v1_keymat m = {
		.prf = c->sa->suite.prf,
		.skeyid_d = secret_view(&c->sa->keys.skeyid_d),
		.g_xy = secret_view(&c->g_xy),
		.protocol = PROTO_ESP,
		.spi_in = c->c.spi_in,
		.spi_out = c->c.spi_out,
		.ni = buf_view(&c->ni),
		.nr = buf_view(&c->nr),
	};
	enum err e = v1_child_keymat(&m, &c->c.suite, &k);

	if (e)
		return e;
	secret_move(&c->c.encr_in, &k.encr_in);
	secret_move(&c->c.integ_in, &k.integ_in);
	secret_move(&c->c.encr_out, &k.encr_out);
	secret_move(&c->c.integ_out, &k.integ_out);
	v1_child_keys_done(&k);
	c->c.local = c->sa->local;
	c->c.remote = c->sa->remote;
	c->c.encap = v1_encap_is_udp(c->chosen.encap);
	if (c->chosen.life_kb)
		c->c.max_bytes = MAX((uint64_t)c->chosen.life_kb * 1024, LIMIT_V1_LIFE_BYTES);
	return OK;
}

struct event_about v1_child_about(const struct v1_child *c)
{
	struct event_about a = conn_about(c->c.conn, c->c.serial);
	const struct v1_child *old = v1_child_by_serial(c->v1, c->rekeys);

	if (old && old->request) /* who asked for the rekey wants to see what comes of it */
		a.request = old->request;
	if (c->request)
		a.request = c->request;
	return a;
}
