/* Lines of ipsec.conf: "config setup", "conn NAME", "include PATTERN", and indented key=value.
 * Comments wherever people put them, CRLF, quotes and braces. */
#include "config/lex.h"

#include "base/word.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
	INCLUDE_DEPTH = 10,
	ISSUES_PER_FILE = 20,
	FILES_MAX = 10000,
	SYNTAX_ERRORS_MAX =
		1000, /* then it is no ipsec.conf and the rest of the file is not read */
	LINE_MAX_N = 64 * 1024,
};

struct lexer {
	const struct conf_source *src;
	struct conf *c;
	struct lexed *out;
	unsigned depth;
	unsigned n_wrong;		     /* of this file */
	const char *open[INCLUDE_DEPTH + 1]; /* the files being read, outermost first */
	struct section *section;	     /* the open one; NULL at the top of a file */
	bool is_skipping; /* the open section's head was wrong: its body is passed over */
};

static void count_left_out(struct conf_issue *i)
{
	free(i->text);
	i->more++;
	i->text = xasprintf(
		"and %u more %s in this file", i->more, i->is_error ? "errors" : "warnings");
}

void conf_issue_take(struct conf *c, bool is_error, const char *file, unsigned line,
	const char *conn, char *text_take)
{
	size_t same = 0;

	c->n_error += is_error;
	for (size_t i = c->n_issue; i-- > 0;) {
		struct conf_issue *old = &c->issue[i];

		if (old->is_error != is_error || strcmp(old->file, file) != 0)
			continue;
		if (old->more != 0) {
			free(text_take);
			count_left_out(old);
			return;
		}
		same++;
	}
	c->issue = xrealloc(c->issue, (c->n_issue + 1) * sizeof(*c->issue));
	c->issue[c->n_issue] =
		(struct conf_issue){ is_error, xstrdup(file), line, xstrdup(conn), text_take, 0 };
	if (same == ISSUES_PER_FILE)
		count_left_out(&c->issue[c->n_issue]);
	c->n_issue++;
}

static void include(struct lexer *x, const char *file, unsigned line, const char *pattern);

static void cut_comment(char *s);

static void open_section(
	struct lexer *x, bool is_setup, const char *name, const char *file, unsigned line)
{
	struct lexed *l = x->out;

	if ((l->n & (l->n - 1)) == 0)
		l->section = xrealloc(l->section, (l->n ? l->n * 2 : 1) * sizeof(*l->section));
	l->section[l->n] = (struct section){
		.is_setup = is_setup, .name = xstrdup(name), .file = file, .line = line
	};
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
	x->n_wrong++;
	if (x->section)
		x->section->is_bad = true;
	conf_issue_take(x->c, true, file, line,
		x->section && !x->section->is_setup ? x->section->name : NULL, text_take);
}

bool conf_name_ok(const char *s)
{
	if (*s == '\0' || strlen(s) > LIMIT_CONN_NAME || *s == '#' || strpbrk(s, "\"'\\=,{}"))
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static char *shown(const char *s, char *ret, size_t n)
{
	return event_escape(bytes_of(s, strnlen(s, 40)), ret, n);
}

/* "name with blanks" without its quotes. */
static char *unquoted(char *s)
{
	size_t n = strlen(s);

	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s) {
		s[n - 1] = '\0';
		s++;
	}
	return s;
}

static void wrong_head(
	struct lexer *x, const char *first, bool has_value, const char *file, unsigned line)
{
	static const char *const heads[] = { "conn", "config", "include" };
	struct nearest near = nearest_to(first);
	char word[64], hint[NEAREST_HINT];

	shown(first, word, sizeof(word));
	for (size_t i = 0; i < COUNT(heads); i++)
		nearest_try(&near, heads[i]);
	if (has_value) { /* a line of the section above, which is lost without it */
		error(x, file, line,
			xasprintf("\"%s\" stands at the start of a line; expected a blank or tab "
				  "before "
				  "keyword=value",
				word));
		x->is_skipping = !x->section;
	} else {
		x->section = NULL;
		error(x, file, line,
			xasprintf("found \"%s\"; expected \"config setup\", \"conn NAME\" or "
				  "\"include FILE\"%s",
				word, nearest_hint(&near, hint)));
	}
}

static void conn_head(
	struct lexer *x, const char *name, const char *more, const char *file, unsigned line)
{
	char word[64];

	if (*more == '\0' && conf_name_ok(name)) {
		open_section(x, false, name, file, line);
		return;
	}
	x->section = NULL;
	if (*name == '\0')
		error(x, file, line, xstrdup("a name is missing; expected: conn NAME"));
	else
		error(x, file, line,
			xasprintf("\"%s\" is no name of a conn: one word of at most %d characters "
				  "without quotes, "
				  "commas and braces",
				shown(*more ? more : name, word, sizeof(word)), LIMIT_CONN_NAME));
}

