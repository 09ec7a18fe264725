/* Records that outlive the engine, and connections found again by them: see keep.h. */
#include "ike/keep.h"

#include "config/show.h"
#include "crypto/prf.h"
#include <stdlib.h>

enum { OURS = 0, FINGERPRINT_N = 32 };

/* ---- keeping ---- */

bool ike_is_kept(const struct ike *ike)
{
	return ike->env.keeper.commit != NULL;
}

void ike_keep_begin(struct wr *w, uint8_t major)
{
	wr_u8(w, IKE_RECORD_FORMAT);
	wr_u8(w, major);
}

void ike_keep(struct ike *ike, uint32_t serial, struct bytes record)
{
	ike->env.keeper.keep(ike->env.keeper.ctx, serial, record);
	ike->has_kept = true;
}

void ike_keep_forget(struct ike *ike, uint32_t serial)
{
	if (!ike_is_kept(ike))
		return;
	ike->env.keeper.forget(ike->env.keeper.ctx, serial);
	ike->has_kept = true;
}

/* What is never given twice, as it stands now. */
static void keep_numbers(struct ike *ike)
{
	uint8_t room[32];
	struct wr w = wr_to(room, sizeof(room));

	if (ike->kept_serial == ike->last_serial && ike->kept_reqid == ike->last_reqid)
		return;
	ike->kept_serial = ike->last_serial;
	ike->kept_reqid = ike->last_reqid;
	ike_keep_begin(&w, OURS);
	wr_u32(&w, ike->last_serial);
	wr_u32(&w, ike->last_reqid);
	ike_keep(ike, 0, wr_view(&w));
}

void ike_keep_end(struct ike *ike)
{
	if (!ike_is_kept(ike))
		return;
	for (size_t i = 0; i < ike->n_version; i++)
		ike->version[i].ops->keep(ike->version[i].state);
	keep_numbers(ike);
	if (ike->has_kept)
		ike->env.keeper.commit(ike->env.keeper.ctx);
	ike->has_kept = false;
}

/* ---- taking over ---- */

static enum err restore_numbers(struct ike *ike, struct rd *r)
{
	uint32_t serial = rd_u32(r), reqid;

	reqid = rd_u32(r);
	if (!rd_end(r))
		return ERR_LENGTH;
	ike->last_serial = MAX(ike->last_serial, serial);
	ike->last_reqid = MAX(ike->last_reqid, reqid);
	return OK;
}

static enum err restore(struct ike *ike, uint32_t serial, struct bytes record)
{
	struct rd r = rd_from(record);
	uint8_t format = rd_u8(&r), major;

	major = rd_u8(&r);
	if (r.failed)
		return ERR_TRUNCATED;
	if (format != IKE_RECORD_FORMAT)
		return ERR_UNSUPPORTED;
	if (serial == 0)
		return major == OURS ? restore_numbers(ike, &r) : ERR_VALUE;
	for (size_t i = 0; i < ike->n_version; i++)
		if (ike->version[i].ops->major == major)
			return ike->version[i].ops->restore(
				ike->version[i].state, serial, rd_rest(&r));
	return ERR_UNSUPPORTED;
}

void ike_restore(struct ike *ike, struct now now, uint32_t serial, struct bytes record)
{
	struct event_about about = { .serial = serial };
	enum err e;

	ike_enter(ike, now);
	e = restore(ike, serial, record);
	if (e != OK) {
		EMIT(&ike->env.events, ike->now, &about, ike_record_bad,
			.why = ev_str(err_text(e)));
		ike_keep_forget(ike, serial);
	}
	ike_leave(ike);
}

/* ---- connections ---- */

/* Of what makes the connection what it is: the conf as text, and the addresses that its names had.
 */
static void fingerprint(struct conn *c)
{
	char *text = conf_conn_show(c->conf);
	uint8_t room[64];
	struct wr w = wr_to(room, sizeof(room));

	addr_put(&w, &c->conf->left.host);
	addr_put(&w, &c->conf->right.host);
	sha256((struct bytes[]){ bytes_str(text), wr_view(&w) }, 2, c->fingerprint);
	c->has_fingerprint = true;
	free(text);
}

static struct bytes fingerprint_of(struct conn *c)
{
	struct conn *t = c->template ? c->template : c;

	if (!t->has_fingerprint)
		fingerprint(t);
	return BYTES(t->fingerprint);
}

static void put_text(struct wr *w, const char *s)
{
	struct bytes b = bytes_str(s);

	wr_u16(w, (uint16_t)b.n);
	wr_bytes(w, b);
}

static struct bytes get_text(struct rd *r)
{
	uint16_t n = rd_u16(r);

	return rd_bytes(r, n);
}

