/* AUTH with a shared secret (RFC 7296 2.15): the octets that are covered, and the question to keys,
 * which alone knows the secret. */
#include "ikev2/exchanges.h"

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

enum err v2_auth_ask(struct v2_sa *sa, const struct id *peer, struct bytes id_body, bool for_peer)
{
	/* the signer: the original initiator, or the responder */
	bool by_initiator = sa->is_initiator != for_peer;
	const struct buf *message = by_initiator ? &sa->init_request : &sa->init_response;
	const struct buf *nonce = by_initiator ? &sa->nr : &sa->ni;
	const struct secret *sk_p = by_initiator ? &sa->keys.sk_pi : &sa->keys.sk_pr;
	uint8_t room[ID_BODY_MAX];
	struct action a = { .psk = { .conn = sa->conn->conf->name,
				    .ours = &sa->conn->our_id,
				    .theirs = peer,
				    .our_addr = sa->local.addr,
				    .their_addr = sa->remote.addr,
				    .prf = sa->suite.prf,
				    .for_peer = for_peer } };
	struct buf octets = { 0 };
	enum err e;

	if (!for_peer)
		id_body = id_body_of(&sa->conn->our_id, room);
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
