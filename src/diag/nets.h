#pragma once
/* Networks that the two ends do not have alike: which class it is, and the lines that mend it. */
#include "diag/diag.h"

#define NETS_STR 2400

/* The peer's networks beside ours, from where one of the two was refused. */
struct nets {
	const struct event *e;
	bool is_answer; /* the peer's answer, which we refuse; else what it asks */
	bool is_v1;
	char peers[NETS_STR], here[NETS_STR];	   /* for people: behind us - behind the peer */
	const char *allowed_ours, *allowed_theirs; /* the two of here; "": not known */
	const char *ours,
		*theirs; /* as the peer has them: "10.0.1.0/24,10.0.3.0/24"; "": no list */
	const char *ts_ours,
		*ts_theirs; /* the same with protocols and ports, and ranges; "": not known */
	const char *rel_ours, *rel_theirs; /* what they are to those here: "same", "wider", ... */
	const char *range; /* of the peer's, when it is no network and not ours; "" */
	bool range_is_theirs, range_is_all;
	const char *product;
	bool asked_many; /* we asked for several networks */
	bool is_narrowing;
};
bool nets_of(const struct story *s, struct nets *ret);
/* The rule that such a difference belongs to. */
const struct rule *nets_class(const struct nets *n);
/* "the peer does not take our networks", which are perhaps not known; and when they look swapped,
 * the lines that mend it. */
void nets_not_taken(const struct story *s, struct finding *f, const char *ours, const char *theirs);
/* Lines that make our networks those of the peer, where they are others. */
void nets_fix_here(const struct story *s, struct finding *f, const struct nets *n);
/* The line of one end of this conn for networks; two where a protocol stands behind one, there
 * ("10.0.1.0/24/17/53") or in what it has now (was). */
void nets_fix_end(struct finding *f, const char *end, const char *list, const char *was);
/* Lines for the peer, that make its networks the mirror of ours. */
void nets_fix_peer(const struct story *s, struct finding *f, const char *ours, const char *theirs);
/* The same for a peer that has asked: what narrowing cuts anyway needs no line. */
void nets_fix_asker(const struct story *s, struct finding *f, const struct nets *n);
/* "left" or "right": which of the two this end is, and the other one. */
const char *nets_us(const struct story *s);
const char *nets_them(const struct story *s);
/* Is what is to be behind the other end behind this one, and what is to be here nowhere? */
bool nets_are_swapped(const struct story *s);
/* One pair of networks is granted of several that we ask for. */
enum certainty nets_one_pair(const struct story *s, struct finding *f, const char **product);
