/* Quick Mode as its responder (RFC 2409 5.5): see quick_mode.c. Which connection it is for is
 * decided by the selectors, which have to be exactly ours. */
#include "ikev1/exchanges.h"
#include "ikev1/explain.h"
#include "ikev1/quick_mode.h"

#include <stdio.h>
#include <stdlib.h>

struct request {
	struct v1_sa *sa;
	const struct v1_msg *m;
	struct ts ours, theirs;
	bool is_transport;
	struct explain why; /* of the refusal; class 0: nothing more is said */
};

/* ---- what it is for ---- */

/* Transport mode through a NAT (RFC 3947 5.2, RFC 7296 2.23.1): each end names itself as it knows
 * itself, and is here what it is known as here. */
static void substitute(const struct addr *here, struct ts *t)
{
	if (addr_eq(&t->range.first, &t->range.last) && t->range.first.family == here->family)
		t->range = range_one(here);
}

static bool take_selectors(struct request *q)
{
	const struct v1_sa *sa = q->sa;
	bool is_nat_theirs = q->is_transport && sa->nat.remote_behind;
	bool is_nat_ours = q->is_transport && sa->nat.local_behind;
	enum err e = quick_selector(q->m, 0, &sa->remote.addr, &q->theirs);
	const struct range one = range_one(&sa->remote.addr);

	if (e == ERR_UNSUPPORTED && is_nat_theirs) { /* a name: old Windows */
		q->theirs = ts_from_range(&one);
		q->theirs.protocol = q->m->id[0].protocol;
		if (q->m->id[0].port)
			q->theirs.port_first = q->theirs.port_last = q->m->id[0].port;
		e = OK;
	}
	if (e != OK || quick_selector(q->m, 1, &sa->local.addr, &q->ours) != OK)
		return false;
	if (is_nat_theirs)
		substitute(&sa->remote.addr, &q->theirs);
	if (is_nat_ours)
		substitute(&sa->local.addr, &q->ours);
	return true;
}

/* A protocol with any port stands for each of its ports (17/%any). */
static bool is_allowed(const struct ts_list *allowed, const struct ts *t)
{
	for (size_t i = 0; i < allowed->n; i++) {
		const struct ts *a = &allowed->ts[i];

		if (ts_eq(a, t))
			return true;
		if (a->protocol && a->protocol == t->protocol && ts_covers(a, t) &&
			addr_eq(&a->range.first, &t->range.first) &&
			addr_eq(&a->range.last, &t->range.last))
			return true;
	}
	return false;
}

static bool fits(const struct request *q, const struct conn *c)
{
	const struct ts_list wire = { .n = 1, .ts = { q->ours } };
	struct ts_list ours, theirs, named;

	if ((c->conf->type == TYPE_TRANSPORT) != q->is_transport)
		return false;
	conn_ts_ours(c, &ours);
	conn_ts_theirs(c, &theirs);
	return is_allowed(&theirs, &q->theirs) &&
	       (is_allowed(&ours, &q->ours) ||
		       (q->sa->has_told_split && v1_split(q->sa, c, &wire, &named)));
}

static bool may_share(const struct v1_sa *sa, const struct conn *c)
{
	return !c->is_removed && !c->template && c->is_oriented && !conn_is_shunt(c) &&
	       c->conf->version == VERSION_IKEV1 && !conn_is_template(c) && !sa->conn->template &&
	       !sa->user && addr_eq(&c->local.addr, &sa->local.addr) &&
	       addr_eq(&c->remote.addr, &sa->remote.addr) && id_eq(&c->our_id, &sa->conn->our_id) &&
	       (c->their_id.type == ID_NONE || id_eq(&c->their_id, &sa->peer_id));
}

static struct conn *conn_for(const struct request *q)
{
	struct conn *c;

	if (fits(q, q->sa->conn))
		return q->sa->conn;
	list_each (c, &q->sa->ike->conns, struct conn, node)
		if (may_share(q->sa, c) && fits(q, c))
			return c;
	return NULL;
}

