/* swanctl.conf: "name [: reference, ...] { ... }", "key = value", "include pattern", "# comment".
 * As strongSwan's manual describes it; bounded, whatever the file is. */
#include "foreign/swanctl.h"

#include <stdlib.h>

enum { NOWHERE = -1, REFERENCES = 8, REFERENCE_DEPTH = 8 };

struct value {
	int section;
	char *key, *text;
};

struct section {
	int parent;
	char *name;
	const char *file;
	unsigned line;
	char *refers[REFERENCES];
	unsigned n_refers;
};

struct swanctl {
	struct section *section; /* 0 is the whole */
	size_t n_section;
	struct value *value;
	size_t n_value;
	char *file[SWANCTL_FILES];
	size_t n_file;
};

struct reader {
	const struct swanctl_source *src;
	struct swanctl *s;
	const char *p, *end, *file;
	unsigned line, depth, nest;
	int at; /* the section that is open */
	char **wrong;
};

static void complain(struct reader *r, const char *what)
{
	if (!*r->wrong)
		*r->wrong = xasprintf("%s:%u: %s", r->file, r->line, what);
}

/* ---- what was read ---- */

static bool is_named(const struct section *s, int parent, const char *name, size_t n)
{
	return s->parent == parent && strlen(s->name) == n && memcmp(s->name, name, n) == 0;
}

static int find(const struct swanctl *s, int parent, const char *name, size_t n)
{
	for (size_t i = 1; i < s->n_section; i++)
		if (is_named(&s->section[i], parent, name, n))
			return (int)i;
	return NOWHERE;
}

/* One that is opened twice is one. */
static int open_section(struct reader *r, char *name_take)
{
	struct swanctl *s = r->s;
	int old = find(s, r->at, name_take, strlen(name_take));

	if (old != NOWHERE || s->n_section == SWANCTL_SECTIONS) {
		if (old == NOWHERE)
			complain(r, "too many sections");
		free(name_take);
		return old;
	}
	if ((s->n_section & (s->n_section - 1)) == 0)
		s->section = xrealloc(s->section, s->n_section * 2 * sizeof(*s->section));
	s->section[s->n_section] = (struct section){
		.parent = r->at, .name = name_take, .file = r->file, .line = r->line
	};
	return (int)s->n_section++;
}

static void add_value(struct reader *r, char *key_take, char *text_take)
{
	struct swanctl *s = r->s;

	if (s->n_value == SWANCTL_VALUES) {
		complain(r, "too many values");
		free(key_take);
		free(text_take);
		return;
	}
	if ((s->n_value & (s->n_value - 1)) == 0)
		s->value =
			xrealloc(s->value, (s->n_value ? s->n_value * 2 : 1) * sizeof(*s->value));
	s->value[s->n_value++] = (struct value){ r->at, key_take, text_take };
}

/* ---- characters ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Blanks, line ends and comments. */
static void skip(struct reader *r, bool over_lines)
{
	while (r->p < r->end) {
		if (*r->p == '#')
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		else if (*r->p == '\n' && over_lines) {
			r->line++;
			r->p++;
		} else if (is_blank(*r->p))
			r->p++;
		else
			break;
	}
}

static char *cut(const char *from, const char *to)
{
	while (to > from && is_blank(to[-1]))
		to--;
	return xasprintf("%.*s", (int)(to - from), from);
}

/* "a \"b\" c": from the opening quote; line ends are part of it. */
static char *take_quoted(struct reader *r)
{
	char *t = xalloc((size_t)(r->end - r->p) + 1), *to = t;

	for (r->p++; r->p < r->end && *r->p != '"'; r->p++) {
		if (*r->p == '\n')
			r->line++;
		if (*r->p == '\\' && r->p + 1 < r->end) {
			r->p++;
			*to++ = *r->p == 'n' ? '\n' : *r->p == 't' ? '\t' : *r->p;
		} else
			*to++ = *r->p;
	}
	if (r->p == r->end)
		complain(r, "a quote has no end");
	else
		r->p++;
	*to = '\0';
	return t;
}

