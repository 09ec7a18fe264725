/* Connections: loaded, oriented, instantiated, let go; and the people who wait for them. */
#include "ike/conn.h"

#include "base/word.h"
#include "ike/engine.h"

#include <stdlib.h>

enum { IKE_PORT = 500, REQID_FIRST = 16384, REQID_STEP = 4 };

static bool is_ours(const struct ike *ike, const struct conf_end *e)
{
	for (size_t i = 0; i < ike->n_addrs && addr_is_set(&e->host); i++)
		if (addr_eq(&e->host, &ike->addrs[i]))
			return true;
	return false;
}

static void set_ends(struct conn *c, bool local_is_left)
{
	c->ours = local_is_left ? &c->conf->left : &c->conf->right;
	c->theirs = local_is_left ? &c->conf->right : &c->conf->left;
	c->is_oriented = true;
	c->local.addr = conf_host(c->ours);
	c->local.port = c->ours->ikeport ? c->ours->ikeport : IKE_PORT;
	c->remote.addr = conf_host(c->theirs);
	c->remote.port = c->theirs->ikeport ? c->theirs->ikeport : IKE_PORT;
}

static struct id id_or_addr(const struct id *id, const struct addr *a)
{
	if (id->type != ID_NONE && id->type != ID_ANY)
		return id_copy(id);
	return addr_is_set(a) ? id_from_addr(a) : (struct id){ 0 };
}

static void set_ids(struct conn *c)
{
	struct addr theirs = conf_host(c->theirs);

	id_done(&c->our_id);
	id_done(&c->their_id);
	c->our_id = id_or_addr(&c->ours->id, &c->local.addr);
	if (c->theirs->id.type == ID_ANY)
		c->their_id = (struct id){ .type = ID_NONE };
	else
		c->their_id = id_or_addr(&c->theirs->id, &theirs);
}

bool conn_orient(struct conn *c)
{
	bool left = is_ours(c->ike, &c->conf->left), right = is_ours(c->ike, &c->conf->right);

	if (c->is_oriented)
		return true;
	if (c->conf->oriented)
		set_ends(c, c->conf->local_is_left);
	else if (left != right)
		set_ends(c, left);
	else
		return false;
	set_ids(c);
	return true;
}

uint32_t conn_reqid_new(struct ike *ike)
{
	if (ike->last_reqid < REQID_FIRST || ike->last_reqid > UINT32_MAX - REQID_STEP)
		ike->last_reqid = REQID_FIRST;
	ike->last_reqid += REQID_STEP;
	return ike->last_reqid;
}

static bool has_name(const struct conn *c)
{
	return c->ours->host_kind == HOST_NAME || c->theirs->host_kind == HOST_NAME;
}

void conn_look_up(struct conn *c)
{
	if (has_name(c))
		ike_tell_resolve(c->ike, c->conf->name);
}

void conn_look_up_stranger(struct ike *ike)
{
	unsigned at = 0, from = ike->strangers_from;
	struct conn *c;

	if (ike->strangers_at && ike->now.mono < ike->strangers_at + LIMIT_STRANGER_NAMES * NS_S)
		return;
	ike->strangers_at = ike->now.mono;
	ike->strangers_from = 0;
	list_each (c, &ike->conns, struct conn, node) {
		if (c->is_removed || c->template || c->n_children || !has_name(c) || at++ < from)
			continue;
		if (at - from > LIMIT_STRANGER_LOOKUPS) {
			ike->strangers_from = at - 1;
			break;
		}
		conn_look_up(c);
	}
}

static void revive_fire(struct ike *ike, struct timer *t)
{
	struct conn *c = container_of(t, struct conn, revive);

	if (!c->must_be_up)
		return;
	EMIT(&ike->env.events, ike->now, (struct event_about[1]){ conn_about(c, 0) }, conn_reviving,
		.name = ev_str(c->conf->name), .serial = ev_u64(c->serial));
	conn_look_up(c);
	conn_initiate(c);
}

