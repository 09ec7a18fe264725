/* ipsec.conf as a whole: names of conns, config setup, and what was found in the order of the
 * files. */
#include "config/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static size_t name_hash(const char *s)
{
	size_t h = 5381;

	while (*s)
		h = h * 33 + (unsigned char)*s++;
	return h;
}

static size_t *name_slot(struct parser *x, const char *name)
{
	size_t i = name_hash(name) & (x->room - 1);

	while (x->by_name[i] != 0 && strcmp(x->l->section[x->by_name[i] - 1].name, name) != 0)
		i = (i + 1) & (x->room - 1);
	return &x->by_name[i];
}

struct section *parser_section(struct parser *x, const char *name)
{
	size_t at = *name_slot(x, name);

	return at ? &x->l->section[at - 1] : NULL;
}

static bool is_same_line(const char *file, unsigned line, const char *file2, unsigned line2)
{
	return line == line2 && strcmp(file, file2) == 0;
}

/* A second conn of the same name is an error, and the first counts; but a file may be included
 * twice, by name and by a pattern. */
static void told_twice(struct parser *x, const struct section *s, const struct section *first)
{
	if (!is_same_line(s->file, s->line, first->file, first->line))
		conf_issue_take(x->c, true, s->file, s->line, NULL,
			xasprintf("conn \"%s\" stands already in %s:%u; that one is used", s->name,
				first->file, first->line));
	else if (x->twice != s->file)
		conf_issue_take(x->c, false, s->file, s->line, NULL,
			xstrdup("this file is included twice; once is enough"));
	x->twice = s->file;
}

static void index_names(struct parser *x)
{
	for (x->room = 16; x->room < x->l->n * 2; x->room *= 2)
		;
	x->by_name = xalloc(x->room * sizeof(*x->by_name));
	for (size_t i = 0; i < x->l->n; i++) {
		struct section *s = &x->l->section[i];
		size_t *slot;

		s->is_default = !s->is_setup && strcmp(s->name, "%default") == 0;
		if (s->is_default) {
			x->defaults = xrealloc(
				x->defaults, (x->n_defaults + 1) * sizeof(struct section *));
			x->defaults[x->n_defaults++] = s;
		}
		if (s->is_setup || s->is_default)
			continue;
		slot = name_slot(x, s->name);
		if (*slot == 0)
			*slot = i + 1;
		else
			told_twice(x, s, &x->l->section[*slot - 1]);
	}
}

/* Which conns are there for others? */
static void mark_taken(struct parser *x)
{
	struct section *from = x->l->section;

	for (size_t i = 0; from && i < x->l->n; i++)
		for (size_t k = 0; from[i].item && k < from[i].n; k++) {
			const struct item *t = &from[i].item[k];
			struct section *s = NULL;

			if (strcasecmp(t->key, "also") == 0 || strcasecmp(t->key, "alsoflip") == 0)
				s = parser_section(x, t->value);
			if (s)
				s->is_taken = true;
		}
}

static char *setup_item(
	struct parser *x, const struct item *i, const struct item **at, bool *is_error)
{
	const struct keyword *k = keyword_lookup(&x->keywords, SECTION_SETUP, i->key);
	const struct item *old = k ? at[keyword_number(k)] : NULL;
	char *what = NULL, *warning = NULL, *text = NULL;

	*is_error = true;
	if (!k)
		return parser_unknown(x, true, i->key);
	if (k->state != STATE_WORKS)
		return parser_other_state(k, i, is_error);
	if (*i->value == '\0' && (k->type < TYPE_STR || k->type > TYPE_DOMAINS))
		return xasprintf("%s=: a value is missing", i->key);
	if (value_read(k, &x->c->setup, i->value, &what, &warning))
		text = xasprintf("%s=: %s", i->key, what);
	else if (warning || (old && !is_same_line(i->file, i->line, old->file, old->line))) {
		*is_error = false;
		text = warning ? xasprintf("%s=: %s", i->key, warning)
			       : xasprintf("%s= stands already in %s:%u; this one is used", i->key,
					 old->file, old->line);
	}
	at[keyword_number(k)] = i;
	free(what);
	free(warning);
	return text;
}

/* Every "config setup", in order. */
static void build_setup(struct parser *x)
{
	const struct item *at[KEYWORDS_MAX] = { NULL };

	for (size_t s = 0; s < x->l->n; s++)
		for (size_t n = 0; x->l->section[s].is_setup && n < x->l->section[s].n; n++) {
			const struct item *i = &x->l->section[s].item[n];
			bool is_error;
			char *text =
				parser_is_remark(i->key) ? NULL : setup_item(x, i, at, &is_error);

			if (text)
				conf_issue_take(x->c, is_error, i->file, i->line, NULL, text);
		}
}

/* ---- issues in the order of the files and lines, what was left out last ---- */

struct sorted {
	size_t file, place;
	unsigned line;
	struct conf_issue issue;
};

static int by_place(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if ((x->issue.more != 0) != (y->issue.more != 0))
		return x->issue.more ? 1 : -1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void sort_issues(struct conf *c, const struct lexed *l)
{
	struct sorted *s = xalloc((c->n_issue + 1) * sizeof(*s));

	for (size_t i = 0; i < c->n_issue; i++) {
		s[i] = (struct sorted){
			.place = i, .line = c->issue[i].line, .issue = c->issue[i]
		};
		while (s[i].file < l->n_file && strcmp(l->file[s[i].file], c->issue[i].file) != 0)
			s[i].file++;
	}
	qsort(s, c->n_issue, sizeof(*s), by_place);
	for (size_t i = 0; i < c->n_issue; i++)
		c->issue[i] = s[i].issue;
	free(s);
}

static struct conf *parse(
	const struct conf_source *src, const char *path, const char *text, size_t n)
{
	struct conf *c = xalloc(sizeof(*c));
	struct lexed l;
	struct parser *x = xalloc(sizeof(*x));

	x->c = c;
	x->l = &l;
	keyword_index_init(&x->keywords);
	conf_setup_defaults(&c->setup);
	conf_conn_defaults(&x->fresh);
	lex(src, path, text, n, c, &l);
	index_names(x);
	mark_taken(x);
	build_setup(x);
	for (size_t i = 0; i < l.n; i++) {
		struct section *s = &l.section[i];

		if (!s->is_setup && !s->is_default && parser_section(x, s->name) == s)
			parser_build(x, s);
	}
	sort_issues(c, &l);
	free(x->defaults);
	free(x->by_name);
	free(x);
	lexed_done(&l);
	return c;
}

struct conf *conf_parse(const struct conf_source *src, const char *path)
{
	return parse(src, path, NULL, 0);
}

struct conf *conf_parse_text(
	const struct conf_source *src, const char *name, const char *text, size_t n)
{
	return parse(src, name, text, n);
}