/* To the end of the line, a comment or a brace. */
static char *take_value(struct reader *r)
{
	const char *from;

	skip(r, false);
	if (r->p < r->end && *r->p == '"')
		return take_quoted(r);
	for (from = r->p; r->p < r->end && !strchr("\n#}", *r->p); r->p++)
		;
	return cut(from, r->p);
}

static void read_file(struct reader *r, const char *path);

static void include(struct reader *r)
{
	char *pattern = take_value(r), *full;
	const char *slash = strrchr(r->file, '/');
	char **found;

	full = *pattern == '/' || !slash
		       ? xstrdup(pattern)
		       : xasprintf("%.*s/%s", (int)(slash - r->file), r->file, pattern);
	if (r->depth == SWANCTL_DEPTH)
		complain(r, "include is too deep");
	found = r->depth < SWANCTL_DEPTH ? r->src->glob(r->src->ctx, full) : NULL;
	for (size_t i = 0; found && found[i]; i++) {
		read_file(r, found[i]);
		free(found[i]);
	}
	free(found);
	free(full);
	free(pattern);
}

/* Behind "name :", to the brace. */
static void take_references(struct reader *r, int section)
{
	while (r->p < r->end && *r->p != '{') {
		const char *from;
		struct section *s = section > 0 ? &r->s->section[section] : NULL;

		skip(r, true);
		for (from = r->p; r->p < r->end && !strchr(" \t\r\n,{#", *r->p); r->p++)
			;
		if (r->p > from && s && s->n_refers < REFERENCES)
			s->refers[s->n_refers++] = cut(from, r->p);
		skip(r, true);
		if (r->p < r->end && *r->p == ',')
			r->p++;
		else if (r->p == from)
			break;
	}
}

static void section(struct reader *r, char *name_take)
{
	int is = open_section(r, name_take);

	if (r->p < r->end && *r->p == ':') {
		r->p++;
		take_references(r, is);
	}
	if (r->p == r->end || *r->p != '{' || is == NOWHERE || r->nest == SWANCTL_DEPTH) {
		complain(r, "a section cannot be opened here");
		r->p = r->end;
		return;
	}
	r->p++;
	r->nest++;
	r->at = is;
}

static void close_section(struct reader *r)
{
	r->p++;
	if (r->nest == 0) {
		complain(r, "a brace too many");
		return;
	}
	r->nest--;
	r->at = r->s->section[r->at].parent;
}

static void statement(struct reader *r)
{
	const char *from = r->p;
	char *name;

	while (r->p < r->end && !strchr("={}:#\n", *r->p) &&
		!(is_blank(*r->p) && (size_t)(r->p - from) == 7 && memcmp(from, "include", 7) == 0))
		r->p++;
	name = cut(from, r->p);
	if (strcmp(name, "include") == 0 && r->p < r->end && is_blank(*r->p)) {
		free(name);
		include(r);
		return;
	}
	skip(r, r->p < r->end && *r->p == '\n');
	if (*name && r->p < r->end && *r->p == '=') {
		r->p++;
		add_value(r, name, take_value(r));
	} else if (*name && r->p < r->end && (*r->p == '{' || *r->p == ':'))
		section(r, name);
	else {
		complain(r, "expected \"key = value\" or \"name {\"");
		free(name);
		while (r->p < r->end && *r->p != '\n')
			r->p++;
	}
}

static void statements(struct reader *r)
{
	unsigned nest = r->nest;

	for (skip(r, true); r->p < r->end; skip(r, true))
		if (*r->p == '}')
			close_section(r);
		else
			statement(r);
	if (r->nest != nest)
		complain(r, "a brace is missing");
}

