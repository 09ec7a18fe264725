#pragma once
/* Logs of other daemons: Libreswan's pluto (3.x to 5.x) and strongSwan's charon. Lines in, our
 * events out, so that the diagnosis judges what others tell as it judges us. Pure; a log is
 * hostile: lines are cut, connections are few, nothing grows with it. */
#include "event/event.h"

enum foreign_dialect { FOREIGN_UNKNOWN, FOREIGN_PLUTO, FOREIGN_CHARON };

struct foreign_log *foreign_new(void);
void foreign_free(struct foreign_log *l);
/* One line, without its newline. The events that it tells go to out; their strings are borrowed. */
void foreign_line(struct foreign_log *l, struct bytes line, const struct event_sink *out);
/* The log is over: what the peers of its last lines have left open is told. */
void foreign_end(struct foreign_log *l, const struct event_sink *out);
/* Does this line begin another log, so that nothing before it belongs to what follows? Time goes
 * back, or it is a heading as tail(1) writes it. */
bool foreign_begins(struct foreign_log *l, struct bytes line);
/* Whose log it is, as far as it was read. */
enum foreign_dialect foreign_dialect(const struct foreign_log *l);
/* The time of the last line, and when it is read, a moment later: lines without a clock are what a
 * terminal shows, and who shows them to others has waited for long. */
struct now foreign_now(const struct foreign_log *l);
struct now foreign_later(const struct foreign_log *l);

/* Does time go back from line to line? Many a page shows the newest line first. */
struct foreign_order {
	ns_t last, period;
	unsigned clocks, later, earlier; /* clocks, and those that are later than the one before */
	unsigned forward, backward;	 /* what always comes first, does, or does not */
	unsigned thread;
	bool was_parsed, was_received;
	uint8_t seen[128]; /* pluto's states */
};
void foreign_order_take(struct foreign_order *o, struct bytes line);
bool foreign_order_is_newest_first(const struct foreign_order *o);
