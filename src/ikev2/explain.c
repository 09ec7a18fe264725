/* Why a peer is refused, told and heard: see explain.h. */
#include "ikev2/explain.h"

#include "ikev2/sa.h"

void v2_put_explain_vendor(struct v2_build *b)
{
	v2_put_vendor(b, explain_vendor());
}

bool v2_has_explain_vendor(const struct v2_msg *m)
{
	return explain_is_vendor(m->vendor, m->n_vendor);
}

/* ---- telling ---- */

static void keep(struct v2_sa *sa, const struct explain *x)
{
	uint8_t room[EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));

	explain_put(&w, x);
	buf_set(&sa->explain, wr_view(&w));
}

void v2_explain(struct v2_sa *sa, const struct explain *x)
{
	if (sa->peer_reads_explain)
		keep(sa, x);
}

/* The refusal with it is smaller than any request with an identity and AUTH. */
void v2_explain_unproven(struct v2_sa *sa, enum explain_class class)
{
	if (sa->peer_reads_unproven && conn_explains_to(sa->conn, &sa->remote.addr) &&
		ike_may_explain(sa->ike))
		keep(sa, &(struct explain){ .class = (uint8_t) class });
}

void v2_put_explain(struct v2_build *b, struct v2_sa *sa)
{
	if (sa->explain.n)
		v2_put_notify(
			b, PROTO_NONE, BYTES_NONE, N_CLEARSWAN_EXPLAIN, buf_view(&sa->explain));
	buf_done(&sa->explain);
}

/* ---- hearing ---- */

void v2_explain_received(struct v2_child *c, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_find(m, N_CLEARSWAN_EXPLAIN);
	struct explain x;

	if (!n || !c->sa->peer_reads_explain || explain_parse(n->data, EXPLAIN_PROVEN, &x) != OK)
		return;
	V2_CHILD_EMIT(c, peer_explains, .class = ev_str(explain_name(x.class, 2)),
		.difference = ev_str(explain_field_name(&x, 2)), .theirs = ev_str(x.theirs),
		.ours = ev_str(x.ours));
}

void v2_explain_heard(struct v2_sa *sa, const struct v2_msg *m)
{
	const struct v2_notify *n = v2_notify_find(m, N_CLEARSWAN_EXPLAIN);
	struct explain x;

	if (!n || sa->hints >= LIMIT_HINTS || !conn_explains_to(sa->conn, &sa->remote.addr) ||
		explain_parse(n->data, EXPLAIN_UNPROVEN, &x) != OK || !explain_name(x.class, 2)[0])
		return;
	sa->hints++;
	V2_EMIT(sa, peer_hints, .class = ev_str(explain_name(x.class, 2)),
		.difference = ev_str(explain_field_name(&x, 2)), .theirs = ev_str(x.theirs),
		.remote = ev_ep(sa->remote));
}
