/* ipsec diagnose --log FILE [CONN]: what the log of another daemon tells, in the words of our own
 * diagnosis. */
#include "cmd/diagnose.h"
#include "cmd/diagnose_html.h"
#include "diag/diag.h"
#include "foreign/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 << 10, REQUEST = 1, KEPT = 4096, SAID = 64, TEXT = 512 };

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
	unsigned findings;
	bool is_silent;	   /* what is printed was before */
	struct page *page; /* of --html; NULL: none is wanted */
	enum foreign_dialect dialect;
};

/* An event has the number of the line that told of it. */
static void told(void *ctx, const struct event *e)
{
	struct reader *r = ctx;
	struct event numbered = *e;
	unsigned i = (unsigned)(r->line % KEPT);

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

	if (e->id == EV_found_finding)
		r->is_silent = is_said(r, e);
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
	r->is_silent = false;
	diag_report(&r->diag, r->conn, REQUEST, foreign_now(r->log), &out);
	if (r->page)
		diag_recall(&r->diag, r->conn, &(struct event_sink){ recalled, r->page });
	if (foreign_dialect(r->log) != FOREIGN_UNKNOWN)
		r->dialect = foreign_dialect(r->log);
	diag_done(&r->diag);
	foreign_free(r->log);
}

/* A line of journalctl -o json as syslog would have it: "1795423295.918000 gw pluto[12]: text".
 * False: it is none. */
static bool journal_line(char *line, size_t *n)
{
	json_t *o = json_loads(line, 0, NULL);
	const char *text = json_string_value(json_object_get(o, "MESSAGE")),
		   *us = json_string_value(json_object_get(o, "__REALTIME_TIMESTAMP")),
		   *who = json_string_value(json_object_get(o, "SYSLOG_IDENTIFIER"));
	unsigned long long at = us ? strtoull(us, NULL, 10) : 0;

	if (text)
		snprintf(line, LINE, "%llu.%06llu %s[0]: %s", at / 1000000, at % 1000000,
			who ? who : "?", text);
	*n = strcspn(line, "\n");
	json_decref(o);
	return text != NULL;
}

static void take(struct reader *r, char *line, size_t n)
{
	struct event_sink to = { told, r };

	if (line[0] == '{' && !journal_line(line, &n))
		return;

	if (foreign_begins(r->log, bytes_of(line, n))) {
		end(r);
		begin(r);
	}
	line[n] = '\0';
	while (n && line[n - 1] == '\r')
		line[--n] = '\0';
	r->text = line;
	foreign_line(r->log, bytes_of(line, n), &to);
}

/* The next line without its newline; of one that is longer than any of theirs the beginning, of
 * NULs (a log that was cut while it was written has a block of them) nothing. False: it is over. */
static bool next_line(FILE *in, char *line, size_t *ret_n)
{
	size_t n = 0;
	int c;

	while ((c = getc(in)) != EOF && c != '\n')
		if (c && n < LINE - 1)
			line[n++] = (char)c;
	line[n] = '\0';
	*ret_n = n;
	return c != EOF || n;
}

/* Gives the errno of what could not be read, or 0. */
static int read_lines(FILE *in, struct reader *r)
{
	char *line = xalloc(LINE);
	int error;
	size_t n;

	begin(r);
	while (next_line(in, line, &n)) {
		r->line++;
		take(r, line, n);
	}
	error = ferror(in) ? errno : 0;
	end(r);
	free(line);
	return error;
}

static int conclude(const struct reader *r, const char *file, int error)
{
	if (error) {
		out_error("ipsec: %s: %s", file, strerror(error));
		return EXIT_USAGE;
	}
	if (r->dialect == FOREIGN_UNKNOWN) {
		out_error("ipsec: %s is no log of Libreswan's pluto or strongSwan's charon", file);
		return EXIT_USAGE;
	}
	if (r->findings)
		return EXIT_FOUND;
	out_say("nothing that this log tells of is a known failure; why a tunnel that is up "
		"carries "
		"nothing no log tells: ipsec diagnose CONN does");
	return 0;
}

int diagnose_log(const char *file, const char *conn, const char *html)
{
	bool is_stdin = strcmp(file, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(file, "r");
	struct reader *r;
	int status;

	if (!in) {
		out_error("ipsec: %s: %s", file, strerror(errno));
		return EXIT_USAGE;
	}
	r = xalloc(sizeof(*r));
	r->conn = conn;
	r->page = html ? page_new() : NULL;
	status = conclude(r, file, read_lines(in, r));
	if (status != EXIT_USAGE)
		status = diagnose_page(r->page, html, conn ? conn : file, status);
	else
		page_free(r->page);
	for (unsigned i = 0; i < KEPT; i++)
		free(r->kept[i]);
	free(r);
	if (!is_stdin)
		fclose(in);
	return status;
}
