/* What is offered and chosen for a Child SA (RFC 7296 2.7, 2.9): see offer.h. */
#include "ikev2/offer.h"

#include "ikev2/explain.h"
#include "ikev2/narrow.h"
#include "ikev2/suite.h"

#include <stdio.h>

struct v2_spi v2_spi_octets(uint32_t spi)
{
	return (struct v2_spi){ { (uint8_t)(spi >> 24), (uint8_t)(spi >> 16), (uint8_t)(spi >> 8),
		(uint8_t)spi } };
}

uint32_t v2_spi_of(const struct proposal *p)
{
	struct rd r = rd_from(bytes_of(p->spi, p->spi_n));

	return p->spi_n == 4 ? rd_u32(&r) : 0;
}

void v2_ts_here(const struct v2_sa *sa, const struct v2_msg *m, bool is_transport,
	struct ts_list *tsi, struct ts_list *tsr)
{
	bool is_response = (m->h.flags & V2_F_RESPONSE) != 0;

	*tsi = m->tsi;
	*tsr = m->tsr;
	if (!is_transport)
		return;
	if (sa->nat.local_behind)
		v2_ts_substitute(is_response ? tsi : tsr, &sa->local.addr);
	if (sa->nat.remote_behind)
		v2_ts_substitute(is_response ? tsr : tsi, &sa->remote.addr);
}

/* ---- KE in proposals ---- */

static bool has_ke(const struct proposal *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == TT_KE)
			return true;
	return false;
}

static void add_ke(struct proposal *p, uint16_t group)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->t[i].type == TT_KE && p->t[i].id == group)
			return;
	if (p->n < TRANSFORMS_MAX)
		p->t[p->n++] = (struct transform){ .type = TT_KE, .id = group };
}

uint16_t v2_rekey_group(const struct v2_child *c)
{
	const struct v2_child *old = v2_child_by_serial(c->sa->v2, c->rekeys);

	if (!old || c->c.conn->conf->pfs == YNA_NO)
		return KE_NONE;
	return old->c.suite.ke ? old->c.suite.ke : c->sa->suite.ke;
}

/* pfs=: the groups of esp=, then that of the SA that is replaced, or of the IKE SA: whatever esp=
 * says, Libreswan rekeys with that one only. DEVIATION: Libreswan insists on PFS by default,
 * strongSwan by default has none, and their tunnels end at the first rekey; with us NONE is one of
 * the choices (3.3.2) unless pfs=yes, or a group, was asked for. */
static void set_ke(struct proposals *p, const struct v2_child *c)
{
	uint8_t pfs = c->c.conn->conf->pfs;

	for (size_t i = 0; i < p->n; i++) {
		struct proposal *one = &p->p[i];
		bool is_named = has_ke(one);

		if (pfs == YNA_NO) {
			v2_proposal_without_ke(one);
			continue;
		}
		if (v2_rekey_group(c))
			add_ke(one, v2_rekey_group(c));
		add_ke(one, c->sa->suite.ke);
		if (pfs == YNA_AUTO && !is_named)
			add_ke(one, KE_NONE);
	}
}

static void proposals_of(const struct v2_child *c, bool with_ke, struct proposals *ret)
{
	conn_esp_proposals(c->c.conn, ret);
	if (with_ke) {
		set_ke(ret, c);
		return;
	}
	/* 1.2: there is no KE payload in IKE_AUTH */
	for (size_t i = 0; i < ret->n; i++)
		v2_proposal_without_ke(&ret->p[i]);
}

/* ---- the requester ---- */

void v2_child_offer(struct v2_child *c, bool with_ke)
{
	struct v2_spi spi = v2_spi_octets(c->c.spi_in);

	if (!c->offered)
		c->offered = xalloc(sizeof(*c->offered));
	proposals_of(c, with_ke, c->offered);
	for (size_t i = 0; i < c->offered->n; i++) {
		c->offered->p[i].spi_n = sizeof(spi.b);
		memcpy(c->offered->p[i].spi, spi.b, sizeof(spi.b));
	}
}

const struct proposals *v2_child_offered(const struct v2_child *c)
{
	static const struct proposals none;

	return c->offered ? c->offered : &none;
}

/* What either end says of a Child SA besides its suite (1.3.1). */
static void put_wishes(struct v2_build *b, const struct v2_child *c)
{
	if (c->c.is_transport)
		v2_put_notify(b, PROTO_NONE, BYTES_NONE, N_USE_TRANSPORT_MODE, BYTES_NONE);
	if (c->c.conn->conf->refuses_tfc)
		v2_put_notify(
			b, PROTO_NONE, BYTES_NONE, N_ESP_TFC_PADDING_NOT_SUPPORTED, BYTES_NONE);
}

void v2_put_child_offer(struct v2_build *b, const struct v2_child *c)
{
	put_wishes(b, c);
	v2_put_sa(b, v2_child_offered(c));
}

