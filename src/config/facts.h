#pragma once
/* A connection as the diagnosis has to know it, values as ipsec.conf has them: the event
 * conn_facts, and last_good, how it worked. */
#include "config/conf.h"
#include "event/event.h"

/* What a connection runs on; NULL or "": not known. */
struct facts_host {
	const char *kernel, *daemon; /* releases of Linux, of ourselves */
};

#define CONF_DIGEST 17
/* Of all that stands in the conn: it changes when that does. Gives ret. */
char *conf_digest(const struct conf_conn *c, char ret[static CONF_DIGEST]);
/* Its auto=, as ipsec.conf writes it. */
const char *conf_auto(const struct conf_conn *c);
/* What it proposes: its ike= and esp=, or the defaults of its version. */
const struct proposals *conf_ike_list(const struct conf_conn *c);
const struct proposals *conf_esp_list(const struct conf_conn *c);

/* The event conn_facts. Which end is ours stands in c (local_is_left). about may name an instance.
 */
void conf_facts(const struct conf_conn *c, const struct facts_host *host,
	const struct event_about *about, struct now now, const struct event_sink *to);
/* last_good: how a tunnel of c came up. */
struct facts_worked {
	const char *remote, *ike_used, *ike_swanctl, *esp_used, *esp_swanctl, *natd, *product,
		*plane;
};
void conf_worked(const struct conf_conn *c, const struct facts_worked *w,
	const struct facts_host *host, const struct event_about *about, struct now now,
	const struct event_sink *to);
