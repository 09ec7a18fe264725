#pragma once
/* Do the large packets of an outbound SA arrive? Seen from what goes out alone: a flow of TCP whose
 * segment goes out again and again, and nothing new, is stuck. One such flow may be a host that is
 * gone. But when a second one begins only then, its handshake passes, and it gets stuck as well
 * while small packets still come in, then it is the size. Where more flows than have a place here
 * go on, with smaller packets, those that do not may be missed.
 *
 * One struct per outbound SA; the thread that sends is the only one that calls stall_see(). Times
 * are monotonic. RFC 6298 (retransmission), RFC 2923 2.1 (black holes). */
#include "base/now.h"

#include <stdatomic.h>
#include <stdbool.h>

enum {
	STALL_LARGE = 1000, /* octets of payload; what is smaller is nobody's MTU */
	STALL_FLOWS = 16,
};

struct stall_flow {
	uint32_t fresh;		/* octets of new payload since something was sent again */
	uint32_t next;		/* the sequence number behind all that was sent */
	uint32_t again;		/* the one that is sent again */
	uint32_t heard;		/* the SA's, when it had been sent again for a while */
	uint16_t size;		/* of the inner packet that was seen last */
	uint8_t times;		/* that it was sent again */
	uint8_t alive;		/* times, when something had come in meanwhile; 0: not yet */
	bool has_heard;		/* heard is set */
	bool is_late;		/* begun, as its SYN shows, when another one was stuck */
	bool is_stuck;		/* from here on */
	ns_t came, since, last; /* it was seen first, sent again first, seen last */
};

/* Begins as zeros. */
struct stall {
	uint32_t key[STALL_FLOWS]; /* 0: none */
	struct stall_flow flow[STALL_FLOWS];
	ns_t until; /* so long a flow that is stuck counts */
	ns_t swept, said_at, taken;
	uint16_t said_size;
	uint8_t said; /* enum stall_said */
	uint8_t at;   /* the flow that was seen last */
	bool is_full; /* each has a flow */
	/* between the thread that sends and control */
	_Atomic uint32_t wanted; /* seconds for which control is to count */
	_Atomic uint32_t heard;	 /* seconds in which something came in, of those */
	/* control's */
	uint64_t came; /* packets, when it looked last */
	bool is_counting;
};

/* A packet of TCP. */
struct stall_packet {
	uint32_t flow; /* a hash of its ends */
	uint32_t seq;
	uint32_t n;    /* octets of payload; of all segments, when it stands for several */
	uint16_t size; /* of the inner packet, or of its first segment */
	bool is_syn;   /* else its payload, or that of its first segment, is STALL_LARGE */
};

enum stall_said { STALL_NOTHING, STALL_LOST, STALL_PASS };

/* What there is to tell now, of packets of how many octets. Until stall_told() it is said again
 * with a later packet. */
enum stall_said stall_see(
	struct stall *s, const struct stall_packet *p, ns_t now, uint16_t *ret_size);
void stall_told(struct stall *s, enum stall_said said, uint16_t size, ns_t now);

/* Is a packet with a SYN of interest? */
static inline bool stall_is_waiting(const struct stall *s, ns_t now)
{
	return s->until > now || s->said == STALL_LOST;
}

/* Control, each second: does the other thread want to know what comes in? */
bool stall_wants(struct stall *s);
/* If so: packets that came in, by all inbound SAs of its policy, since they began. */
void stall_count(struct stall *s, uint64_t came);
