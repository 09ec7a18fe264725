/* ipsec.secrets: "[index ...] : TYPE value", read entry by entry. No message quotes a secret. */
#include "config/secrets_entry.h"

#include "config/lex.h"
#include "ipsec/limits.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { ENTRIES_MAX = 100000, ENTRY_MAX_N = 16384, ERRORS_MAX = 1000, INCLUDE_DEPTH = 10 };

static void say(struct secrets *s, bool is_error, const char *file, unsigned line, char *text_take)
{
	conf_issue_take(&s->issues, is_error, file, line, NULL, text_take);
}

static void entry_done(struct entry *e)
{
	for (size_t i = 0; i < e->n; i++) {
		id_done(&e->index[i]);
		free(e->user[i]);
	}
	secret_done(&e->secret);
	secret_done(&e->text);
}

/* ---- one entry: its text without comments, on one line ---- */

/* The next word; quotes keep blanks and are taken off. NULL at the end; *ok false: quote not
 * closed. */
static char *word(char **p, bool *quoted, bool *ok)
{
	char *w = *p + strspn(*p, " \t"), *end;

	*quoted = *w == '"' || *w == '\'';
	*ok = true;
	if (!*w)
		return NULL;
	if (*quoted) {
		end = strchr(w + 1, *w);
		*ok = end != NULL;
		w++;
	} else
		end = w + strcspn(w, " \t");
	if (!end)
		return NULL;
	*p = end + (*end != '\0');
	*end = '\0';
	return w;
}

struct secret secrets_from_hex(const char *s, bool *ok)
{
	size_t n = 0, len = strlen(s);
	struct secret ret = secret_new(len);

	*ok = true;
	for (size_t i = 0; i < len && *ok; i++) {
		char two[3] = { s[i], i + 1 < len ? s[i + 1] : '\0', '\0' };

		if (s[i] == '_')
			continue;
		*ok = isxdigit((unsigned char)two[0]) && isxdigit((unsigned char)two[1]);
		ret.p[n++] = (uint8_t)strtoul(two, NULL, 16);
		i++;
	}
	*ok &= n != 0;
	ret.n = n;
	return ret;
}

struct secret secrets_from_base64(const char *s, bool *ok)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct secret ret = secret_new(strlen(s));
	uint32_t bits = 0;
	size_t n = 0, have = 0;

	*ok = true;
	for (; *s && *s != '=' && *ok; s++) {
		const char *d = strchr(digits, *s);

		*ok = d != NULL;
		bits = bits << 6 | (uint32_t)(d ? d - digits : 0);
		have += 6;
		if (have >= 8) {
			have -= 8;
			ret.p[n++] = (uint8_t)(bits >> have);
		}
	}
	*ok &= n != 0 && strspn(s, "=") == strlen(s);
	ret.n = n;
	return ret;
}

static struct secret psk_value(const char *v, bool quoted, bool *ok)
{
	*ok = *v != '\0';
	if (!quoted && v[0] == '0' && (v[1] == 'x' || v[1] == 'X'))
		return secrets_from_hex(v + 2, ok);
	if (!quoted && v[0] == '0' && (v[1] == 's' || v[1] == 'S'))
		return secrets_from_base64(v + 2, ok);
	if (!quoted && v[0] == '0' && (v[1] == 't' || v[1] == 'T'))
		v += 2;
	*ok = *v != '\0';
	return secret_from(bytes_str(v));
}

/* The words of manuals and demonstrations. */
static bool is_weak(const struct secret *s)
{
	static const char *const known[] = { "secret", "password", "mysecret", "changeme",
		"presharedkey", "test", "123456", "ipsec", "vpn" };

	for (size_t i = 0; i < COUNT(known); i++)
		if (bytes_eq_ct(secret_view(s), bytes_str(known[i])))
			return true;
	return s->n < 16;
}

static void keep(struct secrets *s, const struct entry *e)
{
	if ((s->n & (s->n - 1)) == 0)
		s->entry = xrealloc(s->entry, (s->n ? s->n * 2 : 1) * sizeof(*s->entry));
	s->entry[s->n++] = *e;
}

