#pragma once
/* A configuration as text again: it parses to the same connections. */
#include "config/conf.h"

char *conf_show(const struct conf *c); /* malloc'ed */
/* One conn of it: what differs from the defaults, so that the same conn has the same text although
 * another version of us knows more keywords. */
char *conf_conn_show(const struct conf_conn *c);
