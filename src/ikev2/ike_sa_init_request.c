/* IKE_SA_INIT as its responder (RFC 7296 1.2, 2.6, 2.7, 2.23). No memory is spent before the cookie
 * gate when many IKE SAs are half open, and never more than the limits of config setup. */
#include "ikev2/exchanges.h"
#include "ike/match.h"
#include "ikev2/explain.h"
#include "ikev2/suite.h"
#include "ipsec/vendor.h"

#include <stdio.h>
#include <stdlib.h>

enum { NONCE_N = 32, DDOS_BUSY = 1, DDOS_UNLIMITED = 2 };
/* how long IKE_AUTH may take to come */
#define HALF_OPEN_TIME (30 * NS_S)

struct request {
	struct v2 *v2;
	const struct datagram *d;
	const struct v2_msg *m;
	struct suite suite; /* of the connection that was looked at last */
	size_t chosen;
	uint8_t why; /* transform type of the first difference */
	bool differs;
};

/* An answer outside any IKE SA: one notification, and why (x; NULL: nothing is said) unless that
 * makes it longer than the request, which may come from elsewhere. */
static void answer_why(
	const struct request *q, uint16_t notify, struct bytes data, const struct explain *x)
{
	struct v2 *v2 = q->v2;
	struct v2_header h = q->m->h;
	uint8_t room[EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));
	struct v2_build b;
	struct bytes out;

	h.flags = V2_F_RESPONSE;
	h.version = 0x20;
	memset(h.spi_r, 0, sizeof(h.spi_r));
	v2_build_message(&b, v2->room, LIMIT_MESSAGE, &h);
	v2_put_notify(&b, PROTO_NONE, BYTES_NONE, notify, data);
	if (x) {
		explain_put(&w, x);
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, wr_view(&w));
	}
	out = v2_build_end(&b);
	if (x && out.n > q->d->data.n)
		answer_why(q, notify, data, NULL);
	else
		ike_send(v2->ike, &q->d->local, &q->d->remote, out);
}

static void answer(const struct request *q, uint16_t notify, struct bytes data)
{
	answer_why(q, notify, data, NULL);
}

static void refuse_malformed(
	const struct request *q, uint16_t notify, struct bytes data, const char *why)
{
	struct ike *ike = q->v2->ike;
	struct event_about about = { 0 };

	if (v2_may_tell(q->v2))
		EMIT(&ike->env.events, ike->now, &about, v2_init_malformed,
			.remote = ev_ep(q->d->remote), .payloads = ev_str(q->m->names),
			.why = ev_str(why), .notify = ev_str(v2_notify_name(notify)));
	answer(q, notify, data);
}

/* ---- the gate ---- */

static bool wants_cookies(const struct v2 *v2)
{
	const struct conf_setup *s = &v2->ike->setup;

	if (s->ddos_mode == DDOS_BUSY)
		return true;
	return s->ddos_mode != DDOS_UNLIMITED && v2->n_half_open >= s->ddos_threshold;
}

/* One address, which a cookie proves to be real, does not get more than a share of the room. */
static bool is_over_budget(const struct request *q)
{
	enum { SHARE = 16, LEAST = 64 };
	unsigned all = q->v2->ike->setup.max_halfopen;

	return all && *v2_half_open_of(q->v2, &q->d->remote.addr) >=
			      MIN(MAX(all / SHARE, LEAST), UINT16_MAX);
}

