#pragma once
/* One read of the TUN device, as the packets that it stands for: a TCP or UDP super-packet is
 * split, an unfinished checksum is finished. */
#include "esp/packet.h"
#include "esp/vnet.h"

struct segments {
	struct packet k; /* the whole, its headers those of the first segment */
	size_t header_n; /* IP and upper layer; of one packet that is no super-packet: 0 */
	size_t size;	 /* payload of each segment but the last */
	size_t count;
};

/* frame: virtio header and packet, changed in place. Errors: not a packet, or its virtio header
 * asks for the impossible. */
enum err must_use segments_parse(uint8_t *frame, size_t n, struct segments *ret);
/* Octets of segment i < count. */
size_t segments_n(const struct segments *s, size_t i);
/* Writes segment i, segments_n() octets, checksums and all; without its first skip octets, which
 * are the IP header's or none. */
void segments_put(const struct segments *s, size_t i, size_t skip, uint8_t *to);
