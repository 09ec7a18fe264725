/* What the engine wants to be done, what it waits for, and who waits for it: actions, asks,
 * requests. */
#include "ike/engine.h"

#include <stdlib.h>

/* An action with everything that it points to. */
struct ike_action {
	struct list node;
	struct action a;
	struct buf data, heard;
	struct dp_sa sa;
	struct dp_policy policy;
	struct id ours, theirs;
	struct ts ts_local, ts_remote;
	struct addr dns[LIMIT_DNS_SERVERS];
	char *conn, *verb, *policy_text, *domains, *user, *banner;
};

static struct ike_action *action_new(struct ike *ike, uint8_t kind)
{
	struct ike_action *n = xalloc(sizeof(*n));

	n->a.kind = kind;
	list_append(&ike->actions, &n->node);
	return n;
}

void ike_action_free(struct ike_action *n)
{
	if (!n)
		return;
	wipe(n->data.p, n->data.n);
	buf_done(&n->data);
	buf_done(&n->heard);
	secret_done(&n->sa.encr_key);
	secret_done(&n->sa.integ_key);
	id_done(&n->ours);
	id_done(&n->theirs);
	free(n->conn);
	free(n->verb);
	free(n->policy_text);
	free(n->domains);
	free(n->user);
	free(n->banner);
	free(n);
}

struct ike_action *ike_action_pop(struct ike *ike, struct action *ret)
{
	struct ike_action *n;

	if (list_empty(&ike->actions))
		return NULL;
	n = list_item(ike->actions.next, struct ike_action, node);
	list_remove(&n->node);
	*ret = n->a;
	return n;
}

static void send_kind(struct ike *ike, uint8_t kind, const struct endpoint *local,
	const struct endpoint *remote, struct bytes datagram)
{
	struct ike_action *n = action_new(ike, kind);

	n->data = buf_from(datagram);
	n->a.datagram = (struct datagram){ *local, *remote, buf_view(&n->data) };
}

void ike_send(struct ike *ike, const struct endpoint *local, const struct endpoint *remote,
	struct bytes datagram)
{
	send_kind(ike, ACTION_SEND, local, remote, datagram);
}

void ike_send_keepalive(
	struct ike *ike, const struct endpoint *local, const struct endpoint *remote)
{
	static const uint8_t octet[] = { 0xff };

	send_kind(ike, ACTION_KEEPALIVE, local, remote, BYTES(octet));
}

uint32_t ike_ask_new(struct ike *ike, const struct ike_ask *ask)
{
	struct ike_ask *a = xalloc(sizeof(*a));

	*a = *ask;
	if (++ike->last_ask == 0)
		ike->last_ask = 1;
	a->number = ike->last_ask;
	list_append(&ike->open_asks, &a->node);
	map_put(&ike->asks, a->number, a);
	return a->number;
}

bool ike_ask_take(struct ike *ike, uint32_t number, struct ike_ask *ret)
{
	struct ike_ask *a = map_take(&ike->asks, number);

	if (!a)
		return false;
	list_remove(&a->node);
	*ret = *a;
	free(a);
	return true;
}

static uint32_t ask_psk(
	struct ike *ike, uint8_t action, const struct ike_ask *ask, const struct action *psk)
{
	struct ike_action *n = action_new(ike, action);

	n->a.psk = psk->psk;
	n->conn = xstrdup(psk->psk.conn);
	n->ours = id_copy(psk->psk.ours);
	n->theirs = id_copy(psk->psk.theirs);
	n->data = buf_from(psk->psk.octets);
	n->heard = buf_from(psk->psk.heard);
	n->a.psk.conn = n->conn;
	n->a.psk.ours = &n->ours;
	n->a.psk.theirs = &n->theirs;
	n->a.psk.octets = buf_view(&n->data);
	n->a.psk.heard = buf_view(&n->heard);
	n->a.ask = ike_ask_new(ike, ask);
	return n->a.ask;
}

uint32_t ike_ask_psk(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *psk)
{
	struct ike_ask ask = { .version = version, .kind = kind, .serial = serial };

	return ask_psk(ike, ACTION_PSK, &ask, psk);
}

uint32_t ike_ask_skeyid(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *psk)
{
	struct ike_ask ask = { .version = version, .kind = kind, .serial = serial };

	return ask_psk(ike, ACTION_SKEYID, &ask, psk);
}

static uint32_t ask_xauth(
	struct ike *ike, uint8_t action, const struct ike_ask *ask, const struct action *xauth)
{
	struct ike_action *n = action_new(ike, action);

	n->conn = xstrdup(xauth->xauth.conn);
	n->user = xstrdup(xauth->xauth.user);
	n->data = buf_from(xauth->xauth.password);
	n->a.xauth.conn = n->conn;
	n->a.xauth.user = n->user;
	n->a.xauth.password = buf_view(&n->data);
	n->a.ask = ike_ask_new(ike, ask);
	return n->a.ask;
}

