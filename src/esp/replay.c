/* Anti-replay: RFC 4303 3.4.3 and appendix A2, RFC 6479. */
#include "esp/replay.h"

#include "base/bytes.h"
#include <stdlib.h>

enum { BITS = 64 };

void replay_init(struct replay *r, uint32_t window, bool esn)
{
	uint32_t words = 1;

	window = MIN(window, (uint32_t)REPLAY_WINDOW_MAX);
	*r = (struct replay){ .window = (window + BITS - 1) / BITS * BITS, .esn = esn };
	if (!window)
		return;
	/* One word more than the window: the one that top is in is only partly used (RFC 6479 2).
	 */
	while (words < r->window / BITS + 1)
		words *= 2;
	r->mask = words - 1;
	r->word = xalloc(words * sizeof(*r->word));
}

void replay_done(struct replay *r)
{
	free(r->word);
	*r = (struct replay){ 0 };
}

/* RFC 4303 A2.2: numbers up to a window below top belong to top's half or the one below it, all
 * others lie ahead. Without a window, half the number space counts as one. */
uint64_t replay_number(const struct replay *r, uint32_t low)
{
	uint32_t window = r->window ? r->window : UINT32_C(1) << 31;
	uint32_t top_low = (uint32_t)r->top, top_high = (uint32_t)(r->top >> 32);
	uint32_t bottom = top_low - window + 1;
	uint64_t high;

	if (!r->esn)
		return low;
	if (top_low >= window - 1)
		high = low >= bottom ? top_high : (uint64_t)top_high + 1;
	else
		high = low >= bottom && top_high ? top_high - 1 : top_high; /* nothing is below 0 */
	return high << 32 | low;
}

bool replay_check(const struct replay *r, uint64_t seq)
{
	if (!r->window)
		return true;
	if (seq == 0) /* the first packet has 1 (RFC 4303 2.2) */
		return false;
	if (seq > r->top)
		return true;
	if (r->top - seq >= r->window)
		return false;
	return !(r->word[seq / BITS & r->mask] >> seq % BITS & 1);
}

void replay_take(struct replay *r, uint64_t seq)
{
	if (r->window && seq > r->top) {
		uint64_t from = r->top / BITS, n = seq / BITS - from;

		for (uint64_t i = 1; i <= MIN(n, (uint64_t)r->mask + 1); i++)
			r->word[(from + i) & r->mask] = 0;
	}
	r->top = MAX(r->top, seq);
	if (r->window)
		r->word[seq / BITS & r->mask] |= UINT64_C(1) << seq % BITS;
}
