/* A whole message: the header (RFC 7296 3.1), the chain of payloads (3.2), and which of them may
 * stand there more than once. The content of each is read in payload/. */
#include "ikev2/payload/payload.h"

enum { CRITICAL = 0x80 };

static const struct {
	uint8_t type;
	bool may_repeat;
	payload_parse *parse;
} kinds[] = {
	{ V2_SA, false, payload_sa },
	{ V2_KE, false, payload_ke },
	{ V2_IDI, false, payload_id },
	{ V2_IDR, false, payload_id },
	{ V2_CERT, true, payload_cert },
	{ V2_CERTREQ, true, payload_certreq },
	{ V2_AUTH, false, payload_auth },
	{ V2_NONCE, false, payload_nonce },
	{ V2_N, true, payload_notify },
	{ V2_D, true, payload_delete },
	{ V2_V, true, payload_vendor },
	{ V2_TSI, false, payload_ts },
	{ V2_TSR, false, payload_ts },
	{ V2_SK, false, payload_sk },
	{ V2_CP, false, payload_cp },
	{ V2_EAP, false, payload_eap },
	{ V2_SKF, false, payload_skf },
};

static bool is_sealed(uint8_t type)
{
	return type == V2_SK || type == V2_SKF;
}

enum err v2_header_parse(struct bytes datagram, struct v2_header *ret)
{
	struct rd r = rd_from(datagram);
	struct v2_header h = { 0 };

	rd_copy(&r, h.spi_i, sizeof(h.spi_i));
	rd_copy(&r, h.spi_r, sizeof(h.spi_r));
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

/* ---- m->names: "SA,KE,Ni,N(COOKIE)", what was inside SK as "SK{IDi,AUTH}" ---- */

static void names_add(struct v2_msg *m, const char *text)
{
	size_t have = strlen(m->names), room = sizeof(m->names) - 1 - have;

	strncat(m->names, text, room);
}

static void name_payload(const struct payload *p, struct v2_msg *m)
{
	size_t n = strlen(m->names);

	if (n != 0 && m->names[n - 1] != '{')
		names_add(m, ",");
	if (p->type == V2_NONCE) {
		names_add(m, m->h.flags & V2_F_RESPONSE ? "Nr" : "Ni");
		return;
	}
	names_add(m, v2_payload_name(p->type));
	if (p->type == V2_N && m->n_notify != 0) {
		names_add(m, "(");
		names_add(m, v2_notify_name(m->notify[m->n_notify - 1].type));
		names_add(m, ")");
	}
}

/* ---- the chain ---- */

static enum err payload_take(const struct payload *p, struct v2_msg *m)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].type != p->type)
			continue;
		if (v2_has(m, p->type) && !kinds[i].may_repeat)
			return ERR_DUPLICATE;
		m->has |= 1ull << (p->type - 32);
		return kinds[i].parse(p, m);
	}
	/* 2.5: the critical bit means something only where the type is unknown. */
	if (p->critical && m->unknown_critical == 0)
		m->unknown_critical = p->type;
	return OK;
}

/* 3.2: Next Payload | C, reserved | length (2) | body. all: what r reads, from its beginning. */
static enum err payload_read(struct rd *r, struct bytes all, bool is_inside, struct payload *p)
{
	uint8_t flags;
	uint16_t length;

	p->next = rd_u8(r);
	flags = rd_u8(r);
	length = rd_u16(r);
	if (r->failed)
		return ERR_TRUNCATED;
	if (length < 4)
		return ERR_LENGTH;
	p->critical = flags & CRITICAL;
	p->head = is_inside ? BYTES_NONE : bytes_of(all.p, all.n - r->n);
	p->body = rd_bytes(r, (size_t)length - 4);
	return r->failed ? ERR_TRUNCATED : OK;
}

/* The payloads that r still has to read of all; SK ends the chain and must end the message (3.14).
 */
static enum err chain_parse(uint8_t first, struct rd r, struct bytes all, bool is_inside,
	struct v2_msg *m, struct v2_why *why)
{
	struct payload p = { 0 };
	size_t n = 0;
	enum err e;

	for (uint8_t type = first; type != V2_NONE; type = is_sealed(type) ? V2_NONE : p.next) {
		*why = (struct v2_why){ OK, type, all.n - r.n };
		p.type = type;
		if (n++ == LIMIT_PAYLOADS)
			return why->e = ERR_LIMIT;
		if (is_inside && is_sealed(type))
			return why->e = ERR_VALUE;
		if ((e = payload_read(&r, all, is_inside, &p)) || (e = payload_take(&p, m)))
			return why->e = e;
		name_payload(&p, m);
	}
	if (!rd_end(&r)) {
		*why = (struct v2_why){ ERR_LENGTH, V2_NONE, all.n - r.n };
		return ERR_LENGTH;
	}
	return OK;
}

enum err v2_msg_parse(struct bytes datagram, struct v2_msg *ret, struct v2_why *why)
{
	struct v2_msg m = { 0 };
	struct v2_why unused = { 0 };
	struct rd r = rd_from(datagram);
	enum err e;

	why = why ? why : &unused;
	*why = (struct v2_why){ 0 };
	if ((e = v2_header_parse(datagram, &m.h)))
		return why->e = e;
	if (m.h.version >> 4 != 2)
		return why->e = ERR_UNSUPPORTED;
	rd_skip(&r, V2_HEADER_N);
	if ((e = chain_parse(m.h.next, r, datagram, false, &m, why)))
		return e;

	*ret = m;
	return OK;
}

enum err v2_chain_parse(uint8_t first, struct bytes chain, struct v2_msg *m, struct v2_why *why)
{
	struct v2_msg with = *m;
	struct v2_why unused = { 0 };
	enum err e;

	why = why ? why : &unused;
	*why = (struct v2_why){ 0 };
	names_add(&with, "{");
	if ((e = chain_parse(first, rd_from(chain), chain, true, &with, why)))
		return e;
	names_add(&with, "}");

	*m = with;
	return OK;
}
