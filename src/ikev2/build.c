/* Building a message or a chain: each payload's type is written into the one before it (RFC
 * 7296 3.2) or, for the first, into the header, or kept in b->first for the SK payload around. */
#include "ikev2/payload/payload.h"

static const size_t nowhere = SIZE_MAX;

enum { NEXT_AT = 16, LENGTH_AT = 24 }; /* in the header, 3.1 */

void v2_build_message(struct v2_build *b, void *room, size_t n, const struct v2_header *h)
{
	*b = (struct v2_build){ .w = wr_to(room, n), .next_at = NEXT_AT };
	wr_bytes(&b->w, BYTES(h->spi_i));
	wr_bytes(&b->w, BYTES(h->spi_r));
	wr_u8(&b->w, V2_NONE);
	wr_u8(&b->w, h->version);
	wr_u8(&b->w, h->exchange);
	wr_u8(&b->w, h->flags);
	wr_u32(&b->w, h->message_id);
	wr_begin32(&b->w);
	b->has_header = true;
}

void v2_build_chain(struct v2_build *b, void *room, size_t n)
{
	*b = (struct v2_build){ .w = wr_to(room, n), .next_at = nowhere };
}

struct bytes v2_build_end(struct v2_build *b)
{
	if (b->has_header)
		wr_end32(&b->w, LENGTH_AT, 0);
	return wr_view(&b->w);
}

void payload_begin(struct v2_build *b, uint8_t type)
{
	if (b->next_at == nowhere)
		b->first = type;
	else
		wr_patch_u8(&b->w, b->next_at, type);
	b->next_at = b->payload_at = b->w.n;
	wr_u8(&b->w, V2_NONE);
	wr_u8(&b->w, 0);
	wr_begin16(&b->w);
}

void payload_end(struct v2_build *b)
{
	wr_end16(&b->w, b->payload_at + 2, b->payload_at);
}
