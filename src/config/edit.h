#pragma once
/* One setting of ipsec.conf changed, and nothing else: comments, order, other conns stay. Pure. */
#include "config/conf.h"

struct conf_edit {
	char *file;   /* that is to be replaced */
	char *before; /* its text */
	size_t before_n;
	char *text; /* its text then */
	size_t n;
	unsigned line; /* that is new */
};
/* "keyword=value" for that conn of path (and what it includes); conn NULL: of config setup. It
 * stands where the conn has the keyword itself, else under its head: what also= and %default give
 * to others stays theirs. The result has been parsed: it has no more errors, the conn is another
 * one, all others are the same. ERR_VALUE: why not in *ret_why, malloc'ed. */
enum err must_use conf_edit(const struct conf_source *src, const char *path, const char *conn,
	const char *setting, struct conf_edit *ret, char **ret_why);
void conf_edit_done(struct conf_edit *e);