/* What stands after the type, and nothing behind it. */
static char *value_of(struct secrets *s, const struct entry *e, char *rest, bool *quoted)
{
	const char *type = e->is_xauth ? "XAUTH" : "PSK";
	bool ok;
	char *v = word(&rest, quoted, &ok);

	if (v && ok && rest[strspn(rest, " \t")] == '\0')
		return v;
	say(s, true, e->file, e->line,
		!ok  ? xasprintf("the closing quote of the %s is missing", type)
		: !v ? xasprintf("%s without a value; expected: %s \"the secret\"", type, type)
		     : xasprintf("text after the %s; a secret with blanks must stand in quotes",
			       type));
	return NULL;
}

static void add_psk(struct secrets *s, struct entry *e, char *rest)
{
	bool quoted, ok;
	const char *v = value_of(s, e, rest, &quoted);

	if (!v) {
		entry_done(e);
		return;
	}
	e->secret = psk_value(v, quoted, &ok);
	e->text = secret_from(bytes_of((const uint8_t *)v, strlen(v) + 1));
	if (!ok) {
		say(s, true, e->file, e->line,
			xstrdup("the PSK is empty, or its hexadecimal (0x) or base64 (0s) text is "
				"wrong"));
		entry_done(e);
		return;
	}
	e->is_weak = is_weak(&e->secret);
	if (e->is_weak)
		say(s, false, e->file, e->line,
			xstrdup("using a weak secret (PSK): fewer than 16 characters, or "
				"one from a manual; "
				"make one with: openssl rand -base64 33"));
	keep(s, e);
}

/* A password is what it reads, also "0x12". */
static void add_xauth(struct secrets *s, struct entry *e, char *rest)
{
	bool quoted;
	const char *v = value_of(s, e, rest, &quoted);
	size_t n = v ? strlen(v) : 0;

	if (v && (n == 0 || n > LIMIT_XAUTH_PASSWORD))
		say(s, true, e->file, e->line,
			xasprintf("the XAUTH password is empty, or longer than %d octets",
				LIMIT_XAUTH_PASSWORD));
	if (n == 0 || n > LIMIT_XAUTH_PASSWORD) {
		entry_done(e);
		return;
	}
	e->secret = secret_from(bytes_str(v));
	keep(s, e);
}

static bool add_user(struct secrets *s, struct entry *e, const char *w)
{
	const char *name = w + (*w == '@');

	if (e->n == INDEXES_MAX || !*name || strlen(name) > LIMIT_XAUTH_USER) {
		say(s, true, e->file, e->line,
			e->n == INDEXES_MAX
				? xasprintf("more than %d users", INDEXES_MAX)
				: xasprintf("the user of XAUTH is empty, or longer than %d octets",
					  LIMIT_XAUTH_USER));
		return false;
	}
	e->user[e->n++] = xstrdup(name);
	return true;
}

static bool add_index(struct secrets *s, struct entry *e, const char *w)
{
	if (e->n == INDEXES_MAX) {
		say(s, true, e->file, e->line, xasprintf("more than %d indexes", INDEXES_MAX));
		return false;
	}
	if (strcasecmp(w, "%any") == 0 || strcasecmp(w, "%any6") == 0 ||
		strcmp(w, "0.0.0.0") == 0) {
		e->is_any[e->n] = true;
		e->index[e->n++] = (struct id){ .type = ID_NONE };
		return true;
	}
	e->is_any[e->n] = false;
	if (id_parse(w, &e->index[e->n])) {
		say(s, true, e->file, e->line,
			xstrdup("an index is not an address, @name, user@name, \"DN\" or %any"));
		return false;
	}
	e->n++;
	return true;
}

static bool is_type(const char *p)
{
	static const char *const types[] = { "PSK", "XAUTH", "PPKS", "RSA", "ECDSA", "EAP" };

	for (size_t i = 0; i < COUNT(types); i++) {
		size_t n = strlen(types[i]);

		if (strncasecmp(p, types[i], n) == 0 && (p[n] == ' ' || p[n] == '\t'))
			return true;
	}
	return false;
}

/* Where the indexes end: a ':' that stands by itself or before the type. IPv6 addresses have them,
 * too. */
