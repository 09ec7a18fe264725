/* One connection out of its section: %default, then also=, then its own lines, each over the one
 * before; subnets= and connalias= expanded. Whatever is wrong loses this connection only. */
#include "config/build.h"

#include "base/word.h"
#include "config/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ALSO_DEPTH = 16, SUBNETS_CONNS_MAX = 1024, SUGGESTIONS_MAX = 100 };

struct building {
	struct parser *x;
	struct section *sec;
	struct conf_conn *conn;
	struct places at;
	char *subnets[2]; /* leftsubnets=, rightsubnets= */
	const struct item *subnets_item[2];
	char *aliases;
	const struct section *path[ALSO_DEPTH]; /* also= being followed: circles are found */
	unsigned depth;
	bool is_flipped; /* by alsoflip= */
	bool is_bad, has_told_whose;
};

static bool stands_in(const struct item *i, const struct section *s)
{
	return s->n != 0 && i >= s->item && i < s->item + s->n;
}

/* An item of another section may be wrong for many conns: it is told once, and each of them says
 * who took it. */
static void complain(struct building *b, bool is_error, struct item *i, char *text_take)
{
	bool is_own = stands_in(i, b->sec);

	b->is_bad |= is_error;
	if (is_error ? !i->refused : !i->warned)
		conf_issue_take(b->x->c, is_error, i->file, i->line, is_own ? b->sec->name : NULL,
			text_take);
	else
		free(text_take);
	*(is_error ? &i->refused : &i->warned) = true;
	if (is_error && !is_own && !b->has_told_whose) {
		b->has_told_whose = true;
		conf_issue_take(b->x->c, true, b->sec->file, b->sec->line, b->sec->name,
			xasprintf("conn \"%s\" is lost by the error in %s:%u", b->sec->name,
				i->file, i->line));
	}
}

/* ---- what to say of keywords ---- */

bool parser_is_remark(const char *key)
{
	return (key[0] == 'x' || key[0] == 'X') && (key[1] == '-' || key[1] == '_');
}

/* "leftsubnet", "left-subnet", "left_subnet" -> 0 and "subnet"; right: 1; neither: -1. */
static int side_of(const char **key)
{
	int side = strncasecmp(*key, "left", 4) == 0	? 0
		   : strncasecmp(*key, "right", 5) == 0 ? 1
							: -1;

	if (side >= 0)
		*key += side == 0 ? 4 : 5;
	if (side >= 0 && (**key == '-' || **key == '_'))
		++*key;
	return side;
}

char *parser_unknown(const struct parser *x, bool in_setup, const char *key)
{
	char near[64], shown[64];
	const char *n, *bare = key;

	event_escape(bytes_of(key, strnlen(key, 40)), shown, sizeof(shown));
	if (x->c->n_error >= SUGGESTIONS_MAX) /* nobody reads more, and looking takes time */
		return xasprintf("unknown keyword \"%s\"", shown);
	n = keyword_nearest(in_setup, key, near, sizeof(near));
	if (keyword_find(in_setup ? SECTION_CONN : SECTION_SETUP, key) ||
		(in_setup && side_of(&bare) >= 0 && keyword_find(SECTION_END, bare)))
		return xasprintf(
			"\"%s\" belongs in %s", shown, in_setup ? "a conn" : "\"config setup\"");
	if (!in_setup && *key && keyword_find(SECTION_END, key))
		return xasprintf("\"%s\" needs a side: left%s or right%s", shown, shown, shown);
	return n ? xasprintf("unknown keyword \"%s\"; did you mean \"%s\"?", shown, n)
		 : xasprintf("unknown keyword \"%s\"; ipsec.conf(5) lists all", shown);
}

char *parser_other_state(const struct keyword *k, const struct item *i, bool *is_error)
{
	char *what = NULL, *text;
	bool is_default = false;

	*is_error = true;
	if (value_check(k, i->value, &is_default, &what)) {
		text = xasprintf("%s=: %s", i->key, what);
		free(what);
		return text;
	}
	*is_error = k->state == STATE_REFUSED;
	if (is_default)
		return NULL;
	if (k->state == STATE_REFUSED)
		return xasprintf("%s= is refused: %s", i->key, k->why);
	return xasprintf("%s= has no effect%s: %s", i->key,
		k->state == STATE_LATER ? " in this version" : "", k->why);
}

/* ---- lines ---- */

static void apply(struct building *b, struct section *from);

static struct nearest nearest_conn(const struct parser *x, const char *name)
{
	struct nearest near = nearest_to(name);

	for (size_t i = 0; x->c->n_error < SUGGESTIONS_MAX && i < MIN(x->l->n, 1000u); i++)
		if (!x->l->section[i].is_setup && !x->l->section[i].is_default)
			nearest_try(&near, x->l->section[i].name);
	return near;
}

