/* /etc/ipsec.d/passwd: read line by line, asked user by user. */
#include "config/passwd.h"

#include "config/lex.h"
#include "crypto/password.h"
#include <errno.h>
#include <stdlib.h>

enum { LINES_MAX = 100000, ERRORS_MAX = 1000, HASH_MAX = 511 };

struct user_line {
	char *user, *hash, *conn; /* conn NULL: any */
	struct addr lease;
	unsigned number;
};

struct passwd {
	struct conf issues; /* only its issues are used */
	struct user_line *line;
	size_t n;
	bool is_there;
};

static void say(struct passwd *p, bool is_error, const char *file, unsigned line, char *text_take)
{
	conf_issue_take(&p->issues, is_error, file, line, NULL, text_take);
}

/* The column, and *at behind its ':'; NULL when there is no more. */
static char *column(char **at)
{
	char *start = *at, *end;

	if (!start)
		return NULL;
	end = strchr(start, ':');
	*at = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return start;
}

static bool lease_of(const char *text, struct addr *ret)
{
	struct range r;

	if (addr_parse(text, ret) == OK)
		return true;
	if (range_parse(text, &r) != OK || !addr_eq(&r.first, &r.last))
		return false;
	*ret = r.first;
	return true;
}

/* What is wrong with the line, or NULL. Hashes are no text for a log. */
static const char *wrong(const char *user, const char *hash, const char *conn)
{
	if (!hash)
		return "found no ':'; expected: user:hash[:connection[:address]]";
	if (!*user || strlen(user) > LIMIT_XAUTH_USER)
		return "the user is empty, or too long";
	if (strlen(hash) > HASH_MAX || password_hash_kind(hash) == PASSWORD_HASH_INVALID)
		return "the second column is no hash of a password; make one with: openssl passwd "
		       "-6 (or htpasswd -nB USER)";
	if (conn && *conn && !conf_name_ok(conn))
		return "the third column is no name of a connection";
	return NULL;
}

static void add(struct passwd *p, const struct user_line *l)
{
	if ((p->n & (p->n - 1)) == 0)
		p->line = xrealloc(p->line, (p->n ? p->n * 2 : 1) * sizeof(*p->line));
	p->line[p->n++] = *l;
}

static void one_line(struct passwd *p, char *t, const char *file, unsigned number)
{
	char *user = column(&t), *hash = column(&t), *conn = column(&t), *addr = t;
	const char *why = wrong(user, hash, conn);
	struct user_line l = { .number = number };

	if (!why && addr && *addr && !lease_of(addr, &l.lease))
		why = "the fourth column is not one address";
	if (why) {
		say(p, true, file, number, xstrdup(why));
		return;
	}
	if (password_hash_kind(hash) == PASSWORD_HASH_WEAK)
		say(p, false, file, number,
			xasprintf("the hash of user \"%.40s\" is of an old, weak kind; make a new "
				  "one with: openssl passwd -6",
				user));
	l.user = xstrdup(user);
	l.hash = xstrdup(hash);
	l.conn = conn && *conn ? xstrdup(conn) : NULL;
	add(p, &l);
}

static void read_lines(struct passwd *p, char *t, char *end, const char *file)
{
	unsigned number = 0;

	while (t < end && p->n < LINES_MAX && p->issues.n_error < ERRORS_MAX) {
		size_t len = strcspn(t, "\n");
		char *next = t + len + (t[len] == '\n');

		number++;
		t[len] = '\0';
		for (; len > 0 && strchr("\r \t", t[len - 1]); len--)
			t[len - 1] = '\0';
		if (*t && *t != '#')
			one_line(p, t, file, number);
		t = next;
	}
	if (t < end)
		say(p, true, file, number,
			xstrdup("too many users or errors; the rest is not read"));
}

struct passwd *passwd_parse(const struct conf_source *src, const char *path)
{
	struct passwd *p = xalloc(sizeof(*p));
	size_t n = 0;
	char *text = src->read(src->ctx, path, &n);
	int why = errno;

	p->is_there = text || why != ENOENT;
	if (!text && p->is_there)
		say(p, true, path, 1, xasprintf("cannot read \"%s\": %s", path, strerror(why)));
	if (!text)
		return p;
	if (conf_is_text(text, n))
		read_lines(p, text, text + n, path);
	else
		say(p, true, path, 1, xstrdup("this is not a text file"));
	wipe(text, n);
	free(text);
	return p;
}

void passwd_free(struct passwd *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n; i++) {
		wipe(p->line[i].hash, strlen(p->line[i].hash));
		free(p->line[i].hash);
		free(p->line[i].user);
		free(p->line[i].conn);
	}
	for (size_t i = 0; i < p->issues.n_issue; i++) {
		free(p->issues.issue[i].file);
		free(p->issues.issue[i].text);
	}
	free(p->issues.issue);
	free(p->line);
	free(p);
}

size_t passwd_issues(const struct passwd *p, const struct conf_issue **ret)
{
	*ret = p->issues.issue;
	return p->issues.n_issue;
}

size_t passwd_count(const struct passwd *p)
{
	return p->n;
}

bool passwd_is_there(const struct passwd *p)
{
	return p->is_there;
}

/* ---- asking ---- */

static const struct user_line *line_of(
	const struct passwd *p, const struct conf_conn *conn, const char *user)
{
	const struct user_line *any = NULL;

	for (size_t i = 0; i < p->n; i++) {
		const struct user_line *l = &p->line[i];

		if (strcmp(l->user, user) != 0)
			continue;
		if (l->conn && conf_conn_is_called(conn, l->conn))
			return l;
		if (!l->conn && !any)
			any = l;
	}
	return any;
}

/* Whose hash is computed for a user who is not there: always the same one's, as for a user who is.
 */
static const char *stand_in(const struct passwd *p, const char *user)
{
	size_t h = 5381;

	for (; *user; user++)
		h = h * 33 + (uint8_t)*user;
	return p->n ? p->line[h % p->n].hash : "$6$nobody$";
}

enum err passwd_verify(const struct passwd *p, const struct conf_conn *conn, const char *user,
	struct bytes password, struct passwd_found *ret)
{
	const struct user_line *l = line_of(p, conn, user);
	bool is = password_is(l ? l->hash : stand_in(p, user), password);

	if (!l || !is)
		return ERR_DENIED;
	*ret = (struct passwd_found){ l->number, l->lease };
	return OK;
}
