/* IKE_SA_INIT as its initiator (RFC 7296 1.2, 2.6, 2.7, 2.14, 2.23). Nothing in this exchange is
 * authenticated: what the peer says is evidence, and only a good response ends the wait. */
#include "ikev2/exchanges.h"
#include "ikev2/explain.h"
#include "ikev2/suite.h"
#include "ipsec/vendor.h"

#include <stdio.h>
#include <stdlib.h>

enum { NONCE_N = 32, REFUSALS_END_WAIT = 2 };
#define REFUSAL_PATIENCE NS_S

static void nonce_new(struct v2_sa *sa, struct buf *ret)
{
	uint8_t n[NONCE_N];

	rng_fill(&sa->ike->env.rng, n, sizeof(n));
	buf_set(ret, BYTES(n));
}

/* The request, again from the start: with a COOKIE, with another KE (2.6: all else the same). */
static void send_request(struct v2_sa *sa)
{
	struct v2_header h = v2_header_of(sa, IKE_SA_INIT, false, 0);
	const struct conf_conn *conf = sa->conn->conf;
	struct v2_build b;
	uint32_t id;

	v2_build_message(&b, sa->v2->room, LIMIT_MESSAGE, &h);
	if (sa->cookie.n)
		v2_put_notify(&b, PROTO_NONE, BYTES_NONE, N_COOKIE, buf_view(&sa->cookie));
	v2_put_sa(&b, conn_ike_proposals(sa->conn));
	v2_put_ke(&b, ke_group(sa->ke), ke_public(sa->ke));
	v2_put_nonce(&b, buf_view(&sa->ni));
	if (conf->fragmentation != FRAG_NO)
		v2_put_notify(
			&b, PROTO_NONE, BYTES_NONE, N_IKEV2_FRAGMENTATION_SUPPORTED, BYTES_NONE);
	v2_put_nat_detection(&b, &h, &sa->local, &sa->remote, conf->encapsulation == YNA_YES);
	if (conn_explains_to(sa->conn, &sa->remote.addr))
		v2_put_explain_vendor(&b);
	buf_set(&sa->init_request, v2_build_end(&b));

	if (!sa->window.is_open && v2_window_open(&sa->window, &id) != OK)
		return;
	v2_window_retry(&sa->window);
	v2_window_store_request(&sa->window, buf_view(&sa->init_request));
	ike_send(sa->ike, &sa->local, &sa->remote, buf_view(&sa->init_request));
	v2_retransmit_arm(sa);
}

static bool ke_start(struct v2_sa *sa, uint16_t group)
{
	struct ke *k = ke_new(group);

	if (!k)
		return false;
	ke_free(sa->ke);
	sa->ke = k;
	return true;
}

void ike_sa_init_start(struct v2 *v2, struct conn *c, uint32_t reauth_of)
{
	struct v2_sa *sa = v2_sa_new(v2, c, true);
	uint16_t groups[1];

	sa->reauth_of = reauth_of;
	V2_EMIT(sa, v2_initiate, .remote = ev_ep(sa->remote));
	if (proposals_groups(conn_ike_proposals(c), groups, 1) == 0 || !ke_start(sa, groups[0])) {
		V2_EMIT(sa, v2_ke_unavailable, .group = ev_str(v2_ke_name(groups[0])));
		conn_settle(c, CONN_WAIT_UP, EXIT_IKE_LOCAL);
		v2_sa_kill(sa, EXIT_IKE_LOCAL);
		return;
	}
	nonce_new(sa, &sa->ni);
	send_request(sa);
	v2_step_first(sa, V2_INIT_SENT);
	V2_EMIT(sa, v2_init_sent, .state = ev_str(v2_state_libreswan(V2_INIT_SENT)),
		.remote = ev_ep(sa->remote));
}

/* ---- answers that ask for another request ---- */

enum v2_verdict ike_sa_init_cookie(struct v2_sa *sa, const struct v2_msg *m)
{
	struct bytes c = v2_notify_find(m, N_COOKIE)->data;

