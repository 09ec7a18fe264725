/* Rekeying the IKE SA (RFC 7296 1.3.2, 2.8, 2.18, 2.25.2): a new one with new SPIs and keys takes
 * over the Child SAs; the end that asked for it deletes the old one.
 *
 * When both ends ask at once, the new IKE SA of the exchange with the lowest of the four nonces is
 * deleted by the end that made it; the other one gets the Child SAs. Until that is decided they
 * stay where they are. */
#include "ikev2/create.h"
#include "ikev2/exchanges.h"
#include "ikev2/suite.h"

#include <stdlib.h>

#define REDUNDANT_LIFE (10 * NS_S)

/* The IKE SA that this one is to replace, as long as a collision is not decided; NULL. */
static struct v2_sa *undecided(const struct v2_sa *sa)
{
	struct v2_sa *old = sa->rekeys ? v2_sa_by_serial(sa->v2, sa->rekeys) : NULL;

	return old && old->rekey_peer == sa->serial ? old : NULL;
}

bool v2_rekey_ike_is_undecided(const struct v2_sa *sa)
{
	return sa->rekey_peer || undecided(sa);
}

void v2_rekey_ike_start(struct v2_sa *sa)
{
	if (undecided(sa)) {
		/* it is being replaced, or is the replacement, at this moment */
		ike_request_release(sa->ike, sa->request, EXIT_IKE_OK);
		sa->request = 0;
		return;
	}
	if (sa->state == V2_ESTABLISHED && !sa->rekey && !sa->rekey_peer)
		v2_task_add(sa, V2_TASK_REKEY_IKE, 0);
}

static void inherit(struct v2_sa *n, const struct v2_sa *old)
{
	n->rekeys = old->serial;
	n->local = old->local;
	n->remote = old->remote;
	n->nat = old->nat;
	n->product = old->product;
	n->peer_reads_explain = old->peer_reads_explain;
	n->has_fragmentation = old->has_fragmentation;
	n->fragment_mtu = old->fragment_mtu;
	n->peer_id = id_copy(&old->peer_id);
}

/* The new IKE SA takes over what the old one had. */
static void take_over(struct v2_sa *n, struct v2_sa *old)
{
	struct v2_child *c;
	struct v2_task *t;

	old->replaced_by = n->serial;
	list_each (c, &old->children, struct v2_child, node)
		v2_child_move(c, n);
	list_each (t, &old->tasks, struct v2_task, node) {
		list_remove(&t->node);
		if (t->kind == V2_TASK_REKEY_IKE || t->kind == V2_TASK_LIVENESS ||
			t->kind == V2_TASK_DELETE_IKE)
			free(t);
		else
			list_append(&n->tasks, &t->node);
	}
	n->conn->newest_ike = n->serial;
	ike_request_release(old->ike, old->request, EXIT_IKE_OK);
	old->request = 0;
	v2_sa_rekeyed(old);
	v2_ready(n);
}

/* ---- the requester ---- */

/* The algorithms that we have, as long as the peer takes them again: see choose(). */
static void offer(const struct v2_sa *sa, const uint8_t spi[8], struct proposals *ret)
{
	if (!sa->offers_all) {
		v2_proposal_of(&sa->suite, PROTO_IKE, 1, spi, 8, ret);
		return;
	}
	proposals_copy(ret, conn_ike_proposals(sa->conn));
	for (size_t i = 0; i < ret->n; i++) {
		ret->p[i].spi_n = 8;
		memcpy(ret->p[i].spi, spi, 8);
	}
}

bool rekey_ike_build(struct v2_sa *sa, struct v2_build *b)
{
	struct v2_sa *n = sa->rekey;
	struct proposals offered;
	uint16_t group = sa->ke_group;

	if (sa->rekey_peer)
		return false;
	if (!n) {
		n = v2_sa_new(sa->v2, sa->conn, true);
		inherit(n, sa);
		sa->rekey = n;
	}
	if (group == 0)
		group = sa->suite.ke;
	ke_free(n->ke);
	n->ke = ke_new(group);
	if (!n->ke) {
		rekey_ike_forget(sa);
		return false;
	}
	v2_nonce_new(n, &n->ni);
	offer(sa, n->spi_i, &offered);
	v2_put_sa(b, &offered);
	v2_put_nonce(b, buf_view(&n->ni));
	v2_put_ke(b, group, ke_public(n->ke));
	return true;
}

