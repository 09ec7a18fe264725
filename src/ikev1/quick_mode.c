/* Quick Mode as its initiator (RFC 2409 5.5):
 *
 *   QI1* HASH(1), SA, Ni, [KE], IDci, IDcr   QR1* HASH(2), SA, Nr, [KE], IDci, IDcr   QI2* HASH(3)
 */
#include "ike/status_conn.h"
#include "ikev1/exchanges.h"
#include "ikev1/quick_mode.h"

#include <stdio.h>
#include <stdlib.h>

enum { NONCE_N = 32 };

/* ---- what both roles share ---- */

static uint16_t encap_of(const struct v1_child *c)
{
	bool is_udp = v1_sa_encapsulates(c->sa);
	bool is_draft = is_udp && v1_nat_is_draft(c->sa->nat.method);

	if (c->c.is_transport)
		return is_draft ? V1_ENCAP_UDP_TRANSPORT_DRAFT
		       : is_udp ? V1_ENCAP_UDP_TRANSPORT
				: V1_ENCAP_TRANSPORT;
	return is_draft ? V1_ENCAP_UDP_TUNNEL_DRAFT
	       : is_udp ? V1_ENCAP_UDP_TUNNEL
			: V1_ENCAP_TUNNEL;
}

/* PFS: the first group of esp=, or that of the ISAKMP SA. */
void quick_wish(const struct v1_child *c, struct proposals *ours, struct v1_esp_wish *w)
{
	const struct conf_conn *conf = c->c.conn->conf;
	uint16_t group = c->sa->suite.ke;

	conn_esp_proposals(c->c.conn, ours);
	if (conf->esp)
		(void)proposals_groups(conf->esp, &group, 1);
	*w = (struct v1_esp_wish){
		.ours = ours,
		.group = conf->pfs == YNA_NO ? KE_NONE : group,
		.takes_udp = conf->encapsulation == YNA_AUTO,
		.encap = encap_of(c),
		.spi = c->c.spi_in,
		.life = conf->salifetime,
		.life_bytes = conf->max_bytes,
	};
}

void quick_nonce(struct v1_sa *sa, struct buf *ret)
{
	uint8_t nonce[NONCE_N];

	rng_fill(&sa->ike->env.rng, nonce, sizeof(nonce));
	buf_set(ret, BYTES(nonce));
}

void quick_put_nat_oa(const struct v1_child *c, struct v1_build *b)
{
	const struct v1_sa *sa = c->sa;
	bool is_draft = v1_nat_is_draft(sa->nat.method);

	if (!c->c.is_transport || !v1_sa_encapsulates(sa))
		return;
	v1_put_nat_oa(b, is_draft, c->is_requester ? &sa->local.addr : &sa->remote.addr);
	v1_put_nat_oa(b, is_draft, c->is_requester ? &sa->remote.addr : &sa->local.addr);
}

void quick_put_hash_2(const struct v1_child *c, struct v1_build *b)
{
	struct secret h = { 0 };

	if (v1_hash_2(c->sa->suite.prf, secret_view(&c->sa->keys.skeyid_a), c->line.message_id,
		    buf_view(&c->ni), v1_build_behind_hash(b), &h) == OK)
		v1_build_hash(b, secret_view(&h));
	secret_done(&h);
}

enum err quick_selector(const struct v1_msg *m, size_t i, const struct addr *host, struct ts *ret)
{
	const struct range one = range_one(host);

	if (m->n_id == 0) {
		*ret = ts_from_range(&one);
		return OK;
	}
	return m->n_id == V1_IDS_MAX ? v1_id_to_ts(&m->id[i], ret) : ERR_VALUE;
}

/* Who asked for addresses is the client; the other end is the gateway. */
void quick_split(struct v1_child *c)
{
	struct ts_list *l = c->sa->has_told_split ? &c->c.ts_local : &c->c.ts_remote;
	struct ts_list named;

	if (v1_split(c->sa, c->c.conn, l, &named))
		*l = named;
}

void quick_refuse(struct v1_child *c, uint16_t notify)
{
	uint8_t room[4];
	struct wr spi = wr_to(room, sizeof(room));

	wr_u32(&spi, c->c.spi_out);
	v1_tell_notify(c->sa, PROTO_ESP, wr_view(&spi), notify, BYTES_NONE);
}

