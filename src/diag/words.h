#pragma once
/* Fixes in the words of who has to make them. */
#include "diag/diag.h"

/* The line that a fix writes: "ike=aes256" of ipsec.conf, "proposals = aes256" of swanctl.conf; the
 * text itself of what is no line of those. Gives t. */
char *fix_line(const struct story *s, const struct fix *f, char *t, size_t n);
/* Does swanctl.conf have that line under children { ... }, not in the connection itself? */
bool fix_is_of_child(const struct story *s, const struct fix *f);
/* What is said of this host's file, in its words: the keywords of ipsec.conf that stand in it as
 * "ike=", and the command that looks further where another suite runs. */
void keywords_as_theirs(const struct story *s, char *t, size_t n);
/* Is this host's file strongSwan's swanctl.conf? */
bool story_is_swanctl(const struct story *s);
/* That, or strongSwan's ipsec.conf: its words for algorithms are strongSwan's. */
bool story_is_strongswan(const struct story *s);
/* A line of ipsec.secrets for these two. */
void words_secret(struct finding *f, enum fix_where where, const char *first, const char *second);
/* Is the connection another suite's: told by its log or its file? */
bool story_is_foreign(const struct story *s);
/* ---- cisco.c: IOS ---- */
/* Is the peer one, by its vendor ids, now or when it last worked? */
bool story_is_cisco(const struct story *s);
/* The peer gets what ipsec.conf has as keyword=value (ike, esp, pfs, type, salifetime in seconds),
 * if it is a Cisco and has words for it. */
void cisco_conn(struct finding *f, const struct story *s, const char *keyword, const char *value);
/* The pre-shared key of IKEv2 for us, likewise. */
void cisco_secret(struct finding *f, const struct story *s);
/* The access list of a Cisco for its own networks and ours; nothing where they are not
 * one of IPv4 each. */
void cisco_nets(struct finding *f, const char *its, const char *ours);
/* Who it is, or takes us for. */
void cisco_id(struct finding *f, bool is_its, const char *id);