void kept_conn_put(struct wr *w, struct conn *c)
{
	put_text(w, c->conf->name);
	wr_bytes(w, fingerprint_of(c));
	wr_u32(w, c->instance);
	wr_u32(w, c->reqid);
	addr_put(w, &c->local.addr);
	endpoint_put(w, &c->remote);
	for (size_t i = 0; i < COUNT(c->lease); i++)
		addr_put(w, &c->lease[i]);
	wr_u8(w, c->has_lent);
	wr_u8(w, c->must_be_up);
	wr_u8(w, (uint8_t)c->dns.n_server);
	for (size_t i = 0; i < c->dns.n_server; i++)
		addr_put(w, &c->dns.server[i]);
	put_text(w, c->dns.domains);
}

enum err kept_conn_get(struct rd *r, struct kept_conn *ret)
{
	struct kept_conn k = { .name = get_text(r) };

	k.fingerprint = rd_bytes(r, FINGERPRINT_N);
	k.instance = rd_u32(r);
	k.reqid = rd_u32(r);
	k.local = addr_get(r);
	k.remote = endpoint_get(r);
	for (size_t i = 0; i < COUNT(k.lease); i++)
		k.lease[i] = addr_get(r);
	k.has_lent = rd_flag(r);
	k.must_be_up = rd_flag(r);
	k.n_dns = rd_u8_max(r, COUNT(k.dns));
	for (size_t i = 0; i < k.n_dns; i++)
		k.dns[i] = addr_get(r);
	k.domains = get_text(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (k.name.n == 0 || k.name.n > LIMIT_CONN_NAME || memchr(k.name.p, 0, k.name.n) ||
		(k.domains.n && memchr(k.domains.p, 0, k.domains.n)))
		return ERR_VALUE;
	*ret = k;
	return OK;
}

/* The loaded one that has that name and reads as it did. */
static struct conn *loaded(struct ike *ike, const struct kept_conn *k)
{
	struct conn *c;

	list_each (c, &ike->conns, struct conn, node)
		if (!c->is_removed && !c->template && bytes_eq(bytes_str(c->conf->name), k->name) &&
			bytes_eq(fingerprint_of(c), k->fingerprint) && conn_orient(c) &&
			conn_is_template(c) == (k->instance != 0))
			return c;
	return NULL;
}

static struct conn *instance(struct conn *t, const struct kept_conn *k)
{
	struct conn *c;

	list_each (c, &t->ike->conns, struct conn, node)
		if (c->template == t && c->instance == k->instance)
			return c;
	c = conn_instantiate(t, &k->remote);
	c->local.addr = k->local;
	c->instance = k->instance;
	t->n_instances = MAX(t->n_instances - 1, k->instance);
	return c;
}

/* The pool may have become another one. */
static bool lease_again(struct conn *c, const struct addr *lease, const struct id *peer)
{
	struct pool *p;
	struct addr got;

	for (size_t i = 0; i < c->theirs->n_pool; i++) {
		if (!range_has(&c->theirs->pool[i], lease) ||
			pools_get(&c->ike->pools, &c->theirs->pool[i], &p) != OK)
			continue;
		if (pool_lease(p, peer, lease, c->ike->setup.uniqueids, &got) != OK)
			return false;
		if (addr_eq(&got, lease))
			return true;
		pool_release(&c->ike->pools, &got);
	}
	return false;
}

static bool take_leases(struct conn *c, const struct kept_conn *k, const struct id *peer)
{
	if (c->has_lent)
		return true;
	for (size_t i = 0; i < COUNT(c->lease); i++) {
		if (!addr_is_set(&k->lease[i]))
			continue;
		if (k->has_lent && !lease_again(c, &k->lease[i], peer))
			return false;
		c->has_lent = k->has_lent;
		c->lease[i] = k->lease[i];
	}
	return true;
}

static void take_dns(struct conn *c, const struct kept_conn *k)
{
	if (c->dns.n_server || c->dns.domains)
		return;
	for (size_t i = 0; i < k->n_dns; i++)
		conn_dns_add_server(c, &k->dns[i]);
	for (struct bytes rest = k->domains; rest.n;) {
		const uint8_t *blank = memchr(rest.p, ' ', rest.n);
		size_t n = blank ? (size_t)(blank - rest.p) : rest.n;

		conn_dns_add_domain(c, bytes_of(rest.p, n));
		n = MIN(n + 1, rest.n);
		rest = bytes_of(rest.p + n, rest.n - n);
	}
}

static struct conn *stand_in(struct ike *ike, const struct kept_conn *k)
{
	struct conf_conn *conf = xalloc(sizeof(*conf));
	struct conn *c;

	conf->name = xasprintf("%.*s", (int)k->name.n, (const char *)k->name.p);
	conf->version = VERSION_IKEV2;
	c = conn_new_take(ike, conf);
	conn_remove(c);
	return c;
}

struct conn *kept_conn_take(struct ike *ike, const struct kept_conn *k, const struct id *peer)
{
	struct conn *c = loaded(ike, k);

	if (c && k->instance)
		c = instance(c, k);
	if (!c || !take_leases(c, k, peer))
		return stand_in(ike, k);
	if (list_empty(&c->policies))
		c->reqid = k->reqid;
	c->must_be_up |= k->must_be_up;
	take_dns(c, k);
	return c;
}
