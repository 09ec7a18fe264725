#pragma once
/* The head of what a parent leaves to the program that it becomes when it restarts itself. It reads
 * the same in every format: a program that does not know the rest still finds what it must not
 * leave open. */
#include "base/rd.h"
#include "base/wr.h"

struct handover_head {
	int lock;	/* the locked pid file */
	int guard_pipe; /* -1: nobody guards us */
	int guard_pid;
	int said; /* where it is read what children say; -1 */
};

void handover_head_put(struct wr *w, const struct handover_head *h);
/* ERR_UNSUPPORTED: it is in another format; *ret is known all the same. */
enum err must_use handover_head_get(struct rd *r, struct handover_head *ret);
