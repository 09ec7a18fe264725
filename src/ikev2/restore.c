/* An IKE SA of an earlier process goes on: made again from its record, its Child SAs adopted from
 * the data plane. What was open when that process died is ended as well as it can be: a request
 * goes out again as it was, and what its response makes without the keys that died is deleted. */
#include "ikev2/create.h"
#include "ikev2/exchanges.h"
#include "ikev2/record.h"
#include "ikev2/v2.h"

#include <stdlib.h>

/* No message of ours has had a counter that is not in the record; this is for the case that one
 * had. */
#define COUNTER_GAP (1u << 16)

/* What was about to be rekeyed, or was being rekeyed. */
#define REKEY_AFTER (5 * NS_S)

/* ---- Child SAs ---- */

static void take_child(struct v2_child *c, const struct v2_record_child *k)
{
	v2_child_state_set(c, (enum v2_child_state)k->state);
	c->purpose = k->purpose;
	c->is_requester = k->is_requester;
	/* what asked for it is gone, and the half of the key exchange with it */
	c->is_unwanted = k->is_unwanted || k->state == V2_CHILD_SENT;
	c->rekeys = k->rekeys;
	c->replaced_by = k->replaced_by;
	c->rival = k->rival;
	c->lowest_nonce = buf_from(k->lowest_nonce);
	c->c.suite = k->suite;
	c->c.spi_out = k->spi_out;
	c->c.ts_local = k->ts_local;
	c->c.ts_remote = k->ts_remote;
	c->c.local = k->local;
	c->c.remote = k->remote;
	c->c.encap = k->encap;
	c->c.is_transport = k->is_transport;
	c->c.takes_no_tfc = k->takes_no_tfc;
	c->c.add_time = k->add_time;
	if (k->encr_out.n)
		c->c.encr_out = secret_from(k->encr_out);
	if (k->integ_out.n)
		c->c.integ_out = secret_from(k->integ_out);
}

/* The data plane is asked whether it has what the record says. */
static void adopt(struct v2_child *c, const struct v2_record_child *k)
{
	struct ike *ike = c->sa->ike;
	struct conn *conn = c->c.conn;

	/* of a connection that is gone: all of it goes when the data plane settles */
	if (conn->is_removed || !(k->has_in || k->has_out || k->is_carrying))
		return;
	c->c.reqid = k->reqid;
	conn_policy_rejoin(conn, &c->c, k->reqid, k->is_told);
	if (k->has_in && child_adopt(ike, &c->c, DP_IN, V2_ASK_ADOPT_IN))
		c->adoptions++;
	if (k->has_out && child_adopt(ike, &c->c, DP_OUT, V2_ASK_ADOPT_OUT))
		c->adoptions++;
	if (k->is_carrying && child_carries(&c->c, V2_ASK_ADOPT_POLICY))
		c->adoptions++;
}

static void child_timers(struct v2_child *c, const struct v2_record_child *k)
{
	struct ike *ike = c->sa->ike;
	const struct conf_conn *conf = c->c.conn->conf;

	if (k->expire)
		timer_set(&ike->timers, &c->expire, k->expire);
	if (k->rekey)
		timer_set(&ike->timers, &c->rekey, k->rekey);
	else if (v2_child_is_usable(c) && !c->replaced_by && conf->rekey && conf->rekeymargin > 0)
		timer_set(&ike->timers, &c->rekey, ike->now.mono + REKEY_AFTER);
}

static void restore_child(struct v2_sa *sa, const struct v2_record_child *k, struct conn *conn)
{
	struct v2_child *c = v2_child_again(sa, conn, k->serial, k->spi_in);

	sa->ike->last_serial = MAX(sa->ike->last_serial, k->serial);
	take_child(c, k);
	adopt(c, k);
	child_timers(c, k);
	if (v2_child_is_usable(c))
		conn->newest_child = MAX(conn->newest_child, k->serial);
	if (c->state == V2_CHILD_DELETING)
		v2_task_add(sa, V2_TASK_DELETE_CHILD, k->serial);
}

/* ---- the answers ---- */

