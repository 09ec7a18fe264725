#pragma once
/* What no single line can tell: do the lines of a conn go together? */
#include "config/conf.h"

/* Says what is wrong as issues of c. False: the conn cannot be used. */
bool conf_check(struct conf *c, struct conf_conn *conn);
