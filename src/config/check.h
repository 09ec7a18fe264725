#pragma once
/* What no single line can tell: do the lines of a conn go together? */
#include "config/keywords.h"
#include "config/lex.h"

/* Which item set a keyword in the end; NULL: none. [1] is for right, [0] for all else. */
struct places {
	const struct item *by[2][KEYWORDS_MAX];
};

/* Says what is wrong as issues of c (NULL: quietly), in the line where it stands. May settle what
 * follows from something else. False: the conn cannot be used. */
bool conf_check(struct conf *c, const struct places *at, struct conf_conn *conn);
