#include "config/edit.h"

#include "config/keywords.h"
#include "config/lex.h"

#include <stdlib.h>
#include <strings.h>

void conf_edit_done(struct conf_edit *e)
{
	free(e->file);
	free(e->before);
	free(e->text);
	*e = (struct conf_edit){ 0 };
}

/* ---- what is set ---- */

struct setting {
	char *key; /* owned; value points into it */
	const char *value;
	const struct keyword *keyword;
	int side; /* 0 left, 1 right, -1 none */
};

static int side_of(const char **key)
{
	if (strncasecmp(*key, "left", 4) == 0) {
		*key += 4;
		return 0;
	}
	if (strncasecmp(*key, "right", 5) == 0) {
		*key += 5;
		return 1;
	}
	return -1;
}

static const struct keyword *keyword_of(bool in_setup, const char *key, int *ret_side)
{
	*ret_side = in_setup ? -1 : side_of(&key);
	return keyword_find(in_setup	     ? SECTION_SETUP
			    : *ret_side >= 0 ? SECTION_END
					     : SECTION_CONN,
		key);
}

static bool setting_of(bool in_setup, const char *text, struct setting *ret)
{
	char *eq;

	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	ret->key = xstrdup(text);
	eq = strchr(ret->key, '=');
	if (eq) {
		*eq = '\0';
		ret->value = eq + 1;
		ret->keyword = keyword_of(in_setup, ret->key, &ret->side);
	}
	return ret->keyword && ret->value[0];
}

/* keyexchange= and ikev2= fill the same. */
static bool is_same(const struct setting *s, bool in_setup, const char *key)
{
	int side;
	const struct keyword *k = keyword_of(in_setup, key, &side);

	return k && side == s->side &&
	       (k == s->keyword ||
		       (k->section == s->keyword->section && k->type == s->keyword->type &&
			       k->type != TYPE_ANYTHING && k->type != TYPE_STRUCTURE &&
			       k->offset == s->keyword->offset));
}

/* ---- where it stands ---- */

struct place {
	const char *file; /* of the lexed */
	unsigned line;
	bool is_there; /* the line has it; else it comes behind it */
};

static bool find_place(const struct lexed *l, const struct conf_conn *conn, const char *path,
	const struct setting *s, struct place *ret)
{
	const struct section *at = NULL;

	for (size_t i = 0; i < l->n; i++) {
		const struct section *x = &l->section[i];

		if (conn ? !x->is_setup && x->line == conn->line && strcmp(x->file, conn->file) == 0
			 : x->is_setup)
			at = x;
	}
	if (!at && conn)
		return false;
	if (!at) { /* no config setup: it becomes the beginning of the file */
		*ret = (struct place){ .file = path };
		return true;
	}
	*ret = (struct place){ .file = at->file, .line = at->line };
	for (size_t i = 0; i < at->n; i++)
		if (is_same(s, !conn, at->item[i].key))
			*ret = (struct place){ at->item[i].file, at->item[i].line, true };
	return true;
}

/* ---- the new text ---- */

/* Where in a line of n octets the value ends: what follows is a comment. */
static size_t value_end(const char *line, size_t n)
{
	const char *eq = memchr(line, '=', n), *end;
	size_t i = eq ? (size_t)(eq - line) + 1 : n, from;
	bool has_at = false;

	while (i < n && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i < n && strchr("\"'{", line[i])) {
		end = memchr(line + i + 1, line[i] == '{' ? '}' : line[i], n - i - 1);
		return end ? (size_t)(end - line) + 1 : n;
	}
	/* as the lexer: "@#" is no comment */
	for (from = i; i < n; i++) {
		if (line[i] == '#' &&
			(i == from || line[i - 1] == ' ' || line[i - 1] == '\t' || !has_at))
			break;
		has_at = has_at || line[i] == '@';
	}
	while (i > from && (line[i - 1] == ' ' || line[i - 1] == '\t'))
		i--;
	return i;
}

/* Its line as it is to be; blanks: what stands before it. */
static char *line_text(const struct setting *s, size_t blanks, const char *before)
{
	const char *quote = strchr(s->value, '#') && !strchr(s->value, '"') ? "\"" : "";

	return xasprintf("%.*s%s=%s%s%s", (int)blanks, before, s->key, quote, s->value, quote);
}

static void splice(struct conf_edit *e, size_t at, size_t cut, const char *with)
{
	size_t n = strlen(with);

	e->n = e->before_n - cut + n;
	e->text = xalloc(e->n + 1);
	memcpy(e->text, e->before, at);
	memcpy(e->text + at, with, n);
	memcpy(e->text + at + n, e->before + at + cut, e->before_n - at - cut + 1);
}