static void follow_also(struct building *b, struct item *i, bool is_flip)
{
	struct section *to = parser_section(b->x, i->value);

	if (!to) {
		struct nearest near = nearest_conn(b->x, i->value);
		char hint[NEAREST_HINT];

		complain(b, true, i,
			xasprintf("%s=: there is no conn \"%.80s\"%s", i->key, i->value,
				nearest_hint(&near, hint)));
		return;
	}
	for (unsigned k = 0; k < b->depth; k++)
		if (b->path[k] == to) {
			complain(b, true, i,
				xasprintf("%s=%s goes round in a circle", i->key, i->value));
			return;
		}
	if (b->depth == ALSO_DEPTH) {
		complain(b, true, i, xasprintf("also= is more than %d deep", ALSO_DEPTH));
		return;
	}
	b->is_flipped ^= is_flip;
	apply(b, to);
	b->is_flipped ^= is_flip;
}

static bool is_named(const struct item *i, const char *name)
{
	return strcasecmp(i->key, name) == 0;
}

/* subnets= and connalias= may be repeated within a section: a longer list. */
static void set_list(char **list, const char *value, bool is_more)
{
	char *text = is_more && *list ? xasprintf("%s,%s", *list, value) : xstrdup(value);

	free(*list);
	*list = text;
}

static void set_aliases(struct building *b, struct item *i, bool is_more)
{
	const char *p = i->value;
	char name[LIMIT_CONN_NAME + 2];

	while (value_next_word(&p, name, sizeof(name))) {
		if (!conf_name_ok(name)) {
			complain(b, true, i, xasprintf("connalias=: \"%.40s\" is no name", name));
			return;
		}
	}
	set_list(&b->aliases, i->value, is_more);
}

