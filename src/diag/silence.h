#pragma once
/* What has no answer: where an attempt of ours stands while the peer is silent. */
#include "diag/story.h"

/* How long silence is no failure yet. */
#define PATIENCE (2500 * NS_MS)

struct silence {
	enum {
		SILENT_NOT,
		SILENT_FIRST, /* to the first message: nothing ever came */
		SILENT_AUTH,  /* to the first encrypted one: what came before was answered */
	} at;
	const struct event *sent, *repeat, *end; /* repeat, end: NULL when there was none */
	struct endpoint remote;			 /* where it goes; port 0: not known */
	uint64_t octets, datagrams;		 /* of what was sent; 0: not known */
	unsigned repeats;
};
struct silence story_silence(const struct story *s);
/* Do repeats go to the port of NAT traversal? */
static inline bool silence_is_floated(const struct silence *q)
{
	return q->remote.port == 4500;
}