/* ---- QI1 ---- */

void quick_mode_start(struct v1_sa *sa, struct conn *c, struct v1_child *rekeys)
{
	struct v1_child *n;

	if (rekeys && rekeys->replaced_by)
		return;
	n = v1_child_new(sa, c, true);
	if (!n) {
		V1_EMIT(sa, v1_too_many_children, .limit = ev_u64(LIMIT_CHILDREN));
		if (!rekeys)
			conn_settle(c, CONN_WAIT_UP, EXIT_IKE_LOCAL);
		return;
	}
	if (rekeys) {
		n->rekeys = rekeys->c.serial;
		n->is_replacement = true;
		n->c.is_transport = rekeys->c.is_transport;
		n->c.ts_local = rekeys->c.ts_local;
		n->c.ts_remote = rekeys->c.ts_remote;
		rekeys->replaced_by = n->c.serial;
	}
	v1_ready(sa);
}

/* The ISAKMP SA that made it may be gone, or be one that only the peer can begin. */
static struct v1_sa *sa_for(struct v1_child *c)
{
	struct conn *conn = c->c.conn;
	struct v1_sa *sa;

	if (c->sa && v1_sa_is_established(c->sa))
		return c->sa;
	if ((sa = v1_sa_for_conn(c->v1, conn)) || (sa = v1_sa_opening_for_conn(c->v1, conn)))
		return sa;
	v1_phase1_start(c->v1, conn, 0);
	return v1_sa_opening_for_conn(c->v1, conn);
}

bool v1_child_rekey(struct v1_child *c)
{
	struct v1_sa *sa;

	if (!v1_child_is_usable(c) || c->replaced_by || !(sa = sa_for(c)))
		return false;
	quick_mode_start(sa, c->c.conn, c);
	return true;
}

/* IKEv1 has one pair of selectors in an IPsec SA. */
static void take_selectors(struct v1_child *c)
{
	if (c->c.ts_local.n == 0) {
		conn_ts_ours(c->c.conn, &c->c.ts_local);
		conn_ts_theirs(c->c.conn, &c->c.ts_remote);
	}
	c->c.ts_local.n = MIN(c->c.ts_local.n, 1);
	c->c.ts_remote.n = MIN(c->c.ts_remote.n, 1);
}

static void initiate_event(struct v1_child *c, uint16_t group)
{
	const struct conf_conn *conf = c->c.conn->conf;
	const struct alg *ke = group ? alg_find(TT_KE, group) : NULL;
	char policy[CONN_POLICY_STR], msgid[9], first[64], old[16] = "";

	if (c->rekeys)
		snprintf(old, sizeof(old), "%u", c->rekeys);
	v1_transform_format(c->offered, 0, first, sizeof(first));
	V1_CHILD_EMIT(c, v1_quick_initiate, .policy = ev_str(conn_policy_text(c->c.conn, policy)),
		.old = ev_str(old), .ike = ev_u64(c->sa->serial),
		.msgid = ev_str(quick_msgid_text(c->line.message_id, msgid)),
		.proposal = ev_str(conf->esp ? first : "defaults"),
		.pfs = ev_str(ke ? ke->name : "no-pfs"));
}

static void send_qi1(struct v1_child *c)
{
	struct v1_build b;

	v1_say_begin(c->sa, &c->line, V1_QUICK_MODE, &b);
	v1_put_hash_1_room(c->sa, &b);
	(void)v1_put_sa(&b, c->offered);
	v1_put_nonce(&b, buf_view(&c->ni));
	if (c->ke)
		v1_put_ke(&b, ke_public(c->ke));
	v1_put_id_ts(&b, &c->c.ts_local.ts[0]);
	v1_put_id_ts(&b, &c->c.ts_remote.ts[0]);
	quick_put_nat_oa(c, &b);
	v1_put_hash_1(c->sa, c->line.message_id, &b);
	v1_say(c->sa, &c->line, &b, true, true);
}