uint32_t ike_ask_xauth_verify(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *xauth)
{
	struct ike_ask ask = { .version = version, .kind = kind, .serial = serial };

	return ask_xauth(ike, ACTION_XAUTH_VERIFY, &ask, xauth);
}

uint32_t ike_ask_xauth_secret(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *xauth)
{
	struct ike_ask ask = { .version = version, .kind = kind, .serial = serial };

	return ask_xauth(ike, ACTION_XAUTH_SECRET, &ask, xauth);
}

static struct ike_action *dataplane_action(struct ike *ike, const struct action *dp)
{
	struct ike_action *n = action_new(ike, ACTION_DATAPLANE);

	n->a.dp = dp->dp;
	if (dp->dp.sa) {
		n->sa = *dp->dp.sa;
		n->sa.encr_key = secret_from(secret_view(&dp->dp.sa->encr_key));
		n->sa.integ_key = secret_from(secret_view(&dp->dp.sa->integ_key));
		n->a.dp.sa = &n->sa;
	}
	if (dp->dp.policy) {
		n->policy = *dp->dp.policy;
		n->a.dp.policy = &n->policy;
	}
	return n;
}

uint32_t ike_ask_dataplane(
	struct ike *ike, uint8_t version, uint32_t serial, uint8_t kind, const struct action *dp)
{
	struct ike_ask ask = { .version = version, .kind = kind, .serial = serial };

	return ike_ask_dataplane_as(ike, &ask, dp);
}

uint32_t ike_ask_dataplane_as(struct ike *ike, const struct ike_ask *ask, const struct action *dp)
{
	struct ike_action *n = dataplane_action(ike, dp);

	n->a.ask = ike_ask_new(ike, ask);
	return n->a.ask;
}

void ike_tell_dataplane(struct ike *ike, const struct action *dp)
{
	dataplane_action(ike, dp);
}

void ike_tell_updown(struct ike *ike, const struct action *updown)
{
	struct ike_action *n = action_new(ike, ACTION_UPDOWN);

	n->a.updown = updown->updown;
	n->conn = xstrdup(updown->updown.conn);
	n->ours = id_copy(updown->updown.ours);
	n->theirs = id_copy(updown->updown.theirs);
	n->ts_local = *updown->updown.ts_local;
	n->ts_remote = *updown->updown.ts_remote;
	n->verb = xstrdup(updown->updown.verb);
	n->policy_text = xstrdup(updown->updown.policy);
	n->domains = xstrdup(updown->updown.domains);
	memcpy(n->dns, updown->updown.dns, updown->updown.n_dns * sizeof(n->dns[0]));
	n->user = xstrdup(updown->updown.user);
	n->banner = xstrdup(updown->updown.banner);
	n->a.updown.user = n->user;
	n->a.updown.banner = n->banner;
	n->a.updown.verb = n->verb;
	n->a.updown.policy = n->policy_text;
	n->a.updown.domains = n->domains;
	n->a.updown.dns = n->dns;
	n->a.updown.conn = n->conn;
	n->a.updown.ours = &n->ours;
	n->a.updown.theirs = &n->theirs;
	n->a.updown.ts_local = &n->ts_local;
	n->a.updown.ts_remote = &n->ts_remote;
}

void ike_tell_resolve(struct ike *ike, const char *conn)
{
	struct ike_action *n = action_new(ike, ACTION_RESOLVE);

	n->conn = xstrdup(conn);
	n->a.resolve.conn = n->conn;
}

/* ---- requests ---- */

static struct ike_request *request_find(struct ike *ike, uint32_t id)
{
	struct ike_request *r;

	list_each (r, &ike->requests, struct ike_request, node)
		if (r->id == id)
			return r;
	return NULL;
}

void ike_request_open(struct ike *ike, uint32_t id)
{
	struct ike_request *r = request_find(ike, id);

	if (id == 0)
		return;
	if (!r) {
		r = xalloc(sizeof(*r));
		r->id = id;
		list_append(&ike->requests, &r->node);
	}
	r->holds++;
}

void ike_request_hold(struct ike *ike, uint32_t id)
{
	struct ike_request *r = request_find(ike, id);

	if (r)
		r->holds++;
}

void ike_request_release(struct ike *ike, uint32_t id, int exit)
{
	struct ike_request *r = request_find(ike, id);
	struct event_about about = { .request = id };

	if (!r)
		return;
	if (r->exit == 0)
		r->exit = exit;
	if (--r->holds != 0)
		return;
	EMIT(&ike->env.events, ike->now, &about, request_done, .exit = ev_u64((uint64_t)r->exit));
	list_remove(&r->node);
	free(r);
}