void rekey_ike_forget(struct v2_sa *sa)
{
	struct v2_sa *n = sa->rekey;

	sa->rekey = NULL;
	if (n)
		v2_sa_kill(n, EXIT_IKE_OK);
}

static enum err take_response(struct v2_sa *old, struct v2_sa *n, const struct v2_msg *m)
{
	struct proposals offered;
	struct v2_rekeyed from = { old->suite.prf, secret_view(&old->keys.sk_d) };
	const struct proposal *p = &m->sa.p[0];
	struct secret g_ir = { 0 };
	enum err e;

	if (!v2_has(m, V2_SA) || !v2_has(m, V2_KE) || !v2_has(m, V2_NONCE))
		return ERR_MISSING;
	offer(old, n->spi_i, &offered);
	if ((e = proposals_accept(&offered, &m->sa, true, &n->suite)))
		return e;
	if (p->spi_n != 8 || m->ke_group != n->suite.ke || ke_group(n->ke) != m->ke_group)
		return ERR_VALUE;
	if ((e = ke_shared(n->ke, m->ke, &g_ir)))
		return e;
	memcpy(n->spi_r, p->spi, 8);
	buf_set(&n->nr, m->nonce);
	e = v2_keys_rekey(from, &n->suite, buf_view(&n->ni), buf_view(&n->nr), secret_view(&g_ir),
		BYTES(n->spi_i), BYTES(n->spi_r), &n->keys);
	secret_done(&g_ir);
	return e ? e : v2_sa_keys_ready(n);
}

/* Our attempt failed. In a collision the peer's has not: then it is simply the new IKE SA. */
static void given_up(struct v2_sa *sa, const struct v2_notify *n)
{
	struct v2_sa *peers = v2_sa_by_serial(sa->v2, sa->rekey_peer);
	struct proposals offered;
	char text[2048];

	offer(sa, sa->rekey->spi_i, &offered);
	V2_EMIT(sa, v2_ike_rekey_failed,
		.notify = ev_str(n ? v2_notify_name(n->type) : "nothing usable"),
		.offered = ev_str(proposals_format(&offered, text, sizeof(text))));
	rekey_ike_forget(sa);
	sa->rekey_peer = 0;
	if (peers && peers->state == V2_ESTABLISHED)
		take_over(peers, sa);
	else {
		if (!n || n->type != N_TEMPORARY_FAILURE) {
			ike_request_release(sa->ike, sa->request, EXIT_IKE_PROPOSAL);
			sa->request = 0;
		}
		v2_retry_later(sa, V2_TASK_REKEY_IKE, 0, n);
	}
}

/* The peer's new IKE SA is its to delete. It cannot when our response to it is lost and our Delete
 * of the old IKE SA comes first: then the peer never knew it. */
static void mark_redundant(struct v2_sa *peers)
{
	peers->is_redundant = true;
	timer_stop(&peers->ike->timers, &peers->rekey_at);
	timer_stop(&peers->ike->timers, &peers->liveness);
	timer_set(&peers->ike->timers, &peers->expire, peers->ike->now.mono + REDUNDANT_LIFE);
}

static void won(struct v2_sa *n, struct v2_sa *old, struct v2_sa *peers)
{
	if (peers)
		mark_redundant(peers);
	v2_step_first(n, V2_ESTABLISHED);
	v2_sa_established(n);
	take_over(n, old);
	v2_sa_terminate(old);
}

static void lost(struct v2_sa *n, struct v2_sa *old, struct v2_sa *peers)
{
	V2_EMIT(n, v2_rekey_collision, .old = ev_u64(old->serial), .kept = ev_u64(peers->serial));
	v2_step_first(n, V2_ESTABLISHED);
	v2_sa_terminate(n);
	take_over(peers, old);
}

