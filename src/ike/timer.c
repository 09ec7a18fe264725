/* A binary heap of timers; slot i of the heap is heap[i - 1], so that 0 means "not armed". */
#include "ike/timer.h"

#include <stdlib.h>

static void place(struct timers *h, size_t slot, struct timer *t)
{
	h->heap[slot - 1] = t;
	t->slot = slot;
}

static void sift_up(struct timers *h, struct timer *t)
{
	size_t slot = t->slot;

	while (slot > 1 && h->heap[slot / 2 - 1]->at > t->at) {
		place(h, slot, h->heap[slot / 2 - 1]);
		slot /= 2;
	}
	place(h, slot, t);
}

static void sift_down(struct timers *h, struct timer *t)
{
	size_t slot = t->slot;

	for (;;) {
		size_t next = 2 * slot;

		if (next > h->n)
			break;
		if (next + 1 <= h->n && h->heap[next]->at < h->heap[next - 1]->at)
			next++;
		if (h->heap[next - 1]->at >= t->at)
			break;
		place(h, slot, h->heap[next - 1]);
		slot = next;
	}
	place(h, slot, t);
}

void timer_set(struct timers *h, struct timer *t, ns_t at)
{
	timer_stop(h, t);
	if (h->n == h->room) {
		h->room = h->room ? 2 * h->room : 64;
		h->heap = xrealloc(h->heap, h->room * sizeof(struct timer *));
	}
	t->at = at;
	h->n++;
	place(h, h->n, t);
	sift_up(h, t);
}

void timer_stop(struct timers *h, struct timer *t)
{
	struct timer *last;
	size_t slot = t->slot;

	if (slot == 0)
		return;
	t->slot = 0;
	last = h->heap[h->n - 1];
	h->n--;
	if (last == t)
		return;
	place(h, slot, last);
	sift_up(h, last);
	sift_down(h, last);
}

ns_t timers_next(const struct timers *h)
{
	return h->n ? h->heap[0]->at : NS_NEVER;
}

struct timer *timers_due(struct timers *h, ns_t now)
{
	struct timer *t = h->n ? h->heap[0] : NULL;

	if (!t || t->at > now)
		return NULL;
	timer_stop(h, t);
	return t;
}

void timers_done(struct timers *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->heap[i]->slot = 0;
	free(h->heap);
	*h = (struct timers){ 0 };
}
