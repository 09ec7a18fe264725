#pragma once
/* What the diagnosis of either end of a pair says of a failure between them: rows of faults, each
 * with the class and the certainty that both ends have to find. */
#include "diag/diag.h"
#include "tests/pair/pair.h"

enum verdict_at { AT_INITIATOR, AT_RESPONDER };

/* A finding as it was told, rank 1 only. */
struct verdict_said {
	char class[64], certainty[16];
	char text[8192];    /* cause and evidence, a line each */
	char suspects[512]; /* their classes, a blank behind each */
	bool is_fixed[FIX_PEER_CISCO + 1];
	unsigned rank; /* of what is being told */
};

/* One end: its diagnosis, what it said unasked, and what it says when it is asked. */
struct verdict_end {
	struct side *side;
	struct diag diag;
	struct verdict_said news, asked;
	char classes[512]; /* of all news, a blank behind each */
};

struct verdict {
	struct pair p;
	struct conf_conn a, b; /* of the initiator, of the responder */
	struct proposals list; /* for either to point to */
	struct verdict_end end[2];
	unsigned n_wrong;
};

struct verdict_row {
	const char *name;
	/* the fault, at that end; conf is the connection of that end */
	void (*make)(struct verdict *v, struct conf_conn *conf, struct side *side);
	enum verdict_at at;
	/* "class certainty" as the initiator and as the responder find it; "": nothing is found */
	const char *initiator, *responder;
	/* what the responder shows of the peer and of itself; NULL: nothing that differs */
	const char *theirs, *ours;
	const char *suspect; /* of the initiator, who cannot know; NULL: it does */
};

/* Before the connections are added: what all rows of a table share. NULL: nothing. */
typedef void verdict_setup(struct verdict *v);
void verdict_walk(const struct verdict_row *rows, size_t n, verdict_setup *setup);

/* A responder alone, and what tell says to it. */
void verdict_hear(const char *name, void (*tell)(struct verdict *v), const char *expected);
/* One datagram to the responder, from the initiator's address; then some time. */
void verdict_say(struct verdict *v, struct bytes data);

/* An initiator alone, who has sent its first message, and what tell answers to it; so long after
 * that answer it is judged. */
void verdict_ask(
	const char *name, void (*tell)(struct verdict *v), ns_t within, const char *expected);
/* One datagram to the initiator, from the responder's address; then a second. */
void verdict_answer(struct verdict *v, struct bytes data);

/* ---- faults that both versions have ---- */
void fault_ike(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_weak(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_esp(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_secret(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_no_secret(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_our_id(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_their_id(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_address(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_version(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_mode(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_nets(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_part_of_nets(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_all_nets(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_range(struct verdict *v, struct conf_conn *conf, struct side *side);
void fault_nothing(struct verdict *v, struct conf_conn *conf, struct side *side);