static void begin(struct v1_child *c)
{
	struct v1_sa *sa = c->sa;
	struct v1_esp_wish w;
	struct proposals ours;
	const char *why = NULL;

	c->peer_id = id_copy(&sa->peer_id);
	c->c.local = sa->local;
	c->c.remote = sa->remote;
	take_selectors(c);
	quick_wish(c, &ours, &w);
	c->offered = v1_offer_esp(&w);
	if (c->c.ts_local.n == 0 || c->c.ts_remote.n == 0)
		why = "it has no selectors";
	else if (c->offered->n_t == 0)
		why = "esp= has nothing that IKEv1 can do";
	else if (w.group && !(c->ke = ke_new(w.group)))
		why = "the group of PFS cannot be had";
	if (why) {
		V1_CHILD_EMIT(c, v1_quick_impossible, .why = ev_str(why));
		v1_child_kill(c, EXIT_IKE_LOCAL);
		return;
	}
	v1_line_begin(sa, &c->line, v1_message_id_new(sa));
	quick_nonce(sa, &c->ni);
	initiate_event(c, w.group);
	send_qi1(c);
	v1_child_state_set(c, V1_QUICK_I1_SENT);
	V1_CHILD_EMIT(c, v1_quick_i1_sent, .state = ev_str(v1_child_state_libreswan(c)),
		.remote = ev_ep(sa->remote));
}

static bool is_open(const struct v1_child *c)
{
	return c->is_requester && c->state != V1_QUICK_WAITING && c->state < V1_QUICK_I2_SENT;
}

/* The oldest that waits; NULL: none, or as many as may be are open. */
static struct v1_child *next_of(const struct v1_sa *sa)
{
	struct v1_child *c, *next = NULL;
	unsigned open = 0;

	list_each (c, &sa->children, struct v1_child, node) {
		open += is_open(c);
		if (!next && c->state == V1_QUICK_WAITING)
			next = c;
	}
	return open < LIMIT_V1_QUICK_OPEN ? next : NULL;
}

void quick_mode_go_on(struct v1_sa *sa)
{
	struct v1_child *c;

	while (sa->state == V1_ESTABLISHED && (c = next_of(sa)))
		begin(c);
}

/* ---- QR1 ---- */

static bool hash_2_is(const struct v1_child *c, const struct v1_msg *m)
{
	struct secret h = { 0 };
	bool is;

	if (m->first != V1_HASH ||
		v1_hash_2(c->sa->suite.prf, secret_view(&c->sa->keys.skeyid_a), m->h.message_id,
			buf_view(&c->ni), m->behind_hash, &h) != OK)
		return false;
	is = bytes_eq_ct(secret_view(&h), m->hash);
	secret_done(&h);
	return is;
}

/* NULL, or what is wrong with it, and what to tell the peer. */
static const char *take_choice(struct v1_child *c, const struct v1_msg *m, uint16_t *notify)
{
	struct suite *s = &c->c.suite;

	*notify = N1_NO_PROPOSAL_CHOSEN;
	if (v1_accept(c->offered, &m->sa, &c->chosen, s) != OK)
		return "it is none of what we offered";
	c->c.spi_out = c->chosen.spi;
	if (c->c.spi_out == 0)
		return "it has no SPI";
	*notify = N1_INVALID_KEY_INFORMATION;
	if (s->ke && (!v1_has(m, V1_KE) || ke_shared(c->ke, m->ke, &c->g_xy) != OK))
		return "its KE payload is missing or of no use";
	return NULL;
}

static bool selectors_are(const struct v1_child *c, const struct v1_msg *m)
{
	struct ts ours, theirs;

	return quick_selector(m, 0, &c->c.local.addr, &ours) == OK &&
	       quick_selector(m, 1, &c->c.remote.addr, &theirs) == OK &&
	       ts_eq(&ours, &c->c.ts_local.ts[0]) && ts_eq(&theirs, &c->c.ts_remote.ts[0]);
}

static enum v1_verdict unacceptable(
	struct v1_child *c, const struct v1_msg *m, const char *why, uint16_t notify)
{
	char offered[1024], chosen[256], ours[TS_LIST_STR], theirs[TS_LIST_STR];
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	V1_CHILD_EMIT(c, v1_quick_unacceptable, .state = ev_str(v1_child_state_libreswan(c)),
		.why = ev_str(why),
		.offered = ev_str(v1_proposals_format(c->offered, offered, sizeof(offered))),
		.chosen = ev_str(v1_proposals_format(&m->sa, chosen, sizeof(chosen))),
		.ts_local = ev_str(ts_list_format(&c->c.ts_local, ours)),
		.ts_remote = ev_str(ts_list_format(&c->c.ts_remote, theirs)));
	conn_use(conn);
	quick_refuse(c, notify);
	v1_child_kill(c, EXIT_IKE_PROPOSAL);
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
	return V1_STAY;
}

