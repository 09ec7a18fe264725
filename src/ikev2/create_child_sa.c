/* CREATE_CHILD_SA (RFC 7296 1.3, 2.17, 2.25): which of its three uses a message is for, and what
 * the uses share: KE and nonces, retries, temporary failures. */
#include "ikev2/create_child_sa.h"

#include "ikev2/create.h"
#include "ikev2/exchanges.h"
#include "ikev2/suite.h"

enum { NONCE_N = 32 };

/* 2.25: the other side is in the middle of something; not both at the same moment again. */
#define RETRY_AFTER	(2 * NS_S)
#define RETRY_SPREAD_MS 3000
/* A refusal will stand until somebody changes a configuration; the SA has until its end to live. */
#define RETRY_REFUSED (60 * NS_S)

void v2_nonce_new(struct v2_sa *sa, struct buf *ret)
{
	uint8_t n[NONCE_N];

	rng_fill(&sa->ike->env.rng, n, sizeof(n));
	buf_set(ret, BYTES(n));
}

void v2_lowest_nonce(struct bytes ni, struct bytes nr, struct buf *ret)
{
	size_t n = MIN(ni.n, nr.n);
	int order = memcmp(ni.p, nr.p, n);

	if (order == 0)
		order = ni.n < nr.n ? -1 : 1;
	buf_set(ret, order < 0 ? ni : nr);
}

bool v2_nonce_is_lower(const struct buf *a, const struct buf *b)
{
	int order = memcmp(a->p, b->p, MIN(a->n, b->n));

	return order < 0 || (order == 0 && a->n < b->n);
}

uint16_t v2_ke_answer(struct v2_sa *sa, const struct v2_msg *m, uint16_t group, struct ke **ret,
	struct secret *ret_g)
{
	enum err e = ERR_UNSUPPORTED;
	struct ke *k;

	if (group == KE_NONE)
		return 0;
	if (!v2_has(m, V2_KE) || m->ke_group != group) {
		V2_EMIT(sa, v2_wrong_guess, .remote = ev_ep(sa->remote),
			.sent = ev_str(v2_has(m, V2_KE) ? v2_ke_name(m->ke_group) : "none"),
			.wanted = ev_str(v2_ke_name(group)));
		return N_INVALID_KE_PAYLOAD;
	}
	k = ke_new(group);
	if (!k || (e = ke_shared(k, m->ke, ret_g))) {
		V2_EMIT(sa, v2_bad_ke, .remote = ev_ep(sa->remote), .why = ev_str(err_text(e)));
		ke_free(k);
		return N_INVALID_SYNTAX;
	}
	ke_free(*ret);
	*ret = k;
	return 0;
}

enum v2_verdict v2_refuse_create(struct v2_sa *sa, uint16_t notify, uint16_t group)
{
	uint8_t octets[2] = { (uint8_t)(group >> 8), (uint8_t)group };

	return v2_refuse(sa, notify, notify == N_INVALID_KE_PAYLOAD ? BYTES(octets) : BYTES_NONE);
}

uint16_t v2_invalid_ke_group(const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_find(m, N_INVALID_KE_PAYLOAD);
	struct rd r = rd_from(n ? n->data : BYTES_NONE);
	uint16_t group = rd_u16(&r);

	return rd_end(&r) ? group : 0;
}

bool v2_again_with_group(struct v2_child *c, uint16_t group)
{
	uint16_t sent = c->ke ? ke_group(c->ke) : KE_NONE;

	if (group == 0 || group == sent || c->ke_retries >= LIMIT_KE_RETRIES ||
		!proposals_has(v2_child_offered(c), TT_KE, group))
		return false;
	c->ke_retries++;
	V2_CHILD_EMIT(c, v2_invalid_ke_again, .exchange = ev_str("CREATE_CHILD_SA"),
		.sent = ev_str(v2_ke_name(sent)), .wanted = ev_str(v2_ke_name(group)));
	c->ke_group = group;
	v2_child_state_set(c, V2_CHILD_WAITING);
	return true;
}

enum v2_verdict v2_no_room(struct v2_sa *sa)
{
	V2_EMIT(sa, v2_too_many_children, .limit = ev_u64(LIMIT_CHILDREN));
	return v2_refuse(sa, N_NO_ADDITIONAL_SAS, BYTES_NONE);
}

static void retry(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, ns_t after)
{
	ns_t spread = (ns_t)(rng_u32(&sa->ike->env.rng) % RETRY_SPREAD_MS) * NS_MS;

	v2_task_later(sa, kind, child, after + spread);
}

void v2_retry_soon(struct v2_sa *sa, enum v2_task_kind kind, uint32_t child)
{
	retry(sa, kind, child, RETRY_AFTER);
}

