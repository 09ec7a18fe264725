/* A fix is applied and taken back: commands without a shell, lines of ipsec.conf. */
#include "cmd/diagnose_fix.h"
#include "cmd/file.h"
#include "cmd/local.h"
#include "config/edit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_command(const struct local_fix *f)
{
	return strcmp(f->kind, "command") == 0;
}

static bool is_setup(const struct local_fix *f)
{
	return strcmp(f->kind, "config setup") == 0;
}

/* ---- commands ---- */

/* malloc'ed, what it said; NULL: it failed, and *ret_why is why. */
static char *run_command(const struct applied *a, const struct command *c, char **ret_why)
{
	const char *argv[COMMAND_WORDS + 4];
	char self[PATH_MAX] = "";
	unsigned n = 0;
	char *said;

	if (strcmp(c->word[0], "ipsec") == 0 &&
		readlink("/proc/self/exe", self, sizeof(self) - 1) > 0) {
		argv[n++] = self; /* the daemon that is diagnosed */
		argv[n++] = "--ctlsocket";
		argv[n++] = cmd_socket(a->f->cmd);
	} else
		argv[n++] = c->word[0];
	if (undo_kind(c) == UNDO_NFT)
		argv[n++] = "-ea"; /* it says the rule with its handle */
	for (unsigned i = 1; i < c->n; i++)
		argv[n++] = c->word[i];
	argv[n] = NULL;
	said = program_does(argv, ret_why);
	if (!said && (!*ret_why || !**ret_why)) {
		free(*ret_why);
		*ret_why = xasprintf("%s failed, or is not here", c->word[0]);
	}
	return said;
}

/* What is there before it, where that is needed to take it back. */
static char *words_before(const struct command *c, char **ret_why)
{
	struct command *ask = xalloc(sizeof(*ask));
	char *said = NULL;

	if (undo_asks(c, ask)) {
		said = program_says((const char *const *)ask->word, ret_why);
		if (!said && (!*ret_why || !**ret_why)) {
			free(*ret_why);
			*ret_why = xasprintf("what is there now is not known: %s", c->word[2]);
		}
	}
	free(ask);
	return said;
}

/* The tunnel is tried again anyway. */
static bool is_trial(const struct command *c)
{
	return c->n > 1 && strcmp(c->word[0], "ipsec") == 0 && strcmp(c->word[1], "up") == 0;
}

static char *apply_command(struct applied *a, const struct command *c)
{
	char *why = NULL, *before = NULL, *said;
	struct done *d = &a->done[a->n];
	char text[COMMAND_TEXT];

	if (is_trial(c))
		return NULL;
	before = words_before(c, &why);
	if (before && !undo_of(c, before, &d->back))
		why = xasprintf("what would take it back is not known: %s", before);
	said = why ? NULL : run_command(a, c, &why);
	if (said) {
		command_text(c, text, sizeof(text));
		*d = (struct done){ .text = xstrdup(text) };
		/* words point into the record itself */
		d->is_lost = !undo_of(c, before ? before : said, &d->back) &&
			     undo_kind(c) != UNDO_NOTHING && undo_kind(c) != UNDO_NOT;
		a->n++;
	}
	free(said);
	free(before);
	if (why)
		why[strcspn(why, "\n")] = '\0';
	return why;
}

static char *apply_commands(struct applied *a, const char *text)
{
	struct command *c = xalloc(COMMANDS_MAX * sizeof(*c));
	unsigned n = 0, before = a->n;
	char *why = commands_of(text, c, &n) ? NULL : xstrdup("it needs a shell");

	for (unsigned i = 0; i < n && !why; i++)
		why = apply_command(a, &c[i]);
	free(c);
	if (why)
		(void)fix_undo(a, before);
	return why;
}

/* ---- ipsec.conf ---- */

static enum err edit_of(
	const struct applied *a, const struct local_fix *fix, struct conf_edit *e, char **why)
{
	const struct conf_source files = conf_source_files();

	return conf_edit(&files, cmd_config(a->f->cmd), is_setup(fix) ? NULL : a->f->conn,
		fix->apply, e, why);
}

static bool has_backup(const struct applied *a, const char *file)
{
	for (unsigned i = 0; i < a->n; i++)
		if (a->done[i].is_file && strcmp(a->done[i].file, file) == 0)
			return true;
	return false;
}

/* Hidden, so that no include= finds it. */
static char *backup_name(const char *file)
{
	const char *slash = strrchr(file, '/');
	int folder = slash ? (int)(slash - file + 1) : 0;

	return xasprintf("%.*s.%s.before-fix", folder, file, file + folder);
}

