#pragma once
/* Programs of the host that the parent runs: argument vectors, no shell, text in, text out. */
#include "base/bytes.h"

#include <uv.h>

enum { PROGRAM_ARGS_MAX = 12 };

struct program_end {
	int status; /* exit status; -1: killed, or it could not be started */
	char *out;  /* what it said on standard output, NUL-terminated */
	size_t out_n;
	char *why; /* what it said on standard error, on one line and cut; or why it did not start
		    */
};

/* input_take: for its standard input; malloc'ed, NULL: nothing. done (never before this returns) is
 * told how it ended; what end holds is freed after. It is killed when it takes longer than ten
 * seconds. */
void program_run(uv_loop_t *loop, const char *const *args, char *input_take,
	void (*done)(void *ctx, const struct program_end *end), void *ctx);
