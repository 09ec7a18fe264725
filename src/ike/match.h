#pragma once
/* Which connection is this peer? By address first, by identity as soon as it is known. */
#include "ike/conn.h"

/* What is known of a peer so far; what is not is zero. */
struct match {
	uint8_t version; /* enum conf_version */
	struct endpoint local, remote;
	const struct id *theirs; /* IDi, authenticated or about to be */
	const struct id *ours;	 /* IDr that the peer wants to talk to (me Tarzan, you Jane) */
	const struct ts_list *ts_ours, *ts_theirs;	  /* what it proposes */
	bool (*accepts)(void *ctx, const struct conn *c); /* any further demand, NULL: none */
	void *ctx;
};

enum match_why { MATCH_OK, MATCH_NO_ADDRESS, MATCH_NO_VERSION, MATCH_REFUSED, MATCH_NO_ID };

/* The best connection (a template is given as such, not instantiated): a fixed peer address before
 * %any, a fixed identity before any, selectors that overlap before others, then the newest. prefer
 * is the one in use: it stays unless another is better. NULL: none; *why says what the last
 * obstacle was, *nearest (NULL or not) the connection that came closest. */
struct conn *match_conn(struct ike *ike, const struct match *m, const struct conn *prefer,
	enum match_why *why, struct conn **nearest);
/* The peers' addresses that connections of this version have for the local one, for people: some
 * of them. Gives s. */
char *match_expected(struct ike *ike, const struct match *m, char *s, size_t n);
