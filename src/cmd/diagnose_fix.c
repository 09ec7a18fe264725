/* ipsec diagnose --fix: asks, applies, tries again; what does not help is taken back. */
#include "cmd/diagnose_fix.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 4 }; /* faults behind faults */

static volatile sig_atomic_t stopped; /* Ctrl-C: all is taken back first */

static void stop(int sig)
{
	stopped = sig;
}

bool fix_is_stopped(void)
{
	return stopped;
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = stop };

	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
	signal(SIGPIPE, SIG_IGN); /* who reads along may have seen enough */
}

/* ---- what was found ---- */

bool fixes_have(const struct fixes *f, const struct rule *r)
{
	for (unsigned i = 0; i < f->n_found; i++)
		if (f->found[i] == r)
			return true;
	return false;
}

static const char *field(const struct event *e, const char *name)
{
	const struct event_kind *k = event_kind(e->id);

	for (unsigned i = 0; i < k->n; i++)
		if (strcmp(k->field[i].name, name) == 0 && e->row[i].type == EVENT_TYPE_str)
			return e->row[i].str;
	return "";
}

void fixes_take(struct fixes *f, const struct event *e)
{
	struct local_fix *x = &f->fix[f->n];
	const struct rule *r;

	if (e->id != EV_found_finding && e->id != EV_found_fix)
		return;
	r = rule_by_id(field(e, "class"));
	if (e->id == EV_found_finding && r && f->n_found < FINDINGS_MAX && !fixes_have(f, r))
		f->found[f->n_found++] = r;
	if (e->id != EV_found_fix || !r || f->n == COUNT(f->fix) ||
		strcmp(field(e, "where"), "here") != 0 ||
		strlen(field(e, "apply")) >= sizeof(x->apply))
		return;
	x->rule = r;
	snprintf(x->kind, sizeof(x->kind), "%s", field(e, "kind"));
	snprintf(x->text, sizeof(x->text), "%s", field(e, "text"));
	snprintf(x->apply, sizeof(x->apply), "%s", field(e, "apply"));
	f->n++;
}

/* ---- asking ---- */

static bool is_asking(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

static bool asked(const struct local_fix *fix, const char *undo)
{
	char answer[16] = "";

	fprintf(stderr, "%s\n", fix->text);
	if (undo[0])
		fprintf(stderr, "If it does not help, it is taken back by %s. Apply it? [y/N] ",
			undo);
	else
		fprintf(stderr, "It CANNOT be taken back by this program. Apply it all the same? "
				"[y/N] ");
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && !stopped &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

/* NULL: it may be done. */
static char *not_allowed(const struct fixer *f, const struct local_fix *fix, const char *undo)
{
	if (f->cmd->yes && undo[0])
		return NULL;
	if (!is_asking())
		return xstrdup("it cannot be undone, and nobody is there to ask");
	return asked(fix, undo) ? NULL : xstrdup("you said no");
}

/* ---- trying ---- */

struct trying {
	const struct fixer *f;
	struct applied applied;
	const struct rule *tried[FINDINGS_MAX * ROUNDS];
	unsigned n_tried, steps; /* steps: fixes that were applied */
	struct fixes now;	 /* what is found as things are */
	int status;
};

static bool was_tried(const struct trying *t, const struct rule *r)
{
	for (unsigned i = 0; i < t->n_tried; i++)
		if (t->tried[i] == r)
			return true;
	return false;
}

/* False: it was left. */
static bool apply(struct trying *t, const struct local_fix *fix)
{
	char undo[64], *why = fix_refused(&t->applied, fix, undo, sizeof(undo));

	if (!why)
		why = not_allowed(t->f, fix, undo);
	if (!why)
		why = fix_apply(&t->applied, fix);
	if (why)
		EMIT(t->f->out, diagnose_now(), NULL, fix_skipped, .class = ev_str(fix->rule->id),
			.kind = ev_str(fix->kind), .text = ev_str(fix->text), .why = ev_str(why));
	else
		EMIT(t->f->out, diagnose_now(), NULL, fix_applied, .class = ev_str(fix->rule->id),
			.kind = ev_str(fix->kind), .text = ev_str(fix->text), .undo = ev_str(undo));
	t->steps += !why;
	free(why);
	return !why;
}

static void try_again(struct trying *t)
{
	t->now = (struct fixes){ 0 };
	t->status = t->f->again(t->f->ctx, &t->now);
}

/* All fixes of one finding, one by one until it is gone. */
static void try_finding(struct trying *t, const struct rule *r)
{
	const struct fixes then = t->now;
	unsigned before = t->applied.n;

	t->tried[t->n_tried++] = r;
	for (unsigned i = 0; i < then.n && !stopped; i++) {
		if (then.fix[i].rule != r || !apply(t, &then.fix[i]))
			continue;
		try_again(t);
		if (!fixes_have(&t->now, r))
			return;
	}
	if (t->applied.n == before)
		return;
	(void)fix_undo(&t->applied, before);
	t->now = then;
}

static const struct rule *next_finding(const struct trying *t)
{
	for (unsigned i = 0; i < t->now.n_found; i++)
		if (!was_tried(t, t->now.found[i]))
			return t->now.found[i];
	return NULL;
}

static int say(const struct trying *t, int status, const char *result)
{
	EMIT(t->f->out, diagnose_now(), NULL, fix_result, .result = ev_str(result),
		.applied = ev_u64(t->steps), .undone = ev_u64(t->applied.undone));
	return status;
}

static int conclude(struct trying *t, int status, bool was_up)
{
	bool is_well;

	if (t->applied.n && t->now.is_up && !stopped)
		return say(t, t->status,
			t->status == 0 ? "it helped: the tunnel is up, and nothing is found any "
					 "more"
				       : "it helped, but not against all that was found");
	if (t->applied.n && was_up && !stopped) /* worse than before */
		status = t->status;
	is_well = fix_undo(&t->applied, 0);
	if (stopped)
		return say(t, 128 + stopped, "interrupted; what was done is taken back");
	if (!t->steps)
		return say(t, status, "nothing was changed");
	return say(t, status,
		is_well ? "it did not help; what was done is taken back"
			: "it did not help, and not all that was done could be taken back");
}

int diagnose_fix(const struct fixer *f, struct fixes *found, int status)
{
	struct trying *t;
	const struct rule *r;
	bool was_up = found->is_up;

	if (!found->n_found)
		return status;
	if (!f->cmd->yes && !is_asking()) {
		out_error("ipsec: --fix asks before it changes anything, and there is no terminal; "
			  "--yes applies what can be undone");
		return EXIT_UNASKED;
	}
	if (geteuid() != 0) {
		out_error("ipsec: --fix needs root");
		return EXIT_PRIVILEGE;
	}
	catch_signals();
	t = xalloc(sizeof(*t));
	t->f = f;
	t->applied.f = f;
	t->now = *found;
	t->status = status;
	while (!stopped && t->n_tried < COUNT(t->tried) && t->status != 0 && (r = next_finding(t)))
		try_finding(t, r);
	status = conclude(t, status, was_up);
	applied_done(&t->applied);
	free(t);
	return status;
}