/* It is looked at before the call ends. */
static void look_again(struct conn *c)
{
	struct ike *ike = c->ike;

	if (c->is_looked_at)
		return;
	c->is_looked_at = true;
	if (ike->n_unused == ike->room_unused) {
		ike->room_unused = ike->room_unused ? 2 * ike->room_unused : 16;
		ike->unused = xrealloc(ike->unused, ike->room_unused * sizeof(uint32_t));
	}
	ike->unused[ike->n_unused++] = c->serial;
}

/* Blank-separated words. */
static bool next_word(const char **at, size_t *ret_n)
{
	*at += strspn(*at, " ");
	*ret_n = strcspn(*at, " ");
	return *ret_n != 0;
}

static void each_name(struct conn *c, void (*f)(struct conn *c, const char *name, size_t n))
{
	const char *at = c->conf->aliases ? c->conf->aliases : "";
	size_t n;

	f(c, c->conf->name, strlen(c->conf->name));
	for (; next_word(&at, &n); at += n)
		if (!(n == strlen(c->conf->name) && memcmp(at, c->conf->name, n) == 0))
			f(c, at, n);
}

static void name_add(struct conn *c, const char *name, size_t n)
{
	names_del(&c->ike->names, name, n, c); /* an alias may stand there twice */
	names_add(&c->ike->names, name, n, c);
}

static void name_del(struct conn *c, const char *name, size_t n)
{
	names_del(&c->ike->names, name, n, c);
}

static struct conn *conn_alloc(struct ike *ike, const struct conf_conn *conf)
{
	struct conn *c = xalloc(sizeof(*c));

	c->ike = ike;
	c->conf = conf;
	c->ours = &conf->left; /* until it is oriented */
	c->theirs = &conf->right;
	c->serial = ++ike->last_conn;
	c->revive.fire = revive_fire;
	list_init(&c->policies);
	list_init(&c->waiting);
	list_append(&ike->conns, &c->node);
	map_put(&ike->conn_serials, c->serial, c);
	return c;
}

/* reqid= names the policies of one connection, as far as there is none yet. */
static uint32_t reqid_for(const struct conn *c)
{
	uint32_t wanted = c->conf->reqid;
	struct conn *o;

	if (!wanted)
		return conn_reqid_new(c->ike);
	list_each (o, &c->ike->conns, struct conn, node)
		if (o->reqid == wanted && !(o->is_removed && list_empty(&o->policies))) {
			EMIT(&c->ike->env.events, c->ike->now,
				(struct event_about[1]){ conn_about(c, 0) }, conn_reqid_taken,
				.reqid = ev_u64(wanted), .other = ev_str(o->conf->name));
			return conn_reqid_new(c->ike);
		}
	return wanted;
}

struct conn *conn_new_take(struct ike *ike, struct conf_conn *conf_take)
{
	struct conn *c = conn_alloc(ike, conf_take);

	c->reqid = reqid_for(c);
	each_name(c, name_add);
	conn_orient(c);
	return c;
}

bool conn_is_shunt(const struct conn *c)
{
	return c->conf->type >= TYPE_PASS;
}

bool conn_is_template(const struct conn *c)
{
	struct addr theirs = conf_host(c->theirs);

	return !c->template && c->is_oriented && !conn_is_shunt(c) &&
	       (!addr_is_set(&theirs) || c->ours->modecfgclient);
}

struct conn *conn_instantiate(struct conn *t, const struct endpoint *remote)
{
	struct conn *c = conn_alloc(t->ike, t->conf);

	c->template = t;
	conn_use(t);
	c->instance = ++t->n_instances;
	c->reqid =
		t->conf->reqid && t->ours->modecfgclient ? t->conf->reqid : conn_reqid_new(t->ike);
	set_ends(c, t->ours == &t->conf->left);
	c->remote = *remote;
	if (!addr_is_set(&c->local.addr))
		c->local.addr = t->local.addr;
	set_ids(c);
	look_again(c);
	return c;
}

void conn_unuse(struct conn *c)
{
	c->users--;
	if (c->users == 0)
		look_again(c);
}