static void peer_proposed(const struct request *q)
{
	char ours[TS_STR], theirs[TS_STR], protocol[32] = "all";
	unsigned number = q->ours.protocol ? q->ours.protocol : q->theirs.protocol;

	if (number)
		snprintf(protocol, sizeof(protocol), "%u/%u:%u", number, q->ours.port_first,
			q->theirs.port_first);
	V1_EMIT(q->sa, v1_peer_proposed, .ours = ev_str(ts_format(&q->ours, ours)),
		.protocol = ev_str(protocol), .theirs = ev_str(ts_format(&q->theirs, theirs)));
}

/* Networks or mode, of the connection that the ISAKMP SA is for. */
static void explain_connection(
	struct request *q, const struct ts_list *ours, const struct ts_list *theirs, char *room)
{
	bool is_transport = q->sa->conn->conf->type == TYPE_TRANSPORT;

	if (is_transport != q->is_transport) {
		q->why = (struct explain){ .class = EXPLAIN_MODE };
		snprintf(q->why.theirs, sizeof(q->why.theirs), "%s",
			is_transport ? "transport" : "tunnel");
		return;
	}
	q->why = (struct explain){ .class = EXPLAIN_TS,
		.field = is_allowed(theirs, &q->theirs) ? EXPLAIN_TSR : EXPLAIN_TSI };
	/* half a list would be another one */
	if (strlen(ts_list_subnets(ours, room)) < sizeof(q->why.theirs))
		memcpy(q->why.theirs, room, strlen(room) + 1);
	if (strlen(ts_list_subnets(theirs, room)) < sizeof(q->why.ours))
		memcpy(q->why.ours, room, strlen(room) + 1);
}

static void no_connection(struct request *q)
{
	const struct conn *c = q->sa->conn;
	char ours[TS_LIST_STR], theirs[TS_LIST_STR], us[ADDR_STR], them[ADDR_STR];
	char wanted[2 * TS_STR + 2 * ADDR_STR + 16], allowed[2 * TS_LIST_STR + 16];
	const struct ts_list peers = { .n = 1, .ts = { q->theirs } },
			     own = { .n = 1, .ts = { q->ours } };
	const struct ts *odd = ts_list_range(&peers) ? ts_list_range(&peers) : ts_list_range(&own);
	char subnet_theirs[TS_LIST_STR], subnet_ours[TS_LIST_STR], range[TS_STR];
	struct ts_list l, m;

	addr_format(&q->sa->local.addr, us);
	addr_format(&q->sa->remote.addr, them);
	snprintf(wanted, sizeof(wanted), "%s===%s...%s===%s", ts_format(&q->ours, ours), us, them,
		ts_format(&q->theirs, theirs));
	conn_ts_ours(c, &l);
	ts_list_format(&l, ours);
	conn_ts_theirs(c, &m);
	ts_list_format(&m, theirs);
	snprintf(allowed, sizeof(allowed), "%s===...===%s", ours, theirs);
	V1_EMIT(q->sa, v1_quick_no_connection, .wanted = ev_str(wanted),
		.mode = ev_str(q->is_transport ? "transport" : "tunnel"),
		.allowed = ev_str(allowed),
		.our_mode = ev_str(c->conf->type == TYPE_TRANSPORT ? "transport" : "tunnel"),
		.allowed_ours = ev_str(ours), .allowed_theirs = ev_str(theirs),
		.relation_theirs = ev_str(ts_list_relation(&peers, &m)),
		.relation_ours = ev_str(ts_list_relation(&own, &l)),
		.subnet_theirs = ev_str(ts_list_subnets(&peers, subnet_theirs)),
		.subnet_ours = ev_str(ts_list_subnets(&own, subnet_ours)),
		.range = ev_str(odd ? ts_format(odd, range) : ""),
		.range_is_theirs = ev_u64(odd == &peers.ts[0]));
	explain_connection(q, &l, &m, ours);
}

/* ---- refusing before there is a Child SA ---- */

