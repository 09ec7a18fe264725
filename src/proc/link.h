#pragma once
/* Devices of tunnels (xfrm interfaces, VTI) in rtnetlink's words, by libmnl: messages are built
 * into the caller's room and parsed from there; one request, its answer. */
#include "base/addr.h"

enum link_kind { LINK_OTHER, LINK_XFRM, LINK_VTI };
enum { LINK_NAME_N = 16, LINK_ROOM = 1024, LINK_ANSWER_ROOM = 32768 };

struct link_said {
	char name[LINK_NAME_N];
	unsigned index;
	uint8_t kind; /* enum link_kind */
	bool is_ours; /* we made it, or an earlier daemon of ours */
	bool is_up;
	uint32_t if_id;		   /* XFRM */
	unsigned under;		   /* XFRM: the device by which ESP leaves; 0: as routes say */
	uint32_t ikey, okey;	   /* VTI: marks of what comes out and what goes in */
	struct addr local, remote; /* VTI: outer; none: any */
};

struct nlmsghdr;
/* Make it (then name, kind and what belongs to the kind count), or change the VTI of that index. */
struct nlmsghdr *link_put(void *room, const struct link_said *l);
struct nlmsghdr *link_up_put(void *room, unsigned index);
/* What came in by a VTI was held to its policy there: it is not once more, without the mark; nor is
 * it dropped because the way back is another (rp_filter). */
struct nlmsghdr *link_open_put(void *room, unsigned index);
struct nlmsghdr *link_del_put(void *room, unsigned index);
struct nlmsghdr *link_get_put(void *room, const char *name);
/* What the kernel says of a device; false: h is another message. */
bool link_said_get(const struct nlmsghdr *h, struct link_said *ret);

/* Sends it and takes its acknowledgement; flags: NLM_F_CREATE and the like. 0 or errno. */
int link_ask(int fd, struct nlmsghdr *h, uint16_t flags);
/* The device of that name. 0 or errno; ENODEV: there is none. */
int link_find(int fd, const char *name, struct link_said *ret);
/* Makes it, as ours. 0 or errno. */
int link_make(int fd, const struct link_said *l);
/* Can this kernel make such devices? One is made, and taken out again: modules are loaded by it. 0
 * or errno. */
int link_probe(enum link_kind kind);
