/* What a diagnosis said and saw as one page that needs nothing else: no scripts, nothing from
 * elsewhere, every value escaped. Made from events; pure. */
#include "cmd/diagnose_html.h"

#include "base/list.h"
#include "base/rd.h"
#include "base/text.h"
#include "base/wr.h"

#include <inttypes.h>
#include <stdlib.h>

/* More events than a diagnosis has; what a log of another daemon may have is cut. */
enum { PAGE_EVENTS = 4096, EVENT_OCTETS = 32 << 10 };

struct kept {
	struct buf octets;
	bool is_story; /* the daemon told of it, or a log */
};

struct page {
	struct kept *kept;
	size_t n, left_out;
};

struct page *page_new(void)
{
	return xalloc(sizeof(struct page));
}

void page_free(struct page *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		buf_done(&p->kept[i].octets);
	if (p)
		free(p->kept);
	free(p);
}

void page_take(struct page *p, const struct event *e, bool is_story)
{
	uint8_t octets[EVENT_OCTETS];
	struct wr w = wr_to(octets, EVENT_OCTETS);

	if (!p)
		return;
	event_put(&w, e);
	if (p->n == PAGE_EVENTS || !wr_ok(&w)) {
		p->left_out++;
		return;
	}
	if ((p->n & (p->n - 1)) == 0)
		p->kept = xrealloc(p->kept, (p->n ? p->n * 2 : 1) * sizeof(*p->kept));
	p->kept[p->n] = (struct kept){ .is_story = is_story };
	buf_set(&p->kept[p->n].octets, wr_view(&w));
	p->n++;
}

/* ---- text ---- */

/* What is not plain text is shown as such; so a peer's words stay words. */
static void escaped(struct text *t, const char *s)
{
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		switch (c) {
		case '<':
			text_add(t, "&lt;");
			break;
		case '>':
			text_add(t, "&gt;");
			break;
		case '&':
			text_add(t, "&amp;");
			break;
		case '"':
			text_add(t, "&quot;");
			break;
		case '\'':
			text_add(t, "&#39;");
			break;
		default:
			if (c < 0x20 || c == 0x7f)
				text_add(t, "\\x%02x", c);
			else
				text_add(t, "%c", c);
		}
	}
}

/* An element with text only. */
static void element(struct text *t, const char *name, const char *class, const char *s)
{
	text_add(t, "<%s%s%s%s>", name, class ? " class=\"" : "", class ? class : "",
		class ? "\"" : "");
	escaped(t, s);
	text_add(t, "</%s>\n", name);
}

static const char style[] =
	":root{color-scheme:light dark;--fg:#1a1a1a;--bg:#fff;--soft:#f2f2f2;--line:#767676;"
	"--bad:#a00000;--good:#00600f;--link:#0645ad}\n"
	"@media(prefers-color-scheme:dark){:root{--fg:#eee;--bg:#121212;--soft:#222;"
	"--line:#999;--bad:#ff9a8a;--good:#8fe39b;--link:#9ecbff}}\n"
	"body{font:1rem/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);"
	"max-width:60rem;margin:0 auto;padding:1rem}\n"
	"a{color:var(--link)}h1,h2,h3{line-height:1.25}\n"
	"article{border:1px solid var(--line);border-left:.4rem solid var(--bad);"
	"padding:0 1rem;margin:1rem 0}\n"
	".good li::marker{color:var(--good)}.sure{color:var(--bad);font-weight:bold}\n"
	"code,pre,td.v{font-family:ui-monospace,monospace;overflow-wrap:anywhere}\n"
	"pre{background:var(--soft);padding:.5rem;white-space:pre-wrap}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);"
	"padding:.25rem .5rem}\n";

/* ---- its parts ---- */

struct writing {
	struct text t;
	const struct page *p;
	struct event e; /* the one at hand */
	bool is_story;
	char line[16 << 10];
};

/* The i-th event; false: it is of another part. */
static bool at(struct writing *w, size_t i)
{
	struct rd r = rd_from(buf_view(&w->p->kept[i].octets));

	w->is_story = w->p->kept[i].is_story;
	return event_get(&r, &w->e) == OK;
}