/* False: the request ends here. */
static bool pass_gate(const struct request *q)
{
	struct v2 *v2 = q->v2;
	const struct v2_notify *n = v2_notify_find(q->m, N_COOKIE);
	struct v2_cookie_for f = { q->d->remote.addr, q->m->h.spi_i, q->m->nonce };
	struct event_about about = { 0 };
	uint8_t cookie[V2_COOKIE_N];

	if ((v2->ike->setup.max_halfopen && v2->n_half_open >= v2->ike->setup.max_halfopen) ||
		is_over_budget(q)) {
		if (!v2_may_tell(v2))
			return false;
		EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_too_many_half_open,
			.remote = ev_ep(q->d->remote), .limit = ev_u64(v2->n_half_open));
		return false;
	}
	if (!wants_cookies(v2) || (n && v2_cookie_valid(&v2->cookies, v2->ike->now, &f, n->data)))
		return true;
	if (v2_cookie_make(&v2->cookies, &v2->ike->env.rng, v2->ike->now, &f, cookie) == OK)
		answer(q, N_COOKIE, BYTES(cookie));
	return false;
}

/* ---- which connection, which suite ---- */

static bool accepts(void *ctx, const struct conn *c)
{
	struct request *q = ctx;

	if (!(c->conf->authby & AUTHBY_SECRET))
		return false;
	q->differs = proposals_choose(conn_ike_proposals(c), &q->m->sa, true, &q->suite, &q->chosen,
			     &q->why) != OK;
	return !q->differs;
}

static void tell_no_connection(
	const struct request *q, const struct match *m, enum match_why why, const struct conn *near)
{
	static const struct {
		const char *kind, *why;
	} words[] = {
		[MATCH_NO_ADDRESS] = { "address", "no connection is loaded for these addresses" },
		[MATCH_NO_VERSION] = { "version",
			"no suitable connection found with IKEv2 policy: the connection for these "
			"addresses is for IKEv1" },
		[MATCH_REFUSED] = { "authby",
			"the connection for these addresses does not use a secret" },
	};
	struct event_about about = { 0 };
	struct ike *ike = q->v2->ike;
	unsigned i = why < COUNT(words) && words[why].kind ? why : MATCH_NO_ADDRESS;
	char expected[256];

	if (near)
		about = conn_about(near, 0);
	EMIT(&ike->env.events, ike->now, &about, v2_no_connection, .local = ev_ep(q->d->local),
		.remote = ev_ep(q->d->remote), .why = ev_str(words[i].why),
		.kind = ev_str(words[i].kind), .nearest = ev_str(near ? near->conf->name : ""),
		.expected = ev_str(match_expected(ike, m, expected, sizeof(expected))));
	if (why == MATCH_NO_ADDRESS)
		conn_look_up_stranger(ike);
}

static void tell_refused(
	struct request *q, const struct match *m, enum match_why why, const struct conn *nearest)
{
	struct ike *ike = q->v2->ike;
	struct event_about about = { 0 };
	struct v2_difference d;

	if (why == MATCH_REFUSED && nearest && nearest->conf->authby & AUTHBY_SECRET) {
		about = conn_about(nearest, 0);
		accepts(q, nearest); /* once more: the first difference is that of the nearest */
		v2_difference(&q->m->sa, conn_ike_proposals(nearest), q->why, &d);
		EMIT(&ike->env.events, ike->now, &about, v2_no_proposal,
			.remote = ev_ep(q->d->remote), .offered = ev_str(d.offered),
			.allowed = ev_str(d.allowed), .difference = ev_str(d.type),
			.theirs = ev_str(d.theirs), .ours = ev_str(d.ours),
			.theirs_conf = ev_str(d.words.theirs_conf),
			.ours_conf = ev_str(d.words.ours_conf),
			.ours_swanctl = ev_str(d.words.ours_swanctl),
			.legacy = ev_str(d.words.legacy),
			.product = ev_str(vendor_product(q->m->vendor, q->m->n_vendor)));
	} else {
		tell_no_connection(q, m, why, nearest);
	}
}