/* The offset of a line, and its length without the end. */
static size_t line_at(const char *t, unsigned line, size_t *ret_n)
{
	const char *p = t;

	while (--line && strchr(p, '\n'))
		p = strchr(p, '\n') + 1;
	*ret_n = strcspn(p, "\n");
	return (size_t)(p - t);
}

static void change(struct conf_edit *e, const struct place *at, const struct setting *s)
{
	size_t n, from = line_at(e->before, at->line ? at->line : 1, &n);
	const char *line = e->before + from;
	bool has_cr = n && line[n - 1] == '\r', is_last = line[n] == '\0';
	const char *end = has_cr ? "\r\n" : "\n";
	char *one, *whole;

	n -= has_cr;
	e->line = at->is_there ? at->line : at->line + 1;
	if (at->is_there) {
		one = line_text(s, strspn(line, " \t"), line);
		splice(e, from, value_end(line, n), one);
		free(one);
		return;
	}
	one = line_text(s, 1, "\t");
	if (!at->line) {
		whole = xasprintf("config setup%s%s%s%s", end, one, end, end);
		e->line = 2;
		splice(e, 0, 0, whole);
	} else {
		whole = is_last ? xasprintf("\n%s", one) : xasprintf("%s%s", one, end);
		splice(e, from + n + has_cr + !is_last, 0, whole);
	}
	free(whole);
	free(one);
}

/* ---- what it comes to ---- */

struct overlay {
	const struct conf_source *src;
	const struct conf_edit *e;
};

static char *read_over(void *ctx, const char *path, size_t *ret_n)
{
	const struct overlay *o = ctx;
	char *t;

	if (strcmp(path, o->e->file) != 0)
		return o->src->read(o->src->ctx, path, ret_n);
	t = xalloc(o->e->n + 1);
	memcpy(t, o->e->text, o->e->n + 1);
	*ret_n = o->e->n;
	return t;
}

static char **glob_over(void *ctx, const char *pattern)
{
	const struct overlay *o = ctx;

	return o->src->glob(o->src->ctx, pattern);
}

/* NULL: it is as it should be. */
static char *judge_edit(const struct conf *was, const struct conf *is, const struct conf_conn *conn)
{
	bool has_changed = !conn;

	if (is->n_error > was->n_error) {
		for (size_t i = 0; i < is->n_issue; i++)
			if (is->issue[i].is_error)
				return xasprintf(
					"ipsec.conf would have an error: %s", is->issue[i].text);
		return xstrdup("ipsec.conf would have an error");
	}
	if (is->n != was->n)
		return xstrdup("other connections would be lost");
	for (size_t i = 0; i < is->n; i++) {
		const struct conf_conn *a = was->conn[i], *b = is->conn[i];

		if (conf_conn_eq(a, b))
			continue;
		if (!conn || a->line != conn->line || strcmp(a->file, conn->file) != 0)
			return xasprintf("conn %s would change, too", a->name);
		has_changed = true;
	}
	return has_changed ? NULL : xstrdup("it would change nothing: it is so already");
}

static char *check(const struct conf_source *src, const char *path, const struct conf *was,
	const struct conf_conn *conn, const struct conf_edit *e)
{
	struct overlay o = { src, e };
	const struct conf_source over = { read_over, glob_over, &o };
	struct conf *is = conf_parse(&over, path);
	char *why = judge_edit(was, is, conn);

	conf_free(is);
	return why;
}

static char *edit(const struct conf_source *src, const char *path, const struct conf *was,
	const char *name, const struct setting *s, struct conf_edit *e)
{
	const struct conf_conn *conn = name ? conf_find(was, name, 0) : NULL;
	struct conf *scratch = xalloc(sizeof(*scratch));
	struct lexed l;
	struct place at;
	char *why = NULL;

	lex(src, path, NULL, 0, scratch, &l);
	if ((name && !conn) || !find_place(&l, conn, path, s, &at))
		why = xasprintf("%s has no conn %s that can be read", path, name);
	else {
		e->file = xstrdup(at.file);
		e->before = src->read(src->ctx, at.file, &e->before_n);
		if (!e->before || strlen(e->before) != e->before_n)
			why = xasprintf("%s cannot be read", at.file);
		else {
			change(e, &at, s);
			why = check(src, path, was, conn, e);
		}
	}
	lexed_done(&l);
	conf_free(scratch);
	return why;
}

enum err conf_edit(const struct conf_source *src, const char *path, const char *conn,
	const char *setting, struct conf_edit *ret, char **ret_why)
{
	struct conf *was = conf_parse(src, path);
	struct setting s = { 0 };

	*ret = (struct conf_edit){ 0 };
	*ret_why = setting_of(!conn, setting, &s)
			   ? edit(src, path, was, conn, &s, ret)
			   : xasprintf("\"%s\" is no line of ipsec.conf", setting);
	free(s.key);
	conf_free(was);
	if (*ret_why)
		conf_edit_done(ret);
	return *ret_why ? ERR_VALUE : OK;
}
