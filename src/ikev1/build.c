/* Building a message: each payload's type is written into the one before it or, for the first, into
 * the header (RFC 2408 3.1, 3.2). */
#include "ikev1/payload/payload.h"

enum { NEXT_AT = 16, LENGTH_AT = 24 }; /* in the header */

void v1_build_begin(struct v1_build *b, void *room, size_t n, const struct v1_header *h)
{
	*b = (struct v1_build){ .w = wr_to(room, n), .next_at = NEXT_AT };
	wr_bytes(&b->w, BYTES(h->icookie));
	wr_bytes(&b->w, BYTES(h->rcookie));
	wr_u8(&b->w, V1_NONE);
	wr_u8(&b->w, h->version);
	wr_u8(&b->w, h->exchange);
	wr_u8(&b->w, h->flags);
	wr_u32(&b->w, h->message_id);
	wr_begin32(&b->w);
}

struct bytes v1_build_end(struct v1_build *b)
{
	wr_end32(&b->w, LENGTH_AT, 0);
	return wr_view(&b->w);
}

bool v1_build_fits(const struct v1_build *b, size_t n)
{
	return wr_ok(&b->w) && n <= b->w.room - b->w.n;
}

void v1_payload_begin(struct v1_build *b, uint8_t type)
{
	wr_patch_u8(&b->w, b->next_at, type);
	b->next_at = b->payload_at = b->w.n;
	wr_u8(&b->w, V1_NONE);
	wr_u8(&b->w, 0);
	wr_begin16(&b->w);
}

void v1_payload_end(struct v1_build *b)
{
	wr_end16(&b->w, b->payload_at + 2, b->payload_at);
}

struct bytes v1_build_body(const struct v1_build *b)
{
	struct rd r = rd_from(wr_view(&b->w));

	rd_skip(&r, b->payload_at + 4);
	return rd_rest(&r);
}

void v1_put(struct v1_build *b, uint8_t type, struct bytes body)
{
	v1_payload_begin(b, type);
	wr_bytes(&b->w, body);
	v1_payload_end(b);
}

/* ---- HASH, which covers what comes behind it ---- */

void v1_put_hash_room(struct v1_build *b, size_t hash_n)
{
	v1_payload_begin(b, V1_HASH);
	b->hash_at = b->w.n;
	b->hash_n = hash_n;
	wr_zero(&b->w, hash_n);
	v1_payload_end(b);
}

struct bytes v1_build_behind_hash(const struct v1_build *b)
{
	struct rd r = rd_from(wr_view(&b->w));

	rd_skip(&r, b->hash_at + b->hash_n);
	return rd_rest(&r);
}

void v1_build_hash(struct v1_build *b, struct bytes hash)
{
	struct rd r = rd_from(hash);

	if (hash.n != b->hash_n) {
		b->w.failed = true;
		return;
	}
	for (size_t i = 0; i < b->hash_n; i++)
		wr_patch_u8(&b->w, b->hash_at + i, rd_u8(&r));
}
