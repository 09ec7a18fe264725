/* An IPsec SA comes to life in the data plane, and leaves it. A responder has its inbound SA before
 * QR1 goes out, and sends when QI2 has come; an initiator has it before QI2 goes out, and sends
 * when that is likely to have come. */
#include "ikev1/exchanges.h"
#include "ikev1/quick_mode.h"

#include <stdio.h>

void v1_child_state_set(struct v1_child *c, enum v1_child_state s)
{
	if (c->state == s)
		return;
	V1_CHILD_EMIT(c, v1_child_state, .from = ev_str(v1_child_state_name(c->state)),
		.to = ev_str(v1_child_state_name(s)));
	c->state = (uint8_t)s;
	if (c->sa && s >= V1_QUICK_I2_SENT)
		v1_ready(c->sa); /* another one may begin */
}

void v1_child_install(struct v1_child *c, enum dp_dir dir)
{
	struct ike *ike = c->v1->ike;

	child_install(ike, &c->c, dir, V1_ASK_INSTALL);
	c->asks++;
	if (dir == DP_OUT && child_carries(&c->c, V1_ASK_INSTALL))
		c->asks++;
}

static void keep_error(struct v1_child *c, const struct answer *a)
{
	if (a->e == OK || c->install_error != OK)
		return;
	c->install_error = a->e;
	snprintf(
		c->install_text, sizeof(c->install_text), "%s", a->text ? a->text : err_text(a->e));
}

/* Half of it would be a hole. The peer has it whole, or waits: it is told. */
static void not_installed(struct v1_child *c)
{
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	V1_CHILD_EMIT(c, v1_child_not_installed, .why = ev_str(c->install_text),
		.is_unsupported = ev_u64(c->install_error == ERR_UNSUPPORTED),
		.is_taken = ev_u64(c->install_error == ERR_EXISTS));
	conn_use(conn);
	if (c->state == V1_QUICK_R_INSTALLING || c->state == V1_QUICK_I_INSTALLING) {
		quick_refuse(c, N1_NO_PROPOSAL_CHOSEN);
		v1_child_kill(c, EXIT_IKE_LOCAL);
	} else {
		v1_child_terminate(c);
	}
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
}

void v1_child_answer(struct v1_child *c, const struct answer *a)
{
	if (c->asks == 0)
		return;
	c->asks--;
	keep_error(c, a);
	if (c->asks != 0)
		return;
	if (c->install_error != OK) {
		if (c->state != V1_QUICK_GONE)
			not_installed(c);
		return;
	}
	if (c->state == V1_QUICK_I_INSTALLING)
		quick_mode_installed(c);
	else if (c->state == V1_QUICK_R_INSTALLING)
		quick_mode_r_installed(c);
	else if (c->state == V1_QUICK_USING)
		v1_child_established(c);
}

/* ---- from the old one to the new one ---- */

/* what QI2 may take to a peer from which nothing comes */
#define SWITCH_TIME (300 * NS_MS)

static bool is_twin(const struct v1_child *o, const struct v1_child *c)
{
	return o != c && o->c.conn == c->c.conn && o->c.reqid == c->c.reqid;
}

static bool has_usable_twin(const struct v1_child *c, struct list *children)
{
	const struct v1_child *o;

	list_each (o, children, struct v1_child, node)
		if (is_twin(o, c) && v1_child_is_usable(o))
			return true;
	return false;
}

static void use(struct v1_child *c)
{
	timer_stop(&c->v1->ike->timers, &c->use);
	v1_child_state_set(c, V1_QUICK_USING);
	v1_child_install(c, DP_OUT);
}

void v1_fire_child_use(struct ike *ike, struct timer *t)
{
	struct v1_child *c = container_of(t, struct v1_child, use);

	(void)ike;
	use(c);
	v1_leave(c->v1);
}

/* Who sends on it has QI2. */
void v1_child_heard(struct v1_child *c)
{
	if (c->state == V1_QUICK_I2_SENT)
		use(c);
}

void v1_child_switch(struct v1_child *c)
{
	bool has_old = has_usable_twin(c, &c->v1->orphans);
	struct v1_sa *sa;

	list_each (sa, &c->v1->sas, struct v1_sa, node)
		has_old = has_old || has_usable_twin(c, &sa->children);
	v1_child_state_set(c, V1_QUICK_I2_SENT);
	if (has_old)
		timer_set(&c->v1->ike->timers, &c->use, c->v1->ike->now.mono + SWITCH_TIME);
	else
		use(c);
}

static void use_twins(struct list *children, const struct v1_child *gone)
{
	struct v1_child *c;

	list_each (c, children, struct v1_child, node)
		if (c->state == V1_QUICK_I2_SENT && is_twin(c, gone))
			use(c);
}

/* The old one has gone: there is nothing to wait for. */
static void use_instead_of(const struct v1_child *gone)
{
	struct v1_sa *sa;

	use_twins(&gone->v1->orphans, gone);
	list_each (sa, &gone->v1->sas, struct v1_sa, node)
		use_twins(&sa->children, gone);
}

/* ---- up ---- */

static void established_event(struct v1_child *c)
{
	struct quick_words w;

	quick_words(c, &w);
	V1_CHILD_EMIT(c, v1_child_established, .mode = ev_str(w.mode), .esp = ev_str(w.esp),
		.spi_out = ev_x32(c->c.spi_out), .spi_in = ev_x32(c->c.spi_in),
		.xfrm = ev_str(w.xfrm), .natd = ev_str(w.natd), .dpd = ev_str(w.dpd),
		.ts_local = ev_str(w.ours), .ts_remote = ev_str(w.theirs),
		.ike = ev_u64(c->sa ? c->sa->serial : 0));
}

