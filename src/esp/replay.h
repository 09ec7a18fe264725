#pragma once
/* Anti-replay window (RFC 4303 3.4.3) as a ring of 64-bit words (RFC 6479), and the upper half of
 * extended sequence numbers (RFC 4303 appendix A2). */
#include "base/base.h"

struct replay {
	uint64_t top;	 /* highest number accepted */
	uint32_t window; /* packets; 0: no check */
	uint32_t mask;	 /* words - 1; words is a power of two */
	bool esn;
	uint64_t *word;
};

enum { REPLAY_WINDOW_MAX = 1 << 20 };

/* window is rounded up to a multiple of 64 and cut at REPLAY_WINDOW_MAX. */
void replay_init(struct replay *r, uint32_t window, bool esn);
void replay_done(struct replay *r);
/* The whole sequence number of a packet that carries low. */
uint64_t replay_number(const struct replay *r, uint32_t low);
/* Before the ICV is known: may seq be new? */
bool replay_check(const struct replay *r, uint64_t seq);
/* After the ICV was right: seq is taken. */
void replay_take(struct replay *r, uint64_t seq);
