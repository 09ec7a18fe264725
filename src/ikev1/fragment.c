/* IKEv1 fragmentation (Cisco's payload 132): cutting and putting together. Fragments are not
 * authentic: anybody can disturb an exchange that uses them, and no more than that. */
#include "ikev1/fragment.h"

enum { LAST = 1, PAYLOAD_HEAD = 8, UDP_N = 8, IP4_N = 20, IP6_N = 40, NON_ESP_MARKER = 4 };

enum err v1_fragment_parse(struct bytes datagram, struct v1_fragment *ret)
{
	struct rd r = rd_from(datagram);
	struct v1_fragment f = { 0 };
	uint16_t length;
	enum err e;

	if ((e = v1_header_parse(datagram, &f.h)))
		return e;
	if (f.h.next != V1_FRAGMENT || f.h.version >> 4 != V1_VERSION >> 4)
		return ERR_UNSUPPORTED;
	rd_skip(&r, V1_HEADER_N + 2); /* the payload's next and reserved: of no use */
	length = rd_u16(&r);
	f.id = rd_u16(&r);
	f.number = rd_u8(&r);
	f.is_last = rd_u8(&r) & LAST;
	f.data = rd_rest(&r);
	if (!rd_end(&r))
		return ERR_TRUNCATED;
	if (length != PAYLOAD_HEAD + f.data.n || f.data.n == 0)
		return ERR_LENGTH;
	if (f.number == 0)
		return ERR_VALUE;

	*ret = f;
	return OK;
}

size_t v1_fragment_room(size_t mtu, bool is_v6, bool natt)
{
	size_t ip = is_v6 ? IP6_N : IP4_N, marker = natt ? NON_ESP_MARKER : 0;
	size_t head = ip + UDP_N + marker + V1_FRAGMENT_HEAD;

	return mtu > head ? mtu - head : 0;
}

size_t v1_fragment_count(size_t datagram_n, size_t size)
{
	size_t n = size == 0 ? 0 : (datagram_n + size - 1) / size;

	return n <= LIMIT_FRAGMENTS ? n : 0;
}

struct bytes v1_fragment_of(
	struct bytes datagram, uint16_t id, uint8_t number, size_t size, void *room, size_t n)
{
	size_t count = v1_fragment_count(datagram.n, size);
	struct rd r = rd_from(datagram);
	struct v1_header h;
	struct v1_build b;

	if (number == 0 || number > count || v1_header_parse(datagram, &h) != OK)
		return BYTES_NONE;
	/* what others do: the exchange is Phase 1's, whatever is inside */
	if (h.exchange != V1_AGGRESSIVE_MODE)
		h.exchange = V1_MAIN_MODE;
	h.flags = 0;
	h.message_id = 0;
	rd_skip(&r, (size_t)(number - 1) * size);
	v1_build_begin(&b, room, n, &h);
	wr_patch_u8(&b.w, b.next_at, V1_FRAGMENT);
	wr_u8(&b.w, V1_NONE);
	wr_u8(&b.w, 0);
	wr_u16(&b.w, (uint16_t)(PAYLOAD_HEAD + MIN(size, r.n)));
	wr_u16(&b.w, id);
	wr_u8(&b.w, number);
	wr_u8(&b.w, number == count ? LAST : 0);
	wr_bytes(&b.w, rd_bytes(&r, MIN(size, r.n)));
	return v1_build_end(&b);
}

/* ---- reassembly ---- */

void v1_fragments_done(struct v1_fragments *f)
{
	for (size_t i = 0; i < COUNT(f->part); i++)
		buf_done(&f->part[i]);
	*f = (struct v1_fragments){ 0 };
}

static struct buf join(const struct v1_fragments *f)
{
	struct buf whole = { xalloc(f->size), f->size };
	struct wr w = wr_to(whole.p, whole.n);

	for (size_t i = 0; i < f->last; i++)
		wr_bytes(&w, buf_view(&f->part[i]));
	return whole;
}

static bool has_beyond(const struct v1_fragments *f, uint8_t number)
{
	for (size_t i = number; i < COUNT(f->part); i++)
		if (f->part[i].p)
			return true;
	return false;
}

enum err v1_fragments_add(struct v1_fragments *f, const struct v1_fragment *one, struct buf *ret)
{
	struct buf *part;

	if (one->number == 0 || one->data.n == 0)
		return ERR_VALUE;
	if (one->number > LIMIT_FRAGMENTS)
		return ERR_LIMIT;
	if (f->is_started && f->id != one->id)
		v1_fragments_done(f);
	/* one end only, and nothing behind it */
	if (f->last != 0 ? one->number > f->last || (one->is_last && one->number != f->last)
			 : one->is_last && has_beyond(f, one->number))
		return ERR_VALUE;
	part = &f->part[one->number - 1];
	if (part->p)
		return ERR_DUPLICATE;
	if (one->data.n > LIMIT_V1_FRAGMENTED - f->size)
		return ERR_LIMIT;

	f->is_started = true;
	f->id = one->id;
	if (one->is_last)
		f->last = one->number;
	*part = buf_from(one->data);
	f->size += one->data.n;
	if (++f->have != f->last)
		return ERR_MISSING;

	*ret = join(f);
	v1_fragments_done(f);
	return OK;
}