static char *colon(char *t)
{
	bool before = false;

	for (char *p = t; *p; p++) {
		if (*p == '"' && strchr(p + 1, '"')) {
			p = strchr(p + 1, '"');
			continue;
		}
		if (*p != ':')
			continue;
		if (p == t || strchr(" \t\"", p[-1]) || is_type(p + 1))
			return p;
		if (!before && (p[1] == ' ' || p[1] == '\t'))
			return p;
		before = true;
	}
	return NULL;
}

static void add(struct secrets *s, struct entry *e, const char *type, char *rest)
{
	if (type && strcasecmp(type, "PSK") == 0) {
		add_psk(s, e, rest);
		return;
	}
	if (e->is_xauth) {
		add_xauth(s, e, rest);
		return;
	}
	if (type && (strcasecmp(type, "RSA") == 0 || strcasecmp(type, "ECDSA") == 0))
		say(s, false, e->file, e->line,
			xasprintf(
				"%s keys come in a later version; the entry is passed over", type));
	else if (type && (strcasecmp(type, "PPKS") == 0 || strcasecmp(type, "EAP") == 0))
		say(s, false, e->file, e->line,
			xasprintf("%s comes in a later version; the entry is passed over", type));
	else
		say(s, true, e->file, e->line,
			xstrdup("unknown type of secret; expected PSK or XAUTH"));
	entry_done(e);
}

static void entry(struct secrets *s, char *t, const char *file, unsigned line)
{
	struct entry e = { .file = file, .line = line };
	char *split = colon(t), *type, *w, *rest, *at;
	bool quoted, ok;

	if (!split) {
		say(s, true, file, line,
			xstrdup("found no \" : \"; expected: [index ...] : PSK \"the secret\""));
		return;
	}
	*split = '\0';
	rest = split + 1;
	type = word(&rest, &quoted, &ok);
	e.is_xauth = type && strcasecmp(type, "XAUTH") == 0;
	for (at = t; (w = word(&at, &quoted, &ok));)
		if (!(e.is_xauth ? add_user(s, &e, w) : add_index(s, &e, w))) {
			entry_done(&e);
			return;
		}
	add(s, &e, type, rest);
}

/* ---- lines to entries ---- */

struct open_entry {
	char *text;
	size_t n; /* with its NUL */
	unsigned line;
	bool in_braces; /* a key of old, RSA { ... }, which is passed over as a whole */
	bool is_too_long;
};

static void read_file(struct secrets *s, const char *path, const char *from, unsigned line);

static void include(struct secrets *s, const char *file, unsigned line, const char *pattern)
{
	char *full = conf_path_beside(file, pattern);
	char **found = s->depth < INCLUDE_DEPTH ? s->src->glob(s->src->ctx, full) : NULL;

	if (s->depth >= INCLUDE_DEPTH)
		say(s, true, file, line,
			xasprintf("include: more than %d files deep", INCLUDE_DEPTH));
	else if (!found || !found[0])
		say(s, false, file, line, xstrdup("include: no file matches the pattern"));
	s->depth++;
	for (size_t i = 0; found && found[i]; i++) {
		read_file(s, found[i], file, line);
		free(found[i]);
	}
	s->depth--;
	free(found);
	free(full);
}

/* A comment starts at a '#' that is the first of its word, outside of quotes, which begin a word,
 * too.
 * ("@#" is an index.) */
static void cut_comment(char *t)
{
	char quote = '\0';

	for (char *p = t; *p; p++) {
		bool first = p == t || p[-1] == ' ' || p[-1] == '\t';

		if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (first && (*p == '"' || *p == '\''))
			quote = *p;
		else if (first && *p == '#') {
			*p = '\0';
			return;
		}
	}
}

static void flush(struct secrets *s, struct open_entry *o, const char *file)
{
	if (o->is_too_long)
		say(s, true, file, o->line,
			xasprintf("an entry of more than %d characters", ENTRY_MAX_N));
	else if (o->text)
		entry(s, o->text, file, o->line);
	if (o->text) {
		wipe(o->text, o->n);
		free(o->text);
	}
	*o = (struct open_entry){ 0 };
}