static void refuse(const struct request *q, uint16_t notify)
{
	const struct v1_msg *m = q->m;
	uint8_t room[4];
	struct wr spi = wr_to(room, sizeof(room));

	wr_u32(&spi, m->sa.n ? v1_proposal_spi(&m->sa.p[0]) : 0);
	v1_tell_why(q->sa, PROTO_ESP, wr_view(&spi), notify,
		q->sa->peer_reads_explain && q->why.class ? &q->why : NULL);
}

/* ---- which proposal ---- */

static void no_proposal(struct request *q, const struct v1_child *c, const struct v1_esp_wish *w)
{
	const struct v1_msg *m = q->m;
	const char *difference = v1_difference_esp(w, &m->sa);
	char offered[1024], allowed[1024];
	struct proposal_words words;
	struct proposals theirs;

	v1_proposals_values(&m->sa, &theirs);
	proposals_in_words(&theirs, w->ours, difference, &words);

	V1_CHILD_EMIT(c, v1_quick_no_proposal,
		.offered = ev_str(v1_proposals_format(&m->sa, offered, sizeof(offered))),
		.allowed = ev_str(proposals_format(w->ours, allowed, sizeof(allowed))),
		.difference = ev_str(difference), .theirs_conf = ev_str(words.theirs_conf),
		.ours_conf = ev_str(words.ours_conf), .ours_swanctl = ev_str(words.ours_swanctl),
		.legacy = ev_str(words.legacy));
	q->why = (struct explain){ .class = EXPLAIN_ESP, .field = v1_explain_field(difference) };
	proposals_conf(w->ours, q->why.theirs, sizeof(q->why.theirs));
}

/* What the peer would have to propose: with the group that we would. */
static void no_pfs(struct request *q, struct v1_child *c, const struct v1_esp_wish *w)
{
	char conf[1024], swanctl[1024];
	struct proposals p = *w->ours;

	for (size_t i = 0; i < p.n; i++)
		if (!proposals_groups(w->ours, &(uint16_t){ 0 }, 1) && p.p[i].n < COUNT(p.p[i].t))
			p.p[i].t[p.p[i].n++] = (struct transform){ TT_KE, w->group, 0 };
	V1_CHILD_EMIT(c, v1_quick_no_pfs,
		.ours_conf = ev_str(proposals_conf(&p, conf, sizeof(conf))),
		.ours_swanctl = ev_str(proposals_swanctl(&p, swanctl, sizeof(swanctl))));
	q->why = (struct explain){ .class = EXPLAIN_ESP, .field = TT_KE };
	proposals_conf(&p, q->why.theirs, sizeof(q->why.theirs));
}

/* PFS is what the peer wants, where esp= names no group; with pfs=yes it has to be. */
static bool group_is_wrong(const struct v1_child *c, uint16_t group)
{
	const struct conf_conn *conf = c->c.conn->conf;

	if (group == KE_NONE)
		return conf->pfs == YNA_YES;
	if (conf->pfs == YNA_NO || !conf->esp || !proposals_groups(conf->esp, &(uint16_t){ 0 }, 1))
		return false;
	return !proposals_has(conf->esp, TT_KE, group);
}

static uint16_t choose(struct request *q, struct v1_child *c)
{
	const struct v1_msg *m = q->m;
	const struct alg *ke;
	struct proposals ours;
	struct v1_esp_wish w;

	quick_wish(c, &ours, &w);
	w.takes_any_group = true;
	if (v1_choose_esp(&w, &m->sa, &c->chosen, &c->c.suite) != OK) {
		no_proposal(q, c, &w);
		return N1_NO_PROPOSAL_CHOSEN;
	}
	c->c.spi_out = c->chosen.spi;
	if (group_is_wrong(c, c->c.suite.ke)) {
		ke = c->c.suite.ke ? alg_find(TT_KE, c->c.suite.ke) : NULL;
		if (ke) {
			w.takes_any_group = false;
			no_proposal(q, c, &w);
		} else {
			no_pfs(q, c, &w);
		}
		return N1_NO_PROPOSAL_CHOSEN;
	}
	return c->c.spi_out ? 0 : N1_INVALID_SPI;
}

/* ---- keys ---- */