static void setup_head(struct lexer *x, const char *more, const char *file, unsigned line)
{
	char word[64];

	if (*more == '\0') {
		open_section(x, true, "setup", file, line);
		return;
	}
	x->section = NULL;
	error(x, file, line,
		xasprintf("\"%s\" stands behind \"config setup\"; expected nothing there",
			shown(more, word, sizeof(word))));
}

/* A line at column 0. */
static void head(struct lexer *x, char *s, const char *file, unsigned line)
{
	bool has_value = strchr(s, '=') != NULL;
	char *p = s, *first = take_word(&p), *second, *third;

	x->is_skipping = true;
	if (strcasecmp(first, "include") == 0) {
		cut_comment(p);
		second = unquoted(p + strspn(p, " \t"));
		x->section = NULL;
		x->is_skipping = false;
		if (*second)
			include(x, file, line, second);
		else
			error(x, file, line,
				xstrdup("a file name is missing; expected: include FILE"));
		return;
	}
	second = take_word(&p);
	third = take_word(&p);
	if (*second == '#')
		*second = *third = '\0';
	if (*third == '#')
		*third = '\0';
	if (strcasecmp(first, "config") == 0 && strcasecmp(second, "setup") == 0)
		setup_head(x, third, file, line);
	else if (strcasecmp(first, "conn") == 0)
		conn_head(x, second, third, file, line);
	else if (strcasecmp(first, "version") == 0) {
		x->section = NULL; /* an old habit, without meaning */
		x->is_skipping = false;
	} else if (strcasecmp(first, "ca") == 0 && *second && !has_value) {
		x->section = NULL;
		conf_issue_take(x->c, false, file, line, NULL,
			xstrdup("certificates are not done yet; the \"ca\" section is passed "
				"over"));
	} else
		wrong_head(x, first, has_value, file, line);
}

/* Behind a value in quotes or braces only a comment may follow. */
static char *enclosed(char *s, bool *ok)
{
	char *end = strchr(s + 1, *s == '{' ? '}' : *s);

	*ok = false;
	if (!end)
		return s;
	*end++ = '\0';
	end += strspn(end, " \t");
	*ok = *end == '\0' || *end == '#';
	return s + 1;
}

/* A '#' begins a comment wherever it stands, except in quotes, and as part of an identity: "@#" and
 * behind any '@' where no blank is before it. */
static void cut_comment(char *s)
{
	char *end;

	for (end = s; *end; end++)
		if (*end == '#' && (end == s || end[-1] == ' ' || end[-1] == '\t' ||
					   !memchr(s, '@', (size_t)(end - s))))
			break;
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*end = '\0';
}

static char *value_of(char *s, bool *ok)
{
	s += strspn(s, " \t");
	*ok = true;
	if (*s == '"' || *s == '\'' || *s == '{')
		return enclosed(s, ok);
	cut_comment(s);
	return s;
}

static void add_item(
	struct section *sec, const char *key, const char *value, const char *file, unsigned line)
{
	if ((sec->n & (sec->n - 1)) == 0)
		sec->item = xrealloc(sec->item, (sec->n ? sec->n * 2 : 1) * sizeof(*sec->item));
	sec->item[sec->n++] =
		(struct item){ xstrdup(key), xstrdup(value), file, line, false, false };
}

/* An indented line. */
static void body(struct lexer *x, char *s, const char *file, unsigned line)
{
	char *eq = strchr(s, '='), *key = s, *value, *end, word[64];
	bool ok;

	if (x->is_skipping)
		return;
	if (!x->section) {
		error(x, file, line,
			xstrdup("an indented line outside of a section; expected \"config setup\" "
				"or "
				"\"conn NAME\" before it, at the start of a line"));
		x->is_skipping = true;
		return;
	}
	if (!eq) {
		shown(s, word, sizeof(word));
		if (strncasecmp(s, "conn ", 5) == 0 || strncasecmp(s, "config ", 7) == 0 ||
			strncasecmp(s, "include ", 8) == 0)
			error(x, file, line,
				xasprintf("\"%s\" must stand at the start of its line", word));
		else
			error(x, file, line,
				xasprintf("found \"%s\"; expected keyword=value", word));
		return;
	}
	for (end = eq; end > key && (end[-1] == ' ' || end[-1] == '\t'); end--)
		;
	*end = '\0';
	shown(key, word, sizeof(word));
	if (!*key || strpbrk(key, " \t\"'{}#")) {
		error(x, file, line,
			xasprintf("\"%s\" is no keyword; expected keyword=value", word));
		return;
	}
	value = value_of(eq + 1, &ok);
	if (!ok)
		error(x, file, line,
			xasprintf("%s=: the closing quote or brace is missing, or text follows it",
				word));
	else
		add_item(x->section, key, value, file, line);
}

