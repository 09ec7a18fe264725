/* A whole message: the header (RFC 2408 3.1), the chain of payloads (3.2, 5.3), and which of them
 * may stand there more than once. The content of each is read in payload/. */
#include "ikev1/payload/payload.h"

static const struct {
	uint8_t type;
	bool may_repeat;
	payload_v1_parse *parse; /* NULL: left aside */
} kinds[] = {
	{ V1_SA, false, v1_payload_sa },
	{ V1_KE, false, v1_payload_ke },
	{ V1_ID, true, v1_payload_id }, /* it counts itself */
	{ V1_CERT, true, NULL },
	{ V1_CR, true, NULL },
	{ V1_HASH, false, v1_payload_hash },
	{ V1_SIG, false, v1_payload_sig },
	{ V1_NONCE, false, v1_payload_nonce },
	{ V1_N, true, v1_payload_notify },
	{ V1_D, true, v1_payload_delete },
	{ V1_VID, true, v1_payload_vendor },
	{ V1_ATTR, false, v1_payload_attrs },
	{ V1_NAT_D, true, v1_payload_nat_d },
	{ V1_NAT_OA, true, v1_payload_nat_oa },
};

enum { PRIVATE_USE = 128 };

/* The drafts' payloads are the RFC's with other numbers. */
static uint8_t kind_of(uint8_t type)
{
	return type == V1_NAT_D_DRAFT ? V1_NAT_D : type == V1_NAT_OA_DRAFT ? V1_NAT_OA : type;
}

enum err v1_header_parse(struct bytes datagram, struct v1_header *ret)
{
	struct rd r = rd_from(datagram);
	struct v1_header h = { 0 };

	rd_copy(&r, h.icookie, sizeof(h.icookie));
	rd_copy(&r, h.rcookie, sizeof(h.rcookie));
	h.next = rd_u8(&r);
	h.version = rd_u8(&r);
	h.exchange = rd_u8(&r);
	h.flags = rd_u8(&r);
	h.message_id = rd_u32(&r);
	h.length = rd_u32(&r);
	if (r.failed)
		return ERR_TRUNCATED;
	if (h.length != datagram.n)
		return ERR_LENGTH;

	*ret = h;
	return OK;
}

/* ---- m->names: "SA,VID,N(INITIAL_CONTACT)" ---- */

static void names_add(struct v1_msg *m, const char *text)
{
	size_t have = strlen(m->names), room = sizeof(m->names) - 1 - have;

	strncat(m->names, text, room);
}

static void name_payload(const struct payload_v1 *p, struct v1_msg *m)
{
	if (m->names[0] != '\0')
		names_add(m, ",");
	names_add(m, v1_payload_name(p->type));
	if (p->type == V1_N && m->n_notify != 0) {
		names_add(m, "(");
		names_add(m, v1_notify_name(m->notify[m->n_notify - 1].type));
		names_add(m, ")");
	}
}

/* ---- the chain ---- */

static enum err payload_take(const struct payload_v1 *p, struct v1_msg *m)
{
	uint8_t kind = kind_of(p->type);

	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].type != kind)
			continue;
		if (v1_has(m, kind) && !kinds[i].may_repeat)
			return ERR_DUPLICATE;
		m->has |= 1ull << kind;
		return kinds[i].parse ? kinds[i].parse(p, m) : OK;
	}
	return p->type >= PRIVATE_USE && p->type != V1_FRAGMENT ? OK : ERR_UNSUPPORTED;
}

/* 3.2: Next Payload | reserved | length (2) | body. 5.3: what is reserved has to be zero. */
static enum err payload_read(struct rd *r, struct payload_v1 *p)
{
	uint8_t reserved;
	uint16_t length;
	struct rd rest;

	p->next = rd_u8(r);
	reserved = rd_u8(r);
	length = rd_u16(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (reserved != 0)
		return ERR_VALUE;
	if (length < 4)
		return ERR_LENGTH;
	p->body = rd_bytes(r, (size_t)length - 4);
	if (r->failed)
		return ERR_TRUNCATED;
	rest = *r;
	p->behind = rd_rest(&rest);
	return OK;
}

/* RFC 2408 3: a message ends at a multiple of four octets; Libreswan pads those in clear up to it.
 * Behind the encrypted ones RFC 2409 appendix B and what others do leave open how long padding is.
 */
static bool is_padding(struct rd r, size_t message_n, bool is_encrypted)
{
	size_t n = r.n;

	if (is_encrypted || n == 0)
		return true;
	while (r.n)
		if (rd_u8(&r) != 0)
			return false;
	return n < 4 && message_n % 4 == 0;
}

static enum err chain_parse(struct rd r, struct bytes all, struct v1_msg *m, struct v1_why *why)
{
	struct payload_v1 p = { 0 };
	size_t n = 0;
	enum err e;

	for (uint8_t type = m->h.next; type != V1_NONE; type = p.next) {
		*why = (struct v1_why){ OK, type, all.n - r.n };
		p.type = type;
		if (n++ == LIMIT_PAYLOADS)
			return why->e = ERR_LIMIT;
		if ((e = payload_read(&r, &p)) || (e = payload_take(&p, m)))
			return why->e = e;
		name_payload(&p, m);
	}
	if (!is_padding(r, all.n, m->h.flags & V1_F_ENCRYPTION)) {
		*why = (struct v1_why){ ERR_LENGTH, V1_NONE, all.n - r.n };
		return ERR_LENGTH;
	}
	m->whole = bytes_of(all.p, all.n - r.n);
	m->behind_hash.n -= MIN(m->behind_hash.n, r.n);
	return OK;
}

enum err v1_msg_parse(struct bytes message, struct v1_msg *ret, struct v1_why *why)
{
	struct v1_msg m = { 0 };
	struct v1_why unused = { 0 };
	struct rd r = rd_from(message);
	enum err e;

	why = why ? why : &unused;
	*why = (struct v1_why){ 0 };
	if ((e = v1_header_parse(message, &m.h)))
		return why->e = e;
	if (m.h.version >> 4 != V1_VERSION >> 4)
		return why->e = ERR_UNSUPPORTED;
	m.first = m.h.next;
	rd_skip(&r, V1_HEADER_N);
	if ((e = chain_parse(r, message, &m, why)))
		return e;

	*ret = m;
	return OK;
}

/* RFC 2408 5.2, 5.3, 5.4 and on: by what is wrong where. */
uint16_t v1_why_notify(const struct v1_why *w)
{
	bool is_header = w->payload == V1_NONE, is_sa = w->payload == V1_SA;

	if (w->e == OK)
		return 0;
	if (w->e == ERR_UNSUPPORTED)
		return is_header ? N1_INVALID_MAJOR_VERSION
		       : is_sa	 ? N1_DOI_NOT_SUPPORTED
				 : N1_INVALID_PAYLOAD_TYPE;
	if (is_header && (w->e == ERR_TRUNCATED || w->e == ERR_LENGTH))
		return N1_UNEQUAL_PAYLOAD_LENGTHS;
	return is_sa ? N1_BAD_PROPOSAL_SYNTAX : N1_PAYLOAD_MALFORMED;
}
