/* Encrypted and Authenticated Fragment payload (RFC 7383 2.5):
 * fragment number (2) | total fragments (2) | IV | text | padding | pad length | ICV */
#include "ikev2/payload/payload.h"

enum err payload_skf(const struct payload *p, struct v2_msg *m)
{
	struct rd r = rd_from(p->body);
	uint16_t number = rd_u16(&r);
	uint16_t total = rd_u16(&r);
	struct bytes rest = rd_rest(&r);

	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (number == 0 || number > total)
		return ERR_VALUE;

	m->frag_number = number;
	m->frag_total = total;
	m->sk_next = p->next;
	m->sk_head = bytes_of(p->head.p, p->head.n + 4);
	m->sk = rest;
	return OK;
}

struct bytes v2_protect_fragment(struct protect *p, uint64_t counter, const struct v2_header *h,
	uint8_t first, struct bytes chain, struct v2_piece piece, void *room, size_t n)
{
	const uint16_t numbers[2] = { piece.number, piece.total };
	struct rd r = rd_from(chain);
	struct bytes text;

	if (piece.number == 0 || piece.number > piece.total || piece.size == 0)
		return BYTES_NONE;
	rd_skip(&r, (size_t)(piece.number - 1) * piece.size);
	text = rd_bytes(&r, MIN(piece.size, r.n));
	if (r.failed)
		return BYTES_NONE;
	/* 2.5: only the first fragment names the first payload inside. */
	return payload_seal(
		p, counter, h, piece.number == 1 ? first : V2_NONE, text, numbers, room, n);
}

size_t v2_fragment_room(const struct protect *p, size_t mtu, bool is_v6, bool natt)
{
	size_t block = protect_block_n(p);
	size_t overhead = (is_v6 ? 40u : 20u) + 8u + (natt ? 4u : 0u) + V2_HEADER_N + 8u +
			  protect_iv_n(p) + protect_icv_n(p);
	size_t sealed;

	if (mtu < overhead + block)
		return 0;
	sealed = (mtu - overhead) / block * block;
	return sealed - 1; /* the pad length */
}
