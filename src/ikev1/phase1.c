/* What Main and Aggressive Mode share (RFC 2409 5): keys, hashes, identities, NAT traversal. */
#include "ikev1/phase1.h"
#include "ipsec/explain.h"
#include "ipsec/vendor.h"

#include "ikev1/exchanges.h"
#include <stdio.h>

enum { NONCE_N = 32, PORT = 500, PORT_NAT = 4500, PROTO_UDP = 17 };

void v1_phase1_start(struct v1 *v1, struct conn *c, uint32_t rekeys)
{
	if (c->conf->aggressive)
		aggressive_mode_start(v1, c, rekeys);
	else
		main_mode_start(v1, c, rekeys);
}

/* ---- keys ---- */

bool phase1_ke_start(struct v1_sa *sa, uint16_t group)
{
	const struct alg *a = alg_find(TT_KE, group);
	struct ke *k = ke_new(group);

	if (!k) {
		V1_EMIT(sa, v1_ke_unavailable, .group = ev_str(a ? a->name : "?"));
		return false;
	}
	ke_free(sa->ke);
	sa->ke = k;
	buf_set(sa->is_initiator ? &sa->gxi : &sa->gxr, ke_public(k));
	return true;
}

void phase1_nonce(struct v1_sa *sa, struct buf *ret)
{
	uint8_t nonce[NONCE_N];

	rng_fill(&sa->ike->env.rng, nonce, sizeof(nonce));
	buf_set(ret, BYTES(nonce));
}

void phase1_ask(struct v1_sa *sa, const struct id *theirs)
{
	struct action a = { .psk = { .conn = sa->conn->conf->name,
				    .ours = &sa->conn->our_id,
				    .theirs = theirs,
				    .our_addr = sa->local.addr,
				    .their_addr = sa->remote.addr,
				    .prf = sa->suite.prf } };
	uint8_t room[2 * LIMIT_NONCE_MAX];
	struct wr octets = wr_to(room, sizeof(room));
	struct id asked = id_copy(theirs);

	id_done(&sa->asked_id);
	sa->asked_id = asked;
	wr_bytes(&octets, buf_view(&sa->ni));
	wr_bytes(&octets, buf_view(&sa->nr));
	a.psk.octets = wr_view(&octets);
	ike_ask_skeyid(sa->ike, sa->v1->index, sa->serial, V1_ASK_SKEYID, &a);
}

void phase1_no_secret(struct v1_sa *sa, const struct answer *a)
{
	char ours[ID_STR], theirs[ID_STR];

	V1_EMIT(sa, v1_no_secret, .ours = ev_str(id_format(&sa->conn->our_id, ours, sizeof(ours))),
		.theirs = ev_str(id_format(&sa->asked_id, theirs, sizeof(theirs))),
		.why = ev_str(a->text ? a->text : err_text(a->e)));
}

/* For a person who captures: as Wireshark's table of IKEv1 has it. */
static void export(const struct v1_sa *sa)
{
	const struct ike *ike = sa->ike;
	struct bytes key = secret_view(&sa->keys.cipher);
	char cookie[2 * sizeof(sa->icookie) + 1], digits[129], text[256];

	if (!ike->export_line || key.n > sizeof(digits) / 2)
		return;
	bytes_hex(BYTES(sa->icookie), cookie);
	bytes_hex(key, digits);
	snprintf(text, sizeof(text), "ikev1_decryption_table %s,%s", cookie, digits);
	ike->export_line(ike->export_ctx, text);
	wipe(text, sizeof(text));
	wipe(digits, sizeof(digits));
}

enum err phase1_keys(struct v1_sa *sa, struct bytes skeyid)
{
	enum err e = v1_keys_derive(&sa->suite, skeyid, secret_view(&sa->g_xy), BYTES(sa->icookie),
		BYTES(sa->rcookie), &sa->keys);

	if (e)
		return e;
	if ((e = v1_cipher_new(&sa->suite, secret_view(&sa->keys.cipher), &sa->cipher)))
		return e;
	export(sa);
	return v1_iv_phase1(&sa->suite, buf_view(&sa->gxi), buf_view(&sa->gxr), &sa->line.iv);
}

