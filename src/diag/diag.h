#pragma once
/* The diagnosis: events in, findings out. Pure: no I/O, no clock; it reads typed events, never
 * text.
 *
 * A finding is one class of failure (src/diag/rules.def has them all, one file each) that the
 * events of a connection show: how certain it is, the cause in a sentence, the events that are its
 * evidence, and the fix, for this end and for the other one. */
#include "diag/story.h"

enum certainty {
	CERTAINTY_NONE,
	POSSIBLE, /* one of several causes that look the same from here */
	LIKELY,	  /* what is known fits; a test would make it certain */
	CERTAIN,
};
const char *certainty_name(enum certainty c);

enum fix_where {
	FIX_HERE,
	FIX_PEER,	    /* in anybody's words */
	FIX_PEER_LIBRESWAN, /* clearswan, too */
	FIX_PEER_STRONGSWAN,
	FIX_PEER_CISCO,
};
/* How a fix is applied, as it is printed. */
enum fix_kind {
	FIX_COMMAND, /* a shell command */
	FIX_REREAD,  /* the one that makes the daemon read secrets again */
	FIX_CONN,    /* a line of the conn: keyword and value */
	FIX_SETUP,   /* a line of config setup, likewise */
	FIX_SECRET,  /* a line of ipsec.secrets */
	FIX_WORDS,   /* what a person has to do */
};

enum {
	FINDINGS_MAX = 4, /* that are told of */
	CAUSE_MAX = 768,
	FIX_MAX = 384,
	FIXES_MAX = 16,
	EVIDENCE_MAX = 8,
	SUSPECTS_MAX = 6,
	PROVEN_MAX = 8
};

struct finding {
	const struct rule *rule;
	enum certainty certainty;
	const char *conn; /* NULL: the story's; of a stranger's, the one that it is about */
	char cause[CAUSE_MAX];
	const struct event *evidence[EVIDENCE_MAX]; /* of the story */
	unsigned n_evidence;
	struct fix {
		enum fix_where where;
		enum fix_kind kind;
		/* Of lines, with the value in text; static. The keyword is ipsec.conf's, whoever
		 * it is for, behind "left", "right" (at the peer "local", "remote") or "". */
		const char *side, *keyword;
		char text[FIX_MAX];
	} fix[FIXES_MAX];
	unsigned n_fix;
	const struct rule *suspect[SUSPECTS_MAX]; /* look the same from here */
	unsigned n_suspect;
	char next[FIX_MAX]; /* what would narrow it down; "": nothing */
	bool is_aside;	    /* what it explains is found besides: that goes before it */
	bool counts;	    /* another cause is no news: it has a number that grows */
	ns_t until;	    /* monotonic: it may be over then; 0: not without another event */
};

/* A class of failure: what the manual says of it, and its judge. */
struct rule {
	const char *id;	   /* of the catalogue of failures; never changes */
	const char *title; /* the class in a few words */
	const char *layer;
	enum certainty most; /* it may claim no more */
	const char *symptom, *proof, *remedy;
	/* Does the story show it? Fills cause, evidence and fixes of f, whose rule is set, and
	 * gives how certain it is; f is zero otherwise. */
	enum certainty (*judge)(const struct story *s, struct finding *f);
};

#define RULE(name) extern const struct rule rule_##name;
#include "diag/rules.def"
#undef RULE
extern const struct rule
	*const rules[]; /* NULL ends them; in order of rank among equally certain ones */
const struct rule *rule_by_id(const char *id); /* NULL: there is none */

/* ---- for judges ---- */
void finding_cause(struct finding *f, const char *fmt, ...) printf_like(2, 3);
/* Added to it. */
void finding_more(struct finding *f, const char *fmt, ...) printf_like(2, 3);
/* Two lists that have nothing in common, as far as they are known ("": not). */
void finding_lists(struct finding *f, const char *difference, const char *theirs, const char *ours);
void finding_proof(struct finding *f, const struct event *e); /* NULL: nothing */
void finding_fix(struct finding *f, enum fix_where where, enum fix_kind kind, const char *fmt, ...)
	printf_like(4, 5);
/* A line of the conn, or of config setup: see struct fix. */
void finding_conn(struct finding *f, enum fix_where where, const char *side, const char *keyword,
	const char *fmt, ...) printf_like(5, 6);
void finding_setup(struct finding *f, enum fix_where where, const char *keyword, const char *fmt,
	...) printf_like(4, 5);
/* "ike" or "esp" with that list, of which "" is none; one that is too long ends at a comma: fewer
 * algorithms do as well. */
void finding_fix_list(
	struct finding *f, enum fix_where where, const char *keyword, const char *list);
void finding_suspect(struct finding *f, const struct rule *r);
void finding_next(struct finding *f, const char *fmt, ...) printf_like(2, 3);

/* All findings of a story, the best first: at most max. Gives how many. */
unsigned judge(const struct story *s, struct finding *ret, unsigned max);
/* What the story proves to be right, so that nobody looks there: sentences; at most PROVEN_MAX. */
unsigned proven(const struct story *s, const char *ret[PROVEN_MAX]);

/* ---- the diagnosis as it runs along ---- */
struct diag {
	struct list stories; /* of struct memory, who was told of last is first */
	unsigned n;
	struct strangers {
		ns_t since; /* monotonic */
		unsigned told[2];
	} strangers; /* news of them: see strangers.h */
};
void diag_init(struct diag *d);
void diag_done(struct diag *d);
/* Every event passes here, in order; a copy is kept of what may matter. */
void diag_take(struct diag *d, const struct event *e);
/* Does e, a last_good, say what is known already? A day later it is news again. */
bool diag_knows_good(struct diag *d, const struct event *e);
void diag_forget_good(struct diag *d, const char *conn);
/* When diag_turn() is to be called (monotonic), NS_NEVER: not before another event. */
ns_t diag_due(const struct diag *d);
/* Judges what is due: what is new goes to out, and to the request that it is about. */
void diag_turn(struct diag *d, struct now now, const struct event_sink *out);
/* A request is about to end: what it was about is judged now. */
void diag_ending(struct diag *d, uint32_t request, struct now now, const struct event_sink *out);
/* What is found of a connection now (conn NULL: of all, and of strangers, each cause once), as
 * answers to a request. */
void diag_report(struct diag *d, const char *conn, uint32_t request, struct now now,
	const struct event_sink *out);
/* The story of a connection as it stands now; its events live until the next call with d. False:
 * nothing is known of it. */
bool diag_story(struct diag *d, const char *conn, struct now now, struct story *ret);
/* A memory opened, with the facts that it has no part of itself: an instance those of its template,
 * a stranger those of the connection that it is nearest to. */
void diag_open(struct diag *d, const struct memory *m, struct now now, struct story *ret);
/* The same of one stranger, by its address. */
void diag_report_stranger(
	struct diag *d, const struct addr *peer, struct now now, const struct event_sink *out);
/* The story of a stranger, malloc'ed, its events borrowed; NULL: it is not known. */
struct story *diag_stranger(struct diag *d, const struct addr *peer, struct now now);
/* All that is kept of a connection (NULL: of everything), oldest first, facts before. */
void diag_recall(struct diag *d, const char *conn, const struct event_sink *out);
/* These findings of a story with all reasons, as news or as answers to a request. */
void report(const struct story *s, const struct finding *found, unsigned n, uint32_t request,
	bool is_new, const struct event_sink *out);
