#pragma once
/* What ipsec explain knows, as pure functions: reply codes, and which event of the catalogue a
 * pasted line is. Only for people who ask: the diagnosis reads events, never text. */
#include "diag/diag.h"

/* A reply code: what it says, the states that have it, what to do. */
struct code {
	unsigned number;
	const char *meaning;
	const char *states; /* blank-separated; "": of no state */
	const char *next;
};
const struct code *code_find(unsigned number); /* NULL: nobody uses it */
const struct code *code_of_state(const char *state, const struct code *after);

/* "003", "31": at most three digits. */
bool explain_number(const char *word, unsigned *ret);
enum { EXPLAIN_EVENTS_MAX = 4, EXPLAIN_LINE_MAX = 2048 };
/* The events whose text the line is, those with most of their own words in it; what stands before
 * the text (time, number, connection) is of no interest. When it is none of them: those that share
 * the longest piece with it. Gives how many. */
unsigned explain_line(const char *line, enum event_id ret[EXPLAIN_EVENTS_MAX]);
/* Does the symptom have what makes the line or the text of an event special: names of protocol
 * (NO_PROPOSAL_CHOSEN, XfrmInNoStates), or a long piece of the text? */
bool explain_shares_name(const char *symptom, const char *line);
bool explain_shares_text(const char *symptom, const struct event_kind *k);