void v2_child_selectors(const struct v2_child *c, struct ts_list *tsi, struct ts_list *tsr)
{
	const struct v2_child *old = v2_child_by_serial(c->sa->v2, c->rekeys);

	if (old) {
		*tsi = old->c.ts_local;
		*tsr = old->c.ts_remote;
		return;
	}
	conn_ts_ours(c->c.conn, tsi);
	conn_ts_theirs(c->c.conn, tsr);
}

static enum err accept_selectors(struct v2_child *c, const struct v2_msg *m)
{
	const struct conn *conn = c->c.conn;
	struct ts_list tsi, tsr, chosen_i, chosen_r;
	enum err e;

	v2_child_selectors(c, &tsi, &tsr);
	v2_ts_here(c->sa, m, c->c.is_transport, &chosen_i, &chosen_r);
	/* with a lease the peer narrows our 0.0.0.0/0 to it, whatever narrowing= says */
	e = v2_narrow_check(&tsi, &tsr, &chosen_i, &chosen_r,
		conn->conf->narrowing || conn->ours->modecfgclient);
	if (e)
		return e;
	c->c.ts_local = chosen_i;
	c->c.ts_remote = chosen_r;
	return OK;
}

enum err v2_child_accept(struct v2_child *c, const struct v2_msg *m, bool with_ke)
{
	enum err e;

	if (!v2_has(m, V2_SA) || !v2_has(m, V2_TSI) || !v2_has(m, V2_TSR))
		return ERR_MISSING;
	if (c->c.is_transport && !v2_notify_find(m, N_USE_TRANSPORT_MODE)) {
		V2_CHILD_EMIT(c, v2_mode_refused, .offered = ev_str("tunnel"),
			.allowed = ev_str("transport"), .role = ev_str("initiator"));
		return ERR_DENIED;
	}
	if ((e = accept_selectors(c, m)) ||
		(e = proposals_accept(v2_child_offered(c), &m->sa, with_ke, &c->c.suite)))
		return e;
	c->c.takes_no_tfc = v2_notify_find(m, N_ESP_TFC_PADDING_NOT_SUPPORTED);
	c->c.spi_out = v2_spi_of(&m->sa.p[0]);
	return c->c.spi_out ? OK : ERR_VALUE;
}

/* ---- the responder ---- */

/* Of a rekey the peer knows what worked; what it is told is for who sets up. */
static void explain_proposals(const struct v2_child *c, const struct proposals *ours, uint8_t why)
{
	bool has_esn = proposals_has(ours, TT_ESN, 1), has_none = proposals_has(ours, TT_ESN, 0);
	struct explain x = { .class = EXPLAIN_ESP, .field = why };

	if (c->rekeys)
		return;
	if (why == TT_ESN) {
		x = (struct explain){ .class = EXPLAIN_ESN };
		snprintf(x.theirs, sizeof(x.theirs), "%s",
			has_esn && has_none ? "either"
			: has_esn	    ? "yes"
					    : "no");
	} else {
		proposals_conf(ours, x.theirs, sizeof(x.theirs));
	}
	v2_explain(c->sa, &x);
}

/* half a list would be another one */
static void put_networks(const struct ts_list *l, char *to, size_t n)
{
	char text[TS_LIST_STR];

	if (!ts_list_subnets(l, text)[0])
		ts_list_selectors(l, text);
	if (strlen(text) < n)
		memcpy(to, text, strlen(text) + 1);
}

static void explain_selectors(const struct v2_child *c, const struct ts_list *theirs,
	const struct ts_list *ours, const char *difference)
{
	struct explain x = { .class = EXPLAIN_TS,
		.field = strcmp(difference, "TSi") == 0	  ? EXPLAIN_TSI
			 : strcmp(difference, "TSr") == 0 ? EXPLAIN_TSR
							  : 0 };

	put_networks(ours, x.theirs, sizeof(x.theirs));
	put_networks(theirs, x.ours, sizeof(x.ours));
	v2_explain(c->sa, &x);
}

uint16_t v2_child_choose(struct v2_child *c, const struct v2_msg *m, bool with_ke)
{
	struct proposals ours;
	struct v2_difference d;
	uint8_t why = 0;
	size_t i = 0;

	proposals_of(c, with_ke, &ours);
	if (proposals_choose(&ours, &m->sa, with_ke, &c->c.suite, &i, &why) != OK) {
		v2_difference(&m->sa, &ours, why, &d);
		V2_CHILD_EMIT(c, v2_no_esp_proposal, .offered = ev_str(d.offered),
			.allowed = ev_str(d.allowed), .difference = ev_str(d.type),
			.theirs = ev_str(d.theirs), .ours = ev_str(d.ours),
			.theirs_conf = ev_str(d.words.theirs_conf),
			.ours_conf = ev_str(d.words.ours_conf),
			.ours_swanctl = ev_str(d.words.ours_swanctl),
			.legacy = ev_str(d.words.legacy), .rekeys = ev_u64(c->rekeys),
			.product = ev_str(c->sa->product));
		explain_proposals(c, &ours, why);
		return N_NO_PROPOSAL_CHOSEN;
	}
	if (!with_ke)
		c->c.suite.ke = KE_NONE;
	c->proposal = m->sa.p[i].number;
	c->c.takes_no_tfc = v2_notify_find(m, N_ESP_TFC_PADDING_NOT_SUPPORTED);
	c->c.spi_out = v2_spi_of(&m->sa.p[i]);
	return c->c.spi_out ? 0 : N_NO_PROPOSAL_CHOSEN;
}

