/* A tunnel that is to come up when there is traffic: a packet for it, and whether that begins one.
 * It does not go past the first router, should nothing hold it back. */
#include "cmd/flow_run.h"

enum { TRIES = 3, TRY_MS = 800 };

bool flow_trap(
	const struct flow_for *what, bool (*has_begun)(void *ctx), const struct event_sink *out)
{
	struct run r = { .f = { .what = what, .out = out, .about = { .conn = what->conn } } };
	struct echo e = { .fd = -1 };
	bool is_begun = false;

	if (!run_choose(&r) || !echo_open(&e, "trap", &r.inner, &r.target, 0, 1))
		return true; /* nothing is known */
	flow_count(&r.before);
	for (unsigned i = 0; i < TRIES && !is_begun; i++) {
		run_send(&r, &e, ECHO_OCTETS);
		echo_wait(&e, 1, TRY_MS);
		is_begun = has_begun(what->ctx);
	}
	if (!is_begun) {
		run_say_sent(&r, &e);
		run_say_answer(&r, &e);
		run_say_counters(&r);
	}
	echo_close(&e);
	return is_begun;
}