	if (c.n < 1 || c.n > LIMIT_COOKIE || sa->cookies >= LIMIT_COOKIE_RETRIES)
		return V_DROP;
	sa->cookies++;
	buf_set(&sa->cookie, c);
	V2_EMIT(sa, v2_cookie, .cookie_len = ev_u64(c.n));
	send_request(sa);
	return V_STAY;
}

/* 1.3, 2.7: the peer names the group it would take; only one that we offered is listened to. */
/* Our ike= as it has to be for that group. */
static char *with_group(const struct v2_sa *sa, uint16_t group, char *s, size_t n)
{
	struct proposals p = { 0 };

	proposals_copy(&p, conn_ike_proposals(sa->conn));
	for (size_t i = 0; i < p.n; i++) {
		v2_proposal_without_ke(&p.p[i]);
		if (p.p[i].n < TRANSFORMS_MAX)
			p.p[i].t[p.p[i].n++] = (struct transform){ .type = TT_KE, .id = group };
	}
	return proposals_conf(&p, s, n);
}

enum v2_verdict ike_sa_init_invalid_ke(struct v2_sa *sa, const struct v2_msg *m)
{
	struct rd r = rd_from(v2_notify_find(m, N_INVALID_KE_PAYLOAD)->data);
	uint16_t group = rd_u16(&r);
	uint16_t was = ke_group(sa->ke);
	char offered[512], conf[1024];

	if (!rd_end(&r) || group == was || sa->ke_retries >= LIMIT_KE_RETRIES ||
		!proposals_has(conn_ike_proposals(sa->conn), TT_KE, group) ||
		!ke_start(sa, group)) {
		if (v2_may_tell(sa->v2))
			V2_EMIT(sa, v2_invalid_ke_refused, .sent = ev_str(v2_ke_name(was)),
				.wanted = ev_str(v2_ke_name(group)),
				.offered = ev_str(proposals_transforms(conn_ike_proposals(sa->conn),
					TT_KE, offered, sizeof(offered))),
				.retries = ev_u64(sa->ke_retries),
				.wanted_conf = ev_str(with_group(sa, group, conf, sizeof(conf))));
		return V_DROP;
	}
	sa->ke_retries++;
	V2_EMIT(sa, v2_invalid_ke, .sent = ev_str(v2_ke_name(was)),
		.wanted = ev_str(v2_ke_name(group)));
	send_request(sa);
	return V_STAY;
}

/* ---- refusals ---- */

static void missing(const struct v2_msg *m, char *s, size_t n)
{
	snprintf(s, n, "%s%s%s", v2_has(m, V2_SA) ? "" : ",SA", v2_has(m, V2_KE) ? "" : ",KE",
		v2_has(m, V2_NONCE) ? "" : ",Ni");
	if (s[0] == ',')
		memmove(s, s + 1, strlen(s));
}

void ike_sa_init_end_wait(struct v2_sa *sa)
{
	char offered[1024];

	if (conn_is_waited(sa->conn, CONN_WAIT_UP))
		V2_EMIT(sa, v2_init_refused_end, .remote = ev_ep(sa->remote),
			.notify = ev_str(v2_notify_name(sa->refuse)),
			.offered = ev_str(proposals_format(
				conn_ike_proposals(sa->conn), offered, sizeof(offered))));
	conn_settle(sa->conn, CONN_WAIT_UP, EXIT_IKE_NO_ANSWER);
	if (!sa->conn->must_be_up)
		v2_sa_kill(sa, EXIT_IKE_NO_ANSWER);
}

/* Anybody could have sent it: the wait of people is over after the second, or a second; the attempt
 * goes on when the connection must be up. */
static void refused(struct v2_sa *sa, uint16_t notify)
{
	sa->refuse = notify;
	if (++sa->refusals >= REFUSALS_END_WAIT)
		ike_sa_init_end_wait(sa);
	else
		timer_set(&sa->ike->timers, &sa->expire, sa->ike->now.mono + REFUSAL_PATIENCE);
}

void ike_sa_init_version_refused(struct v2_sa *sa, const struct endpoint *by, uint8_t major)
{
	if (!sa->is_initiator || sa->state != V2_INIT_SENT || !addr_eq(&by->addr, &sa->remote.addr))
		return;
	V2_EMIT(sa, ike_version_refused, .remote = ev_ep(sa->remote), .ours = ev_u64(2),
		.theirs = ev_u64(major));
	refused(sa, N_INVALID_MAJOR_VERSION);
}

