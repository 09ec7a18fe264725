/* Sections to connections: %default, then also=, then a conn's own lines, each later one over the
 * earlier; subnets= and connalias= expanded; whatever is wrong loses its conn only. */
#include "config/check.h"
#include "config/keywords.h"
#include "config/lex.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ALSO_DEPTH = 16 };

struct parser {
	struct conf *c;
	struct lexed *l;
	size_t *by_name; /* hash table of conn sections: index + 1; 0 free */
	size_t room;
};

/* What a conn is built from besides the fields of conf_conn. */
struct building {
	struct parser *x;
	const struct section *sec;
	struct conf_conn *conn;
	const char *subnets[2]; /* leftsubnets=, rightsubnets= */
	const char *aliases;
	const struct section *path[ALSO_DEPTH]; /* also= being followed: loops are found */
	unsigned depth;
	bool is_bad;
};

static void complain(struct building *b, bool is_error, const struct item *i, char *text_take)
{
	conf_issue_take(b->x->c, is_error, i->file, i->line, b->sec->name, text_take);
	b->is_bad |= is_error;
}

/* ---- finding conns by name ---- */

static size_t name_hash(const char *s)
{
	size_t h = 5381;

	while (*s)
		h = h * 33 + (unsigned char)*s++;
	return h;
}

static size_t *name_slot(struct parser *x, const char *name)
{
	for (size_t i = name_hash(name) & (x->room - 1);; i = (i + 1) & (x->room - 1))
		if (x->by_name[i] == 0 || strcmp(x->l->section[x->by_name[i] - 1].name, name) == 0)
			return &x->by_name[i];
}

static const struct section *section_named(struct parser *x, const char *name)
{
	size_t at = *name_slot(x, name);

	return at ? &x->l->section[at - 1] : NULL;
}

/* Indexes all conns; a second one of the same name is an error, and the first counts. */
static void index_names(struct parser *x)
{
	for (x->room = 16; x->room < x->l->n * 2; x->room *= 2)
		;
	x->by_name = xalloc(x->room * sizeof(*x->by_name));
	for (size_t i = 0; i < x->l->n; i++) {
		struct section *s = &x->l->section[i];
		size_t *slot;

		if (s->is_setup || strcmp(s->name, "%default") == 0)
			continue;
		slot = name_slot(x, s->name);
		if (*slot == 0)
			*slot = i + 1;
		else
			conf_issue_take(x->c, true, s->file, s->line, NULL,
				xasprintf("conn \"%s\" stands already at %s:%u; that one is used", s->name,
					x->l->section[*slot - 1].file, x->l->section[*slot - 1].line));
	}
}

/* ---- one line ---- */

/* "leftsubnet", "left-subnet", "left_subnet" -> the end and "subnet"; NULL: no side. */
static struct conf_end *side_of(struct conf_conn *c, const char **key)
{
	struct conf_end *e = strncasecmp(*key, "left", 4) == 0    ? &c->left
			     : strncasecmp(*key, "right", 5) == 0 ? &c->right
								  : NULL;

	if (e)
		*key += e == &c->left ? 4 : 5;
	if (e && (**key == '-' || **key == '_'))
		++*key;
	return e;
}

static char *unknown_keyword(bool in_setup, const char *key)
{
	char near[64], shown[64];
	const char *n = keyword_nearest(in_setup, key, near, sizeof(near));
	enum keyword_section other = in_setup ? SECTION_CONN : SECTION_SETUP;

	event_escape(bytes_of(key, strnlen(key, 40)), shown, sizeof(shown));
	if (keyword_find(other, key))
		return xasprintf("\"%s\" belongs into %s", shown, in_setup ? "a conn" : "\"config setup\"");
	if (!in_setup && keyword_find(SECTION_END, key) && *key)
		return xasprintf("\"%s\" needs a side: left%s or right%s", shown, shown, shown);
	return n ? xasprintf("unknown keyword \"%s\"; did you mean \"%s\"?", shown, n)
		 : xasprintf("unknown keyword \"%s\"; ipsec.conf(5) lists all", shown);
}

static bool is_comment_key(const char *key)
{
	return (key[0] == 'x' || key[0] == 'X') && (key[1] == '-' || key[1] == '_');
}

/* The states other than "works": warn, stay silent, refuse. *is_error says which. NULL: silent. */
static char *other_state(const struct keyword *k, const struct item *i, bool *is_error)
{
	*is_error = k->state == STATE_REFUSED;
	if (k->state == STATE_REFUSED)
		return xasprintf("%s=: refused, because %s", i->key, k->why);
	if (k->state == STATE_LATER && strcasecmp(i->value, "no") != 0 && strcasecmp(i->value, "never") != 0)
		return xasprintf("%s= has no effect yet: %s", i->key, k->why);
	if (k->state == STATE_IGNORED)
		return xasprintf("%s= has no effect: %s", i->key, k->why);
	return NULL;
}