static bool begins(const char *name, const char *with)
{
	return strncmp(name, with, strlen(with)) == 0;
}

static const char *line_of(struct writing *w)
{
	return event_line(&w->e, false, w->line, sizeof(w->line));
}

#define VALUE(w, event, field)	(((const union ev_##event *)(const void *)(w)->e.row)->field.str)
#define NUMBER(w, event, field) (((const union ev_##event *)(const void *)(w)->e.row)->field.u64)

static void fix(struct writing *w)
{
	const char *text = VALUE(w, found_fix, text), *apply = VALUE(w, found_fix, apply);
	size_t n = strlen(text), m = strlen(apply);
	char *before;

	text_add(&w->t, "<li><strong>");
	escaped(&w->t, VALUE(w, found_fix, where));
	text_add(&w->t, ":</strong> ");
	if (m && n >= m && strcmp(text + n - m, apply) == 0) {
		before = xasprintf("%.*s", (int)(n - m), text);
		escaped(&w->t, before);
		free(before);
		text_add(&w->t, "<pre>");
		escaped(&w->t, apply);
		text_add(&w->t, "</pre>");
	} else
		escaped(&w->t, text);
	text_add(&w->t, "</li>\n");
}

/* All of one kind that belong to the finding whose event is the from-th. */
static void list(struct writing *w, size_t from, enum event_id id, const char *title)
{
	bool is_open = false;

	for (size_t i = from + 1; i < w->p->n; i++) {
		if (!at(w, i))
			continue;
		if (w->e.id == EV_found_finding)
			break;
		if (w->e.id != id)
			continue;
		if (!is_open)
			text_add(&w->t, "<h4>%s</h4>\n<ul>\n", title);
		is_open = true;
		if (id == EV_found_fix) {
			fix(w);
			continue;
		}
		text_add(&w->t, "<li>");
		switch ((int)id) {
		case EV_found_evidence:
			text_add(&w->t, "<code>");
			escaped(&w->t, VALUE(w, found_evidence, text));
			text_add(&w->t, "</code>");
			if (NUMBER(w, found_evidence, number))
				text_add(&w->t, " (event %" PRIu64 ")",
					NUMBER(w, found_evidence, number));
			break;
		case EV_found_suspect:
			escaped(&w->t, VALUE(w, found_suspect, what));
			text_add(&w->t, " [");
			escaped(&w->t, VALUE(w, found_suspect, class));
			text_add(&w->t, "]");
			break;
		case EV_found_next:
			escaped(&w->t, VALUE(w, found_next, text));
			break;
		}
		text_add(&w->t, "</li>\n");
	}
	if (is_open)
		text_add(&w->t, "</ul>\n");
}

static void findings(struct writing *w)
{
	unsigned n = 0;

	text_add(&w->t, "<section aria-labelledby=\"verdict\"><h2 id=\"verdict\">What was "
			"found</h2>\n");
	for (size_t i = 0; i < w->p->n; i++) {
		if (!at(w, i) || w->e.id != EV_found_finding)
			continue;
		n++;
		text_add(&w->t, "<article>\n");
		text_add(&w->t, "<h3>");
		if (w->e.about.conn) {
			escaped(&w->t, w->e.about.conn);
			text_add(&w->t, ": ");
		}
		escaped(&w->t, VALUE(w, found_finding, cause));
		text_add(&w->t, "</h3>\n<p><span class=\"sure\">");
		escaped(&w->t, VALUE(w, found_finding, certainty));
		text_add(&w->t, "</span>, rank %" PRIu64 ", class <code>",
			NUMBER(w, found_finding, rank));
		escaped(&w->t, VALUE(w, found_finding, class));
		text_add(&w->t, "</code></p>\n");
		list(w, i, EV_found_fix, "What to do");
		list(w, i, EV_found_evidence, "Evidence");
		list(w, i, EV_found_suspect, "It can also be");
		list(w, i, EV_found_next, "To know more");
		text_add(&w->t, "</article>\n");
	}
	if (!n)
		text_add(&w->t, "<p>Nothing.</p>\n");
	text_add(&w->t, "</section>\n");
}

