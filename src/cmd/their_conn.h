#pragma once
/* A connection of another suite's configuration as the diagnosis has to know it. Pure. */
#include "base/bytes.h"
#include "base/word.h"
#include "config/lex.h"
#include "foreign/swanctl.h"
#include "ipsec/proposal.h"

enum { THEIR_TEXT = 512 };

/* Values as their file has them; "": not given. Addresses may be names; "%any": any. */
struct their_conn {
	const char *suite; /* "swanctl", "strongswan" */
	char name[THEIR_TEXT], child[THEIR_TEXT], file[THEIR_TEXT];
	unsigned line;
	char ours[THEIR_TEXT], theirs[THEIR_TEXT];
	char our_id[THEIR_TEXT], their_id[THEIR_TEXT];
	char our_nets[THEIR_TEXT], their_nets[THEIR_TEXT];
	char version[16], mode[16], authby[THEIR_TEXT];
	char xauth[16]; /* this host is its "client", its "server"; "": there is none */
	char ike[THEIR_TEXT], esp[THEIR_TEXT], type[16], automatic[THEIR_TEXT];
	char our_port[16], their_port[16], dpd[THEIR_TEXT];
	char wrong[THEIR_TEXT]; /* what of the file its daemon does not take; "": nothing */
	bool is_down;		/* nobody has the daemon's port */
};

/* By the name of a connection or of a child. False: there is none. */
bool their_conn_swanctl(const struct swanctl *s, const char *name, struct their_conn *ret);
/* ipsec.conf in strongSwan's dialect: left is this host, unless swap says otherwise. */
bool their_conn_ipsec_conf(const struct lexed *l, const char *name, struct their_conn *ret);
/* Has the file words that strongSwan's dialect alone has? */
bool their_conn_is_strongswan(const struct lexed *l);
/* What that name may have been meant for: "; did you mean "vpn"?", or "". Gives hint. */
char *their_conn_nearest(const struct swanctl *s, const struct lexed *l, const char *name,
	char hint[static NEAREST_HINT]);
void their_conn_swap(struct their_conn *c);
/* Is it with a pre-shared key (and XAUTH), as far as this host goes? */
bool their_conn_has_psk(const struct their_conn *c);

/* ---- their_proposal.c ---- */
/* What it offers for IKE; what its file leaves out are strongSwan's defaults. free() ends it. */
struct proposals *their_proposals(const struct their_conn *c, bool is_v1);