/* What it opens and does not close ends with it. */
static void read_file(struct reader *outer, const char *path)
{
	struct swanctl *s = outer->s;
	struct reader r = *outer;
	size_t n = 0;
	char *t = s->n_file < SWANCTL_FILES ? r.src->read(r.src->ctx, path, &n) : NULL;

	if (!t) {
		complain(outer, "a file cannot be read");
		return;
	}
	r.file = s->file[s->n_file++] = xstrdup(path);
	r.line = 1;
	r.depth++;
	r.p = t;
	r.end = t + strlen(t);
	if ((size_t)(r.end - t) != n) /* a NUL in it */
		complain(&r, "this is not a text file");
	statements(&r);
	free(t);
}

struct swanctl *swanctl_parse(const struct swanctl_source *src, const char *path, char **ret_wrong)
{
	struct swanctl *s = xalloc(sizeof(*s));
	struct reader r = { .src = src, .s = s, .file = path, .line = 1, .wrong = ret_wrong };

	*ret_wrong = NULL;
	s->section = xalloc(sizeof(*s->section));
	s->section[0] = (struct section){ .parent = NOWHERE, .name = xstrdup(""), .file = "" };
	s->n_section = 1;
	read_file(&r, path);
	return s;
}

void swanctl_free(struct swanctl *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_section; i++) {
		free(s->section[i].name);
		for (unsigned k = 0; k < s->section[i].n_refers; k++)
			free(s->section[i].refers[k]);
	}
	for (size_t i = 0; i < s->n_value; i++) {
		free(s->value[i].key);
		free(s->value[i].text);
	}
	for (size_t i = 0; i < s->n_file; i++)
		free(s->file[i]);
	free(s->section);
	free(s->value);
	free(s);
}

/* ---- asking ---- */

/* The section of n octets of a path, without what it refers to. */
static int walk(const struct swanctl *s, const char *path, size_t n)
{
	int at = 0;

	while (n && at != NOWHERE) {
		const char *dot = memchr(path, '.', n);
		size_t len = dot ? (size_t)(dot - path) : n;

		at = find(s, at, path, len);
		path += len + (dot != NULL);
		n -= len + (dot != NULL);
	}
	return at;
}

static const char *value_in(const struct swanctl *s, int section, const char *key)
{
	for (size_t i = s->n_value; i > 0; i--)
		if (s->value[i - 1].section == section && strcmp(s->value[i - 1].key, key) == 0)
			return s->value[i - 1].text;
	return NULL;
}

static const char *look_up(const struct swanctl *s, const char *path, unsigned depth)
{
	const char *dot = strrchr(path, '.'), *found;
	size_t n = dot ? (size_t)(dot - path) : 0;
	int at = walk(s, path, n);

	found = at == NOWHERE ? NULL : value_in(s, at, dot ? dot + 1 : path);
	/* each section on the way may refer to another one that has the rest */
	for (size_t k = n; !found && k && depth < REFERENCE_DEPTH; k--) {
		const struct section *x;

		if (path[k] != '.' || (at = walk(s, path, k)) == NOWHERE)
			continue;
		x = &s->section[at];
		for (unsigned i = 0; i < x->n_refers && !found; i++) {
			char *other = xasprintf("%s%s", x->refers[i], path + k);

			found = look_up(s, other, depth + 1);
			free(other);
		}
	}
	return found;
}

const char *swanctl_value(const struct swanctl *s, const char *path)
{
	return look_up(s, path, 0);
}

const char *swanctl_section(const struct swanctl *s, const char *path, size_t i)
{
	int at = walk(s, path, strlen(path));

	for (size_t k = 1; k < s->n_section && at != NOWHERE; k++)
		if (s->section[k].parent == at && i-- == 0)
			return s->section[k].name;
	return NULL;
}

bool swanctl_place(
	const struct swanctl *s, const char *path, const char **ret_file, unsigned *ret_line)
{
	int at = walk(s, path, strlen(path));

	if (at <= 0)
		return false;
	*ret_file = s->section[at].file;
	*ret_line = s->section[at].line;
	return true;
}