static void ignored(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* The daemon reads it. */
static char *read_again(const struct applied *a, bool in_setup)
{
	struct command c = { .n = 2 };
	char *why = NULL;
	json_t *args;
	int status;

	if (in_setup) {
		c.word[0] = (char *)"ipsec";
		c.word[1] = (char *)"restart";
		free(run_command(a, &c, &why));
		return why;
	}
	args = json_pack("{s:s}", "name", a->f->conn);
	if (a->f->cmd->config)
		json_object_set_new(args, "config", json_string(cmd_config(a->f->cmd)));
	status = request_each(a->f->cmd, "replace", args, 0, ignored, NULL);
	return status ? xasprintf("the daemon does not load it (status %d)", status) : NULL;
}

static char *put_in_place(
	const struct applied *a, bool in_setup, const struct conf_edit *e, struct done *d)
{
	char *real = realpath(e->file, NULL);
	int error = 0;

	*d = (struct done){
		.is_file = true, .in_setup = in_setup, .file = real ? real : xstrdup(e->file)
	};
	if (!real || stat(real, &d->st) != 0)
		error = errno;
	if (!error && !has_backup(a, d->file)) {
		d->backup = backup_name(d->file);
		error = file_replace(d->backup, bytes_of(e->before, e->before_n), &d->st);
	}
	if (!error)
		error = file_replace(d->file, bytes_of(e->text, e->n), &d->st);
	return error ? xasprintf("%s: %s", d->file, strerror(error)) : NULL;
}

static void done_done(struct done *d)
{
	free(d->text);
	free(d->file);
	free(d->before);
	free(d->after);
	free(d->backup);
	*d = (struct done){ 0 };
}

static char *apply_edit(struct applied *a, const struct local_fix *fix)
{
	struct done *d = &a->done[a->n];
	unsigned before = a->n;
	struct conf_edit e;
	char *why = NULL;

	if (edit_of(a, fix, &e, &why))
		return why;
	why = put_in_place(a, is_setup(fix), &e, d);
	if (why)
		done_done(d);
	else {
		d->text = xasprintf("%s:%u: %s", d->file, e.line, fix->apply);
		d->before = e.before;
		d->before_n = e.before_n;
		d->after = e.text;
		d->after_n = e.n;
		e.before = e.text = NULL;
		a->n++;
		why = read_again(a, is_setup(fix));
		if (why)
			(void)fix_undo(a, before);
	}
	conf_edit_done(&e);
	return why;
}

/* ---- both ---- */

char *fix_refused(const struct applied *a, const struct local_fix *fix, char *ret_undo, size_t n)
{
	struct command *c;
	struct conf_edit e;
	unsigned number = 0;
	char *why = NULL;
	bool shows = true;

	snprintf(ret_undo, n, "the file as it was");
	if (!fix->apply[0])
		return strcmp(fix->kind, "ipsec.secrets") == 0
			       ? xstrdup("secrets are not written for you")
			       : xstrdup("a person has to do it");
	if (!is_command(fix)) {
		if (edit_of(a, fix, &e, &why) == OK)
			conf_edit_done(&e);
		return why;
	}
	c = xalloc(COMMANDS_MAX * sizeof(*c));
	if (!commands_of(fix->apply, c, &number))
		why = xstrdup("it is for a shell, and for a person");
	snprintf(ret_undo, n, "its opposite");
	for (unsigned i = 0; i < number; i++) {
		if (undo_kind(&c[i]) == UNDO_NOT)
			ret_undo[0] = '\0';
		shows = shows && undo_kind(&c[i]) == UNDO_SHOWS;
	}
	free(c);
	return why ? why : shows ? xstrdup("it only shows something") : NULL;
}

char *fix_apply(struct applied *a, const struct local_fix *fix)
{
	if (a->n + COMMANDS_MAX > DONE_MAX)
		return xstrdup("too much was done already");
	return is_command(fix) ? apply_commands(a, fix->apply) : apply_edit(a, fix);
}

/* Whoever changed it since has the last word. */
static bool is_as_we_left_it(const struct done *d)
{
	const struct conf_source files = conf_source_files();
	size_t n = 0;
	char *now = files.read(files.ctx, d->file, &n);
	bool is = now && n == d->after_n && memcmp(now, d->after, n) == 0;

	free(now);
	return is;
}

static char *undo_file(const struct applied *a, const struct done *d)
{
	int error;
	char *why;

	if (!is_as_we_left_it(d))
		return xasprintf("%s was changed by somebody else since", d->file);
	error = file_replace(d->file, bytes_of(d->before, d->before_n), &d->st);
	if (error)
		return xasprintf("%s: %s", d->file, strerror(error));
	if (d->backup)
		unlink(d->backup);
	why = read_again(a, d->in_setup);
	free(why); /* the conn may have been what could not be loaded before, too */
	return NULL;
}

static char *undo_one(const struct applied *a, const struct done *d)
{
	char *why = NULL;

	if (d->is_file)
		return undo_file(a, d);
	if (d->is_lost)
		return xstrdup("what takes it back is not known");
	if (d->back.n)
		free(run_command(a, &d->back, &why));
	return why;
}

bool fix_undo(struct applied *a, unsigned n)
{
	bool is_well = true;

	while (a->n > n) {
		struct done *d = &a->done[--a->n];
		char *why = undo_one(a, d);

		EMIT(a->f->out, diagnose_now(), NULL, fix_undone, .text = ev_str(d->text),
			.error = ev_str(why ? why : ""));
		is_well = is_well && !why;
		a->undone++;
		free(why);
		done_done(d);
	}
	return is_well;
}

void applied_done(struct applied *a)
{
	while (a->n)
		done_done(&a->done[--a->n]);
}
