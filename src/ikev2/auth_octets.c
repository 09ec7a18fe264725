/* AUTH with a shared secret (RFC 7296 2.15): the octets that are covered, and the question to keys,
 * which alone knows the secret. */
#include "ikev2/exchanges.h"

#include "ipsec/variant.h"

enum { AUTH_SHARED_KEY = 2, ID_BODY_MAX = ID_MAX + 4 };

/* RestOfID: ID Type | RESERVED (3) | Identification Data (3.5) */
static struct bytes id_body_of(const struct id *id, uint8_t room[ID_BODY_MAX])
{
	struct wr w = wr_to(room, ID_BODY_MAX);

	wr_u8(&w, id->type);
	wr_zero(&w, 3);
	wr_bytes(&w, buf_view(&id->data));
	return wr_view(&w);
}

/* What the peer says of itself and how it proves it. */
static struct bytes their_id_body(const struct v2_sa *sa, const struct v2_msg *m)
{
	return sa->is_initiator ? m->idr_body : m->idi_body;
}

static struct bytes their_mac(const struct v2_msg *m)
{
	return m->auth_method == AUTH_SHARED_KEY ? m->auth : BYTES_NONE;
}

enum err v2_auth_ask(struct v2_sa *sa, const struct id *peer, const struct v2_msg *m)
{
	bool for_peer = m != NULL;
	/* the signer: the original initiator, or the responder */
	bool by_initiator = sa->is_initiator != for_peer;
	const struct buf *message = by_initiator ? &sa->init_request : &sa->init_response;
	const struct buf *nonce = by_initiator ? &sa->nr : &sa->ni;
	const struct secret *sk_p = by_initiator ? &sa->keys.sk_pi : &sa->keys.sk_pr;
	uint8_t room[ID_BODY_MAX];
	struct bytes id_body = m ? their_id_body(sa, m) : id_body_of(&sa->conn->our_id, room);
	struct action a = { .psk = { .conn = sa->conn->conf->name,
				    .ours = &sa->conn->our_id,
				    .theirs = peer,
				    .our_addr = sa->local.addr,
				    .their_addr = sa->remote.addr,
				    .prf = sa->suite.prf,
				    .for_peer = for_peer,
				    .heard = m ? their_mac(m) : BYTES_NONE } };
	struct buf octets = { 0 };
	enum err e;

	if ((e = v2_auth_octets(sa->suite.prf, buf_view(message), buf_view(nonce),
		     secret_view(sk_p), id_body, &octets)))
		return e;
	a.psk.octets = buf_view(&octets);
	ike_ask_psk(sa->ike, sa->v2->index, sa->serial, for_peer ? V2_ASK_PEER_MAC : V2_ASK_OUR_MAC,
		&a);
	wipe(octets.p, octets.n);
	buf_done(&octets);
	return OK;
}

bool v2_auth_is(const struct answer *a, const struct v2_msg *m)
{
	return m->auth_method == AUTH_SHARED_KEY && bytes_eq_ct(a->mac, m->auth);
}

void v2_auth_mismatch(const struct v2_sa *sa, const struct answer *a, const struct v2_msg *m)
{
	char id[ID_STR];

	V2_EMIT(sa, v2_auth_mismatch, .id_type = ev_str(id_type_name(sa->peer_id.type)),
		.id = ev_str(id_format(&sa->peer_id, id, sizeof(id))), .where = ev_str(a->where),
		.method = ev_u64(m->auth_method), .fits = ev_str(a->fits),
		.variant = ev_str(variant_name(a->variant)));
}
