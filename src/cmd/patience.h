#pragma once
/* How long the command waits for others on this host (programs, the resolver of names): each has a
 * limit, so has all of a diagnosis, and who was given up is not asked again. */
#include "base/now.h"

#define PATIENCE (2500 * NS_MS) /* for each */
#define PATIENCE_ALL                                                                               \
	(13500 * NS_MS) /* when one was given up: since patience_begin(), of 15 seconds */
#define PATIENCE_LEAST (200 * NS_MS) /* after that */

ns_t patience_now(void); /* monotonic */
/* A diagnosis begins; without it there is no limit for all. */
void patience_begin(void);
/* When somebody who is asked now is given up. */
ns_t patience_end(void);
/* Milliseconds until then, for poll(); 0: it is over. */
int patience_left(ns_t end);
/* Who was given up: the name is copied. */
void patience_give_up(const char *who);
bool patience_is_given_up(const char *who);
/* The next that nobody was told of yet; NULL: none. */
const char *patience_news(void);