bool conf_is_text(const char *t, size_t n)
{
	size_t odd = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)t[i];

		if (c == '\0')
			return false;
		odd += (c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
	}
	return odd * 100 <= n;
}

static void one_line(struct lexer *x, char *t, const char *file, unsigned number)
{
	size_t n = strlen(t), blanks;

	while (n > 0 && (t[n - 1] == '\r' || t[n - 1] == ' ' || t[n - 1] == '\t'))
		n--;
	t[n] = '\0';
	blanks = strspn(t, " \t");
	if (n > LINE_MAX_N)
		error(x, file, number,
			xasprintf("the line is longer than %d characters", LINE_MAX_N));
	else if (t[blanks] == '\0' || t[blanks] == '#')
		return; /* blank or comment */
	else if (blanks)
		body(x, t + blanks, file, number);
	else
		head(x, t, file, number);
}

static void lines(struct lexer *x, char *t, size_t n, const char *file)
{
	unsigned number = 0, above = x->n_wrong;
	char *end = t + n;

	if (!conf_is_text(t, n)) {
		error(x, file, 1, xstrdup("this is not a text file"));
		return;
	}
	if (n >= 3 && memcmp(t, "\xef\xbb\xbf", 3) == 0)
		t += 3; /* a mark that some editors put before UTF-8 */
	x->n_wrong = 0;
	while (t < end && x->n_wrong < SYNTAX_ERRORS_MAX) {
		size_t len = strcspn(t, "\n");
		char *next = t + len + (t[len] == '\n');

		t[len] = '\0';
		one_line(x, t, file, ++number);
		t = next;
	}
	if (t < end)
		conf_issue_take(x->c, true, file, number, NULL,
			xasprintf("more than %d errors; the rest is not read", SYNTAX_ERRORS_MAX));
	x->n_wrong = above;
	x->section = NULL;
	x->is_skipping = false;
}

static const char *keep_name(struct lexed *l, const char *file)
{
	l->file = xrealloc(l->file, (l->n_file + 1) * sizeof(*l->file));
	return l->file[l->n_file++] = xstrdup(file);
}

/* from: the file that includes it; NULL: none does. */
static void read_file(struct lexer *x, const char *path, const char *from, unsigned line)
{
	size_t n = 0;
	char *t;

	for (unsigned i = 0; i < x->depth; i++)
		if (strcmp(x->open[i], path) == 0) {
			error(x, from, line,
				xasprintf("include: \"%.200s\" includes itself", path));
			return;
		}
	t = x->src->read(x->src->ctx, path, &n);
	if (!t) {
		int why = errno;

		conf_issue_take(x->c, true, from ? from : path, line, NULL,
			why == EFBIG ? xasprintf("\"%s\" is larger than 8 MiB: this cannot be an "
						 "ipsec.conf",
					       path)
				     : xasprintf("cannot read \"%s\": %s", path, strerror(why)));
		return;
	}
	if (x->out->n_file == FILES_MAX) {
		error(x, from ? from : path, line, xasprintf("more than %d files", FILES_MAX));
		free(t);
		return;
	}
	x->open[x->depth] = keep_name(x->out, path);
	lines(x, t, n, x->open[x->depth]);
	free(t);
}

static void include(struct lexer *x, const char *file, unsigned line, const char *pattern)
{
	char *full = conf_path_beside(file, pattern);
	char **found = NULL;

	if (x->depth >= INCLUDE_DEPTH)
		error(x, file, line, xasprintf("include: more than %d files deep", INCLUDE_DEPTH));
	else
		found = x->src->glob(x->src->ctx, full);
	if (x->depth < INCLUDE_DEPTH && (!found || !found[0]))
		conf_issue_take(x->c, false, file, line, NULL,
			xasprintf("include: no file matches \"%.200s\"", full));
	x->depth++;
	for (size_t i = 0; found && found[i]; i++) {
		read_file(x, found[i], file, line);
		free(found[i]);
	}
	x->depth--;
	free(found);
	free(full);
}

char *conf_path_beside(const char *file, const char *pattern)
{
	const char *slash = strrchr(file, '/');

	return *pattern == '/' || !slash ? xstrdup(pattern)
					 : xasprintf("%.*s/%s", (int)(slash - file), file, pattern);
}

void lex(const struct conf_source *src, const char *path, const char *text, size_t text_n,
	struct conf *c, struct lexed *ret)
{
	struct lexer x = { .src = src, .c = c, .out = ret };

	*ret = (struct lexed){ 0 };
	if (text) {
		char *copy = xalloc(text_n + 1);

		memcpy(copy, text, text_n);
		x.open[0] = keep_name(ret, path);
		lines(&x, copy, text_n, x.open[0]);
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
