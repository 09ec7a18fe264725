#pragma once
/* The bounded writer, mirror of rd.h: fixed room, sticky failure, lengths patched on closing. */
#include "base/bytes.h"

struct wr {
	uint8_t *p;
	size_t n;    /* written */
	size_t room; /* of p */
	bool failed;
};

static inline struct wr wr_to(void *p, size_t room)
{
	return (struct wr){ p, 0, room, false };
}

/* Network byte order. */
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_bytes(struct wr *w, struct bytes b);
void wr_zero(struct wr *w, size_t n);
/* Room for n bytes to be filled in by the caller; NULL after failure. */
uint8_t *wr_room(struct wr *w, size_t n);

/* Length-prefixed regions. wr_begin16 writes a two-byte placeholder and returns its offset;
 * wr_end16 patches it with the bytes since from (from = the offset where the counted region
 * starts: the placeholder's own place, or earlier when the length covers a header before it). */
size_t wr_begin16(struct wr *w);
void wr_end16(struct wr *w, size_t at, size_t from);
size_t wr_begin32(struct wr *w);
void wr_end32(struct wr *w, size_t at, size_t from);
void wr_patch_u8(struct wr *w, size_t at, uint8_t v);

static inline bool wr_ok(const struct wr *w)
{
	return !w->failed;
}
/* What was written; nothing after failure. */
static inline struct bytes wr_view(const struct wr *w)
{
	return w->failed ? BYTES_NONE : bytes_of(w->p, w->n);
}