/* Is it of this part? */
typedef bool part(const struct writing *w);

static bool is_proven(const struct writing *w)
{
	return w->e.id == EV_found_proven;
}

static bool is_step(const struct writing *w)
{
	return w->e.id == EV_diag_step || begins(event_kind(w->e.id)->name, "fix_");
}

static bool is_host(const struct writing *w)
{
	return begins(event_kind(w->e.id)->name, "local_") ||
	       begins(event_kind(w->e.id)->name, "probe_");
}

static bool is_story(const struct writing *w)
{
	return w->is_story && !is_host(w) && w->e.id != EV_conn_facts;
}

static void lines(struct writing *w, part *is_of_it, const char *id, const char *title)
{
	bool is_open = false;

	for (size_t i = 0; i < w->p->n; i++) {
		if (!at(w, i) || !is_of_it(w))
			continue;
		if (!is_open)
			text_add(&w->t,
				"<section class=\"%s\" aria-labelledby=\"%s\"><h2 "
				"id=\"%s\">%s</h2>\n"
				"<%s>\n",
				is_of_it == is_proven ? "good" : "plain", id, id, title,
				is_of_it == is_step ? "ol" : "ul");
		is_open = true;
		if (w->e.id == EV_found_proven)
			element(&w->t, "li", NULL, VALUE(w, found_proven, what));
		else {
			text_add(&w->t, "<li>");
			if (is_of_it == is_story && w->e.seq)
				text_add(&w->t, "%" PRIu64 ": ", w->e.seq);
			element(&w->t, "code", NULL, line_of(w));
			text_add(&w->t, "</li>\n");
		}
	}
	if (is_open)
		text_add(&w->t, "</%s></section>\n", is_of_it == is_step ? "ol" : "ul");
}

/* A connection's facts, each with its name. */
static void facts(struct writing *w)
{
	for (size_t i = 0; i < w->p->n; i++) {
		const struct event_kind *k;

		if (!at(w, i) || w->e.id != EV_conn_facts)
			continue;
		k = event_kind(w->e.id);
		text_add(&w->t, "<section><h2>The connection");
		if (w->e.about.conn) {
			text_add(&w->t, " ");
			escaped(&w->t, w->e.about.conn);
		}
		text_add(&w->t, "</h2>\n<table><tbody>\n");
		for (unsigned f = 0; f < k->n; f++) {
			const struct event_value *v = &w->e.row[f];

			if (v->type == EVENT_TYPE_str ? !v->str[0] : !v->u64)
				continue;
			text_add(&w->t, "<tr><th scope=\"row\">%s</th>\n", k->field[f].name);
			if (v->type == EVENT_TYPE_str)
				element(&w->t, "td", "v", v->str);
			else
				text_add(&w->t, "<td class=\"v\">%" PRIu64 "</td>", v->u64);
			text_add(&w->t, "</tr>\n");
		}
		text_add(&w->t, "</tbody></table></section>\n");
	}
}

char *page_html(const struct page *p, const char *of, const char *when)
{
	struct writing *w = xalloc(sizeof(*w));
	char *ret;

	w->p = p;
	text_add(&w->t,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'\">\n<title>Diagnosis of ");
	escaped(&w->t, of);
	text_add(&w->t, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>Diagnosis of ",
		style);
	escaped(&w->t, of);
	text_add(&w->t, "</h1>\n<p>Made ");
	escaped(&w->t, when);
	text_add(&w->t, " by <code>ipsec diagnose</code>. It names addresses, identities and "
			"rules of this host; secrets are not in it.</p>\n");
	findings(w);
	lines(w, is_proven, "proven", "Proven good");
	lines(w, is_step, "steps", "What was done");
	facts(w);
	lines(w, is_host, "host", "This host");
	lines(w, is_story, "story", "What happened");
	if (p->left_out)
		text_add(&w->t, "<p>%zu more events are left out.</p>\n", p->left_out);
	text_add(&w->t, "</main>\n</body>\n</html>\n");
	ret = w->t.s;
	free(w);
	return ret;
}
