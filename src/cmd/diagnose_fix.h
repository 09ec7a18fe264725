#pragma once
/* ipsec diagnose --fix: what was found, what of it this program may repair, and how to take it
 * back. */
#include "cmd/diagnose.h"
#include "cmd/undo.h"
#include "diag/diag.h"

#include <sys/stat.h>

/* A fix for this host, of a finding. */
struct local_fix {
	const struct rule *rule;
	char kind[32], text[FIX_MAX + 256], apply[FIX_MAX];
};
/* What a walk found, the best first. */
struct fixes {
	const struct rule *found[FINDINGS_MAX];
	unsigned n_found;
	struct local_fix fix[FINDINGS_MAX * FIXES_MAX];
	unsigned n;
	bool is_up;
};
/* One of its events. */
void fixes_take(struct fixes *f, const struct event *e);
bool fixes_have(const struct fixes *f, const struct rule *r); /* was it found? */

struct fixer {
	const struct cmd *cmd;
	const char *conn;
	const struct event_sink *out;
	/* Tries the tunnel again: what is found then; gives the exit status. */
	int (*again)(void *ctx, struct fixes *ret);
	void *ctx;
};
/* Applies and tries until it helps; what does not help is taken back. found: of a walk that ended
 * with this status; gives the exit status. */
int diagnose_fix(const struct fixer *f, struct fixes *found, int status);
/* Ctrl-C, while fixes are tried: what was done is about to be taken back. */
bool fix_is_stopped(void);

/* ---- diagnose_apply.c ---- */
enum { DONE_MAX = 64 };
/* What was done, in order. */
struct done {
	char *text; /* for people */
	bool is_file, in_setup;
	bool is_lost;	     /* what takes it back did not come out */
	struct command back; /* n 0: nothing is to be done */
	char *file, *before, *after;
	size_t before_n, after_n;
	struct stat st;
	char *backup; /* NULL: one is there from before */
};
struct applied {
	const struct fixer *f;
	struct done done[DONE_MAX];
	unsigned n, undone;
};
/* Whether it may be done, before somebody is asked. NULL: it may; *ret_undo is what takes it back,
 * for people, "" when nothing is known to. Else why not, malloc'ed. */
char *fix_refused(const struct applied *a, const struct local_fix *fix, char *ret_undo, size_t n);
/* NULL: done. Else why not, malloc'ed, and all is as it was. */
char *fix_apply(struct applied *a, const struct local_fix *fix);
/* Takes back all that was done after the first n. False: something could not be. */
bool fix_undo(struct applied *a, unsigned n);
void applied_done(struct applied *a);
