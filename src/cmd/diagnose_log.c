/* ipsec diagnose --log FILE [CONN]: what the log of another daemon tells, in the words of our own
 * diagnosis. */
#include "base/word.h"
#include "cmd/diagnose.h"
#include "cmd/diagnose_html.h"
#include "cmd/diagnose_lines.h"
#include "diag/diag.h"
#include "foreign/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST = 1, KEPT = 4096, SAID = 64, TEXT = 512 };

/* A verdict that was given: of both ends' logs in one file it is often the same. */
struct verdict {
	char class[48];
	char certainty[16];
	char cause[TEXT];
};

struct reader {
	const char *conn; /* NULL: all */
	struct foreign_log *log;
	struct diag diag;
	uint64_t line;
	const char *text; /* of that line */
	char *kept[KEPT]; /* the lines that told something, by number: evidence is shown as it is */
	uint64_t of[KEPT]; /* which line that is */
	struct verdict said[SAID];
	unsigned findings;   /* printed */
	bool has_found;	     /* in this log, printed or not */
	bool is_silent;	     /* what is printed was before */
	bool has_conn;	     /* the log tells of it */
	struct nearest near; /* what of it could have been meant */
	char near_name[96];
	struct page *page; /* of --html; NULL: none is wanted */
	enum foreign_dialect dialect;
};

/* An event has the number of the line that told of it. */
static void told(void *ctx, const struct event *e)
{
	struct reader *r = ctx;
	struct event numbered = *e;
	unsigned i = (unsigned)(r->line % KEPT);

	if (r->conn && e->about.conn) {
		r->has_conn |= strcmp(e->about.conn, r->conn) == 0;
		if (nearest_try(&r->near, e->about.conn)) {
			snprintf(r->near_name, sizeof(r->near_name), "%s", e->about.conn);
			r->near.word = r->near_name;
		}
	}
	numbered.seq = r->text ? r->line : 0;
	diag_take(&r->diag, &numbered);
	if (!r->text || r->of[i] == r->line)
		return;
	free(r->kept[i]);
	r->kept[i] = xasprintf("%.*s", TEXT, r->text);
	for (char *p = r->kept[i]; *p; p++)
		*p = *p < ' ' || *p > '~' ? '?' : *p; /* a terminal reads it */
	r->of[i] = r->line;
}

static bool is_said(struct reader *r, const struct event *e)
{
	struct verdict v = { .class = "" };

	snprintf(v.class, sizeof(v.class), "%s", FIELDS(e, found_finding)->class.str);
	snprintf(v.certainty, sizeof(v.certainty), "%s", FIELDS(e, found_finding)->certainty.str);
	snprintf(v.cause, sizeof(v.cause), "%s", FIELDS(e, found_finding)->cause.str);
	for (unsigned i = 0; i < MIN(r->findings, (unsigned)SAID); i++)
		if (strcmp(v.class, r->said[i].class) == 0 &&
			strcmp(v.certainty, r->said[i].certainty) == 0 &&
			strcmp(v.cause, r->said[i].cause) == 0)
			return true;
	r->said[r->findings++ % SAID] = v;
	return false;
}

static void print(void *ctx, const struct event *e)
{
	struct reader *r = ctx;
	size_t room = 16 << 10;
	struct event shown = *e;
	char *s;

	if (e->id == EV_found_finding) {
		r->is_silent = is_said(r, e);
		r->has_found = true;
	}
	if (r->is_silent)
		return;
	if (e->id == EV_found_evidence) { /* in the log's own words */
		uint64_t line = FIELDS(e, found_evidence)->number.u64;

		if (line && r->of[line % KEPT] == line)
			shown.row[&FIELDS(e, found_evidence)->text - e->row] =
				ev_str(r->kept[line % KEPT]);
	}
	page_take(r->page, &shown, false);
	s = xalloc(room);
	if (!out_is_json())
		out_say("%s", event_line(&shown, false, s, room));
	else if (event_json(&shown, s, room))
		out_event(s, -1);
	free(s);
}

static void recalled(void *ctx, const struct event *e)
{
	page_take(ctx, e, true);
}

/* One log, or the part of a file that is of one. */
static void begin(struct reader *r)
{
	r->log = foreign_new();
	diag_init(&r->diag);
}

