#pragma once
/* Sealed datagrams on their way to the socket: back to back, equal sizes together, so that one send
 * with UDP_SEGMENT takes a whole run of them. */
#include "esp/sa.h"

enum {
	OUTBOX_SENDS = 64,
	OUTBOX_ROOM = 384 * 1024, /* what one read of the TUN device can become, and more */
	OUTBOX_RUN_MAX = 63, /* datagrams in one send: UDP_MAX_SEGMENTS of kernels before 6.9 */
};

/* One run: all of size stride, the last may be shorter. */
struct esp_send {
	struct esp_sa *sa;
	const struct esp_path *path; /* stands until esp_leave() */
	uint8_t tos;
	bool df;
	bool is_open; /* more of this size may follow */
	uint16_t stride, count;
	uint32_t at, n;
};

struct esp_outbox {
	uint8_t *p; /* OUTBOX_ROOM octets, the caller's */
	uint32_t n;
	size_t n_sends;
	struct esp_send send[OUTBOX_SENDS];
};

static inline void outbox_reset(struct esp_outbox *o)
{
	o->n = 0;
	o->n_sends = 0;
}
/* Room for one datagram of n octets; NULL: full. */
uint8_t *outbox_place(struct esp_outbox *o, struct esp_sa *sa, const struct esp_path *path,
	uint8_t tos, bool df, size_t n);
/* Takes the last datagram (n octets) back. */
void outbox_undo(struct esp_outbox *o, size_t n);