bool phase1_keyed(struct v1_sa *sa, const struct answer *a)
{
	enum err e;

	if (a->e != OK) {
		phase1_no_secret(sa, a);
		return false;
	}
	if ((e = phase1_keys(sa, a->mac)) == OK)
		return true;
	V1_EMIT(sa, v1_crypto_failed, .state = ev_str(v1_state_libreswan(sa)),
		.why = ev_str(err_text(e)));
	return false;
}

/* ---- hashes ---- */

static enum err hash_of(const struct v1_sa *sa, bool of_initiator, struct secret *ret)
{
	const struct v1_phase1_hash h = {
		.public_own = buf_view(of_initiator ? &sa->gxi : &sa->gxr),
		.public_other = buf_view(of_initiator ? &sa->gxr : &sa->gxi),
		.cookie_own = BYTES(of_initiator ? sa->icookie : sa->rcookie),
		.cookie_other = BYTES(of_initiator ? sa->rcookie : sa->icookie),
		.sa_body = buf_view(&sa->sa_body),
		.id_body = buf_view(of_initiator ? &sa->idii_body : &sa->idir_body),
	};

	return v1_hash_phase1(&sa->keys, sa->suite.prf, &h, ret);
}

void phase1_put_hash(struct v1_sa *sa, struct v1_build *b)
{
	struct secret h = { 0 };

	if (hash_of(sa, sa->is_initiator, &h) == OK)
		v1_put_hash(b, secret_view(&h));
	secret_done(&h);
}

bool phase1_hash_is(struct v1_sa *sa, const struct v1_msg *m, const char *where)
{
	struct secret h = { 0 };
	char id[ID_STR];
	bool is = hash_of(sa, !sa->is_initiator, &h) == OK && bytes_eq_ct(secret_view(&h), m->hash);

	secret_done(&h);
	if (!is)
		V1_EMIT(sa, v1_hash_mismatch, .id_type = ev_str(id_type_name(sa->peer_id.type)),
			.id = ev_str(id_format(&sa->peer_id, id, sizeof(id))),
			.where = ev_str(where));
	return is;
}

/* ---- identities ---- */

void phase1_put_id(struct v1_sa *sa, struct v1_build *b)
{
	struct bytes body = v1_put_id(b, &sa->conn->our_id);

	buf_set(sa->is_initiator ? &sa->idii_body : &sa->idir_body, body);
}

/* RFC 2407 4.6.2: protocol and port are 0, or UDP and 500 (with NAT: 4500, or whatever it is). */
static bool is_of_phase1(const struct v1_id *i)
{
	return (i->protocol == 0 && i->port == 0) || i->protocol == PROTO_UDP;
}

bool phase1_take_id(struct v1_sa *sa, const struct v1_msg *m)
{
	const struct v1_id *i = &m->id[0];
	char id[ID_STR];
	enum err e = is_of_phase1(i) ? OK : ERR_VALUE;

	id_done(&sa->peer_id);
	if (e == OK)
		e = id_from_wire(i->type, i->data, &sa->peer_id);
	if (e) {
		V1_EMIT(sa, v1_id_malformed, .id_type = ev_u64(i->type),
			.protocol = ev_u64(i->protocol), .port = ev_u64(i->port),
			.why = ev_str(err_text(e)));
		return false;
	}
	buf_set(sa->is_initiator ? &sa->idir_body : &sa->idii_body, i->body);
	V1_EMIT(sa, v1_peer_id, .id_type = ev_str(id_type_name(sa->peer_id.type)),
		.id = ev_str(id_format(&sa->peer_id, id, sizeof(id))));
	return true;
}

bool phase1_id_is_wanted(struct v1_sa *sa)
{
	char wanted[ID_STR], declared[ID_STR];

	if (sa->conn->their_id.type == ID_NONE || id_eq(&sa->conn->their_id, &sa->peer_id))
		return true;
	V1_EMIT(sa, v1_wrong_id,
		.wanted = ev_str(id_format(&sa->conn->their_id, wanted, sizeof(wanted))),
		.declared = ev_str(id_format(&sa->peer_id, declared, sizeof(declared))));
	return false;
}

