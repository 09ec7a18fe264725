#pragma once
/* A line of a foreign log while it is read, and what is remembered from line to line. */
#include "foreign/foreign.h"

enum { FOREIGN_LINE = 4096, FOREIGN_CONNS = 128, FOREIGN_THREADS = 100, FOREIGN_NAME = 96 };

/* How far the negotiation has come; as a responder, KEYS (IKEv2) and AUTH (IKEv1) wait for the
 * peer's next message. */
enum stage { STAGE_NONE, STAGE_INIT, STAGE_KEYS, STAGE_AUTH, STAGE_UP, STAGE_CHILD, STAGE_DONE };

/* A connection, as far as its log tells. */
struct talk {
	char name[FOREIGN_NAME];
	uint32_t instance, serial;
	struct addr peer;
	struct endpoint remote, local;
	int version;
	enum stage stage, furthest; /* furthest: of a row of attempts */
	bool is_initiator;
	bool is_trying;	 /* in a row of attempts of which none came further than IKE SAs */
	bool is_retried; /* more than one */
	bool is_rekeying, has_group; /* what is asked for is a rekey, with a group */
	unsigned noise;		     /* messages of the peer that were not readable */
	bool has_no_secret;	     /* which was said, and makes every proposal unacceptable */
	bool is_full;		     /* the pool that it is to have an address of */
	char state[40], suite[160], mode[24], pfs[24];
	char ours[128], theirs[128], asked[128];
	char offered[640], allowed_ike[640], allowed_esp[640];
	struct addr told; /* conn_facts told of this one */
	bool is_told;	  /* ... even without an address */
	uint64_t retransmits;
	uint64_t used; /* of which line, for who has to go */
};

/* A thread of charon does one job after another; its lines do not say for whom. */
struct job {
	int talk; /* + 1; 0: nobody */
	struct endpoint remote, local;
	uint64_t retransmit, message_id;
	int version;
	bool is_protected; /* what it has parsed last was encrypted, and opened */
};

struct foreign_log {
	enum foreign_dialect dialect;
	struct now at;
	ns_t turned; /* midnights or years that a clock without a date or year has passed */
	ns_t period; /* of that clock */
	uint64_t lines;
	bool has_clock; /* any of them */
	struct talk talk[FOREIGN_CONNS];
	struct job job[FOREIGN_THREADS];
	bool lists_esp;	 /* the list of proposals that is being printed */
	bool is_stroke;	 /* charon has its connections from strongSwan's ipsec.conf */
	int sent, asked; /* whose packet charon has sent last, whom it has asked whether it lives; +
			    1 */
	uint64_t message_id;	   /* of what charon has repeated last */
	char wanted[FOREIGN_NAME]; /* which connection somebody has asked it for */
	char why[160];		   /* of the kernel's last refusal */
};

struct line {
	struct foreign_log *log;
	const struct event_sink *out;
	struct talk *talk; /* NULL: of a stranger */
	struct job *job;
	struct endpoint from; /* of a stranger */
	const char *text;     /* what is said */
	const char *at;	      /* the phrase in it that was recognized */
	const char *after;    /* what follows it */
	char room[2 * FOREIGN_LINE];
	bool has_told; /* an event */
	size_t used;
};

/* What a dialect knows: a phrase, and what is to be told when a line has it. */
struct phrase {
	const char *words;
	void (*tell)(struct line *n);
};
/* The first phrase that the text has. */
void line_tell(struct line *n, const struct phrase *p, size_t count);

/* Emits for the line's connection; fields that were left out get what is known of it, or nothing.
 */
#define SAY(n, name, ...)                                                                          \
	line_say((n), EV_##name, ((union ev_##name){ { .end_ = { .type = 0 }, __VA_ARGS__ } }).row)
void line_say(struct line *n, enum event_id id, const struct event_value *row);

/* A responder whose peer does not go on: says so, when that is what it waits for. */
void talk_half_open_end(struct line *n, const char *seconds);
/* This end has said no: nobody waits for the peer any more. */
void talk_refused(struct line *n);
struct talk *talk_find(struct foreign_log *l, const char *name);
struct talk *talk_of(struct foreign_log *l, const char *name); /* made when there is none */
/* The one that was told of last with this address. NULL: none. */
struct talk *talk_with(struct foreign_log *l, const struct addr *remote);
/* Another attempt begins: is it another story, too? */
bool talk_begins(struct talk *t, int version, bool is_initiator);
void talk_ike_is_up(struct line *n);
void talk_state(struct line *n, enum stage stage, const char *state);
/* Its identities, as far as they are known: else the addresses. */
const char *talk_our_id(struct line *n);
const char *talk_their_id(struct line *n);
/* What is known of it, for the rules: once for an address. */
void talk_facts(struct line *n);

/* ---- pieces of a line ---- */
const char *line_keep(struct line *n, const char *from, size_t len);
/* From s to any character of ends, or to the end. */
const char *line_until(struct line *n, const char *s, const char *ends);
/* Between the first of open and the next of close in s; "" when they are not there. */
const char *line_between(struct line *n, const char *s, const char *open, const char *close);
void line_copy(char *to, size_t room, const char *from);
/* The first address in s: 192.0.2.1, 192.0.2.1:500, 192.0.2.1:UDP/500, 192.0.2.1[500]. Gives what
 * follows; NULL: there is none. */
const char *endpoint_read(const char *s, struct endpoint *ret);
uint64_t number_read(const char *s);
/* The first kind of transform that two proposals have nothing of in common. */
const char *proposals_differ(const char *a, const char *b);
/* "Operation not permitted": its number in Linux; 0: not known. */
uint64_t errno_of(const char *what);

/* The time of a line, without what its clock has not: the year, or the date. */
struct clock {
	ns_t t, period; /* period: after which it begins anew; 0: never */
	const char *after;
};
/* At the beginning of s, or before words (NULL: there are none). False: there is none. */
bool clock_find(const char *s, const char *words, struct clock *ret);
/* It is more than disorder behind the last one. */
bool clock_went_back(const struct foreign_log *l, const struct clock *c);
void clock_set(struct foreign_log *l, const struct clock *c);
/* What follows a clock, and the name of who collects the lines of several. */
const char *source_skip(const char *s);
/* A line that begins another log: of another host or daemon. */
bool line_is_heading(const char *s);

/* What this line of theirs tells. */
struct around;
void pluto_line(struct line *n, const struct around *a);
void charon_line(struct line *n, const struct around *a);
/* What pluto says of the network. */
void pluto_send_failed(struct line *n);
void pluto_net_error(struct line *n);
/* What pluto says of IKEv1. */
void pluto_v1_tell(struct line *n);
void pluto_v1_stranger(struct line *n);
/* It is in this state, however it came there. */
void pluto_v1_begun(struct line *n, const char *state);
/* Does the kernel, in the words that the log has, lack what it was asked for? */
bool is_unsupported(const char *why);