static void set_field(struct building *b, const struct keyword *k, int side, struct item *i)
{
	struct conf_end *end = side == 1 ? &b->conn->right : &b->conn->left;
	char *what = NULL, *warning = NULL, *value = i->value;
	bool is_text = k->type >= TYPE_STR && k->type <= TYPE_DOMAINS;
	size_t n = strlen(value);

	if (!is_text) { /* "10.0.0.0/24 " means what it seems to mean */
		value += strspn(value, " \t");
		for (n = strlen(value); n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
			value[n - 1] = '\0';
	}
	if (n == 0 && !is_text)
		complain(b, true, i, xasprintf("%s=: a value is missing", i->key));
	else if (value_read(k, side < 0 ? (void *)b->conn : (void *)end, value, &what, &warning))
		complain(b, true, i, xasprintf("%s=: %s", i->key, what));
	else if (warning)
		complain(b, false, i, xasprintf("%s=: %s", i->key, warning));
	free(what);
	free(warning);
}

/* Twice in one section: the later one counts, and that is said. */
static bool is_twice(struct building *b, const struct section *from, const struct keyword *k,
	int side, struct item *i)
{
	const struct item **at = &b->at.by[side == 1][keyword_number(k)], *old = *at;
	bool twice = old && stands_in(old, from);

	*at = i;
	if (twice && k->type != TYPE_STRUCTURE)
		complain(b, false, i,
			xasprintf("%s= stands already in line %u; this one is used", i->key,
				old->line));
	return twice;
}

static void apply_item(struct building *b, const struct section *from, struct item *i)
{
	const char *key = i->key;
	int side = side_of(&key);
	const struct keyword *k =
		keyword_lookup(&b->x->keywords, side < 0 ? SECTION_CONN : SECTION_END, key);
	bool is_error = false, twice;
	char *text;

	if (parser_is_remark(i->key))
		return;
	if (!k) {
		complain(b, true, i, parser_unknown(b->x, false, i->key));
		return;
	}
	if (side >= 0)
		side ^= b->is_flipped;
	twice = is_twice(b, from, k, side, i);
	if (k->state != STATE_WORKS) {
		text = parser_other_state(k, i, &is_error);
		if (text)
			complain(b, is_error, i, text);
	} else if (k->type != TYPE_STRUCTURE)
		set_field(b, k, side, i);
	else if (strcmp(k->name, "subnets") == 0) {
		set_list(&b->subnets[side], i->value, twice);
		b->subnets_item[side] = i;
	} else if (strcmp(k->name, "connalias") == 0)
		set_aliases(b, i, twice);
}

/* First what it takes from others, then its own lines, wherever also= stands. */
static void apply(struct building *b, struct section *from)
{
	b->path[b->depth++] = from;
	b->is_bad |= from->is_bad;
	for (size_t i = 0; i < from->n; i++)
		if (is_named(&from->item[i], "also") || is_named(&from->item[i], "alsoflip"))
			follow_also(b, &from->item[i], is_named(&from->item[i], "alsoflip"));
	for (size_t i = 0; i < from->n; i++)
		if (!is_named(&from->item[i], "also") && !is_named(&from->item[i], "alsoflip"))
			apply_item(b, from, &from->item[i]);
	b->depth--;
}

/* ---- connections ---- */

static void add_conn_take(struct conf *c, struct conf_conn *conn_take)
{
	if ((c->n & (c->n - 1)) == 0)
		c->conn = xrealloc(c->conn, (c->n ? c->n * 2 : 1) * sizeof(struct conf_conn *));
	c->conn[c->n++] = conn_take;
}

static size_t count_words(const char *s)
{
	size_t n = 0, length;

	while (s && word_next(&s, &length))
		n++;
	return n;
}

/* The i-th word, from 1. */
static char *word_at(const char *s, size_t i)
{
	const char *w = NULL;
	size_t n = 0;

	for (; i > 0; i--)
		w = word_next(&s, &n);
	return xasprintf("%.*s", (int)n, w);
}

/* Gives c the i-th of the subnets= of that side; 0: there are none. */
static bool set_subnet(struct building *b, struct conf_conn *c, int side, size_t i)
{
	const struct keyword *k = keyword_find(SECTION_END, "subnet");
	struct item item;
	char *what = NULL, *warning = NULL;
	bool ok;

	if (i == 0 || !b->subnets_item[side])
		return true;
	item = *b->subnets_item[side];
	item.value = word_at(b->subnets[side], i);
	ok = value_read(k, side ? &c->right : &c->left, item.value, &what, &warning) == OK;
	if (!ok || warning)
		conf_issue_take(b->x->c, !ok, item.file, item.line, b->sec->name,
			xasprintf("%s=: %s", item.key, ok ? warning : what));
	free(what);
	free(warning);
	free(item.value);
	return ok;
}

/* subnets= makes NAME/LxR out of NAME, which becomes their alias. */
static void expand(struct building *b)
{
	size_t n[2] = { count_words(b->subnets[0]), count_words(b->subnets[1]) };
	const struct item *i = b->subnets_item[0] ? b->subnets_item[0] : b->subnets_item[1];
	struct conf_conn *made[SUBNETS_CONNS_MAX];
	size_t n_made = 0;
	bool ok = true;

	if (!i)
		return;
	if ((n[0] + 1) * (n[1] + 1) > SUBNETS_CONNS_MAX || b->conn->left.n_pool ||
		b->conn->right.n_pool) {
		conf_issue_take(b->x->c, true, i->file, i->line, b->sec->name,
			b->conn->left.n_pool || b->conn->right.n_pool
				? xasprintf("%s= and addresspool= exclude each other", i->key)
				: xasprintf("%s= makes more than %d connections", i->key,
					  SUBNETS_CONNS_MAX));
		return;
	}
	for (size_t l = n[0] ? 1 : 0; l <= n[0] && ok; l++)
		for (size_t r = n[1] ? 1 : 0; r <= n[1] && ok; r++) {
			struct conf_conn *c = conf_conn_copy(b->conn);

			free(c->name);
			c->name = xasprintf("%s/%zux%zu", b->sec->name, l, r);
			free(c->aliases);
			c->aliases = b->aliases ? xasprintf("%s %s", b->sec->name, b->aliases)
						: xstrdup(b->sec->name);
			made[n_made++] = c;
			ok = set_subnet(b, c, 0, l) && set_subnet(b, c, 1, r);
		}
	for (size_t k = 0; k < n_made; k++)
		if (ok)
			add_conn_take(b->x->c, made[k]);
		else
			conf_conn_free(made[k]);
}

/* Not for itself: it has no ends of its own, or others take from it and its own parts do not make a
 * connection. */
static bool is_for_others(const struct building *b)
{
	const struct conf_conn *c = b->conn;

	if (c->automatic != AUTO_IGNORE)
		return false;
	return (c->left.host_kind == HOST_UNSET && c->right.host_kind == HOST_UNSET) ||
	       (b->sec->is_taken && !conf_check(NULL, &b->at, b->conn));
}

/* Where a list of algorithms stands, when that is not the conn's own file. malloc'ed; NULL. */
static char *place_of(const struct building *b, const char *keyword)
{
	const struct keyword *k = keyword_find(SECTION_CONN, keyword);
	const struct item *i = k ? b->at.by[0][keyword_number(k)] : NULL;

	return i && strcmp(i->file, b->sec->file) != 0 ? xasprintf("%s:%u", i->file, i->line)
						       : NULL;
}

void parser_build(struct parser *x, struct section *sec)
{
	struct building b = { .x = x, .sec = sec, .conn = xalloc(sizeof(*b.conn)) };

	*b.conn = x->fresh;
	b.conn->name = xstrdup(sec->name);
	b.conn->file = xstrdup(sec->file);
	b.conn->line = sec->line;
	b.conn->is_device_unmanaged = !x->c->setup.ipsec_interface_managed;
	for (size_t i = 0; i < x->n_defaults; i++)
		apply(&b, x->defaults[i]);
	apply(&b, sec);
	b.conn->ike_from = place_of(&b, "ike");
	b.conn->esp_from = place_of(&b, "esp");
	if (b.aliases)
		b.conn->aliases = xstrdup(b.aliases);
	if (!b.is_bad && !is_for_others(&b) && conf_check(x->c, &b.at, b.conn)) {
		if (count_words(b.subnets[0]) || count_words(b.subnets[1]))
			expand(&b);
		else {
			add_conn_take(x->c, b.conn);
			b.conn = NULL;
		}
	}
	conf_conn_free(b.conn);
	free(b.subnets[0]);
	free(b.subnets[1]);
	free(b.aliases);
}