/* RFC 2407 4.6.3.3: true only when we have no other ISAKMP SA with that peer. */
static bool is_initial_contact(const struct v1_sa *sa)
{
	const struct v1_sa *o;

	if (!sa->conn->conf->initial_contact || sa->rekeys)
		return false;
	list_each (o, &sa->v1->sas, struct v1_sa, node)
		if (o != sa && v1_sa_is_authenticated(o) && id_eq(&o->peer_id, &sa->conn->their_id))
			return false;
	return true;
}

void phase1_put_initial_contact(struct v1_sa *sa, struct v1_build *b)
{
	uint8_t spi[16];

	if (!is_initial_contact(sa))
		return;
	memcpy(spi, sa->icookie, 8);
	memcpy(spi + 8, sa->rcookie, 8);
	v1_put_notify(b, PROTO_IKE, BYTES(spi), N1_INITIAL_CONTACT, BYTES_NONE);
}

/* ---- vendor ids and NAT (RFC 3947) ---- */

static uint32_t our_vendors(const struct v1_sa *sa)
{
	const struct conf_conn *conf = sa->conn->conf;
	uint8_t nat = conf->nat_ikev1_method;
	uint32_t v = V1_VENDOR_DPD;

	if (conf->encapsulation != YNA_NO) {
		if (nat == NAT_METHOD_BOTH || nat == NAT_METHOD_RFC)
			v |= V1_VENDOR_NAT_RFC;
		if (nat == NAT_METHOD_BOTH || nat == NAT_METHOD_DRAFTS)
			v |= V1_VENDOR_NAT_DRAFTS;
	}
	if (conf->fragmentation != FRAG_NO)
		v |= V1_VENDOR_FRAGMENTATION;
	if (sa->conn->ours->xauthclient || sa->conn->ours->xauthserver)
		v |= V1_VENDOR_XAUTH;
	if (conf->cisco_unity)
		v |= V1_VENDOR_UNITY;
	return v;
}

void phase1_put_vendors(struct v1_sa *sa, struct v1_build *b)
{
	uint32_t v = our_vendors(sa);

	/* a responder names the one method of NAT traversal that is used (RFC 3947 3.1) */
	if (!sa->is_initiator)
		v = (v & sa->vendors & ~(uint32_t)V1_VENDOR_NAT) | sa->nat.method;
	v1_put_vendors(b, v);
	if (sa->is_initiator && conn_explains_to(sa->conn, &sa->remote.addr))
		v1_put_vendor(b, explain_vendor());
}

void phase1_take_vendors(struct v1_sa *sa, const struct v1_msg *m)
{
	uint32_t ours = our_vendors(sa);

	sa->vendors |= v1_vendors_of(m);
	if (!sa->product[0])
		sa->product = vendor_product(m->vendor, m->n_vendor);
	sa->has_fragmentation = sa->vendors & ours & V1_VENDOR_FRAGMENTATION;
	sa->nat.method = v1_nat_method(sa->vendors & ours);
}

void phase1_put_nat(struct v1_sa *sa, struct v1_build *b)
{
	if (sa->nat.method)
		v1_put_nat_detection(b, sa->nat.method, sa->suite.prf, BYTES(sa->icookie),
			BYTES(sa->rcookie), &sa->local, &sa->remote,
			sa->conn->conf->encapsulation == YNA_YES);
}

static const char *nat_text(const struct v1_nat *nat)
{
	if (nat->local_behind && nat->remote_behind)
		return "both are behind NAT";
	return nat->local_behind ? "i am behind NAT" : "peer behind NAT";
}

void phase1_take_nat(struct v1_sa *sa, const struct v1_msg *m)
{
	if (!sa->nat.method)
		return;
	v1_nat_judge(m, sa->suite.prf, &sa->local, &sa->remote, &sa->nat);
	if (sa->nat.local_behind || sa->nat.remote_behind)
		V1_EMIT(sa, v1_nat, .method = ev_str(v1_nat_method_name(sa->nat.method)),
			.what = ev_str(nat_text(&sa->nat)), .nat = ev_str(v1_nat_who(&sa->nat)),
			.product = ev_str(sa->product), .remote = ev_ep(sa->remote));
	if (!sa->is_initiator || !v1_sa_encapsulates(sa) || sa->remote.port != PORT)
		return;
	sa->local.port = PORT_NAT;
	sa->remote.port = PORT_NAT;
}
