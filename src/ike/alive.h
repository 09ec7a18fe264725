#pragma once
/* A person asks whether the peer of an IKE SA is there, now: the version sends its own question
 * (RFC 7296 2.4, RFC 3706), this waits for the answer. It decides nothing about the SA. */
#include "ike/timer.h"
#include "event/event.h"

/* Two retransmissions of the question have gone out by then. */
#define ALIVE_WAIT (2 * NS_S + 500 * NS_MS)

/* Of an IKE SA; begins as zeros. */
struct alive {
	struct timer timer;
	ns_t since;
	struct event_about about; /* request 0: nobody waits */
	char *conn;		  /* its name */
	bool is_silent;		  /* it was asked, and has not answered yet */
};
/* Called when the question is about to go out. The request that about quotes is released with the
 * answer, or without one: EXIT_IKE_NO_ANSWER, as is the one of who asked before and still waits.
 */
void alive_ask(struct ike *ike, struct alive *a, const struct event_about *about);
/* The peer has said something that only it can say. When nobody waits any more, but was told of its
 * silence, that is over. */
void alive_heard(struct ike *ike, struct alive *a, const struct event_about *about);
/* The SA goes. */
void alive_end(struct ike *ike, struct alive *a);
