/* Encrypted and Authenticated payload (RFC 7296 3.14, with AEADs RFC 5282):
 * IV | text | padding | pad length | ICV. What is authenticated begins with the IKE header. */
#include "ikev2/payload/payload.h"

enum err payload_sk(const struct payload *p, struct v2_msg *m)
{
	m->sk_next = p->next;
	m->sk_head = p->head;
	m->sk = p->body;
	return OK;
}

/* 3.1, with the lengths that the whole message will have. */
static void header_put(struct wr *w, const struct v2_header *h, uint8_t next, size_t length)
{
	wr_bytes(w, BYTES(h->spi_i));
	wr_bytes(w, BYTES(h->spi_r));
	wr_u8(w, next);
	wr_u8(w, h->version);
	wr_u8(w, h->exchange);
	wr_u8(w, h->flags);
	wr_u32(w, h->message_id);
	wr_u32(w, (uint32_t)length);
}

struct bytes payload_seal(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes text, const uint16_t *numbers, void *room, size_t n)
{
	size_t block = protect_block_n(p), iv_n = protect_iv_n(p), icv_n = protect_icv_n(p);
	size_t pad = (block - (text.n + 1) % block) % block;
	size_t sealed_n = text.n + pad + 1;
	size_t payload_n = 4 + (numbers ? 4u : 0u) + iv_n + sealed_n + icv_n;
	struct wr w = wr_to(room, n);
	struct protect_aad aad = { 0 };
	uint8_t *iv, *sealed, *icv;

	if (payload_n > UINT16_MAX)
		return BYTES_NONE;
	header_put(&w, h, numbers ? V2_SKF : V2_SK, V2_HEADER_N + payload_n);
	wr_u8(&w, first);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)payload_n);
	if (numbers) {
		wr_u16(&w, numbers[0]);
		wr_u16(&w, numbers[1]);
	}
	aad.head = wr_view(&w);
	iv = wr_room(&w, iv_n);
	sealed = w.p + w.n;
	wr_bytes(&w, text);
	wr_zero(&w, pad);
	wr_u8(&w, (uint8_t)pad);
	icv = wr_room(&w, icv_n);
	if (!wr_ok(&w) || protect_seal(p, counter, aad, iv, sealed, sealed_n, icv))
		return BYTES_NONE;
	return wr_view(&w);
}

struct bytes v2_protect(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes chain, void *room, size_t n)
{
	return payload_seal(p, counter, h, first, chain, NULL, room, n);
}

enum err v2_unprotect(struct protect *p, const struct v2_msg *m, struct buf *ret)
{
	size_t iv_n = protect_iv_n(p), icv_n = protect_icv_n(p), pad;
	struct rd r = rd_from(m->sk);
	struct protect_aad aad = { .head = m->sk_head };
	struct bytes iv, sealed, icv;
	struct buf text;
	enum err e;

	if (m->sk.n < iv_n + 1 + icv_n)
		return ERR_LENGTH;
	iv = rd_bytes(&r, iv_n);
	sealed = rd_bytes(&r, r.n - icv_n);
	icv = rd_rest(&r);
	text = buf_from(sealed);
	if ((e = protect_open(p, aad, iv.p, text.p, text.n, icv.p)))
		goto out;
	/* 3.14: the padding is the sender's choice, up to 255 octets of any value. */
	pad = (size_t)text.p[text.n - 1] + 1;
	if (pad > text.n) {
		e = ERR_LENGTH;
		goto out;
	}
	text.n -= pad;
	*ret = text;
	return OK;
out:
	wipe(text.p, text.n);
	buf_done(&text);
	return e;
}
