#pragma once
/* The mirror of segment.h: consecutive TCP segments or equal UDP datagrams of a flow become one
 * write to the TUN device, so that the kernel's stack runs once for all of them. Nothing is copied:
 * a group is written from where its packets lie. */
#include "esp/packet.h"
#include "esp/vnet.h"

enum {
	COALESCE_PACKETS = 512,
	COALESCE_PARTS = 66, /* virtio header, first packet, payloads: at most 64 KiB */
	COALESCE_LOOK = 16,  /* groups that a packet is compared with, newest first */
};

struct coalesce_item {
	struct packet k;
	uint16_t header_n; /* 0: never merged */
	uint16_t next;	   /* in its group; 0: none (item 0 is always a first) */
};

struct coalesce_group {
	uint16_t first, last, count;
	uint16_t size;	   /* payload of each packet but the last */
	uint32_t n;	   /* octets of the whole */
	uint32_t next_seq; /* TCP */
	bool is_open, is_verified;
};

struct coalesce {
	bool tcp, udp; /* what the device takes */
	size_t n_items, n_groups;
	struct coalesce_item item[COALESCE_PACKETS];
	struct coalesce_group group[COALESCE_PACKETS];
};

static inline void coalesce_reset(struct coalesce *c)
{
	c->n_items = c->n_groups = 0;
}
/* False: full; write what is there, reset, and add again. The packet must stay until then. */
bool coalesce_add(struct coalesce *c, const struct packet *k);
/* What to write for group i: vnet (VNET_N octets, filled in here) and the pieces of packets, whose
 * headers are changed in place. Gives how many parts. */
size_t coalesce_parts(
	struct coalesce *c, size_t i, uint8_t *vnet, struct bytes parts[COALESCE_PARTS]);
/* After the device refused a group: undo the changes of its first packet, then write one by one. */
void coalesce_split(struct coalesce *c, size_t i);
