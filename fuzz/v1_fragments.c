/* Fragments of strangers: length (2) | datagram, any number. Oracles: what is kept is bounded and
 * is what was said; a message that is put together is the parts in order; a message that we cut
 * comes back whole through what strangers left. */
#include "ikev1/fragment.h"

#include <stdlib.h>

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void holds(const struct v1_fragments *f)
{
	size_t have = 0, size = 0;

	for (size_t i = 0; i < COUNT(f->part); i++) {
		have += f->part[i].p != NULL;
		size += f->part[i].n;
		check(!f->part[i].p || f->last == 0 || i < f->last);
	}
	check(have == f->have && size == f->size && size <= LIMIT_V1_FRAGMENTED);
	check(f->is_started == (have != 0));
}

/* The datagram as a message of its own, cut in our way. */
static void cut_and_join(struct bytes datagram, size_t size, struct v1_fragments *f)
{
	static uint8_t room[1 << 16];
	struct bytes d;
	struct v1_header h;
	struct v1_fragment one;
	struct buf out = { 0 };
	size_t n = v1_fragment_count(datagram.n, size);
	enum err e = ERR_MISSING;

	if (n == 0 || datagram.n > LIMIT_V1_FRAGMENTED || v1_header_parse(datagram, &h) != OK)
		return;
	for (size_t i = 1; i <= n; i++) {
		d = v1_fragment_of(datagram, (uint16_t)(f->id + (i == 1)), (uint8_t)i, size, room,
			sizeof(room));
		check(d.p != NULL);
		if (h.version >> 4 != V1_VERSION >> 4)
			return;
		check(v1_fragment_parse(d, &one) == OK);
		check(one.is_last == (i == n));
		e = v1_fragments_add(f, &one, &out);
		holds(f);
	}
	check(e == OK && bytes_eq(buf_view(&out), datagram));
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct v1_fragments f = { 0 };
	struct rd r = rd_from(bytes_of(data, n));

	while (rd_more(&r)) {
		size_t wanted = rd_u16(&r), length = MIN(wanted, r.n);
		struct buf datagram = buf_from(rd_bytes(&r, length)), out = { 0 };
		struct v1_fragment one;

		if (length >= V1_FRAGMENT_HEAD) { /* a fuzzer does not guess lengths */
			struct wr w = wr_to(datagram.p + 24, 4);

			wr_u32(&w, (uint32_t)length);
			w = wr_to(datagram.p + V1_HEADER_N + 2, 2);
			wr_u16(&w, (uint16_t)(length - V1_HEADER_N));
		}
		if (v1_fragment_parse(buf_view(&datagram), &one) == OK) {
			size_t have = f.have, before = f.size;

			if (v1_fragments_add(&f, &one, &out) == OK)
				check(f.have == 0 && (out.n == one.data.n || have > 0));
			else
				check(f.size <= before + one.data.n);
			holds(&f);
			buf_done(&out);
		}
		if (length != 0)
			cut_and_join(buf_view(&datagram), datagram.p[length / 2] + 1u, &f);
		buf_done(&datagram);
	}
	v1_fragments_done(&f);
	return 0;
}