static void replace(struct v1_child *old, struct v1_child *c)
{
	enum { IN_FLIGHT = 5 }; /* seconds: what the peer sent on it before it knew */
	struct timers *h = &c->v1->ike->timers;
	ns_t end = c->v1->ike->now.mono + IN_FLIGHT * NS_S;

	old->replaced_by = c->c.serial;
	v1_child_state_set(old, V1_QUICK_REPLACED);
	timer_stop(h, &old->rekey);
	ike_request_release(c->v1->ike, old->request, EXIT_IKE_OK);
	old->request = 0;
	/* who rekeyed it deletes it; without that it ends by age, since of two that were made at
	 * the same time each end may take the other one for the newer */
	if (c->rekeys == old->c.serial && (!timer_is_set(&old->expire) || old->expire.at > end))
		timer_set(h, &old->expire, end);
}

static bool is_older_twin(const struct v1_child *o, const struct v1_child *c)
{
	return is_twin(o, c) && v1_child_is_usable(o) &&
	       (o->born < c->born || o->c.serial == c->rekeys);
}

/* IKEv1 does not say what a Quick Mode replaces: the newest IPsec SA with its selectors is used. */
static void replace_older(struct list *children, struct v1_child *c)
{
	struct v1_child *o;

	list_each (o, children, struct v1_child, node)
		if (is_older_twin(o, c))
			replace(o, c);
}

static void replace_all_older(struct v1_child *c)
{
	struct v1_sa *sa;

	list_each (sa, &c->v1->sas, struct v1_sa, node)
		replace_older(&sa->children, c);
	replace_older(&c->v1->orphans, c);
}

static void updown(struct v1_child *c, bool is_up)
{
	child_updown(c->v1->ike, &c->c, &c->peer_id, is_up);
}

/* Its ISAKMP SA was replaced while this was made: it goes over to the newer one. */
static void go_over(struct v1_child *c)
{
	struct v1_sa *newer = c->sa ? v1_sa_by_serial(c->v1, c->sa->replaced_by) : NULL;

	if (newer && c->sa->state == V1_REPLACED && v1_sa_is_established(newer))
		v1_children_inherit(newer);
}

void v1_child_established(struct v1_child *c)
{
	struct conn *conn = c->c.conn;
	struct ike *ike = c->v1->ike;

	c->c.add_time = ike->now.wall;
	v1_child_state_set(c, V1_QUICK_ESTABLISHED);
	conn->newest_child = c->c.serial;
	conn->revivals = 0;
	timer_stop(&ike->timers, &conn->revive);
	established_event(c);
	if (!c->rekeys)
		child_worked(ike, &c->c, c->sa ? &c->sa->suite : NULL, c->sa ? c->sa->product : "");
	child_export(ike, &c->c);
	v1_child_forget_exchange(c);
	if (conn_policy_is_first(conn, c->c.reqid)) {
		updown(c, true);
		child_clash(ike, &c->c, &c->peer_id);
	}
	v1_lifetime_child(c);
	replace_all_older(c);
	conn_settle(conn, CONN_WAIT_UP, EXIT_IKE_OK);
	ike_request_release(ike, c->request, EXIT_IKE_OK);
	c->request = 0;
	go_over(c);
}

/* ---- down ---- */

static void deleting_event(struct v1_child *c, bool is_told)
{
	char age[32];
	ns_t ns = c->v1->ike->now.mono - c->born;

	if (c->state == V1_QUICK_WAITING)
		return;
	V1_CHILD_EMIT(c, v1_deleting, .state = ev_str(v1_child_state_libreswan(c)),
		.age = ev_str(seconds_text(ns, 6, age, sizeof(age))),
		.sending = ev_str(is_told ? "sending notification" : "NOT sending notification"));
}

/* Those who wait for what never came. */
static void settle(struct v1_child *c, int exit)
{
	struct v1_child *old = v1_child_by_serial(c->v1, c->rekeys);

	if (!c->is_requester || c->state >= V1_QUICK_ESTABLISHED)
		return;
	if (!c->rekeys) {
		conn_settle(c->c.conn, CONN_WAIT_UP, exit);
	} else if (old) {
		ike_request_release(c->v1->ike, old->request, exit);
		old->request = 0;
	}
}

static void leave(struct v1_child *c, int exit)
{
	settle(c, exit);
	ike_request_release(c->v1->ike, c->request, exit);
	c->request = 0;
	v1_child_state_set(c, V1_QUICK_GONE);
	use_instead_of(c);
	if (conn_policy_is_last(c->c.conn, c->c.reqid))
		updown(c, false);
	child_farewell(c->v1->ike, &c->c);
	v1_child_free(c);
}

/* An orphan's Delete goes by any ISAKMP SA with its peer. */
static struct v1_sa *voice_of(struct v1_child *c)
{
	struct v1_sa *sa;

	if (c->sa && v1_sa_is_authenticated(c->sa))
		return c->sa;
	list_each (sa, &c->v1->sas, struct v1_sa, node)
		if (v1_sa_is_established(sa) && v1_child_is_of(c, sa))
			return sa;
	return NULL;
}

void v1_child_terminate(struct v1_child *c)
{
	struct v1_sa *sa = c->state > V1_QUICK_I1_SENT ? voice_of(c) : NULL;

	deleting_event(c, sa);
	if (sa)
		v1_tell_delete_child(sa, c);
	settle(c, EXIT_IKE_NO_ANSWER);
	leave(c, EXIT_IKE_OK);
}

void v1_child_kill(struct v1_child *c, int exit)
{
	if (c->state >= V1_QUICK_ESTABLISHED)
		deleting_event(c, false);
	leave(c, exit);
}