enum v2_verdict ike_sa_init_refused(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_error(m);
	const struct proposals *ours = conn_ike_proposals(sa->conn);
	char lacks[32], offered[2048], conf[1024], swanctl[1024];

	missing(m, lacks, sizeof(lacks));
	if (!n) {
		V2_EMIT(sa, v2_init_incomplete, .payloads = ev_str(m->names),
			.missing = ev_str(lacks));
		return V_DROP;
	}
	V2_EMIT(sa, v2_init_refused, .notify = ev_str(v2_notify_name(n->type)),
		.payloads = ev_str("N"), .missing = ev_str(lacks), .remote = ev_ep(sa->remote),
		.offered = ev_str(proposals_format(ours, offered, sizeof(offered))),
		.ours_conf = ev_str(proposals_conf(ours, conf, sizeof(conf))),
		.ours_swanctl = ev_str(proposals_swanctl(ours, swanctl, sizeof(swanctl))));
	v2_explain_heard(sa, m);
	refused(sa, n->type);
	return V_DROP;
}

/* ---- the good response ---- */

static enum err take_suite(struct v2_sa *sa, const struct v2_msg *m)
{
	struct suite s;
	enum err e = proposals_accept(conn_ike_proposals(sa->conn), &m->sa, true, &s);

	if (e)
		return e;
	if (m->ke_group != s.ke || s.ke != ke_group(sa->ke))
		return ERR_MISMATCH;
	sa->suite = s;
	return OK;
}

static enum err take_keys(struct v2_sa *sa, const struct v2_msg *m)
{
	struct secret g_ir = { 0 };
	enum err e;

	if ((e = ke_shared(sa->ke, m->ke, &g_ir)))
		return e;
	e = v2_keys_init(&sa->suite, buf_view(&sa->ni), m->nonce, secret_view(&g_ir),
		BYTES(sa->spi_i), BYTES(m->h.spi_r), &sa->keys);
	secret_done(&g_ir);
	if (e)
		return e;
	memcpy(sa->spi_r, m->h.spi_r, sizeof(sa->spi_r));
	buf_set(&sa->nr, m->nonce);
	return v2_sa_keys_ready(sa);
}

/* 2.23: with a NAT between us, or one feigned, everything goes to port 4500. */
static void float_ports(struct v2_sa *sa)
{
	enum { PORT = 500, PORT_NAT = 4500 };

	if (!v2_sa_encapsulates(sa) || sa->remote.port != PORT)
		return;
	sa->local.port = PORT_NAT;
	sa->remote.port = PORT_NAT;
}

enum v2_verdict ike_sa_init_response(struct v2_sa *sa, const struct v2_msg *m)
{
	static const uint8_t zero[8] = { 0 };
	enum err e = OK;

	if (memcmp(m->h.spi_r, zero, 8) == 0 || (e = take_suite(sa, m)) || (e = take_keys(sa, m))) {
		char offered[1024], chosen[256];

		v2_keys_done(&sa->keys);
		V2_EMIT(sa, v2_init_unacceptable, .why = ev_str(err_text(e ? e : ERR_VALUE)),
			.offered = ev_str(proposals_format(
				conn_ike_proposals(sa->conn), offered, sizeof(offered))),
			.chosen = ev_str(proposals_format(&m->sa, chosen, sizeof(chosen))));
		return V_DROP;
	}
	sa->has_fragmentation = sa->conn->conf->fragmentation != FRAG_NO &&
				v2_notify_find(m, N_IKEV2_FRAGMENTATION_SUPPORTED);
	sa->product = vendor_product(m->vendor, m->n_vendor);
	sa->nat = v2_nat_judge(m, &sa->local, &sa->remote);
	buf_set(&sa->init_response, sa->current_datagram->data);
	timer_stop(&sa->ike->timers, &sa->expire);
	v2_request_done(sa);
	float_ports(sa);
	ke_free(sa->ke);
	sa->ke = NULL;
	if (v2_auth_ask(sa, &sa->conn->their_id, NULL) != OK)
		return V_CLOSE;
	return V_NEXT;
}