static uint16_t key(struct v1_child *c, const struct v1_msg *m)
{
	buf_set(&c->ni, m->nonce);
	quick_nonce(c->sa, &c->nr);
	if (c->c.suite.ke) {
		if (!v1_has(m, V1_KE) || !(c->ke = ke_new(c->c.suite.ke)) ||
			ke_shared(c->ke, m->ke, &c->g_xy) != OK)
			return N1_INVALID_KEY_INFORMATION;
	}
	return v1_child_derive(c) == OK ? 0 : N1_NO_PROPOSAL_CHOSEN;
}

static void responding_events(struct v1_child *c)
{
	char msgid[9], ours[TS_LIST_STR + ADDR_STR + 4], theirs[TS_LIST_STR + ADDR_STR + 4];
	char us[ADDR_STR], them[ADDR_STR], list[TS_LIST_STR];

	snprintf(ours, sizeof(ours), "%s===%s", ts_list_format(&c->c.ts_local, list),
		addr_format(&c->sa->local.addr, us));
	snprintf(theirs, sizeof(theirs), "%s===%s", addr_format(&c->sa->remote.addr, them),
		ts_list_format(&c->c.ts_remote, list));
	V1_CHILD_EMIT(c, v1_quick_responding,
		.msgid = ev_str(quick_msgid_text(c->line.message_id, msgid)));
	V1_CHILD_EMIT(c, v1_quick_us_them, .ours = ev_str(ours), .theirs = ev_str(theirs));
}

/* ---- QI1 ---- */

static enum v1_verdict respond(struct request *q, struct conn *conn)
{
	struct v1_child *c = v1_child_new(q->sa, conn, false);
	uint16_t notify;

	if (!c) {
		V1_EMIT(q->sa, v1_too_many_children, .limit = ev_u64(LIMIT_CHILDREN));
		refuse(q, N1_NO_PROPOSAL_CHOSEN);
		return V1_STAY;
	}
	c->peer_id = id_copy(&q->sa->peer_id);
	v1_line_take(q->sa, &c->line, q->m);
	c->c.ts_local = (struct ts_list){ .n = 1, .ts = { q->ours } };
	c->c.ts_remote = (struct ts_list){ .n = 1, .ts = { q->theirs } };
	responding_events(c);
	notify = choose(q, c);
	if (!notify && (notify = key(c, q->m)) == N1_INVALID_KEY_INFORMATION)
		V1_CHILD_EMIT(c, v1_quick_bad_ke, );
	if (notify) {
		refuse(q, notify);
		v1_child_kill(c, EXIT_IKE_PROPOSAL);
		return V1_STAY;
	}
	quick_split(c);
	buf_set(&c->parked, q->sa->arrival.plain);
	v1_child_install(c, DP_IN);
	v1_child_state_set(c, V1_QUICK_R_INSTALLING);
	return V1_STAY;
}

static bool is_transport(const struct v1_msg *m)
{
	return m->sa.n_t && v1_encap_is_transport(m->sa.t[0].encap);
}

enum v1_verdict quick_mode_qi1(struct v1_sa *sa, const struct v1_msg *m)
{
	struct request q = { .sa = sa, .m = m, .is_transport = is_transport(m) };
	uint64_t must = V1_P(V1_HASH) | V1_P(V1_SA) | V1_P(V1_NONCE);
	struct conn *c;

	/* one that began before the newer ISAKMP SA was known may still be answered here */
	if (sa->state != V1_ESTABLISHED && sa->state != V1_REPLACED)
		return V1_DROP;
	if ((m->has & must) != must || v1_hash_1_check(sa, m) != OK) {
		if (v1_may_tell(sa->v1))
			V1_EMIT(sa, v1_quick_hash, .what = ev_str("HASH(1)"),
				.remote = ev_ep(sa->remote));
		return V1_DROP;
	}
	if (!take_selectors(&q)) {
		V1_EMIT(sa, v1_quick_bad_ids, .payloads = ev_str(m->names));
		refuse(&q, N1_INVALID_ID_INFORMATION);
		return V1_STAY;
	}
	peer_proposed(&q);
	if (!(c = conn_for(&q))) {
		no_connection(&q);
		refuse(&q, N1_INVALID_ID_INFORMATION);
		return V1_STAY;
	}
	return respond(&q, c);
}