static void apply(struct building *b, const struct section *from);

static void follow_also(struct building *b, const struct item *i)
{
	const struct section *to = section_named(b->x, i->value);

	if (!to) {
		complain(b, true, i, xasprintf("also=%s: there is no conn \"%s\"", i->value, i->value));
		return;
	}
	for (unsigned k = 0; k < b->depth; k++)
		if (b->path[k] == to) {
			complain(b, true, i, xasprintf("also=%s goes round in a circle", i->value));
			return;
		}
	apply(b, to);
}

static void structure(struct building *b, const struct keyword *k, const struct conf_end *e,
	const struct item *i)
{
	if (strcmp(k->name, "subnets") == 0)
		b->subnets[e == &b->conn->right] = i->value;
	else if (strcmp(k->name, "connalias") == 0)
		b->aliases = i->value;
	else if (strcmp(k->name, "alsoflip") == 0)
		complain(b, true, i, xstrdup("alsoflip= was removed; write a conn with left and right exchanged"));
}

static void apply_item(struct building *b, const struct item *i)
{
	const char *key = i->key;
	struct conf_end *e = side_of(b->conn, &key);
	const struct keyword *k = e ? keyword_find(SECTION_END, key) : keyword_find(SECTION_CONN, key);
	char *what = NULL, *warning = NULL;
	bool is_error = true;

	if (is_comment_key(i->key))
		return;
	if (!k) {
		complain(b, true, i, unknown_keyword(false, i->key));
		return;
	}
	if (k->type == TYPE_STRUCTURE) {
		structure(b, k, e, i);
		return;
	}
	if (k->state != STATE_WORKS) {
		what = other_state(k, i, &is_error);
		if (what)
			complain(b, is_error, i, what);
		return;
	}
	if (!*i->value) {
		if (k->type == TYPE_STR || k->type == TYPE_WORDS)
			return;
		complain(b, true, i, xasprintf("%s=: a value is missing", i->key));
		return;
	}
	if (value_read(k, e ? (void *)e : (void *)b->conn, i->value, &what, &warning))
		complain(b, true, i, xasprintf("%s=: %s", i->key, what));
	else if (warning)
		complain(b, false, i, xasprintf("%s=: %s", i->key, warning));
	free(what);
	free(warning);
}

/* Warns when the same keyword stands twice in one section: the later one counts. */
static void find_doubles(struct building *b, const struct section *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = i + 1; k < s->n && s->n < 200; k++)
			if (strcasecmp(s->item[i].key, s->item[k].key) == 0 &&
				strcasecmp(s->item[k].key, "also") != 0 && !is_comment_key(s->item[k].key))
				complain(b, false, &s->item[k],
					xasprintf("%s= stands already in line %u; this one is used", s->item[k].key,
						s->item[i].line));
}

/* First what it takes from others, then its own lines, wherever also= stands. */
static void apply(struct building *b, const struct section *from)
{
	if (b->depth == ALSO_DEPTH) {
		b->is_bad = true;
		conf_issue_take(b->x->c, true, from->file, from->line, b->sec->name,
			xasprintf("also= is more than %d deep", ALSO_DEPTH));
		return;
	}
	b->path[b->depth++] = from;
	for (size_t i = 0; i < from->n; i++)
		if (strcasecmp(from->item[i].key, "also") == 0)
			follow_also(b, &from->item[i]);
	for (size_t i = 0; i < from->n; i++)
		if (strcasecmp(from->item[i].key, "also") != 0)
			apply_item(b, &from->item[i]);
	b->depth--;
}

/* ---- conns ---- */

static void add_conn_take(struct conf *c, struct conf_conn *conn_take)
{
	if ((c->n & (c->n - 1)) == 0)
		c->conn = xrealloc(c->conn, (c->n ? c->n * 2 : 1) * sizeof(*c->conn));
	c->conn[c->n++] = conn_take;
}

static size_t count_words(const char *s)
{
	size_t n = 0;

	for (; s && *(s += strspn(s, " \t,")); n++)
		s += strcspn(s, " \t,");
	return n;
}

/* The i-th word, from 1. */
static char *word_at(const char *s, size_t i)
{
	size_t n;

	for (;; i--) {
		s += strspn(s, " \t,");
		n = strcspn(s, " \t,");
		if (i == 1)
			return xasprintf("%.*s", (int)n, s);
		s += n;
	}
}

