#pragma once
/* /etc/ipsec.d/passwd: users of XAUTH, for the keys process. A line is "user:hash", with a
 * connection and an address of the user's own as third and fourth column, if need be:
 *
 *   alice:$y$j9T$...:office:100.64.13.7
 *
 * '#' begins a comment line. A wrong line is told and passed over. */
#include "config/conf.h"

struct passwd;

struct passwd *passwd_parse(const struct conf_source *src, const char *path);
void passwd_free(struct passwd *p); /* wipes; NULL is fine */
/* Issues never quote a hash. A file that is not there is none: nobody is let in. */
size_t passwd_issues(const struct passwd *p, const struct conf_issue **ret);
size_t passwd_count(const struct passwd *p);
bool passwd_is_there(const struct passwd *p);

struct passwd_found {
	unsigned line;
	struct addr lease; /* none: any address */
};
/* May that user of that connection in? A line for the connection (its name or an alias) beats one
 * for all of them; the first in the file wins. ERR_DENIED if not, after the time that somebody's
 * right password takes, also for users that are not there. */
enum err must_use passwd_verify(const struct passwd *p, const struct conf_conn *conn,
	const char *user, struct bytes password, struct passwd_found *ret);
