/* RFC 791 3.2, "An Example Fragmentation Procedure". */
#include "esp/frag.h"

enum { MORE = 0x2000, OFFSET = 0x1fff, OPTION_END = 0, OPTION_NOP = 1, OPTION_COPIED = 0x80 };

static size_t payload_each(const struct packet *k, size_t mtu)
{
	return mtu > k->l4 ? (mtu - k->l4) / 8 * 8 : 0;
}

size_t frag_count(const struct packet *k, size_t mtu)
{
	size_t each = payload_each(k, mtu), payload = k->n - k->l4;

	if (k->version != 4 || k->df || !each)
		return 0;
	return (payload + each - 1) / each;
}

size_t frag_n(const struct packet *k, size_t mtu, size_t i)
{
	size_t each = payload_each(k, mtu), payload = k->n - k->l4;

	return k->l4 + MIN(each, payload - i * each);
}

/* Options without the copied flag stand in the first fragment only: NOPs elsewhere. */
static void drop_options(uint8_t *p, size_t header_n)
{
	for (size_t i = 20; i < header_n;) {
		uint8_t type = p[i];
		size_t n = 1;

		if (type == OPTION_END)
			return;
		if (type != OPTION_NOP) {
			if (i + 1 >= header_n || p[i + 1] < 2 || p[i + 1] > header_n - i)
				return;
			n = p[i + 1];
			if (!(type & OPTION_COPIED))
				memset(p + i, OPTION_NOP, n);
		}
		i += n;
	}
}

void frag_put(const struct packet *k, size_t mtu, size_t i, uint8_t *to)
{
	size_t each = payload_each(k, mtu), n = frag_n(k, mtu, i), at = i * each;
	uint16_t field = load16(k->p + 6);
	bool more = field & MORE || at + (n - k->l4) < k->n - k->l4;

	memcpy(to, k->p, k->l4);
	memcpy(to + k->l4, k->p + k->l4 + at, n - k->l4);
	if (i > 0)
		drop_options(to, k->l4);
	store16(to + 2, (uint16_t)n);
	store16(to + 6, (uint16_t)((field & OFFSET) + at / 8) | (more ? MORE : 0));
	packet_ip4_sum(to);
}
