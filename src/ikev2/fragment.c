/* Reassembly of an IKE message from its fragments (RFC 7383 2.6). Only fragments that were verified
 * come here, so a forger cannot fill it. */
#include "ikev2/message.h"

void v2_fragments_done(struct v2_fragments *f)
{
	for (size_t i = 0; i < COUNT(f->part); i++) {
		wipe(f->part[i].p, f->part[i].n);
		buf_done(&f->part[i]);
	}
	*f = (struct v2_fragments){ 0 };
}

static struct buf join(const struct v2_fragments *f)
{
	struct buf whole = { xalloc(f->size), f->size };
	struct wr w = wr_to(whole.p, whole.n);

	for (size_t i = 0; i < f->total; i++)
		wr_bytes(&w, buf_view(&f->part[i]));
	return whole;
}

enum err v2_fragments_add(struct v2_fragments *f, uint16_t number, uint16_t total, uint8_t next,
	struct bytes plain, uint8_t *ret_first, struct buf *ret_chain)
{
	struct buf *part;

	if (number == 0 || number > total || plain.n == 0)
		return ERR_VALUE;
	if (total > LIMIT_FRAGMENTS)
		return ERR_LIMIT;
	/* The sender has gone to smaller fragments, or an old large one is late (2.6). */
	if (total > f->total)
		v2_fragments_done(f);
	else if (total < f->total)
		return ERR_VALUE;
	part = &f->part[number - 1];
	if (part->p)
		return ERR_DUPLICATE;
	if (plain.n > LIMIT_MESSAGE - f->size)
		return ERR_LIMIT;

	f->total = total;
	*part = buf_from(plain);
	f->size += plain.n;
	if (number == 1)
		f->first = next;
	if (++f->have < total)
		return ERR_MISSING;

	*ret_first = f->first;
	*ret_chain = join(f);
	v2_fragments_done(f);
	return OK;
}