/* One more line of the entry. */
static void append(struct open_entry *o, const char *more)
{
	size_t add = strlen(more);
	char *longer;

	if (o->n + add > ENTRY_MAX_N) {
		o->is_too_long = true;
		return;
	}
	longer = xalloc(o->n + add + 1);
	memcpy(longer, o->text, o->n - 1);
	longer[o->n - 1] = ' ';
	memcpy(longer + o->n, more, add + 1);
	wipe(o->text, o->n);
	free(o->text);
	o->text = longer;
	o->n += add + 1;
}

static void one_line(
	struct secrets *s, struct open_entry *o, char *t, const char *file, unsigned number)
{
	bool indented = *t == ' ' || *t == '\t';
	char *start = t + strspn(t, " \t");
	size_t len = strlen(start);

	if (o->in_braces) {
		o->in_braces = !strchr(start, '}');
		return;
	}
	if (!indented && strncasecmp(start, "include", 7) == 0 &&
		(start[7] == ' ' || start[7] == '\t')) {
		flush(s, o, file);
		include(s, file, number, start + 8 + strspn(start + 8, " \t"));
		return;
	}
	if (o->text && indented)
		append(o, start);
	else {
		flush(s, o, file);
		o->text = xstrdup(start);
		o->n = len + 1;
		o->line = number;
		o->is_too_long = o->n > ENTRY_MAX_N;
	}
	o->in_braces = len > 0 && start[len - 1] == '{';
}

static void read_lines(struct secrets *s, char *t, char *end, const char *file)
{
	struct open_entry open = { 0 };
	unsigned number = 0;
	size_t errors = s->issues.n_error;

	while (t < end && s->n < ENTRIES_MAX && s->issues.n_error - errors < ERRORS_MAX) {
		size_t len = strcspn(t, "\n");
		char *next = t + len + (t[len] == '\n');

		number++;
		t[len] = '\0';
		cut_comment(t);
		for (len = strlen(t); len > 0 && strchr("\r \t", t[len - 1]); len--)
			t[len - 1] = '\0';
		if (*t)
			one_line(s, &open, t, file, number);
		t = next;
	}
	flush(s, &open, file);
	if (t < end)
		say(s, true, file, number,
			xstrdup("too many entries or errors; the rest is not read"));
}

static void read_file(struct secrets *s, const char *path, const char *from, unsigned line)
{
	size_t n = 0, mark;
	char *text = s->src->read(s->src->ctx, path, &n);
	const char *file;
	int why = errno;

	if (!text) {
		say(s, true, from ? from : path, line,
			why == EFBIG ? xasprintf("\"%s\" is larger than 8 MiB: this cannot be an "
						 "ipsec.secrets",
					       path)
				     : xasprintf("cannot read \"%s\": %s", path, strerror(why)));
		return;
	}
	s->file = xrealloc(s->file, (s->n_file + 1) * sizeof(*s->file));
	file = s->file[s->n_file++] = xstrdup(path);
	mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0
		       ? 3
		       : 0; /* some editors put it before UTF-8 */
	if (conf_is_text(text, n))
		read_lines(s, text + mark, text + n, file);
	else
		say(s, true, file, 1, xstrdup("this is not a text file"));
	wipe(text, n);
	free(text);
}

struct secrets *secrets_parse(const struct conf_source *src, const char *path)
{
	struct secrets *s = xalloc(sizeof(*s));

	s->src = src;
	read_file(s, path, NULL, 1);
	s->src = NULL;
	return s;
}

void secrets_free(struct secrets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		entry_done(&s->entry[i]);
	for (size_t i = 0; i < s->n_file; i++)
		free(s->file[i]);
	for (size_t i = 0; i < s->issues.n_issue; i++) {
		free(s->issues.issue[i].file);
		free(s->issues.issue[i].text);
	}
	free(s->issues.issue);
	free(s->entry);
	free(s->file);
	free(s);
}

size_t secrets_issues(const struct secrets *s, const struct conf_issue **ret)
{
	*ret = s->issues.issue;
	return s->issues.n_issue;
}

size_t secrets_count(const struct secrets *s)
{
	return s->n;
}

const char *secrets_mode_issue(unsigned mode, unsigned uid)
{
	if (uid != 0)
		return "it belongs to a user other than root; chown root it";
	if (mode & 0022)
		return "others than its owner may write it; chmod 600 it";
	if (mode & 0044)
		return "others than its owner may read it; chmod 600 it";
	return NULL;
}
