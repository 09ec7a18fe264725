/* In which order lines come: many a page shows the newest first. The clocks tell, and where all of
 * it was in one second what a daemon always writes before something else. */
#include "foreign/around.h"

#include <ctype.h>

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static void clock_tells(struct foreign_order *o, const struct clock *c)
{
	if (o->clocks && c->period == o->period) {
		o->later += c->t > o->last;
		o->earlier += c->t < o->last;
	}
	o->clocks++;
	o->last = c->t;
	o->period = c->period;
}

/* A thread of charon parses a packet when it has received it. */
static void charon_tells(struct foreign_order *o, const struct around *a)
{
	const char *s = strchr(a->words, '<') == a->words && strchr(a->words, '>')
				? strchr(a->words, '>') + 2
				: a->words;
	bool is_parsed = begins(s, "parsed "), is_received = begins(s, "received packet: ");

	if (o->thread == a->thread) {
		o->forward += o->was_received && is_parsed;
		o->backward += o->was_parsed && is_received;
	}
	o->thread = a->thread;
	o->was_parsed = is_parsed;
	o->was_received = is_received;
}

/* Of a state of pluto's, this comes first. */
static void pluto_tells(struct foreign_order *o, const struct around *a)
{
	static const char *const first[] = { "initiating ", "proposal " };
	struct pluto_head h;
	bool is_first = false, is_new;
	uint8_t *seen, bit;

	if (!pluto_head_read(a->words, &h) || !h.serial)
		return;
	for (size_t i = 0; i < COUNT(first); i++)
		is_first |= begins(h.text, first[i]);
	seen = &o->seen[h.serial / 8 % sizeof(o->seen)];
	bit = (uint8_t)(1 << h.serial % 8);
	is_new = !(*seen & bit);
	*seen |= bit;
	o->forward += is_first && is_new;
	o->backward += is_first && !is_new;
}

void foreign_order_take(struct foreign_order *o, struct bytes line)
{
	struct pieces p;

	pieces_of(line, &p);
	if (p.has_clock)
		clock_tells(o, &p.clock);
	if (p.around.words && p.around.dialect == FOREIGN_CHARON)
		charon_tells(o, &p.around);
	else if (p.around.words)
		pluto_tells(o, &p.around);
}

bool foreign_order_is_newest_first(const struct foreign_order *o)
{
	if (o->earlier > 1) /* once can be where another log begins */
		return o->earlier / 4 >= o->later;
	return !o->later && o->backward > 2 * o->forward;
}
