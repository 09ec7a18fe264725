#pragma once
/* Netlink's framing (RFC 3549 2.2, 2.3; <linux/netlink.h>) over the bounded reader and writer:
 * messages and attributes, padded to 4 octets, numbers in this host's order. */
#include "base/rd.h"
#include "base/wr.h"

/* Starts a message; number and sender are zero, for whoever sends it to fill in. Gives the place
 * that nl_end wants. A message that found no room leaves the writer failed. */
size_t nl_begin(struct wr *w, uint16_t type, uint16_t flags);
/* Sets the length of the message that began at that place. */
void nl_end(struct wr *w, size_t at);

/* One attribute of the two parts, one after the other. */
void nl_attr(struct wr *w, uint16_t type, struct bytes head, struct bytes tail);
void nl_attr_u32(struct wr *w, uint16_t type, uint32_t v);

struct nl_msg {
	uint16_t type, flags;
	uint32_t seq, pid;
	struct rd body; /* without the header */
};
/* The next message of what one read from the socket gave; false at the end, and when a length is
 * impossible (then r has failed). */
bool nl_next(struct rd *r, struct nl_msg *ret);
/* The same for the attributes that are left in a body. */
bool nl_attr_next(struct rd *r, uint16_t *ret_type, struct bytes *ret);
/* The next n octets of a body, a structure of the kernel's, and the padding behind it. */
void nl_struct(struct rd *r, void *ret, size_t n);
/* The first octets of an attribute as a structure; false, and zeroes, when it is too short. */
bool nl_as(struct bytes attr, void *ret, size_t n);
