/* ipsec diagnose --log FILE [CONN]: what the log of another daemon tells, in the words of our own
 * diagnosis. */
#include "cmd/diagnose.h"
#include "cmd/diagnose_html.h"
#include "diag/diag.h"
#include "foreign/foreign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE = 64 << 10, REQUEST = 1 };

struct printed {
	unsigned findings;
	struct page *page; /* of --html; NULL: none is wanted */
};

struct taker {
	struct diag diag;
	uint64_t line;
};

/* An event has the number of the line that told of it. */
static void told(void *ctx, const struct event *e)
{
	struct taker *t = ctx;
	struct event numbered = *e;

	numbered.seq = t->line;
	diag_take(&t->diag, &numbered);
}

static void print(void *ctx, const struct event *e)
{
	struct printed *p = ctx;
	size_t room = 16 << 10;
	char *s = xalloc(room);

	p->findings += e->id == EV_found_finding;
	page_take(p->page, e, false);
	if (!out_is_json())
		out_say("%s", event_line(e, false, s, room));
	else if (event_json(e, s, room))
		out_event(s, -1);
	free(s);
}

static void recalled(void *ctx, const struct event *e)
{
	page_take(ctx, e, true);
}

static void read_lines(FILE *in, struct foreign_log *l, struct taker *t)
{
	struct event_sink to = { told, t };
	char *line = xalloc(LINE);
	bool is_rest = false; /* of a line that is longer than any of theirs */

	while (fgets(line, LINE, in)) {
		size_t n = strcspn(line, "\n");

		t->line += !is_rest;
		if (!is_rest)
			foreign_line(l, bytes_of(line, n), &to);
		is_rest = line[n] != '\n';
	}
	free(line);
}

int diagnose_log(const char *file, const char *conn, const char *html)
{
	bool is_stdin = strcmp(file, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(file, "r");
	struct foreign_log *l;
	struct printed p = { 0 };
	struct event_sink out = { print, &p };
	struct taker t = { 0 };
	int status;

	if (!in) {
		out_error("ipsec: %s: %s", file, strerror(errno));
		return EXIT_USAGE;
	}
	p.page = html ? page_new() : NULL;
	l = foreign_new();
	diag_init(&t.diag);
	read_lines(in, l, &t);
	diag_report(&t.diag, conn, REQUEST, foreign_now(l), &out);
	if (foreign_dialect(l) == FOREIGN_UNKNOWN) {
		out_error("ipsec: %s is no log of Libreswan's pluto or strongSwan's charon", file);
		status = EXIT_USAGE;
	} else if (p.findings)
		status = EXIT_FOUND;
	else {
		out_say("nothing that this log tells of is a known failure");
		status = 0;
	}
	if (p.page)
		diag_recall(&t.diag, conn, &(struct event_sink){ recalled, p.page });
	status = diagnose_page(p.page, html, conn ? conn : file, status);
	diag_done(&t.diag);
	foreign_free(l);
	if (!is_stdin)
		fclose(in);
	return status;
}