/* The peer would take another group, or other algorithms: then the request is made anew. */
static bool asks_otherwise(struct v2_sa *sa, const struct v2_notify *error, uint16_t group)
{
	struct proposals offered;

	if (error && error->type == N_NO_PROPOSAL_CHOSEN && !sa->offers_all) {
		sa->offers_all = true;
		return true;
	}
	offer(sa, sa->rekey->spi_i, &offered);
	if (!group || !proposals_has(&offered, TT_KE, group) ||
		sa->ke_retries++ >= LIMIT_KE_RETRIES)
		return false;
	V2_EMIT(sa, v2_invalid_ke_again, .exchange = ev_str("CREATE_CHILD_SA"),
		.sent = ev_str(v2_ke_name(ke_group(sa->rekey->ke))),
		.wanted = ev_str(v2_ke_name(group)));
	sa->ke_group = group;
	return true;
}

void rekey_ike_response(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *error = v2_notify_error(m);
	struct v2_sa *peers = v2_sa_by_serial(sa->v2, sa->rekey_peer);
	struct v2_sa *n = sa->rekey;
	uint16_t group = v2_invalid_ke_group(m);

	if (!n)
		return;
	if (!peers && asks_otherwise(sa, error, group)) {
		v2_task_add(sa, V2_TASK_REKEY_IKE, 0);
		return;
	}
	if (error || take_response(sa, n, m) != OK) {
		given_up(sa, error);
		return;
	}
	sa->rekey = NULL;
	sa->rekey_peer = 0;
	v2_lowest_nonce(buf_view(&n->ni), buf_view(&n->nr), &n->lowest_nonce);
	if (peers && peers->state == V2_ESTABLISHED &&
		v2_nonce_is_lower(&n->lowest_nonce, &peers->lowest_nonce))
		lost(n, sa, peers);
	else
		won(n, sa, peers);
}

void rekey_ike_unwanted(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_sa *n = sa->rekey;

	if (!n)
		return;
	sa->rekey = NULL;
	if (take_response(sa, n, m) != OK) {
		v2_sa_kill(n, EXIT_IKE_OK);
		return;
	}
	v2_step_first(n, V2_ESTABLISHED);
	v2_sa_terminate(n);
}

/* What the peer made has the Child SAs at its end now, and cannot be used: another IKE SA from the
 * start takes their place, and until then they carry on. */
void rekey_ike_keyless(struct v2_sa *sa, const struct v2_msg *m)
{
	struct v2_sa *peers = v2_sa_by_serial(sa->v2, sa->rekey_peer);
	const struct v2_notify *error = v2_notify_error(m);

	sa->rekey_peer = 0;
	if (peers && peers->state == V2_ESTABLISHED) {
		take_over(peers, sa);
		return;
	}
	if (error || !v2_has(m, V2_SA)) {
		v2_retry_later(sa, V2_TASK_REKEY_IKE, 0, error);
		return;
	}
	V2_EMIT(sa, v2_ike_keyless, );
	if (sa->nat.remote_behind) /* it cannot be called: it will call when it has noticed */
		v2_sa_terminate(sa);
	else if (!v2_sa_opening_for_conn(sa->v2, sa->conn))
		ike_sa_init_start(sa->v2, sa->conn, sa->serial);
}

/* ---- the responder ---- */

/* 2.25.2: not while we are making, rekeying or closing a Child SA. */
static bool is_busy_with_children(const struct v2_sa *sa)
{
	const struct v2_child *c;

	if (sa->task && sa->window.is_open &&
		(sa->task->kind == V2_TASK_NEW_CHILD || sa->task->kind == V2_TASK_REKEY_CHILD ||
			sa->task->kind == V2_TASK_DELETE_CHILD))
		return true;
	list_each (c, &sa->children, struct v2_child, node)
		if (c->state == V2_CHILD_INSTALLING)
			return true;
	return false;
}

/* The algorithms stay as they are if the peer offers them again; that also steers clear of peers
 * that expand the keys with the old SA's PRF instead of the new one's (2.18; strongSwan 5.9 does).
 */
static enum err choose(const struct v2_sa *old, const struct proposals *offered, struct suite *ret,
	size_t *chosen, uint8_t *why)
{
	struct proposals same;

	v2_proposal_of(&old->suite, PROTO_IKE, 1, NULL, 0, &same);
	if (proposals_choose(&same, offered, true, ret, chosen, why) == OK)
		return OK;
	return proposals_choose(conn_ike_proposals(old->conn), offered, true, ret, chosen, why);
}

