#pragma once
/* What stands around a daemon's own words in a line: the time, a host's and a program's name, what
 * collects logs, what pages and mails make of them. */
#include "foreign/line.h"

struct around {
	enum foreign_dialect dialect; /* UNKNOWN: it is of another program */
	const char *words;	      /* where they begin; NULL: there are none that matter */
	unsigned thread;	      /* charon's */
	bool is_bare;		      /* of charon, as ipsec(8) of strongSwan prints it */
	bool is_sure;		      /* no other program writes the like */
};

/* "vpn"[1] 192.0.2.1 #5: text */
struct pluto_head {
	const char *name, *text;
	size_t n; /* octets of the name */
	uint32_t instance, serial;
	struct endpoint peer;
};

/* The line as the daemon has written it: without colours, with the characters that pages replace.
 */
void around_plain(struct bytes line, char text[static FOREIGN_LINE]);
/* bare: the text behind its clock. */
void around_find(const char *text, const char *bare, struct around *ret);
bool pluto_head_read(const char *s, struct pluto_head *ret);

/* A line's pieces. */
struct pieces {
	char text[FOREIGN_LINE];
	struct around around;
	struct clock clock;
	bool has_clock;
};
void pieces_of(struct bytes line, struct pieces *p);
