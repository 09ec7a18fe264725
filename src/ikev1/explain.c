/* Why a peer is refused, told and heard: see explain.h. */
#include "ikev1/explain.h"

#include "ikev1/step.h"

void v1_put_explain(struct v1_build *b, const struct explain *x)
{
	uint8_t room[EXPLAIN_MAX];
	struct wr w = wr_to(room, sizeof(room));

	explain_put(&w, x);
	v1_put_notify(b, PROTO_IKE, BYTES_NONE, N1_CLEARSWAN_EXPLAIN, wr_view(&w));
}

uint8_t v1_explain_field(const char *difference)
{
	for (unsigned type = TT_ENCR; type <= TT_ESN; type++)
		if (strcmp(transform_type_name((uint8_t)type), difference) == 0)
			return (uint8_t)type;
	return 0;
}

static bool get(const struct v1_msg *m, enum explain_stage stage, struct explain *ret)
{
	const struct v1_notify *n = v1_notify_find(m, N1_CLEARSWAN_EXPLAIN);

	return n && explain_parse(n->data, stage, ret) == OK && explain_name(ret->class, 1)[0];
}

void v1_explain_received(struct v1_child *c, const struct v1_msg *m)
{
	struct explain x;

	if (c->sa && c->sa->peer_reads_explain && get(m, EXPLAIN_PROVEN, &x))
		V1_CHILD_EMIT(c, peer_explains, .class = ev_str(explain_name(x.class, 1)),
			.difference = ev_str(explain_field_name(&x, 1)), .theirs = ev_str(x.theirs),
			.ours = ev_str(x.ours));
}

void v1_explain_heard(struct v1_sa *sa, const struct v1_msg *m)
{
	struct explain x;

	if (sa->hints >= LIMIT_HINTS || !conn_explains_to(sa->conn, &sa->remote.addr) ||
		!get(m, EXPLAIN_UNPROVEN, &x))
		return;
	sa->hints++;
	V1_EMIT(sa, peer_hints, .class = ev_str(explain_name(x.class, 1)),
		.difference = ev_str(explain_field_name(&x, 1)), .theirs = ev_str(x.theirs),
		.remote = ev_ep(sa->remote));
}