void conn_remove(struct conn *c)
{
	c->is_removed = true;
	c->must_be_up = false;
	c->is_routed = false;
	timer_stop(&c->ike->timers, &c->revive);
	if (!c->template)
		each_name(c, name_del);
	look_again(c);
}

void conn_free(struct conn *c)
{
	struct ike *ike = c->ike;

	conn_settle(c, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
	conn_settle(c, CONN_WAIT_DOWN, EXIT_IKE_OK);
	timer_stop(&ike->timers, &c->revive);
	c->is_removed = true;
	conn_policies_sweep(c);
	conn_lease_return(c);
	conn_dns_clear(c);
	conn_forget_user(c);
	if (!c->template)
		each_name(c, name_del);
	map_take(&ike->conn_serials, c->serial);
	list_remove(&c->node);
	id_done(&c->our_id);
	id_done(&c->their_id);
	free(c->peer.id);
	if (c->template)
		conn_unuse(c->template);
	else
		conf_conn_free((struct conf_conn *)c->conf);
	free(c);
}

static bool is_unused(const struct conn *c)
{
	if (c->users != 0 || !list_empty(&c->waiting))
		return false;
	if (c->is_removed)
		return true;
	return c->template && !c->must_be_up && !timer_is_set(&c->revive);
}

/* What has no user any more goes. */
static void look_at(struct conn *c)
{
	c->is_looked_at = false;
	if (c->users == 0)
		conn_policies_sweep(c);
	if (!is_unused(c))
		return;
	if (c->template)
		EMIT(&c->ike->env.events, c->ike->now, (struct event_about[1]){ conn_about(c, 0) },
			conn_instance_gone, .remote = ev_addr(c->remote.addr));
	conn_free(c);
}

void ike_sweep(struct ike *ike)
{
	/* an instance that goes may be the last user of a removed template, which then comes here
	 */
	for (size_t i = 0; i < ike->n_unused; i++) {
		struct conn *c = conn_by_serial(ike, ike->unused[i]);

		if (c)
			look_at(c);
	}
	ike->n_unused = 0;
}

bool conn_explains_to(const struct conn *c, const struct addr *peer)
{
	const struct addr theirs = conf_host(c->theirs);

	return c->conf->explain_to && conf_nets_have(c->conf->explain_to, &theirs, peer);
}

void conn_lease_return(struct conn *c)
{
	for (size_t i = 0; c->has_lent && i < COUNT(c->lease); i++)
		if (addr_is_set(&c->lease[i]))
			pool_release(&c->ike->pools, &c->lease[i]);
	c->has_lent = false;
	memset(c->lease, 0, sizeof(c->lease));
}

void conn_dns_add_server(struct conn *c, const struct addr *a)
{
	if (c->dns.n_server < COUNT(c->dns.server))
		c->dns.server[c->dns.n_server++] = *a;
}

void conn_dns_add_domain(struct conn *c, struct bytes name)
{
	char *before = c->dns.domains;

	if (c->dns.n_domain == LIMIT_DNS_DOMAINS)
		return;
	c->dns.domains = xasprintf("%s%s%.*s", before ? before : "", before ? " " : "", (int)name.n,
		(const char *)name.p);
	c->dns.n_domain++;
	free(before);
}

void conn_dns_clear(struct conn *c)
{
	free(c->dns.domains);
	memset(&c->dns, 0, sizeof(c->dns));
}

void conn_set_user(struct conn *c, const char *user)
{
	char *copy = xstrdup(user);

	free(c->xauth.user);
	c->xauth.user = copy;
}

void conn_forget_user(struct conn *c)
{
	free(c->xauth.user);
	free(c->xauth.banner);
	memset(&c->xauth, 0, sizeof(c->xauth));
	free(c->split);
	c->split = NULL;
}

struct conn *conn_find(struct ike *ike, const char *name, size_t i)
{
	return names_get(&ike->names, name, i);
}

const char *conn_nearest(struct ike *ike, const char *name)
{
	struct nearest near = nearest_to(name);
	const struct conn *c;

	list_each (c, &ike->conns, struct conn, node)
		nearest_try(&near, c->conf->name);
	return near.word ? near.word : "";
}

struct conn *conn_by_serial(struct ike *ike, uint32_t serial)
{
	return map_get(&ike->conn_serials, serial);
}

struct conn *conn_by_reqid(struct ike *ike, uint32_t reqid)
{
	struct conn_policy *p;
	struct conn *c;

	list_each (c, &ike->conns, struct conn, node)
		list_each (p, &c->policies, struct conn_policy, node)
			if (p->reqid == reqid && p->state == POLICY_THERE)
				return c;
	return NULL;
}

struct event_about conn_about(const struct conn *c, uint32_t serial)
{
	return (struct event_about){
		.conn = c->conf->name,
		.instance = c->instance,
		.peer = c->instance ? c->remote.addr : (struct addr){ 0 },
		.serial = serial,
		.request = conn_request(c),
	};
}

/* ---- who waits ---- */

void conn_wait(struct conn *c, enum conn_wait what, uint32_t request)
{
	struct conn_waiter *w;

	if (request == 0)
		return;
	w = xalloc(sizeof(*w));
	w->request = request;
	w->what = (uint8_t)what;
	list_append(&c->waiting, &w->node);
	ike_request_hold(c->ike, request);
}

/* The last that waits for that; NULL. */
static struct conn_waiter *waiter(const struct conn *c, enum conn_wait what)
{
	struct conn_waiter *w, *last = NULL;

	list_each (w, &c->waiting, struct conn_waiter, node)
		if (w->what == what)
			last = w;
	return last;
}

void conn_settle(struct conn *c, enum conn_wait what, int exit)
{
	struct conn_waiter *w;

	/* those before follow what is said to the last one, up to its end */
	while ((w = waiter(c, what))) {
		uint32_t request = w->request;

		list_remove(&w->node);
		free(w);
		ike_request_release(c->ike, request, exit);
	}
	if (c->users == 0)
		look_again(c);
}

bool conn_is_waited(const struct conn *c, enum conn_wait what)
{
	return waiter(c, what) != NULL;
}

uint32_t conn_request(const struct conn *c)
{
	if (list_empty(&c->waiting))
		return 0;
	return list_item(c->waiting.prev, struct conn_waiter, node)->request;
}

void conn_tell_joined(const struct conn *c)
{
	struct conn_waiter *w, *last = waiter(c, CONN_WAIT_UP);
	uint32_t with = 0;

	if (!last)
		return;
	list_each (w, &c->waiting, struct conn_waiter, node)
		if (w->what == CONN_WAIT_UP && w->request != last->request)
			with = w->request;
	EMIT(&c->ike->env.events, c->ike->now, (struct event_about[1]){ conn_about(c, 0) },
		conn_joined, .with = ev_u64(with));
}

/* ---- up ---- */

void conn_initiate(struct conn *c)
{
	struct ike *ike = c->ike;

	timer_stop(&ike->timers, &c->revive);
	for (size_t i = 0; i < ike->n_version; i++)
		if (ike->version[i].ops->conf == c->conf->version) {
			ike->version[i].ops->up(ike->version[i].state, c);
			return;
		}
	EMIT(&ike->env.events, ike->now, (struct event_about[1]){ conn_about(c, 0) }, conn_version,
		.version = ev_str(c->conf->version == VERSION_IKEV1 ? "IKEv1" : "IKEv2"));
	conn_settle(c, CONN_WAIT_UP, EXIT_IKE_LOCAL);
}

void conn_revive(struct conn *c)
{
	enum { STEP_S = 5, MAX_S = 300 };
	unsigned seconds;

	if (!c->must_be_up || c->ike->is_stopping || timer_is_set(&c->revive))
		return;
	c->revivals++;
	seconds = MIN(c->revivals * STEP_S, MAX_S);
	EMIT(&c->ike->env.events, c->ike->now, (struct event_about[1]){ conn_about(c, 0) },
		conn_revive, .attempt = ev_u64(c->revivals), .seconds = ev_u64(seconds));
	timer_set(&c->ike->timers, &c->revive, c->ike->now.mono + (ns_t)seconds * NS_S);
	conn_look_up(c); /* where it has moved it comes up at once */
}
