/* Lines of ipsec.conf: "config setup", "conn NAME", "include PATTERN", and indented key=value. Comments
 * wherever people put them, CRLF, quotes and braces. */
#include "config/lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { INCLUDE_DEPTH = 10, ERRORS_PER_FILE = 20, LINE_MAX_N = 64 * 1024 };

struct lexer {
	const struct conf_source *src;
	struct conf *c;
	struct lexed *out;
	unsigned depth;
	struct section *section; /* the open one; NULL at the top of a file */
	bool is_skipping;	 /* the open section's head was wrong: its body is passed over */
};

void conf_issue_take(struct conf *c, bool is_error, const char *file, unsigned line, const char *conn,
	char *text_take)
{
	size_t same = 0;

	for (size_t i = c->n_issue; i-- > 0 && same <= ERRORS_PER_FILE;)
		same += c->issue[i].is_error == is_error && strcmp(c->issue[i].file, file) == 0;
	c->n_error += is_error;
	if (same > ERRORS_PER_FILE) {
		free(text_take);
		return;
	}
	if (same == ERRORS_PER_FILE) {
		free(text_take);
		text_take = xstrdup("and more like these; mend the first ones and check again");
	}
	c->issue = xrealloc(c->issue, (c->n_issue + 1) * sizeof(*c->issue));
	c->issue[c->n_issue++] = (struct conf_issue){ is_error, xstrdup(file), line, xstrdup(conn), text_take };
}

static void include(struct lexer *x, const char *file, unsigned line, const char *pattern);

static void open_section(struct lexer *x, bool is_setup, const char *name, const char *file, unsigned line)
{
	struct lexed *l = x->out;

	if ((l->n & (l->n - 1)) == 0)
		l->section = xrealloc(l->section, (l->n ? l->n * 2 : 1) * sizeof(*l->section));
	l->section[l->n] = (struct section){ .is_setup = is_setup, .name = xstrdup(name), .file = file,
		.line = line };
	x->section = &l->section[l->n++];
	x->is_skipping = false;
}

/* A word that stands alone, cut off at blanks; *p moves behind it. */
static char *take_word(char **p)
{
	char *w = *p + strspn(*p, " \t");
	size_t n = strcspn(w, " \t");

	*p = w + n;
	if (**p)
		*(*p)++ = '\0';
	return w;
}

static void error(struct lexer *x, const char *file, unsigned line, char *text_take)
{
	conf_issue_take(x->c, true, file, line, x->section && !x->section->is_setup ? x->section->name : NULL,
		text_take);
}

static bool is_name(const char *s)
{
	return *s && strlen(s) <= LIMIT_CONN_NAME && !strpbrk(s, "\"'\\ \t=") && *s != '#';
}

/* A line at column 0. */
static void head(struct lexer *x, char *s, const char *file, unsigned line)
{
	char *p = s, *first = take_word(&p), *second = take_word(&p), *third = take_word(&p);

	if (*third == '#')
		third = (char *)(uintptr_t) "";
	x->is_skipping = true;
	if (strcasecmp(first, "include") == 0 && *second) {
		x->section = NULL;
		x->is_skipping = false;
		include(x, file, line, second);
	} else if (strcasecmp(first, "config") == 0 && strcasecmp(second, "setup") == 0)
		open_section(x, true, "setup", file, line);
	else if (strcasecmp(first, "conn") == 0 && is_name(second) && !*third)
		open_section(x, false, second, file, line);
	else if (strcasecmp(first, "version") == 0) {
		x->section = NULL; /* an old habit, without meaning */
		x->is_skipping = false;
	} else if (strcasecmp(first, "ca") == 0) {
		x->section = NULL;
		conf_issue_take(x->c, false, file, line, NULL,
			xstrdup("a \"ca\" section: certificates come in a later version; it is passed over"));
	} else {
		char shown[64];

		x->section = NULL;
		event_escape(bytes_of(first, strnlen(first, 40)), shown, sizeof(shown));
		if (strchr(s, '=') || strchr(first, '='))
			error(x, file, line, xasprintf("\"%s\": a keyword must be indented by a blank or tab", shown));
		else
			error(x, file, line, xasprintf("found \"%s\"; expected \"config setup\", \"conn NAME\" or "
						       "\"include FILE\"", shown));
	}
}

/* The end of a value: quotes and braces keep blanks and '#', elsewhere '#' after a blank, or a '#word'
 * after anything but the value's own first character, starts a comment. Gives the value in place. */
static char *value_of(char *s, bool *ok)
{
	char *end;

	s += strspn(s, " \t");
	*ok = true;
	if (*s == '"' || *s == '{') {
		char close = *s == '"' ? '"' : '}';

		end = strchr(++s, close);
		if (!end) {
			*ok = false;
			return s;
		}
		*end++ = '\0';
		end += strspn(end, " \t");
		*ok = *end == '\0' || *end == '#';
		return s;
	}
	for (end = s; *end; end++)
		if (*end == '#' && (end == s || end[-1] == ' ' || end[-1] == '\t' ||
					   (end[-1] != '@' && !strchr(s, '@'))))
			break;
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
	return s;
}