/* The smaller one counts: RESPONDER_LIFETIME (RFC 2407 4.6.3.1). */
static void take_lifetime(struct v1_child *c, const struct v1_msg *m)
{
	const struct v1_notify *n = v1_notify_find(m, N1_RESPONDER_LIFETIME);
	uint32_t s = 0, kb = 0;

	if (!n || n->protocol != PROTO_ESP || v1_lifetime_parse(n->data, PROTO_ESP, &s, &kb) != OK)
		return;
	if (s && (c->chosen.life_s == 0 || s < c->chosen.life_s))
		c->chosen.life_s = s;
	if (kb && (c->chosen.life_kb == 0 || kb < c->chosen.life_kb))
		c->chosen.life_kb = kb;
}

enum v1_verdict quick_mode_qr1(struct v1_child *c, const struct v1_msg *m)
{
	uint16_t notify = 0;
	const char *why;

	if (!hash_2_is(c, m)) {
		if (v1_may_tell(c->v1))
			V1_CHILD_EMIT(c, v1_quick_hash, .what = ev_str("HASH(2)"),
				.remote = ev_ep(c->sa->remote));
		return V1_DROP;
	}
	v1_line_heard(c->sa, &c->line);
	if ((why = take_choice(c, m, &notify)))
		return unacceptable(c, m, why, notify);
	if (!selectors_are(c, m))
		return unacceptable(c, m, "its selectors are not ours", N1_INVALID_ID_INFORMATION);
	buf_set(&c->nr, m->nonce);
	take_lifetime(c, m);
	if (v1_child_derive(c) != OK)
		return unacceptable(c, m, "its keys cannot be made", N1_NO_PROPOSAL_CHOSEN);
	quick_split(c);
	v1_child_install(c, DP_IN);
	return V1_NEXT;
}

/* ---- QI2 ---- */

void quick_mode_installed(struct v1_child *c)
{
	struct secret h = { 0 };
	struct v1_build b;

	if (v1_hash_3(c->sa->suite.prf, secret_view(&c->sa->keys.skeyid_a), c->line.message_id,
		    buf_view(&c->ni), buf_view(&c->nr), &h) == OK) {
		v1_say_begin(c->sa, &c->line, V1_QUICK_MODE, &b);
		v1_put_hash(&b, secret_view(&h));
		v1_say(c->sa, &c->line, &b, true, false);
	}
	secret_done(&h);
	v1_child_switch(c);
}

/* ---- the peer says no ---- */

void quick_mode_refused(struct v1_child *c, uint16_t notify)
{
	char offered[1024] = "", ours[TS_LIST_STR], theirs[TS_LIST_STR], conf[1024] = "",
	     swanctl[1024] = "";
	struct proposals values;
	const struct alg *ke = NULL;
	struct conn *conn = c->c.conn;
	struct v1 *v1 = c->v1;

	if (c->offered) {
		v1_proposals_format(c->offered, offered, sizeof(offered));
		v1_proposals_values(c->offered, &values);
		proposals_conf(&values, conf, sizeof(conf));
		proposals_swanctl(&values, swanctl, sizeof(swanctl));
		if (c->offered->n_t && c->offered->t[0].suite.ke)
			ke = alg_find(TT_KE, c->offered->t[0].suite.ke);
	}
	V1_CHILD_EMIT(c, v1_quick_refused, .state = ev_str(v1_child_state_libreswan(c)),
		.notify = ev_str(v1_notify_name(notify)), .offered = ev_str(offered),
		.pfs = ev_str(ke ? ke->name : "no-pfs"),
		.ts_local = ev_str(ts_list_format(&c->c.ts_local, ours)),
		.ts_remote = ev_str(ts_list_format(&c->c.ts_remote, theirs)),
		.ours_conf = ev_str(conf), .ours_swanctl = ev_str(swanctl));
	conn_use(conn);
	v1_child_kill(c, EXIT_IKE_NO_ANSWER);
	v1_conn_lost(v1, conn);
	conn_unuse(conn);
}