void v2_retry_later(
	struct v2_sa *sa, enum v2_task_kind kind, uint32_t child, const struct v2_notify *why)
{
	bool is_temporary = why && why->type == N_TEMPORARY_FAILURE;

	retry(sa, kind, child, is_temporary ? RETRY_AFTER : RETRY_REFUSED);
}

static bool is_rekeying_ike(const struct v2_sa *sa)
{
	return sa->task && sa->window.is_open && sa->task->kind == V2_TASK_REKEY_IKE;
}

enum v2_verdict create_child_sa_request(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *rekey = v2_notify_find(m, N_REKEY_SA);

	rekey_ike_decided(sa);
	if (m->sa.n && m->sa.p[0].protocol == PROTO_IKE)
		return rekey_ike_request(sa, m);
	if (!v2_has(m, V2_TSI) || !v2_has(m, V2_TSR))
		return malformed_request(sa, m);
	/* 2.25.2: its Child SAs are about to move */
	if (is_rekeying_ike(sa) || sa->rekey_peer)
		return v2_not_now(sa, "the IKE SA is being rekeyed");
	return rekey ? rekey_child_request(sa, m, rekey) : new_child_request(sa, m);
}

enum v2_verdict create_child_sa_response(struct v2_sa *sa, const struct v2_msg *m)
{
	if (!sa->task)
		return V_STAY;
	switch ((enum v2_task_kind)sa->task->kind) {
	case V2_TASK_NEW_CHILD:
		new_child_response(sa, m);
		break;
	case V2_TASK_REKEY_CHILD:
		rekey_child_response(sa, m);
		break;
	case V2_TASK_REKEY_IKE:
		rekey_ike_response(sa, m);
		break;
	case V2_TASK_KEYLESS:
		rekey_ike_keyless(sa, m);
		break;
	case V2_TASK_DELETE_CHILD:
	case V2_TASK_DELETE_IKE:
	case V2_TASK_LIVENESS:
	case V2_TASK_ABANDONED:
		break;
	}
	return V_STAY;
}

enum v2_verdict create_child_sa_response_late(struct v2_sa *sa, const struct v2_msg *m)
{
	if (sa->task && sa->task->kind == V2_TASK_REKEY_IKE)
		rekey_ike_unwanted(sa, m);
	return V_STAY;
}

bool v2_create_child_request(struct v2_sa *sa, const struct v2_task *t, struct v2_build *b)
{
	if (sa->state != V2_ESTABLISHED)
		return false;
	switch ((enum v2_task_kind)t->kind) {
	case V2_TASK_NEW_CHILD:
		return new_child_build(sa, t, b);
	case V2_TASK_REKEY_CHILD:
		return rekey_child_build(sa, t, b);
	case V2_TASK_REKEY_IKE:
		return rekey_ike_build(sa, b);
	case V2_TASK_DELETE_CHILD:
	case V2_TASK_DELETE_IKE:
	case V2_TASK_LIVENESS:
	case V2_TASK_ABANDONED:
	case V2_TASK_KEYLESS:
		break;
	}
	return false;
}

void v2_create_child_abandon(struct v2_sa *sa, const struct v2_task *t, int exit)
{
	struct v2_child *c;

	switch ((enum v2_task_kind)t->kind) {
	case V2_TASK_NEW_CHILD:
		c = v2_child_by_serial(sa->v2, t->child);
		if (c && c->state < V2_CHILD_INSTALLING) {
			conn_settle(c->c.conn, CONN_WAIT_UP, exit ? exit : EXIT_IKE_NO_ANSWER);
			v2_child_kill(c);
		}
		break;
	case V2_TASK_REKEY_CHILD:
		c = rekey_child_pending(sa, t->child);
		if (c)
			v2_child_kill(c);
		break;
	case V2_TASK_REKEY_IKE:
		rekey_ike_forget(sa);
		break;
	case V2_TASK_DELETE_CHILD:
	case V2_TASK_DELETE_IKE:
	case V2_TASK_LIVENESS:
	case V2_TASK_ABANDONED:
	case V2_TASK_KEYLESS:
		break;
	}
}

/* ---- what new_child.c and rekey_child.c share ---- */