static void end(struct reader *r)
{
	struct event_sink to = { told, r }, out = { print, r };

	r->text = NULL;
	foreign_end(r->log, &to);
	r->is_silent = r->has_found = false;
	diag_report(&r->diag, r->conn, REQUEST, foreign_now(r->log), &out);
	if (!r->has_found) /* is it what did not come any more? */
		diag_report(&r->diag, r->conn, REQUEST, foreign_later(r->log), &out);
	if (r->page)
		diag_recall(&r->diag, r->conn, &(struct event_sink){ recalled, r->page });
	if (foreign_dialect(r->log) != FOREIGN_UNKNOWN)
		r->dialect = foreign_dialect(r->log);
	diag_done(&r->diag);
	foreign_free(r->log);
}

/* Gives the errno of what could not be read, or 0. */
static int read_lines(FILE *in, struct lines *lines, struct reader *r)
{
	struct event_sink to = { told, r };
	char *line;
	size_t n;

	begin(r);
	while (lines_next(lines, &line, &n, &r->line)) {
		if (foreign_begins(r->log, bytes_of(line, n))) {
			end(r);
			begin(r);
		}
		r->text = line;
		foreign_line(r->log, bytes_of(line, n), &to);
	}
	end(r);
	return ferror(in) ? errno : 0;
}

static int conclude(const struct reader *r, const struct lines *lines, const char *file, int error)
{
	const char *is = lines_are_none(lines);
	char hint[NEAREST_HINT];

	if (error) {
		out_error("ipsec: %s: %s", file, strerror(error));
		return EXIT_USAGE;
	}
	if (r->dialect == FOREIGN_UNKNOWN && is) {
		out_error("ipsec: %s is %s | ipsec diagnose --log -", file, is);
		return EXIT_USAGE;
	}
	if (!r->line) {
		out_error("ipsec: %s is empty", file);
		return EXIT_USAGE;
	}
	if (r->dialect == FOREIGN_UNKNOWN) {
		out_error("ipsec: %s is no log of Libreswan's pluto or strongSwan's charon: no "
			  "line of it "
			  "is one of theirs",
			file);
		return EXIT_USAGE;
	}
	if (lines_were_too_many(lines))
		out_error("ipsec: %s has its newest lines first: only the first of them were read",
			file);
	if (r->conn && !r->has_conn) {
		out_error("ipsec: %s tells of no connection \"%s\"%s", file, r->conn,
			nearest_hint(&r->near, hint));
		return EXIT_UNKNOWN;
	}
	if (r->findings)
		return EXIT_FOUND;
	out_say("nothing that this log tells of is a known failure; why a tunnel that is up "
		"carries "
		"nothing no log tells: ipsec diagnose CONN does");
	return 0;
}

bool diagnose_line(const char *line, bool *ret_is_charon)
{
	struct reader *r = xalloc(sizeof(*r));
	struct event_sink to = { told, r };
	bool is_found;

	begin(r);
	r->text = line;
	r->line = 1;
	foreign_line(r->log, bytes_str(line), &to);
	*ret_is_charon = foreign_dialect(r->log) == FOREIGN_CHARON;
	end(r);
	is_found = r->findings > 0;
	for (unsigned i = 0; i < KEPT; i++)
		free(r->kept[i]);
	free(r);
	return is_found;
}

int diagnose_log(const char *file, const char *conn, const char *html)
{
	bool is_stdin = strcmp(file, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(file, "r");
	struct lines *lines;
	struct reader *r;
	int status;

	if (!in) {
		out_error("ipsec: %s: %s", file, strerror(errno));
		return EXIT_USAGE;
	}
	if (is_stdin)
		file = "standard input";
	r = xalloc(sizeof(*r));
	r->conn = conn;
	r->near = nearest_to(conn ? conn : "");
	r->page = html ? page_new() : NULL;
	errno = 0;
	lines = lines_new(in);
	status = conclude(r, lines, file, read_lines(in, lines, r));
	if (status != EXIT_USAGE)
		status = diagnose_page(r->page, html, conn ? conn : file, status);
	else
		page_free(r->page);
	for (unsigned i = 0; i < KEPT; i++)
		free(r->kept[i]);
	free(r);
	lines_free(lines);
	if (!is_stdin)
		fclose(in);
	return status;
}