/* ---- QR1 ---- */

/* Ours, where it is less than the peer's, or the peer has none; else 0. */
static uint32_t smaller(uint64_t ours, uint32_t theirs)
{
	return ours && ours < UINT32_MAX && (theirs == 0 || ours < theirs) ? (uint32_t)ours : 0;
}

/* Ours is the smaller: the peer may know (RFC 2407 4.6.3.1). */
static void put_lifetime(struct v1_child *c, struct v1_build *b)
{
	const struct conf_conn *conf = c->c.conn->conf;
	uint32_t s = smaller((uint64_t)(conf->salifetime / NS_S), c->chosen.life_s);
	uint32_t kb = smaller(conf->max_bytes / 1024, c->chosen.life_kb);
	uint8_t room[V1_LIFETIME_DATA], spi_room[4];
	struct wr spi = wr_to(spi_room, sizeof(spi_room));

	if (c->chosen.life_s == 0)
		s = 0; /* whoever says none has a default, which is not known */
	if (s == 0 && kb == 0)
		return;
	wr_u32(&spi, c->c.spi_in);
	v1_put_notify(b, PROTO_ESP, wr_view(&spi), N1_RESPONDER_LIFETIME,
		v1_lifetime_data(PROTO_ESP, s, kb, room));
}

static void send_qr1(struct v1_child *c, const struct v1_msg *qi1)
{
	struct v1_build b;

	v1_say_begin(c->sa, &c->line, V1_QUICK_MODE, &b);
	v1_put_hash_1_room(c->sa, &b);
	c->chosen.spi_ours = c->c.spi_in;
	v1_put_chosen(&b, &c->chosen);
	v1_put_nonce(&b, buf_view(&c->nr));
	if (c->ke)
		v1_put_ke(&b, ke_public(c->ke));
	for (size_t i = 0; i < qi1->n_id; i++)
		v1_put(&b, V1_ID, qi1->id[i].body);
	quick_put_nat_oa(c, &b);
	put_lifetime(c, &b);
	quick_put_hash_2(c, &b);
	v1_say(c->sa, &c->line, &b, true, true);
}

void quick_mode_r_installed(struct v1_child *c)
{
	struct v1_msg qi1;
	struct quick_words w;

	if (v1_msg_parse(buf_view(&c->parked), &qi1, NULL) != OK) {
		v1_child_kill(c, EXIT_IKE_LOCAL);
		return;
	}
	send_qr1(c, &qi1);
	v1_child_state_set(c, V1_QUICK_R1_SENT);
	quick_words(c, &w);
	V1_CHILD_EMIT(c, v1_quick_r1_sent, .state = ev_str(v1_child_state_libreswan(c)),
		.mode = ev_str(w.mode), .esp = ev_str(w.esp), .spi_out = ev_x32(c->c.spi_out),
		.spi_in = ev_x32(c->c.spi_in), .xfrm = ev_str(w.xfrm), .natd = ev_str(w.natd),
		.dpd = ev_str(w.dpd));
}

/* ---- QI2 ---- */

enum v1_verdict quick_mode_qi2(struct v1_child *c, const struct v1_msg *m)
{
	struct secret h = { 0 };
	bool is = v1_hash_3(c->sa->suite.prf, secret_view(&c->sa->keys.skeyid_a), m->h.message_id,
			  buf_view(&c->ni), buf_view(&c->nr), &h) == OK &&
		  bytes_eq_ct(secret_view(&h), m->hash);

	secret_done(&h);
	if (!is) {
		if (v1_may_tell(c->v1))
			V1_CHILD_EMIT(c, v1_quick_hash, .what = ev_str("HASH(3)"),
				.remote = ev_ep(c->sa->remote));
		return V1_DROP;
	}
	v1_line_heard(c->sa, &c->line);
	v1_child_install(c, DP_OUT);
	return V1_NEXT;
}