bool v2_put_child_request(struct v2_child *c, struct v2_build *b)
{
	struct ts_list tsi, tsr;
	uint16_t group = c->ke_group;

	v2_child_offer(c, true);
	if (group == 0)
		group = v2_rekey_group(c);
	if (group == 0)
		proposals_groups(v2_child_offered(c), &group, 1);
	if (group != 0) {
		ke_free(c->ke);
		c->ke = ke_new(group);
		if (!c->ke)
			return false;
	}
	v2_nonce_new(c->sa, &c->ni);
	v2_child_selectors(c, &tsi, &tsr);
	v2_put_child_offer(b, c);
	v2_put_nonce(b, buf_view(&c->ni));
	if (c->ke)
		v2_put_ke(b, group, ke_public(c->ke));
	v2_put_ts(b, V2_TSI, &tsi);
	v2_put_ts(b, V2_TSR, &tsr);
	v2_child_state_set(c, V2_CHILD_SENT);
	return true;
}

enum err v2_take_child_response(struct v2_child *c, const struct v2_msg *m)
{
	struct secret g_ir = { 0 };
	enum err e;

	if (!v2_has(m, V2_NONCE))
		return ERR_MISSING;
	if ((e = v2_child_accept(c, m, true)))
		return e;
	if (c->c.suite.ke != KE_NONE) {
		if (!v2_has(m, V2_KE) || m->ke_group != c->c.suite.ke || !c->ke ||
			ke_group(c->ke) != m->ke_group)
			return ERR_VALUE;
		if ((e = ke_shared(c->ke, m->ke, &g_ir)))
			return e;
	}
	buf_set(&c->nr, m->nonce);
	e = v2_child_derive(c, secret_view(&g_ir));
	secret_done(&g_ir);
	ke_free(c->ke);
	c->ke = NULL;
	return e;
}

void v2_child_not_wanted(struct v2_child *c, const struct v2_msg *m)
{
	if (v2_has(m, V2_SA))
		v2_child_terminate(c);
	else
		v2_child_kill(c);
}

uint16_t v2_make_child_answer(struct v2_child *c, const struct v2_msg *m)
{
	struct secret g_ir = { 0 };
	uint16_t refusal;

	if ((refusal = v2_child_mode(c, m)) || (refusal = v2_child_choose(c, m, true)) ||
		(refusal = v2_child_narrow(c, m)) ||
		(refusal = v2_ke_answer(c->sa, m, c->c.suite.ke, &c->ke, &g_ir)))
		return refusal;
	v2_nonce_new(c->sa, &c->nr);
	buf_set(&c->ni, m->nonce);
	v2_lowest_nonce(buf_view(&c->ni), buf_view(&c->nr), &c->lowest_nonce);
	if (v2_child_derive(c, secret_view(&g_ir)) != OK)
		refusal = N_NO_PROPOSAL_CHOSEN;
	secret_done(&g_ir);
	return refusal;
}

enum v2_verdict v2_deny_child(struct v2_child *c, uint16_t refusal)
{
	struct v2_sa *sa = c->sa;
	uint16_t group = c->c.suite.ke;

	if (refusal != N_INVALID_KE_PAYLOAD)
		V2_CHILD_EMIT(c, v2_child_denied, .exchange = ev_str("CREATE_CHILD_SA"),
			.notify = ev_str(v2_notify_name(refusal)));
	v2_child_kill(c);
	return v2_refuse_create(sa, refusal, group);
}

static void respond(struct v2_child *c)
{
	struct v2_build b;

	v2_reply_begin(c->sa, &b);
	v2_put_child_choice(&b, c);
	v2_put_nonce(&b, buf_view(&c->nr));
	if (c->ke)
		v2_put_ke(&b, ke_group(c->ke), ke_public(c->ke));
	v2_put_ts(&b, V2_TSI, &c->c.ts_remote);
	v2_put_ts(&b, V2_TSR, &c->c.ts_local);
	v2_reply_send(c->sa, CREATE_CHILD_SA, &b);
	ke_free(c->ke);
	c->ke = NULL;
}

static void responder_installed(struct v2_child *c, enum err e)
{
	struct v2_sa *sa = c->sa;

	c->has_answer_due = false;
	if (e == OK) {
		respond(c);
		v2_child_established(c);
		if (c->rekeys)
			rekey_child_answered(c);
		return;
	}
	V2_CHILD_EMIT(c, v2_child_not_installed, .why = ev_str(c->install_text),
		.is_unsupported = ev_u64(c->install_error == ERR_UNSUPPORTED),
		.is_taken = ev_u64(c->install_error == ERR_EXISTS));
	v2_child_kill(c);
	v2_reply_notify(
		sa, CREATE_CHILD_SA, PROTO_NONE, BYTES_NONE, N_TEMPORARY_FAILURE, BYTES_NONE);
}

void v2_create_child_installed(struct v2_child *c, enum err e)
{
	if (!c->is_requester)
		responder_installed(c, e);
	else if (e != OK)
		v2_child_not_installed(c);
	else if (c->purpose == V2_CHILD_REKEY)
		rekey_child_installed(c);
	else
		v2_child_established(c);
}
