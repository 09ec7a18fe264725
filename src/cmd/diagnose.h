#pragma once
/* ipsec diagnose: what its files share. */
#include "cmd/cmd.h"
#include "cmd/local.h"
#include "config/conf.h"
#include "diag/diag.h"
#include "event/event.h"

/* ---- ladder.c ---- */
/* Shown as a line or as JSON. */
void diagnose_show(const struct event *e);
/* Wall time, as events come with. */
struct now diagnose_now(void);
/* What this host is to be looked at for, through no tunnel; own: room for a device's name. What it
 * points to is c's and own's. */
struct local_for diagnose_local(const struct conf_conn *c, char own[static CONF_DEVICE_NAME]);
/* A step of the ladder, to a sink. */
#define DIAGNOSE_STEP(out, what, ...)                                                              \
	do {                                                                                       \
		char *result_ = xasprintf(__VA_ARGS__);                                            \
		EMIT((out), diagnose_now(), NULL, diag_step, .step = ev_str(what),                 \
			.result = ev_str(result_));                                                \
		free(result_);                                                                     \
	} while (0)

/* ---- diagnose_octets.c ---- */
struct flow_octets;
/* What the Child SAs of a connection have carried together. False: it is not up. */
bool diagnose_octets(const struct cmd *c, const char *conn, struct flow_octets *ret);
/* The same of the i-th other connection of the file that has the same networks at both ends as this
 * one; its name, NULL: there is none, or it is not up. */
const char *diagnose_other(const struct cmd *c, const struct conf *conf, const struct conf_conn *as,
	unsigned i, struct flow_octets *ret);

/* ---- diagnose_page.c ---- */
struct page;
/* Writes the page (freed; NULL: none is wanted) of a diagnosis that ended so; gives the exit
 * status.
 */
int diagnose_page(struct page *page_take, const char *file, const char *of, int status);

/* ---- diagnose_who.c ---- */
/* The connection that a word means: its name, or an address or a host name of its peer. 0: *ret is
 * its name, malloc'ed. Else the exit status, and what is known of such a peer has gone to out. */
int diagnose_who(const struct cmd *c, const char *word, const struct event_sink *out, char **ret);
/* ---- diagnose_all.c ---- */
/* Without a name: 0 and *ret_only (malloc'ed), the only connection; else *ret_only is NULL, what is
 * known of all went to out, and it gives the exit status. */
int diagnose_all(const struct cmd *c, const struct event_sink *out, char **ret_only);

/* ---- diagnose_watch.c ---- */
/* What the daemon keeps of a connection (NULL: of all and of strangers), into d. */
void diagnose_story(const struct cmd *c, const char *conn, struct diag *d);
/* Until Ctrl-C; conn NULL: all. Gives the exit status. */
int diagnose_watch(const struct cmd *c, const char *conn, const struct event_sink *out);
