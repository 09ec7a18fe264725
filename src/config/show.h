#pragma once
/* A configuration as text again: it parses to the same connections. */
#include "config/conf.h"

char *conf_show(const struct conf *c); /* malloc'ed */
