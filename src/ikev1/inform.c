/* Informational exchanges of ours (RFC 2408 4.8, RFC 2409 5.7), each one message, and HASH(1). */
#include "ikev1/explain.h"
#include "ikev1/phase1.h"

/* ---- HASH(1) ---- */

enum err v1_hash_1_check(const struct v1_sa *sa, const struct v1_msg *m)
{
	struct secret h = { 0 };
	enum err e;

	if (m->first != V1_HASH)
		return ERR_INTEGRITY;
	e = v1_hash_1(sa->suite.prf, secret_view(&sa->keys.skeyid_a), m->h.message_id,
		m->behind_hash, &h);
	if (e == OK && !bytes_eq_ct(secret_view(&h), m->hash))
		e = ERR_INTEGRITY;
	secret_done(&h);
	return e;
}

void v1_put_hash_1_room(struct v1_sa *sa, struct v1_build *b)
{
	const struct alg *prf = alg_find(TT_PRF, sa->suite.prf);

	v1_put_hash_room(b, prf ? prf->out_n : 0);
}

void v1_put_hash_1(struct v1_sa *sa, uint32_t message_id, struct v1_build *b)
{
	struct secret h = { 0 };

	if (v1_hash_1(sa->suite.prf, secret_view(&sa->keys.skeyid_a), message_id,
		    v1_build_behind_hash(b), &h) == OK)
		v1_build_hash(b, secret_view(&h));
	secret_done(&h);
}

/* ---- messages ---- */

struct inform {
	struct v1_line line;
	struct v1_build b;
	bool is_protected;
};

/* Until one message of the peer opened, our keys may be none of its. */
static void begin(struct v1_sa *sa, struct inform *i)
{
	*i = (struct inform){ .is_protected = sa->cipher &&
					      (sa->has_opened || v1_sa_is_authenticated(sa)) };
	if (i->is_protected)
		v1_line_begin(sa, &i->line, v1_message_id_new(sa));
	v1_say_begin(sa, &i->line, V1_INFORMATIONAL, &i->b);
	if (i->is_protected)
		v1_put_hash_1_room(sa, &i->b);
}

static void end(struct v1_sa *sa, struct inform *i)
{
	if (i->is_protected)
		v1_put_hash_1(sa, i->line.message_id, &i->b);
	v1_say(sa, &i->line, &i->b, i->is_protected, false);
	v1_line_done(&i->line);
}

static void notify_event(struct v1_sa *sa, uint16_t type, const char *encrypted)
{
#define TELL(name)                                                                                 \
	V1_EMIT(sa, name, .encrypted = ev_str(encrypted), .remote = ev_ep(sa->remote));            \
	break
	switch (type) {
	case N1_INVALID_HASH_INFORMATION:
		TELL(v1_notify_hash);
	case N1_NO_PROPOSAL_CHOSEN:
		TELL(v1_notify_proposal);
	case N1_INVALID_ID_INFORMATION:
		TELL(v1_notify_id);
	case N1_PAYLOAD_MALFORMED:
		TELL(v1_notify_malformed);
	case N1_INVALID_KEY_INFORMATION:
		TELL(v1_notify_ke);
	case N1_AUTHENTICATION_FAILED:
		TELL(v1_notify_auth);
	default:
		if (v1_notify_is_error(type))
			V1_EMIT(sa, v1_notify, .encrypted = ev_str(encrypted),
				.notify = ev_str(v1_notify_name(type)),
				.remote = ev_ep(sa->remote));
	}
#undef TELL
}

void v1_tell_notify(
	struct v1_sa *sa, uint8_t protocol, struct bytes spi, uint16_t type, struct bytes data)
{
	struct inform i;

	begin(sa, &i);
	notify_event(sa, type, i.is_protected ? "encrypted" : "");
	v1_put_notify(&i.b, protocol, spi, type, data);
	end(sa, &i);
}

void v1_tell_why(struct v1_sa *sa, uint8_t protocol, struct bytes spi, uint16_t type,
	const struct explain *x)
{
	struct inform i;

	begin(sa, &i);
	notify_event(sa, type, i.is_protected ? "encrypted" : "");
	v1_put_notify(&i.b, protocol, spi, type, BYTES_NONE);
	if (x)
		v1_put_explain(&i.b, x);
	end(sa, &i);
}

void v1_tell_delete_ike(struct v1_sa *sa)
{
	uint8_t spi[16];
	struct inform i;

	memcpy(spi, sa->icookie, 8);
	memcpy(spi + 8, sa->rcookie, 8);
	begin(sa, &i);
	v1_put_delete(&i.b, PROTO_IKE, sizeof(spi), 1, BYTES(spi));
	end(sa, &i);
}

void v1_tell_delete_child(struct v1_sa *sa, const struct v1_child *c)
{
	uint8_t room[4];
	struct wr spi = wr_to(room, sizeof(room));
	struct inform i;

	wr_u32(&spi, c->c.spi_in);
	begin(sa, &i);
	v1_put_delete(&i.b, PROTO_ESP, sizeof(room), 1, wr_view(&spi));
	end(sa, &i);
}
