/* The burst is the first window, or what remains of one; then RTO after RTO. Other packets are
 * small ones of people who look whether the tunnel still works, or it is another matter. */
#include "dataplane/frozen.h"

enum {
	BURST_PACKETS = 4,
	BURST_MEAN = 500, /* octets; small ones went before */
	SINGLES = 4,
	SMALL_MIN = 28, /* a packet beside a single one has so much */
	SMALL_MAX = 128,
	SMALL_PACKETS = 4,
	FLOW_OCTETS = 128 * 1024,
	FLOW_CAME = 8,
};
#define BURST_LASTS (4 * NS_S)
#define GAP_MIN	    (5 * NS_S / 2)
/* Two looks are that far from the times that they look at. */
#define BLUR (3 * FROZEN_LOOK_MS * NS_MS)

static bool is_burst(const struct dp_frozen_look *l, uint64_t came)
{
	return l->packets >= BURST_PACKETS && l->octets >= BURST_PACKETS * FROZEN_LARGE &&
	       l->octets / l->packets >= BURST_MEAN && came;
}

/* One large packet, and a few small ones perhaps. */
static bool is_single(const struct dp_frozen_look *l, uint32_t *ret_low, uint32_t *ret_high)
{
	uint64_t small = l->packets - 1;

	if (small > SMALL_PACKETS || l->octets < FROZEN_LARGE + small * SMALL_MAX ||
		l->octets >= 2 * (uint64_t)FROZEN_LARGE)
		return false;
	*ret_low = (uint32_t)(l->octets - small * SMALL_MAX);
	*ret_high = (uint32_t)(l->octets - small * SMALL_MIN);
	return true;
}

/* The same one as those before, at its time? */
static bool fits(const struct dp_frozen *w, uint32_t low, uint32_t high, ns_t now)
{
	ns_t gap = now - w->last;

	if (w->n == 0)
		return now - w->began <= BURST_LASTS;
	if (low > w->high || high < w->low)
		return false;
	if (w->n == 1)
		return gap <= 2 * BURST_LASTS;
	return gap >= 2 * w->gap - BLUR && gap <= 2 * w->gap + BLUR;
}

static bool take_single(struct dp_frozen *w, uint32_t low, uint32_t high, ns_t now)
{
	w->low = w->n ? MAX(w->low, low) : low;
	w->high = w->n ? MIN(w->high, high) : high;
	w->gap = w->n ? now - w->last : 0;
	w->last = now;
	w->n++;
	return w->n >= SINGLES && w->gap >= GAP_MIN;
}

bool dp_frozen_see(struct dp_frozen *w, const struct dp_frozen_look *l)
{
	uint64_t came = w->came + l->came;
	uint32_t low, high;

	w->came = l->came;
	if (!l->packets)
		return false;
	if (is_burst(l, came)) {
		*w = (struct dp_frozen){ .began = l->now, .came = l->came };
		return false;
	}
	if (!w->began || l->octets / l->packets <= SMALL_MAX)
		return false;
	if (is_single(l, &low, &high) && fits(w, low, high, l->now))
		return take_single(w, low, high, l->now);
	/* the burst's end, and what it sends again at once */
	if (w->n || l->now - w->began > NS_S)
		w->began = 0;
	return false;
}

bool dp_frozen_is_flow(const struct dp_frozen_look *l)
{
	return l->packets && l->octets >= FLOW_OCTETS && l->octets / l->packets >= FROZEN_LARGE &&
	       l->came >= FLOW_CAME;
}