/* An indented line. */
static void body(struct lexer *x, char *s, const char *file, unsigned line)
{
	char *eq = strchr(s, '='), *key = s, *value, *end;
	char shown[64];
	struct section *sec = x->section;
	bool ok;

	if (x->is_skipping)
		return;
	if (!sec) {
		error(x, file, line, xstrdup("an indented line outside a section; \"config setup\" or "
					     "\"conn NAME\" must stand before it"));
		x->is_skipping = true;
		return;
	}
	if (!eq) {
		event_escape(bytes_of(s, strnlen(s, 40)), shown, sizeof(shown));
		error(x, file, line, xasprintf("found \"%s\"; expected keyword=value", shown));
		return;
	}
	for (end = eq; end > key && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	value = value_of(eq + 1, &ok);
	if (!ok || !*key || strpbrk(key, " \t")) {
		event_escape(bytes_of(key, strnlen(key, 40)), shown, sizeof(shown));
		error(x, file, line, ok ? xasprintf("\"%s\" is no keyword", shown)
					: xasprintf("%s=: the closing quote or brace is missing, or text follows it", shown));
		return;
	}
	if ((sec->n & (sec->n - 1)) == 0)
		sec->item = xrealloc(sec->item, (sec->n ? sec->n * 2 : 1) * sizeof(*sec->item));
	sec->item[sec->n++] = (struct item){ xstrdup(key), xstrdup(value), file, line };
}

/* Is it text at all? A NUL or many control characters say no. */
static bool is_text(const char *t, size_t n)
{
	size_t odd = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)t[i];

		if (c == '\0')
			return false;
		odd += c < 0x20 && c != '\n' && c != '\r' && c != '\t';
	}
	return odd * 10 <= n;
}

static void lines(struct lexer *x, char *t, size_t n, const char *file)
{
	unsigned number = 0;
	char *end = t + n;

	if (!is_text(t, n)) {
		error(x, file, 1, xstrdup("this is not a text file"));
		return;
	}
	while (t < end) {
		size_t len = strcspn(t, "\n"), cut = len;
		char *next = t + len + (t[len] == '\n');

		number++;
		while (cut > 0 && (t[cut - 1] == '\r' || t[cut - 1] == ' ' || t[cut - 1] == '\t'))
			cut--;
		t[cut] = '\0';
		if (cut > LINE_MAX_N)
			error(x, file, number, xasprintf("the line is longer than %d characters", LINE_MAX_N));
		else if (t[strspn(t, " \t")] == '\0' || t[strspn(t, " \t")] == '#')
			; /* blank or comment */
		else if (*t == ' ' || *t == '\t')
			body(x, t + strspn(t, " \t"), file, number);
		else
			head(x, t, file, number);
		t = next;
	}
	x->section = NULL;
}

static const char *keep_name(struct lexed *l, const char *file)
{
	l->file = xrealloc(l->file, (l->n_file + 1) * sizeof(*l->file));
	return l->file[l->n_file++] = xstrdup(file);
}

static void read_file(struct lexer *x, const char *path, const char *from, unsigned line)
{
	size_t n = 0;
	char *t = x->src->read(x->src->ctx, path, &n);

	if (!t) {
		conf_issue_take(x->c, true, from ? from : path, line, NULL,
			errno == EFBIG ? xasprintf("\"%s\" is larger than 8 MiB: this cannot be an ipsec.conf", path)
				       : xasprintf("cannot read \"%s\": %s", path, strerror(errno)));
		return;
	}
	lines(x, t, n, keep_name(x->out, path));
	free(t);
}

static void include(struct lexer *x, const char *file, unsigned line, const char *pattern)
{
	const char *slash = strrchr(file, '/');
	char *full = *pattern == '/' || !slash ? xstrdup(pattern)
					       : xasprintf("%.*s/%s", (int)(slash - file), file, pattern);
	char **found = NULL;

	if (x->depth >= INCLUDE_DEPTH) {
		error(x, file, line, xasprintf("include: more than %d files deep", INCLUDE_DEPTH));
		free(full);
		return;
	}
	found = x->src->glob(x->src->ctx, full);
	if (!found || !found[0])
		conf_issue_take(x->c, false, file, line, NULL, xasprintf("include: no file matches \"%s\"", full));
	x->depth++;
	for (size_t i = 0; found && found[i]; i++) {
		read_file(x, found[i], file, line);
		free(found[i]);
	}
	x->depth--;
	free(found);
	free(full);
}

void lex(const struct conf_source *src, const char *path, const char *text, size_t text_n, struct conf *c,
	struct lexed *ret)
{
	struct lexer x = { .src = src, .c = c, .out = ret };

	*ret = (struct lexed){ 0 };
	if (text) {
		char *copy = xalloc(text_n + 1);

		memcpy(copy, text, text_n);
		lines(&x, copy, text_n, keep_name(ret, path));
		free(copy);
	} else
		read_file(&x, path, NULL, 1);
}

void lexed_done(struct lexed *l)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < l->section[i].n; k++) {
			free(l->section[i].item[k].key);
			free(l->section[i].item[k].value);
		}
		free(l->section[i].item);
		free(l->section[i].name);
	}
	for (size_t i = 0; i < l->n_file; i++)
		free(l->file[i]);
	free(l->file);
	free(l->section);
	*l = (struct lexed){ 0 };
}