static void lost(struct v2_child *c)
{
	struct v2_sa *sa = c->sa;

	V2_CHILD_EMIT(c, v2_not_taken, .why = ev_str(c->install_text));
	sa->ike->n_not_taken++;
	if (!v2_child_is_usable(c) || c->replaced_by || !v2_sa_is_established(sa))
		return;		 /* it goes anyway */
	v2_rekey_child_start(c); /* what is there of it serves until then */
}

static void adopted(struct v2_child *c, bool was_heard)
{
	c->sa->ike->n_taken += c->state == V2_CHILD_ESTABLISHED || c->state == V2_CHILD_STANDBY;
	if (was_heard) /* nobody was there to be told */
		v2_child_use(c);
}

void v2_child_adopted(struct v2_child *c, uint8_t kind, const struct answer *a)
{
	if (c->adoptions == 0)
		return;
	c->adoptions--;
	if (kind == V2_ASK_ADOPT_IN && a->e == OK)
		c->c.last = a->counters;
	if (a->e != OK && kind == V2_ASK_ADOPT_IN)
		c->c.has_in = false;
	if (a->e != OK && kind == V2_ASK_ADOPT_OUT)
		c->c.has_out = false;
	v2_child_keep_error(c, a);
	if (c->adoptions != 0)
		return;
	if (c->state == V2_CHILD_INSTALLING && c->purpose == V2_CHILD_IN_AUTH)
		v2_auth_child_installed(c, c->install_error);
	else if (c->state == V2_CHILD_INSTALLING)
		v2_create_child_installed(c, c->install_error);
	else if (c->install_error != OK)
		lost(c);
	else
		adopted(c, c->c.last.in_packets != 0);
}

/* ---- the IKE SA ---- */

static void take_values(struct v2_sa *sa, const struct v2_record *r)
{
	sa->has_fragmentation = r->has_fragmentation;
	sa->is_childless = r->is_childless;
	sa->is_redundant = r->is_redundant;
	sa->offers_all = r->offers_all;
	memcpy(sa->spi_i, r->spi_i, sizeof(sa->spi_i));
	memcpy(sa->spi_r, r->spi_r, sizeof(sa->spi_r));
	sa->local = r->local;
	sa->remote = r->remote;
	sa->nat = r->nat;
	sa->peer_id = id_copy(&r->peer_id);
	sa->born = r->born;
	sa->established = r->established;
	sa->fragment_mtu = r->fragment_mtu;
	sa->rekeys = r->rekeys;
	sa->replaced_by = r->replaced_by;
	sa->rekey_peer = r->rekey_peer;
	sa->reauth_of = r->reauth_of;
	sa->suite = r->suite;
	sa->seal_counter = r->seal_counter + COUNTER_GAP;
	sa->lowest_nonce = buf_from(r->lowest_nonce);
	sa->window.expected = r->expected;
	sa->window.next = r->next;
	sa->window.is_open = r->is_open;
	sa->window.response.all = buf_from(r->response);
	sa->window.request.all = buf_from(r->request);
	sa->request_exchange = r->exchange;
}

static enum err take_keys(struct v2_sa *sa, const struct v2_record *r)
{
	struct secret *keys[V2_RECORD_KEYS] = { &sa->keys.sk_d, &sa->keys.sk_ai, &sa->keys.sk_ar,
		&sa->keys.sk_ei, &sa->keys.sk_er };

	for (size_t i = 0; i < V2_RECORD_KEYS; i++)
		if (r->key[i].n)
			*keys[i] = secret_from(r->key[i]);
	return v2_sa_keys_ready(sa);
}

/* What the open request is for us now. */
static uint8_t task_kind(const struct v2_sa *sa, const struct v2_record *r)
{
	switch ((enum v2_task_kind)r->task) {
	case V2_TASK_DELETE_CHILD:
	case V2_TASK_DELETE_IKE:
	case V2_TASK_NEW_CHILD:
	case V2_TASK_REKEY_CHILD:
	case V2_TASK_KEYLESS:
		return r->task;
	case V2_TASK_REKEY_IKE:
		return sa->state == V2_ESTABLISHED ? V2_TASK_KEYLESS : V2_TASK_ABANDONED;
	case V2_TASK_LIVENESS:
	case V2_TASK_ABANDONED:
		break;
	}
	return V2_TASK_ABANDONED;
}