/* Of the selectors that have nothing, or not exactly that, in common with ours. */
static const char *ts_difference(const struct ts_list *tsi, const struct ts_list *tsr,
	const struct ts_list *allowed_i, const struct ts_list *allowed_r, bool may_narrow)
{
	struct ts_list common;

	ts_list_overlap(tsi, allowed_i, &common);
	if (common.n == 0 || (!may_narrow && !v2_ts_has_each(tsi, allowed_i)))
		return "TSi";
	ts_list_overlap(tsr, allowed_r, &common);
	if (common.n == 0 || (!may_narrow && !v2_ts_has_each(tsr, allowed_r)))
		return "TSr";
	return "address family";
}

uint16_t v2_child_narrow(struct v2_child *c, const struct v2_msg *m)
{
	struct ts_list tsi, tsr, allowed_i, allowed_r;
	bool may_narrow = c->c.conn->conf->narrowing || c->c.conn->has_lent || c->rekeys;
	struct v2_narrowed n;
	char i[TS_LIST_STR], r[TS_LIST_STR], ai[TS_LIST_STR], ar[TS_LIST_STR], si[TS_LIST_STR],
		sr[TS_LIST_STR], range[TS_STR];
	const struct ts *odd;

	v2_ts_here(c->sa, m, c->c.is_transport, &tsi, &tsr);
	conn_ts_theirs(c->c.conn, &allowed_i);
	conn_ts_ours(c->c.conn, &allowed_r);
	/* a peer with a lease proposes all addresses; one that rekeys what was narrowed, that */
	if (v2_narrow(&tsi, &tsr, &allowed_i, &allowed_r, may_narrow, &n) == OK) {
		c->c.ts_remote = n.tsi;
		c->c.ts_local = n.tsr;
		return 0;
	}
	odd = ts_list_range(&tsi) ? ts_list_range(&tsi) : ts_list_range(&tsr);
	V2_CHILD_EMIT(c, v2_ts_refused, .tsi = ev_str(ts_list_format(&m->tsi, i)),
		.tsr = ev_str(ts_list_format(&m->tsr, r)),
		.allowed_i = ev_str(ts_list_format(&allowed_i, ai)),
		.allowed_r = ev_str(ts_list_format(&allowed_r, ar)),
		.difference = ev_str(ts_difference(&tsi, &tsr, &allowed_i, &allowed_r, may_narrow)),
		.narrowing = ev_str(may_narrow ? "yes" : "no"),
		.relation_i = ev_str(ts_list_relation(&tsi, &allowed_i)),
		.relation_r = ev_str(ts_list_relation(&tsr, &allowed_r)),
		.subnets_i = ev_str(ts_list_subnets(&tsi, si)),
		.subnets_r = ev_str(ts_list_subnets(&tsr, sr)),
		.range = ev_str(odd ? ts_format(odd, range) : ""),
		.range_is_theirs = ev_u64(ts_list_range(&tsi) != NULL),
		.product = ev_str(c->sa->product));
	if (!c->rekeys)
		explain_selectors(c, &allowed_i, &allowed_r,
			ts_difference(&tsi, &tsr, &allowed_i, &allowed_r, may_narrow));
	return N_TS_UNACCEPTABLE;
}

/* 1.3.1: transport mode when the peer asks for it and we allow it; else tunnel mode, which a
 * connection for transport mode does not take. */
uint16_t v2_child_mode(struct v2_child *c, const struct v2_msg *m)
{
	bool is_wanted = v2_notify_find(m, N_USE_TRANSPORT_MODE);

	if (!c->c.is_transport && is_wanted)
		V2_CHILD_EMIT(c, v2_mode_not_granted, );
	if (!c->c.is_transport || is_wanted)
		return 0;
	V2_CHILD_EMIT(c, v2_mode_refused, .offered = ev_str("tunnel"),
		.allowed = ev_str("transport"), .role = ev_str("responder"));
	v2_explain(c->sa, &(struct explain){ EXPLAIN_MODE, 0, "transport", "" });
	return N_NO_PROPOSAL_CHOSEN;
}

void v2_put_child_choice(struct v2_build *b, const struct v2_child *c)
{
	struct v2_spi spi = v2_spi_octets(c->c.spi_in);
	struct proposals chosen;

	v2_proposal_of(&c->c.suite, PROTO_ESP, c->proposal, spi.b, sizeof(spi.b), &chosen);
	put_wishes(b, c);
	v2_put_sa(b, &chosen);
}