static uint16_t make_answer(
	struct v2_sa *n, struct v2_sa *old, const struct v2_msg *m, size_t *chosen)
{
	struct v2_rekeyed from = { old->suite.prf, secret_view(&old->keys.sk_d) };
	struct secret g_ir = { 0 };
	struct v2_difference d;
	uint16_t refusal;
	uint8_t why = 0;
	enum err e;

	if (choose(old, &m->sa, &n->suite, chosen, &why) != OK || m->sa.p[*chosen].spi_n != 8) {
		v2_difference(&m->sa, conn_ike_proposals(old->conn), why, &d);
		V2_EMIT(old, v2_no_ike_proposal, .offered = ev_str(d.offered),
			.allowed = ev_str(d.allowed), .difference = ev_str(d.type),
			.theirs = ev_str(d.theirs), .ours = ev_str(d.ours),
			.theirs_conf = ev_str(d.words.theirs_conf),
			.ours_conf = ev_str(d.words.ours_conf),
			.ours_swanctl = ev_str(d.words.ours_swanctl),
			.legacy = ev_str(d.words.legacy), .product = ev_str(old->product));
		return N_NO_PROPOSAL_CHOSEN;
	}
	if ((refusal = v2_ke_answer(old, m, n->suite.ke, &n->ke, &g_ir)))
		return refusal;
	memcpy(n->spi_i, m->sa.p[*chosen].spi, 8);
	buf_set(&n->ni, m->nonce);
	v2_nonce_new(n, &n->nr);
	v2_lowest_nonce(buf_view(&n->ni), buf_view(&n->nr), &n->lowest_nonce);
	e = v2_keys_rekey(from, &n->suite, buf_view(&n->ni), buf_view(&n->nr), secret_view(&g_ir),
		BYTES(n->spi_i), BYTES(n->spi_r), &n->keys);
	secret_done(&g_ir);
	return e || v2_sa_keys_ready(n) ? N_NO_PROPOSAL_CHOSEN : 0;
}

static void respond(struct v2_sa *old, const struct v2_sa *n, uint8_t number)
{
	struct proposals chosen;
	struct v2_build b;

	v2_proposal_of(&n->suite, PROTO_IKE, number, n->spi_r, 8, &chosen);
	v2_reply_begin(old, &b);
	v2_put_sa(&b, &chosen);
	v2_put_nonce(&b, buf_view(&n->nr));
	v2_put_ke(&b, ke_group(n->ke), ke_public(n->ke));
	v2_reply_send(old, CREATE_CHILD_SA, &b);
}

enum v2_verdict rekey_ike_request(struct v2_sa *sa, const struct v2_msg *m)
{
	bool is_collision =
		sa->rekey && sa->task && sa->task->kind == V2_TASK_REKEY_IKE && sa->window.is_open;
	struct v2_sa *n;
	uint16_t refusal, group;
	size_t chosen = 0;

	if (is_busy_with_children(sa))
		return v2_not_now(sa, "a Child SA of it is being made, rekeyed or deleted");
	if (sa->rekey_peer)
		return v2_not_now(sa, "the IKE SA is being rekeyed already");
	n = v2_sa_new(sa->v2, sa->conn, false);
	inherit(n, sa);
	if ((refusal = make_answer(n, sa, m, &chosen))) {
		group = n->suite.ke;
		v2_sa_kill(n, EXIT_IKE_OK);
		return v2_refuse_create(sa, refusal, group);
	}
	respond(sa, n, m->sa.p[chosen].number);
	ke_free(n->ke);
	n->ke = NULL;
	v2_step_first(n, V2_ESTABLISHED);
	v2_sa_established(n);
	if (is_collision) {
		sa->rekey_peer = n->serial;
	} else {
		rekey_ike_forget(sa);
		take_over(n, sa);
	}
	return V_STAY;
}

void rekey_ike_decided(struct v2_sa *sa)
{
	struct v2_sa *old = undecided(sa);

	if (!old)
		return;
	old->rekey_peer = 0;
	rekey_ike_forget(old);
	take_over(sa, old);
}

void v2_rekey_ike_deleted(struct v2_sa *old)
{
	struct v2_sa *peers = v2_sa_by_serial(old->v2, old->rekey_peer);

	/* the peer saw no collision: what it made is the new IKE SA */
	old->rekey_peer = 0;
	rekey_ike_forget(old);
	if (peers && peers->state == V2_ESTABLISHED)
		take_over(peers, old);
}
