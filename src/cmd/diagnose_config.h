#pragma once
/* The configuration of another suite that runs on this host. */
#include "cmd/local.h"

struct their_conn;

enum theirs {
	THEIRS_NOT,	   /* it is ours */
	THEIRS_MISSING,	   /* it is strongSwan's, and has no such connection; that was said */
	THEIRS_STRONGSWAN, /* *ret is it */
	THEIRS_LIBRESWAN,  /* pluto runs here; our parser reads its file */
};
/* Looks at the file, and at who has UDP port 500; asks no daemon. */
enum theirs diagnose_theirs(
	const char *file, const char *name, const struct event_sink *out, struct their_conn *ret);
/* What a look at this host needs (borrowed from c), and the event conn_facts. */
void diagnose_their_facts(
	const struct their_conn *c, struct local_for *ret, const struct event_sink *out);
/* Asks its peer with first messages of IKE; what: of diagnose_their_facts(). Gives how many packets
 * were sent; *ret_why (static) is why there are none, else NULL. */
unsigned diagnose_ask_their_peer(const struct their_conn *c, const struct local_for *what,
	bool with_transforms, const struct event_sink *out, const char **ret_why);
/* A socket of a daemon of theirs? */
bool diagnose_is_their_daemon(const struct event *e);
