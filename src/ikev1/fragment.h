#pragma once
/* IKEv1 fragmentation as Cisco, Microsoft and strongSwan do it (payload 132): the datagram of a
 * message is cut, each piece goes in a message of its own, in clear. Nothing says that a piece is
 * authentic, so what is kept is bounded, and the whole is judged as any datagram.
 * The payload: next (0) | reserved | length (2) | fragment id (2) | number from 1 | flags: 1 last.
 */
#include "ikev1/message.h"

enum { V1_FRAGMENT_HEAD = V1_HEADER_N + 8 };

struct v1_fragment {
	struct v1_header h;
	uint16_t id;
	uint8_t number; /* from 1 */
	bool is_last;
	struct bytes data;
};
/* ERR_UNSUPPORTED: it is a message, but none that consists of a fragment. */
enum err must_use v1_fragment_parse(struct bytes datagram, struct v1_fragment *ret);

/* Octets of data per fragment, so that a datagram with its UDP and IP headers is at most mtu. */
size_t v1_fragment_room(size_t mtu, bool is_v6, bool natt);
/* How many fragments of size octets of data a datagram makes; 0: more than LIMIT_FRAGMENTS. */
size_t v1_fragment_count(size_t datagram_n, size_t size);
/* Fragment number (from 1) of a datagram that is a whole message, as a datagram in room: its header
 * with message ID 0 and without flags. id: another one for each message. None when number is beyond
 * the end or the room is too small. */
struct bytes v1_fragment_of(
	struct bytes datagram, uint16_t id, uint8_t number, size_t size, void *room, size_t n);

/* Reassembly: one message at a time. */
struct v1_fragments {
	bool is_started;
	uint16_t id;
	uint8_t last; /* number of the last one; 0: not seen yet */
	uint8_t have;
	struct buf part[LIMIT_FRAGMENTS];
	size_t size;
};
/* OK: *ret owns the whole datagram and *f is empty again; ERR_MISSING: more to come; ERR_DUPLICATE:
 * had it (the first one stays); ERR_VALUE, ERR_LIMIT: impossible, dropped. Another id restarts. */
enum err must_use v1_fragments_add(
	struct v1_fragments *f, const struct v1_fragment *one, struct buf *ret);
void v1_fragments_done(struct v1_fragments *f);
