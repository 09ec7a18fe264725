/* Child SAs as objects: made, found, keyed, freed. */
#include "ikev2/sa.h"

#include <stdlib.h>

/* RFC 4303 2.1: SPIs up to 255 are reserved. */
enum { SPI_FIRST = 256 };

static uint32_t draw_spi(struct v2 *v2)
{
	uint32_t spi;

	do
		spi = rng_u32(&v2->ike->env.rng);
	while (spi < SPI_FIRST || map_get(&v2->spis_in, spi));
	return spi;
}

struct v2_child *v2_child_again(struct v2_sa *sa, struct conn *c, uint32_t serial, uint32_t spi_in)
{
	struct v2_child *n = xalloc(sizeof(*n));

	child_init(&n->c, serial, c);
	n->sa = sa;
	n->c.spi_in = spi_in;
	n->rekey.fire = v2_fire_child_rekey;
	n->expire.fire = v2_fire_child_expire;
	list_append(&sa->children, &n->node);
	sa->n_children++;
	map_put(&sa->v2->children, n->c.serial, n);
	map_put(&sa->v2->spis_in, n->c.spi_in, n);
	v2_changed(sa);
	return n;
}

struct v2_child *v2_child_new(
	struct v2_sa *sa, struct conn *c, enum v2_child_purpose purpose, bool is_requester)
{
	struct v2_child *n;

	if (sa->n_children >= LIMIT_CHILDREN)
		return NULL;
	n = v2_child_again(sa, c, ike_serial(sa->ike), draw_spi(sa->v2));
	n->purpose = (uint8_t)purpose;
	n->is_requester = is_requester;
	return n;
}

void v2_child_free(struct v2_child *c)
{
	struct v2_child *old;
	struct v2 *v2;

	if (!c)
		return;
	v2 = c->sa->v2;
	/* what it was to replace may be rekeyed again */
	old = v2_child_by_serial(v2, c->rekeys);
	if (old && old->replaced_by == c->c.serial)
		old->replaced_by = 0;
	timer_stop(&v2->ike->timers, &c->rekey);
	timer_stop(&v2->ike->timers, &c->expire);
	map_take(&v2->children, c->c.serial);
	map_take(&v2->spis_in, c->c.spi_in);
	list_remove(&c->node);
	c->sa->n_children--;
	v2_changed(c->sa);
	if (c->c.conn->newest_child == c->c.serial)
		c->c.conn->newest_child = c->replaced_by || !old ? c->replaced_by : c->rekeys;
	ike_request_release(v2->ike, c->request, 0);
	ke_free(c->ke);
	free(c->offered);
	buf_done(&c->ni);
	buf_done(&c->nr);
	buf_done(&c->lowest_nonce);
	child_done(v2->ike, &c->c);
	free(c);
}

struct v2_child *v2_child_by_serial(struct v2 *v2, uint32_t serial)
{
	return serial ? map_get(&v2->children, serial) : NULL;
}

struct v2_child *v2_child_by_peer_spi(struct v2_sa *sa, uint32_t spi)
{
	struct v2_sa *old = sa->rekeys ? v2_sa_by_serial(sa->v2, sa->rekeys) : NULL;
	struct v2_child *c;

	list_each (c, &sa->children, struct v2_child, node)
		if (c->c.spi_out == spi && spi != 0)
			return c;
	/* the peer may have seen earlier than we that this one replaces another IKE SA */
	return old ? v2_child_by_peer_spi(old, spi) : NULL;
}

void v2_child_move(struct v2_child *c, struct v2_sa *to)
{
	list_remove(&c->node);
	c->sa->n_children--;
	v2_changed(c->sa);
	v2_changed(to);
	c->sa = to;
	to->n_children++;
	list_append(&to->children, &c->node);
}

enum err v2_child_derive(struct v2_child *c, struct bytes g_ir)
{
	struct v2_child_keys k = { 0 };
	enum err e = v2_child_keymat(c->sa->suite.prf, secret_view(&c->sa->keys.sk_d), g_ir,
		buf_view(&c->ni), buf_view(&c->nr), &c->c.suite, &k);

	if (e)
		return e;
	/* RFC 7296 2.17: the first keys are for what the exchange's initiator sends */
	secret_move(c->is_requester ? &c->c.encr_out : &c->c.encr_in, &k.encr_i);
	secret_move(c->is_requester ? &c->c.integ_out : &c->c.integ_in, &k.integ_i);
	secret_move(c->is_requester ? &c->c.encr_in : &c->c.encr_out, &k.encr_r);
	secret_move(c->is_requester ? &c->c.integ_in : &c->c.integ_out, &k.integ_r);
	v2_child_keys_done(&k);
	c->c.local = c->sa->local;
	c->c.remote = c->sa->remote;
	c->c.encap = v2_sa_encapsulates(c->sa);
	return OK;
}

struct event_about v2_child_about(const struct v2_child *c)
{
	struct event_about a = conn_about(c->c.conn, c->c.serial);
	const struct v2_child *old = c->rekeys ? v2_child_by_serial(c->sa->v2, c->rekeys) : NULL;

	if (old && old->request) /* who asked for the rekey wants to see what comes of it */
		a.request = old->request;
	if (c->request)
		a.request = c->request;
	return a;
}