static void open_request(struct v2_sa *sa, const struct v2_record *r)
{
	if (!r->is_open)
		return;
	sa->task = xalloc(sizeof(*sa->task));
	sa->task->kind = task_kind(sa, r);
	sa->task->child = r->task_child;
	v2_retransmit_arm(sa);
}

static void ike_timers(struct v2_sa *sa, const struct v2_record *r)
{
	const struct conf_conn *conf = sa->conn->conf;
	struct ike *ike = sa->ike;

	if (r->expire)
		timer_set(&ike->timers, &sa->expire, r->expire);
	v2_keepalive_arm(sa);
	if (sa->state != V2_ESTABLISHED)
		return;
	if (r->rekey_at)
		timer_set(&ike->timers, &sa->rekey_at, r->rekey_at);
	else if (!sa->is_redundant && conf->rekey && conf->rekeymargin > 0)
		timer_set(&ike->timers, &sa->rekey_at, ike->now.mono + REKEY_AFTER);
	if (!sa->is_redundant)
		v2_liveness_arm(sa);
}

/* Is anything there already that the record claims? */
static bool is_taken(struct v2 *v2, const struct v2_record *r, uint32_t serial)
{
	if (v2_sa_by_serial(v2, serial) || v2_sa_by_spi(v2, r->is_initiator ? r->spi_i : r->spi_r))
		return true;
	for (size_t i = 0; i < r->n_child; i++)
		if (v2_child_by_serial(v2, r->child[i].serial) ||
			map_get(&v2->spis_in, r->child[i].spi_in))
			return true;
	return false;
}

/* Its connection is gone, or is another one now. */
static void give_up(struct v2 *v2, struct conn *stand_in)
{
	struct event_about about = conn_about(stand_in, 0);

	EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_not_taken,
		.why = ev_str("the connection was changed or is not loaded any more"));
	v2->ike->n_not_taken++;
	ikev2_version.down(v2, stand_in);
}

static enum err rebuild(struct v2 *v2, uint32_t serial, const struct v2_record *r)
{
	struct conn **conn;
	struct v2_sa *sa;
	enum err e;

	if (serial == 0 || is_taken(v2, r, serial))
		return ERR_EXISTS;
	conn = xalloc(r->n_conn * sizeof(struct conn *));
	for (size_t i = 0; i < r->n_conn; i++)
		conn[i] = kept_conn_take(v2->ike, &r->conn[i], &r->peer_id);
	sa = v2_sa_again(v2, conn[0], r->is_initiator, serial);
	v2->ike->last_serial = MAX(v2->ike->last_serial, serial);
	take_values(sa, r);
	v2_step_first(sa, (enum v2_state)r->state);
	v2_sa_enter(sa);
	e = take_keys(sa, r);
	if (e != OK) {
		v2_sa_free(sa);
		goto out;
	}
	open_request(sa, r);
	for (size_t i = 0; i < r->n_child; i++)
		restore_child(sa, &r->child[i], conn[r->child[i].conn]);
	ike_timers(sa, r);
	if (sa->state == V2_ESTABLISHED)
		sa->conn->newest_ike = MAX(sa->conn->newest_ike, serial);
	else if (sa->state == V2_DELETING)
		v2_task_add(sa, V2_TASK_DELETE_IKE, 0);
	v2_ready(sa);
	for (size_t i = 0; i < r->n_conn; i++)
		if (conn[i]->is_removed)
			give_up(v2, conn[i]);
out:
	free(conn);
	return e;
}

enum err v2_restore(void *state, uint32_t serial, struct bytes body)
{
	struct v2 *v2 = state;
	struct v2_record r = { 0 };
	enum err e = v2_record_get(body, &r);

	if (e == OK)
		e = rebuild(v2, serial, &r);
	v2_record_done(&r);
	v2_leave(v2);
	return e;
}
