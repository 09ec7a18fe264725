/* The bounded writer: see wr.h. */
#include "base/wr.h"

uint8_t *wr_room(struct wr *w, size_t n)
{
	uint8_t *p;

	if (w->failed || n > w->room - w->n) {
		w->failed = true;
		return NULL;
	}
	p = w->p + w->n;
	w->n += n;
	return p;
}

static void put(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = n; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static void number(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p)
		put(p, v, n);
}

void wr_u8(struct wr *w, uint8_t v)
{
	number(w, v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
	number(w, v, 2);
}

void wr_u32(struct wr *w, uint32_t v)
{
	number(w, v, 4);
}

void wr_u64(struct wr *w, uint64_t v)
{
	number(w, v, 8);
}

void wr_bytes(struct wr *w, struct bytes b)
{
	uint8_t *p = wr_room(w, b.n);

	if (p && b.n != 0)
		memcpy(p, b.p, b.n);
}

void wr_zero(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n != 0)
		memset(p, 0, n);
}

size_t wr_begin16(struct wr *w)
{
	size_t at = w->n;

	wr_u16(w, 0);
	return at;
}

void wr_end16(struct wr *w, size_t at, size_t from)
{
	if (w->failed)
		return;
	if (w->n - from > UINT16_MAX)
		w->failed = true;
	else
		put(w->p + at, w->n - from, 2);
}

size_t wr_begin32(struct wr *w)
{
	size_t at = w->n;

	wr_u32(w, 0);
	return at;
}

void wr_end32(struct wr *w, size_t at, size_t from)
{
	if (w->failed)
		return;
	if (w->n - from > UINT32_MAX)
		w->failed = true;
	else
		put(w->p + at, w->n - from, 4);
}

void wr_patch_u8(struct wr *w, size_t at, uint8_t v)
{
	if (!w->failed)
		w->p[at] = v;
}