/* With explain-to= of both ends: what is wrong with the request for the nearest connection. */
static bool explains(
	struct request *q, enum match_why why, const struct conn *nearest, struct explain *ret)
{
	*ret = (struct explain){ .class = EXPLAIN_IKE };
	if (!nearest || !v2_has_explain_vendor(q->m) ||
		!conn_explains_to(nearest, &q->d->remote.addr))
		return false;
	if (why == MATCH_NO_VERSION) {
		*ret = explain_other_version(2);
	} else if (why == MATCH_REFUSED && nearest->conf->authby & AUTHBY_SECRET) {
		accepts(q, nearest);
		ret->field = q->why;
		proposals_conf(conn_ike_proposals(nearest), ret->theirs, sizeof(ret->theirs));
	} else {
		return false;
	}
	return ike_may_explain(q->v2->ike);
}

static struct conn *choose(struct request *q)
{
	struct match want = {
		.version = VERSION_IKEV2,
		.local = q->d->local,
		.remote = q->d->remote,
		.accepts = accepts,
		.ctx = q,
	};
	struct conn *nearest, *c;
	enum match_why why;
	struct explain x;

	c = match_conn(q->v2->ike, &want, NULL, &why, &nearest);
	if (!c) {
		if (v2_may_tell(q->v2))
			tell_refused(q, &want, why, nearest);
		answer_why(q, N_NO_PROPOSAL_CHOSEN, BYTES_NONE,
			explains(q, why, nearest, &x) ? &x : NULL);
		return NULL;
	}
	/* the suite is that of the connection looked at last */
	return accepts(q, c) ? c : NULL;
}

/* ---- the response ---- */

