/* A Child SA comes to life in the data plane, and leaves it. The order is RFC 7296 2.8's: a
 * responder has its inbound SA before it answers; after a rekey it sends on the new one when it has
 * heard the peer on it, or when the peer deletes the old one (a MAY there, our rule). */
#include "ikev2/create_child_sa.h"
#include "ikev2/exchanges.h"
#include "ikev2/suite.h"

#include <stdio.h>
#include <stdlib.h>

void v2_child_state_set(struct v2_child *c, enum v2_child_state s)
{
	c->state = (uint8_t)s;
	v2_changed(c->sa);
}

static void ask_outbound(struct v2_child *c)
{
	struct ike *ike = c->sa->ike;

	child_install(ike, &c->c, DP_OUT, V2_ASK_INSTALL);
	c->asks++;
	if (child_carries(&c->c, V2_ASK_INSTALL))
		c->asks++;
}

static bool is_deleted_already(const struct v2_child *c)
{
	const struct v2_sa *sa = c->sa;

	for (size_t i = 0; c->is_requester && i < COUNT(sa->early_delete); i++)
		if (sa->early_delete[i] == c->c.spi_out)
			return true;
	return false;
}

static void kill_and_tell(struct v2_child *c)
{
	struct conn *conn = c->c.conn;
	struct v2 *v2 = c->sa->v2;

	V2_CHILD_EMIT(c, v2_child_deleted_by_peer, .spi = ev_x32(c->c.spi_out));
	conn_use(conn);
	v2_child_kill(c);
	v2_conn_lost(v2, conn);
	conn_unuse(conn);
}

void v2_child_install(struct v2_child *c, bool both)
{
	if (is_deleted_already(c)) {
		kill_and_tell(c);
		return;
	}
	v2_child_state_set(c, V2_CHILD_INSTALLING);
	c->install_error = OK;
	child_install(c->sa->ike, &c->c, DP_IN, V2_ASK_INSTALL);
	c->asks++;
	if (both)
		ask_outbound(c);
}

void v2_child_use(struct v2_child *c)
{
	if (c->state != V2_CHILD_STANDBY)
		return;
	ask_outbound(c);
	v2_child_state_set(c, V2_CHILD_ESTABLISHED);
}

void v2_child_keep_error(struct v2_child *c, const struct answer *a)
{
	if (a->e == OK || c->install_error != OK)
		return;
	c->install_error = a->e;
	snprintf(
		c->install_text, sizeof(c->install_text), "%s", a->text ? a->text : err_text(a->e));
}

void v2_child_answer(struct v2_child *c, const struct answer *a)
{
	if (c->asks == 0)
		return;
	c->asks--;
	v2_child_keep_error(c, a);
	if (c->state != V2_CHILD_INSTALLING) {
		/* half of it would be a hole */
		if (a->e != OK && c->state == V2_CHILD_ESTABLISHED)
			v2_child_not_installed(c);
		return;
	}
	if (c->asks != 0)
		return;
	if (c->purpose == V2_CHILD_IN_AUTH)
		v2_auth_child_installed(c, c->install_error);
	else
		v2_create_child_installed(c, c->install_error);
}

void v2_children_follow(struct v2_sa *sa)
{
	struct v2_child *c;

	if (sa->conn->template) /* it is this peer's alone */
		sa->conn->remote.addr = sa->remote.addr;
	list_each (c, &sa->children, struct v2_child, node) {
		if (c->c.is_transport && !addr_eq(&c->c.remote.addr, &sa->remote.addr) &&
			v2_child_is_usable(c))
			v2_child_expired(c, "transport mode ends with the peer's address", "");
		else
			child_move(sa->ike, &c->c, &sa->local, &sa->remote, c->c.encap);
	}
}

/* ---- the line that monitoring looks for ---- */

/* We asked for several networks, and the peer granted fewer. */
struct fewer {
	char asked_local[TS_LIST_STR], asked_remote[TS_LIST_STR], got_local[TS_LIST_STR],
		got_remote[TS_LIST_STR];
};
static void see_fewer(const struct v2_child *c, struct fewer *ret)
{
	struct ts_list local, remote;

	*ret = (struct fewer){ 0 };
	if (!c->is_requester || c->rekeys || c->c.conn->ours->modecfgclient)
		return;
	conn_ts_ours(c->c.conn, &local);
	conn_ts_theirs(c->c.conn, &remote);
	if (c->c.ts_local.n >= local.n && c->c.ts_remote.n >= remote.n)
		return;
	ts_list_format(&local, ret->asked_local);
	ts_list_format(&remote, ret->asked_remote);
	ts_list_format(&c->c.ts_local, ret->got_local);
	ts_list_format(&c->c.ts_remote, ret->got_remote);
}

