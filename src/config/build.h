#pragma once
/* From the sections of a file to connections. */
#include "config/check.h"
#include "config/keywords.h"
#include "config/lex.h"

struct parser {
	struct conf *c;
	struct lexed *l;
	size_t *by_name; /* hash table of conn sections: index + 1; 0 free */
	size_t room;
	struct section **defaults; /* conn %default, in order */
	size_t n_defaults;
	const char *twice; /* the file that is known to be included twice */
	struct keyword_index keywords;
	struct conf_conn fresh; /* all defaults; owns nothing */
};

/* The conn section of that name; NULL: none. */
struct section *parser_section(struct parser *x, const char *name);
/* Makes the connections of a conn section, or says why there are none. */
void parser_build(struct parser *x, struct section *sec);
/* x-anything and x_anything: people's own remarks. */
bool parser_is_remark(const char *key);
/* Says what an unknown keyword may have been. malloc'ed. */
char *parser_unknown(const struct parser *x, bool in_setup, const char *key);
/* A keyword that does not work: what to say of it; NULL: nothing. malloc'ed. */
char *parser_other_state(const struct keyword *k, const struct item *i, bool *is_error);