static void build_response(struct v2_sa *sa, const struct request *q)
{
	struct v2_header h = v2_header_of(sa, IKE_SA_INIT, true, 0);
	const struct conf_conn *conf = sa->conn->conf;
	struct proposals chosen;
	struct v2_build b;

	v2_proposal_of(&sa->suite, PROTO_IKE, q->m->sa.p[q->chosen].number, NULL, 0, &chosen);
	v2_build_message(&b, sa->v2->room, LIMIT_MESSAGE, &h);
	v2_put_sa(&b, &chosen);
	v2_put_ke(&b, ke_group(sa->ke), ke_public(sa->ke));
	v2_put_nonce(&b, buf_view(&sa->nr));
	if (sa->has_fragmentation)
		v2_put_notify(
			&b, PROTO_NONE, BYTES_NONE, N_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
	v2_put_nat_detection(&b, &h, &sa->local, &sa->remote, conf->encapsulation == YNA_YES);
	buf_set(&sa->init_response, v2_build_end(&b));
}

static enum err make_keys(struct v2_sa *sa, const struct request *q)
{
	uint8_t nonce[NONCE_N];
	struct secret g_ir = { 0 };
	enum err e;

	sa->ke = ke_new(sa->suite.ke);
	if (!sa->ke)
		return ERR_UNSUPPORTED;
	if ((e = ke_shared(sa->ke, q->m->ke, &g_ir)))
		return e;
	rng_fill(&sa->ike->env.rng, nonce, sizeof(nonce));
	buf_set(&sa->nr, BYTES(nonce));
	buf_set(&sa->ni, q->m->nonce);
	e = v2_keys_init(&sa->suite, q->m->nonce, BYTES(nonce), secret_view(&g_ir),
		BYTES(sa->spi_i), BYTES(sa->spi_r), &sa->keys);
	secret_done(&g_ir);
	return e ? e : v2_sa_keys_ready(sa);
}

static void respond(struct request *q, struct conn *c)
{
	struct v2_sa *sa;
	char suite[128];
	enum err e;

	if (conn_is_template(c))
		c = conn_instantiate(c, &q->d->remote);
	sa = v2_sa_new(q->v2, c, false);
	sa->product = vendor_product(q->m->vendor, q->m->n_vendor);
	sa->local = q->d->local;
	sa->remote = q->d->remote;
	memcpy(sa->spi_i, q->m->h.spi_i, sizeof(sa->spi_i));
	sa->suite = q->suite;
	sa->has_fragmentation = c->conf->fragmentation != FRAG_NO &&
				v2_notify_find(q->m, N_IKEV2_FRAGMENTATION_SUPPORTED);
	sa->nat = v2_nat_judge(q->m, &sa->local, &sa->remote);
	sa->peer_reads_unproven = v2_has_explain_vendor(q->m);
	if ((e = make_keys(sa, q))) {
		V2_EMIT(sa, v2_bad_ke, .remote = ev_ep(sa->remote), .why = ev_str(err_text(e)));
		v2_sa_kill(sa, EXIT_IKE_AUTH);
		return;
	}
	buf_set(&sa->init_request, q->d->data);
	build_response(sa, q);
	ke_free(sa->ke);
	sa->ke = NULL;

	sa->half_open_key = v2_half_open_key(q->v2, sa->spi_i, &sa->remote);
	map_put(&q->v2->half_open, sa->half_open_key, sa);
	v2_sa_enters_half_open(sa);
	v2_window_begin(&sa->window);
	v2_window_store_response(&sa->window, buf_view(&sa->init_response));
	v2_window_answered(&sa->window);
	ike_send(sa->ike, &sa->local, &sa->remote, buf_view(&sa->init_response));
	timer_set(&sa->ike->timers, &sa->resend, sa->ike->now.mono + HALF_OPEN_TIME);
	v2_step_first(sa, V2_INIT_ANSWERED);
	V2_EMIT(sa, v2_init_answered, .suite = ev_str(v2_suite_text(sa, suite, sizeof(suite))),
		.remote = ev_ep(sa->remote));
}

/* 2.1: the same request again gets the same response; a forged one with the same SPI does not
 * disturb. */
static bool is_repeat(const struct request *q)
{
	uint64_t key = v2_half_open_key(q->v2, q->m->h.spi_i, &q->d->remote);
	struct v2_sa *sa = map_get(&q->v2->half_open, key);

	if (!sa || memcmp(sa->spi_i, q->m->h.spi_i, 8) != 0)
		return false;
	if (sa->state != V2_INIT_ANSWERED || !bytes_eq(buf_view(&sa->init_request), q->d->data))
		return true;
	sa->init_repeats++;
	ike_send(sa->ike, &sa->local, &sa->remote, buf_view(&sa->init_response));
	return true;
}

void ike_sa_init_request(struct v2 *v2, const struct datagram *d, const struct v2_msg *m)
{
	static const uint8_t zero[8] = { 0 };
	struct request q = { .v2 = v2, .d = d, .m = m };
	struct event_about about = { 0 };
	struct conn *c;
	uint8_t group[2];

	if (memcmp(m->h.spi_r, zero, 8) != 0 || memcmp(m->h.spi_i, zero, 8) == 0 ||
		!(m->h.flags & V2_F_INITIATOR) || v2->ike->is_stopping)
		return;
	if (!v2_has(m, V2_SA) || !v2_has(m, V2_KE) || !v2_has(m, V2_NONCE)) {
		refuse_malformed(&q, N_INVALID_SYNTAX, BYTES_NONE, "payloads are missing");
		return;
	}
	if (m->unknown_critical) {
		refuse_malformed(&q, N_UNSUPPORTED_CRITICAL_PAYLOAD,
			bytes_of(&m->unknown_critical, 1), "it has an unknown critical payload");
		return;
	}
	if (is_repeat(&q) || !pass_gate(&q) || !(c = choose(&q)))
		return;
	if (m->ke_group == q.suite.ke) {
		respond(&q, c);
		return;
	}
	about = conn_about(c, 0);
	EMIT(&v2->ike->env.events, v2->ike->now, &about, v2_wrong_guess, .remote = ev_ep(d->remote),
		.sent = ev_str(v2_ke_name(m->ke_group)), .wanted = ev_str(v2_ke_name(q.suite.ke)));
	group[0] = (uint8_t)(q.suite.ke >> 8);
	group[1] = (uint8_t)q.suite.ke;
	answer(&q, N_INVALID_KE_PAYLOAD, BYTES(group));
}