static bool set_subnet(struct building *b, struct conf_conn *c, const char *key, const char *words, size_t i)
{
	const struct keyword *k = keyword_find(SECTION_END, "subnet");
	char *what = NULL, *warning = NULL, *word;
	bool ok;

	if (i == 0)
		return true;
	word = word_at(words, i);
	ok = value_read(k, strcmp(key, "leftsubnets") == 0 ? &c->left : &c->right, word, &what, &warning) == OK;
	if (!ok)
		conf_issue_take(b->x->c, true, b->sec->file, b->sec->line, b->sec->name,
			xasprintf("%s=: %s", key, what));
	free(what);
	free(warning);
	free(word);
	return ok;
}

/* subnets= makes NAME/LxR out of NAME, which becomes their alias. */
static void expand(struct building *b)
{
	size_t left = count_words(b->subnets[0]), right = count_words(b->subnets[1]);

	for (size_t l = left ? 1 : 0; l <= left; l++)
		for (size_t r = right ? 1 : 0; r <= right; r++) {
			struct conf_conn *c = conf_conn_copy(b->conn);

			free(c->name);
			c->name = xasprintf("%s/%zux%zu", b->sec->name, l, r);
			free(c->aliases);
			c->aliases = xasprintf("%s%s%s", b->sec->name, b->aliases ? " " : "",
				b->aliases ? b->aliases : "");
			if (set_subnet(b, c, "leftsubnets", b->subnets[0], l) &&
				set_subnet(b, c, "rightsubnets", b->subnets[1], r))
				add_conn_take(b->x->c, c);
			else
				conf_conn_free(c);
		}
}

/* Not for itself: only other conns take from it. */
static bool is_only_for_also(const struct building *b)
{
	return b->conn->automatic == AUTO_IGNORE && b->conn->left.host_kind == HOST_UNSET &&
	       b->conn->right.host_kind == HOST_UNSET;
}

static void build(struct parser *x, const struct section *sec)
{
	struct building b = { .x = x, .sec = sec };

	b.conn = xalloc(sizeof(*b.conn));
	b.conn->name = xstrdup(sec->name);
	b.conn->file = xstrdup(sec->file);
	b.conn->line = sec->line;
	conf_conn_defaults(b.conn);
	for (size_t i = 0; i < x->l->n; i++)
		if (!x->l->section[i].is_setup && strcmp(x->l->section[i].name, "%default") == 0)
			apply(&b, &x->l->section[i]);
	apply(&b, sec);
	find_doubles(&b, sec);
	if (b.aliases)
		b.conn->aliases = xstrdup(b.aliases);
	if (is_only_for_also(&b)) {
		conf_conn_free(b.conn);
		return;
	}
	if (!b.is_bad)
		b.is_bad = !conf_check(x->c, b.conn);
	if (!b.is_bad && (b.subnets[0] || b.subnets[1])) {
		expand(&b);
		conf_conn_free(b.conn);
	} else if (!b.is_bad)
		add_conn_take(x->c, b.conn);
	else
		conf_conn_free(b.conn);
}

static void build_setup(struct parser *x, const struct section *sec)
{
	for (size_t n = 0; n < sec->n; n++) {
		const struct item *i = &sec->item[n];
		const struct keyword *k = keyword_find(SECTION_SETUP, i->key);
		char *what = NULL, *warning = NULL;
		bool is_error = true;

		if (is_comment_key(i->key))
			continue;
		if (!k)
			what = unknown_keyword(true, i->key);
		else if (k->state != STATE_WORKS)
			what = other_state(k, i, &is_error);
		else if (*i->value && value_read(k, &x->c->setup, i->value, &what, &warning)) {
			char *text = xasprintf("%s=: %s", i->key, what);

			free(what);
			what = text;
		}
		if (what)
			conf_issue_take(x->c, is_error, i->file, i->line, NULL, what);
		if (warning)
			conf_issue_take(x->c, false, i->file, i->line, NULL, warning);
	}
}

static struct conf *parse(const struct conf_source *src, const char *path, const char *text, size_t n)
{
	struct conf *c = xalloc(sizeof(*c));
	struct lexed l;
	struct parser x = { .c = c, .l = &l };

	conf_setup_defaults(&c->setup);
	lex(src, path, text, n, c, &l);
	index_names(&x);
	for (size_t i = 0; i < l.n; i++) {
		const struct section *s = &l.section[i];

		if (s->is_setup)
			build_setup(&x, s);
		else if (strcmp(s->name, "%default") != 0 && section_named(&x, s->name) == s)
			build(&x, s);
	}
	free(x.by_name);
	lexed_done(&l);
	return c;
}

struct conf *conf_parse(const struct conf_source *src, const char *path)
{
	return parse(src, path, NULL, 0);
}

struct conf *conf_parse_text(const struct conf_source *src, const char *name, const char *text, size_t n)
{
	return parse(src, name, text, n);
}
