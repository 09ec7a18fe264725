#pragma once
/* ipsec.conf's lines: sections with their key=value items, includes followed. Nothing is judged
 * here but the form. */
#include "config/conf.h"
#include "event/event.h"
#include "ipsec/limits.h"

struct item {
	char *key, *value;
	const char *file; /* owned by struct lexed */
	unsigned line;
	bool warned, refused; /* that was said: also= and %default read it again */
};

struct section {
	bool is_setup; /* config setup; otherwise a conn */
	char *name;
	const char *file;
	unsigned line;
	struct item *item;
	size_t n;
	bool is_default; /* conn %default */
	bool is_bad;	 /* a line of it could not be read */
	bool is_taken;	 /* some also= names it */
};

struct lexed {
	struct section *section;
	size_t n;
	char **file; /* names of the files read, kept for the items */
	size_t n_file;
};

/* Reads path (or text, when it is not NULL) and what it includes. Issues go to c. */
void lex(const struct conf_source *src, const char *path, const char *text, size_t text_n,
	struct conf *c, struct lexed *ret);
void lexed_done(struct lexed *l);

/* One more issue; text is taken. Of the errors and of the warnings of a file the first 20 are kept,
 * and the number of the others. */
void conf_issue_take(struct conf *c, bool is_error, const char *file, unsigned line,
	const char *conn, char *text_take);
/* A name that an include gives, relative to the file that includes. malloc'ed. */
char *conf_path_beside(const char *file, const char *pattern);
/* Is it text at all? A NUL or many control characters say no. */
bool conf_is_text(const char *t, size_t n);
/* Is it a name that a conn may have? */
bool conf_name_ok(const char *s);