static void established_event(struct v2_child *c)
{
	const struct child *k = &c->c;
	char ours[TS_LIST_STR], theirs[TS_LIST_STR], esp[32], xfrm[ALG_STR * 2], natd[ENDPOINT_STR];
	struct fewer fewer;
	char old[16] = "";

	see_fewer(c, &fewer);
	if (c->rekeys)
		snprintf(old, sizeof(old), "%u", c->rekeys);
	snprintf(esp, sizeof(esp), "ESP%s%s", k->encap ? "inUDP" : "",
		k->suite.esn == ESN_YES ? "/ESN" : "");
	V2_CHILD_EMIT(c, v2_child_established,
		.role = ev_str(c->is_requester ? "initiator" : "responder"),
		.verb = ev_str(c->rekeys ? "rekeyed" : "established"), .old = ev_str(old),
		.ike = ev_u64(c->sa->serial),
		.mode = ev_str(k->is_transport ? "transport" : "tunnel"),
		.ts_local = ev_str(v2_ts_ranges(&k->ts_local, ours, sizeof(ours))),
		.ts_remote = ev_str(v2_ts_ranges(&k->ts_remote, theirs, sizeof(theirs))),
		.esp = ev_str(esp), .spi_out = ev_x32(k->spi_out), .spi_in = ev_x32(k->spi_in),
		.xfrm = ev_str(v2_xfrm_text(&k->suite, xfrm, sizeof(xfrm))),
		.natd = ev_str(k->encap ? endpoint_format(&k->remote, natd) : ""),
		.dpd = ev_str(k->conn->conf->dpddelay ? "active" : "passive"),
		.asked_local = ev_str(fewer.asked_local),
		.asked_remote = ev_str(fewer.asked_remote), .got_local = ev_str(fewer.got_local),
		.got_remote = ev_str(fewer.got_remote), .product = ev_str(c->sa->product));
}

char *v2_ts_ranges(const struct ts_list *l, char *s, size_t n)
{
	char one[TS_STR];
	size_t at = 0;

	s[0] = '\0';
	for (size_t i = 0; i < l->n && at + 2 < n; i++)
		at += (size_t)snprintf(
			s + at, n - at, "%s%s", i ? "," : "", ts_format_range(&l->ts[i], one));
	return s;
}

static void updown(struct v2_child *c, bool is_up)
{
	child_updown(c->sa->ike, &c->c, &c->sa->peer_id, is_up);
}

void v2_child_established(struct v2_child *c)
{
	struct conn *conn = c->c.conn;

	c->c.add_time = c->sa->ike->now.wall;
	free(c->offered);
	c->offered = NULL;
	buf_done(&c->ni);
	buf_done(&c->nr);
	v2_child_state_set(c, c->c.has_out ? V2_CHILD_ESTABLISHED : V2_CHILD_STANDBY);
	conn->newest_child = c->c.serial;
	conn->revivals = 0;
	timer_stop(&c->sa->ike->timers, &conn->revive);
	established_event(c);
	if (!c->rekeys)
		child_worked(c->sa->ike, &c->c, &c->sa->suite, c->sa->product);
	child_export(c->sa->ike, &c->c);
	if (conn_policy_is_first(conn, c->c.reqid)) {
		updown(c, true);
		child_clash(c->sa->ike, &c->c, &c->sa->peer_id);
	}
	v2_lifetime_child(c);
	conn_settle(conn, CONN_WAIT_UP, EXIT_IKE_OK);
	ike_request_release(c->sa->ike, c->request, EXIT_IKE_OK);
	c->request = 0;
}

/* It goes before the data plane answered: the peer still waits for its response. */
static void answer_without(struct v2_child *c)
{
	if (!c->has_answer_due)
		return;
	c->has_answer_due = false;
	if (c->purpose != V2_CHILD_IN_AUTH && c->sa->state != V2_DEAD)
		v2_reply_notify(c->sa, CREATE_CHILD_SA, PROTO_NONE, BYTES_NONE, N_TEMPORARY_FAILURE,
			BYTES_NONE);
}

void v2_child_terminate(struct v2_child *c)
{
	if (c->state == V2_CHILD_DELETING)
		return;
	if (c->has_answer_due) {
		v2_child_kill(c);
		return;
	}
	v2_child_state_set(c, V2_CHILD_DELETING);
	timer_stop(&c->sa->ike->timers, &c->rekey);
	timer_stop(&c->sa->ike->timers, &c->expire);
	v2_task_add(c->sa, V2_TASK_DELETE_CHILD, c->c.serial);
}

void v2_child_kill(struct v2_child *c)
{
	answer_without(c);
	/* who asked for it and was not told otherwise before */
	if (c->is_requester && c->state < V2_CHILD_STANDBY && c->purpose != V2_CHILD_REKEY &&
		!c->is_unwanted)
		conn_settle(c->c.conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
	v2_child_state_set(c, V2_CHILD_GONE);
	if (conn_policy_is_last(c->c.conn, c->c.reqid))
		updown(c, false);
	child_farewell(c->sa->ike, &c->c);
	v2_child_free(c);
}
